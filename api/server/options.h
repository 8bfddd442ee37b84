#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/http/server.h"
#include "api/registry.h"
#include "api/server/api_server.h"
#include "api/server/selector.h"

namespace berth::api {

// Query parameters and DeleteOptions bodies as values. Pure. Unknown parameters are ignored.
// Errors: Invalid for a value that is not supported ("CreateOptions.meta.k8s.io \"\" is invalid: dryRun: ..."), BadRequest for
// what is no number and for selectors.

bool is_true(const std::optional<std::string>& value);  // present, and neither "0" nor "false"

// `kind`: "CreateOptions" or "UpdateOptions". fieldManager is the User-Agent up to its first '/' when it is not given.
Result<WriteOptions> parse_write_options(const http::ServerRequest& request, const std::string& kind);

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

struct DeleteOptions {
  DeletePreconditions preconditions;
  bool dry_run = false;
};
// A body, even {}, replaces the options of the query; `body` is null when there is none.
Result<DeleteOptions> parse_delete_options(const http::ServerRequest& request, const json& body);

Result<EnvironmentOperations::LogOptions> parse_log_options(const http::ServerRequest& request);

}  // namespace berth::api
