#pragma once

#include <span>
#include <string_view>

#include "crd/object.h"

namespace berth::api {

// One parameter of a request, by the name it has everywhere. `type` is that of JSON schema.
struct Parameter {
  std::string_view name;
  std::string_view type;
  std::string_view description;
};

std::span<const Parameter> list_parameters();
std::span<const Parameter> get_parameters();
std::span<const Parameter> write_parameters();  // create and update; a patch has `force` besides
std::span<const Parameter> patch_parameters();
std::span<const Parameter> delete_parameters();
// Of a subresource that is no status: "log", "exec", "attach", "portforward"; of `kind`, as berth's own have others.
std::span<const Parameter> stream_parameters(std::string_view kind, std::string_view subresource);

// OpenAPI v3 form.
json query_parameter(const Parameter& parameter);
json path_parameter(std::string_view name, std::string_view description);

}  // namespace berth::api
