#pragma once

#include <string>
#include <vector>

#include "api/registry.h"

// The first steps of every write: is a body of this kind, and what of it is known?
namespace berth::api {

struct Decoded {
  json body;                         // passes Object::make(), has an object at "metadata" and no managedFields
  json managed;                      // metadata.managedFields in memory's form (crd/managed_text.h); null when there are none
  std::vector<std::string> unknown;  // paths that were there and nobody knows: "spec.imagge"
};

// Fills in apiVersion and kind of core kinds, prunes metadata and the rest by `schema`, applies defaults. Errors: BadRequest,
// Invalid (of another kind).
Result<Decoded> decode_fields(const crd::ResourceInfo& resource, const json& schema, json body);

// The same by the schema of the kind; what was unknown is an error or a warning, as `options` say. Errors: as above.
Result<Decoded> decode(const crd::ResourceInfo& resource, json body, const WriteOptions& options);

// unknown field "spec.imagge"; a long list is cut.
std::vector<std::string> unknown_texts(const std::vector<std::string>& unknown);
// What `options` make of what is wrong in a lenient reading: adds warnings, or answers "strict decoding error: a, b". "" when nothing
// is to be refused.
std::string strict_error(const std::vector<std::string>& texts, const WriteOptions& options);

}  // namespace berth::api
