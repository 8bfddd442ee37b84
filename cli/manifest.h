#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "crd/scheme.h"
#include "crd/yaml.h"

namespace berth::cli {

// One object as a file declares it, with the way back to its lines.
struct Manifest {
  std::string file;  // as the person wrote it; "<stdin>" for -
  crd::YamlDocument document;
  std::string path;  // of the object within the document: "" or "items[2]"
  json body;
  const crd::ResourceInfo* resource = nullptr;

  std::string name() const;  // metadata.name, else metadata.generateName
  std::string ns() const;    // metadata.namespace, "" when absent
  // "file:12:5" of a field path of the object.
  std::string place(std::string_view field) const;
};

// Reads files, directories (their .yaml, .yml and .json, subdirectories too, in the order of their names) and "-".
// Every document is an object of a known kind, or a v1 List of them. Errors: BadRequest; the message has one line for
// each thing that is wrong, as file:line:column: what.
Result<std::vector<Manifest>> read_manifests(const std::vector<std::string>& paths, std::istream& in,
                                             const crd::Scheme& scheme);

// An error that the server gave for this manifest, one line for each wrong field with its place; an error about
// the object as a whole stands at its first line, one about the server or the way there has no place.
std::vector<std::string> explain(const Error& error, const Manifest& manifest);

}  // namespace berth::cli
