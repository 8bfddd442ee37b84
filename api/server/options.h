#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "api/http/server.h"
#include "api/server/api_server.h"
#include "api/server/continue_token.h"
#include "api/server/option_values.h"
#include "api/server/selector.h"

namespace berth::api {

// Query parameters of lists, watches and logs as values. Pure. Unknown parameters are ignored.
// Errors: Invalid for a value that is not supported ("ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: ..."),
// BadRequest for what is no number, for selectors and for continue tokens.

// metav1.ListOptions.
struct ListOptions {
  LabelSelector labels;
  FieldSelector fields;
  bool watch = false;
  std::optional<std::uint64_t> revision;  // absent when not given
  // The list must be that of `revision`: resourceVersionMatch=Exact, and what a limit with a resourceVersion has always meant.
  bool exact = false;
  std::size_t limit = 0;  // 0: none
  std::optional<ContinueToken> next;
  std::optional<bool> send_initial_events;
  bool bookmarks = false;
  std::optional<std::chrono::seconds> timeout;
  bool matches(const Object& object) const { return labels.matches(object) && fields.matches(object); }
  bool everything() const { return labels.everything() && fields.everything(); }
};
// Errors besides: InternalError for the resourceVersion of a watch that is no number; a Kubernetes server answers 500 too.
Result<ListOptions> parse_list_options(const http::ServerRequest& request, const crd::ResourceInfo& resource);

// ?resourceVersion= of a get; 0 when it is not given. Errors: BadRequest.
Result<std::uint64_t> parse_get_revision(const http::ServerRequest& request);

Result<EnvironmentOperations::LogOptions> parse_log_options(const http::ServerRequest& request);

}  // namespace berth::api
