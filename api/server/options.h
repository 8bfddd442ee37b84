#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/http/server.h"
#include "api/registry.h"
#include "api/server/api_server.h"
#include "api/server/option_values.h"
#include "api/server/selector.h"

namespace berth::api {

// Query parameters as values. Pure. Unknown parameters are ignored.
// Errors: Invalid for a value that is not supported ("ListOptions.meta.k8s.io \"\" is invalid: limit: ..."), BadRequest for
// what is no number and for selectors.

struct ListOptions {
  LabelSelector labels;
  FieldSelector fields;
  bool watch = false;
  std::optional<std::uint64_t> revision;  // absent when not given
  bool exact = false;                     // resourceVersionMatch=Exact
  std::optional<std::chrono::seconds> timeout;
  bool matches(const Object& object) const { return labels.matches(object) && fields.matches(object); }
  bool everything() const { return labels.everything() && fields.everything(); }
};
Result<ListOptions> parse_list_options(const http::ServerRequest& request, const crd::ResourceInfo& resource);

Result<EnvironmentOperations::LogOptions> parse_log_options(const http::ServerRequest& request);

}  // namespace berth::api
