#pragma once

#include <string>
#include <vector>

#include "crd/compose/load.h"

namespace berth::compose {

struct ConvertRequest {
  LoadRequest load;
  bool strict = false;         // what has no equivalent is an error
  bool generate_name = false;  // metadata.generateName instead of name
  std::string ns;              // metadata.namespace, none when ""
};

struct Conversion {
  std::vector<json> manifests;       // Secrets, then one TestEnvironment
  std::vector<std::string> notices;  // what is to be said about the files, "file:line:column: what", in their order
};

// A compose project as one TestEnvironment that lives beside others of its kind: host ports leased, names dropped. What a field becomes is
// in docs/compose.md. Pure but for request.load.access. Errors: BadRequest, one line for each thing that is wrong, with its place.
Result<Conversion> convert(const ConvertRequest& request);

// Whether a text is a compose file rather than a manifest: it has `services` or `include`, and neither apiVersion nor kind.
bool is_compose(std::string_view text);

}  // namespace berth::compose
