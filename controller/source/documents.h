#pragma once

#include <string>
#include <string_view>

#include "controller/source/look.h"

namespace berth::source {

// The namespace of a document that names none.
inline constexpr std::string_view kDefaultNamespace = "default";

// What the text of `file` says: one Manifest per document, or what is wrong with it, by line and column: syntax, a kind
// that directories do not take, no name, generateName, duplicate fields, the same object twice. What the schema thinks of
// the rest is for the Registry to say. Of many problems the first crd::cause::kMostCauses are told, and how many more there are. Fields that only a server sets (status, uid, resourceVersion, ...) are left out of
// the body, so that the output of `get -o yaml` is a manifest. Pure; any thread.
FileContent parse_file(std::string_view text, const std::string& file, std::size_t limit);

// Why the Registry refused `manifest`, a line for each cause, each with its place: "file:line:column: spec.x: what"; the
// first crd::cause::kMostCauses of them and "and N more".
std::string explain(const Manifest& manifest, const Error& error);

}  // namespace berth::source
