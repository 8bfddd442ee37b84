#include "api/server/options.h"

#include <algorithm>

#include "api/errors.h"
#include "crd/cause.h"

namespace berth::api {

namespace {

constexpr std::int64_t kLongestTimeout = 10LL * 365 * 24 * 3600;

std::string text_parameter(const http::ServerRequest& request, const char* name) {
  return request.query_value(name).value_or("");
}

std::vector<Cause> check_list_match(const http::ServerRequest& request) {
  std::vector<Cause> causes;
  const auto match = text_parameter(request, "resourceVersionMatch");
  const auto revision = text_parameter(request, "resourceVersion");
  const auto forbid = [&causes](const char* text) {
    causes.push_back(crd::cause::forbidden("resourceVersionMatch", text));
  };
  if (!match.empty()) {
    if (revision.empty()) forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (!text_parameter(request, "continue").empty()) forbid("resourceVersionMatch is forbidden when continue is provided");
    if (match != "Exact" && match != "NotOlderThan") {
      const json supported = json::array({"Exact", "NotOlderThan", ""});
      causes.push_back(crd::cause::not_supported("resourceVersionMatch", match, supported));
    }
    if (match == "Exact" && revision == "0") {
      forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
  }
  if (request.query_value("sendInitialEvents")) {
    causes.push_back(crd::cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return causes;
}

std::vector<Cause> check_watch_match(const http::ServerRequest& request) {
  std::vector<Cause> causes;
  const auto match = text_parameter(request, "resourceVersionMatch");
  const bool initial = request.query_value("sendInitialEvents").has_value();
  const auto forbid = [&causes](const char* text) {
    causes.push_back(crd::cause::forbidden("resourceVersionMatch", text));
  };
  if (initial && match != "NotOlderThan") forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (match.empty()) return causes;
  if (!initial) forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (match != "NotOlderThan") {
    const json supported = json::array({"NotOlderThan"});
    causes.push_back(crd::cause::not_supported("resourceVersionMatch", match, supported));
  }
  return causes;
}

Result<std::optional<std::uint64_t>> parse_revision(const http::ServerRequest& request) {
  auto revision = number_parameter<std::uint64_t>(request, "resourceVersion", "strconv.ParseUint");
  if (revision.has_value()) return revision;
  return base::error(Reason::BadRequest, "resourceVersion: Invalid value: " +
                                             crd::dump(text_parameter(request, "resourceVersion")) + ": " +
                                             revision.error().message);
}

Error bad_revision(const Error& error) {
  return base::error(Reason::BadRequest, "invalid resource version: " + error.message);
}

Result<void> parse_selectors(const http::ServerRequest& request, const crd::ResourceInfo& resource, ListOptions& options) {
  auto labels = LabelSelector::parse(text_parameter(request, "labelSelector"));
  if (!labels) return labels.error();
  options.labels = std::move(*labels);
  auto fields = FieldSelector::parse(resource, text_parameter(request, "fieldSelector"));
  if (!fields) return fields.error();
  options.fields = std::move(*fields);
  return {};
}

Result<void> parse_paging(const http::ServerRequest& request, ListOptions& options) {
  const auto token = text_parameter(request, "continue");
  if (!token.empty()) {
    auto next = decode_continue(token);
    if (!next) return next.error();
    if (options.revision.value_or(0) != 0) {
      return base::error(Reason::BadRequest, "specifying resource version is not allowed when using continue");
    }
    options.next = std::move(*next);
  }
  const auto match = text_parameter(request, "resourceVersionMatch");
  const bool any_revision = options.revision.value_or(0) == 0;
  options.exact = match == "Exact" || (match.empty() && options.limit > 0 && !any_revision);
  // From a server's cache, which knows no pages.
  if (options.revision == 0 && !options.next) options.limit = 0;
  return {};
}

}  // namespace

Result<ListOptions> parse_list_options(const http::ServerRequest& request, const crd::ResourceInfo& resource) {
  ListOptions options;
  if (request.query.empty()) return options;
  if (auto selectors = parse_selectors(request, resource, options); !selectors) return selectors.error();
  auto limit = number_parameter<std::int64_t>(request, "limit", "strconv.ParseInt");
  if (!limit) return limit.error();
  options.limit = static_cast<std::size_t>(std::max<std::int64_t>(limit->value_or(0), 0));
  auto timeout = number_parameter<std::int64_t>(request, "timeoutSeconds", "strconv.ParseInt");
  if (!timeout) return timeout.error();
  if (timeout->value_or(0) > 0) options.timeout = std::chrono::seconds(std::min(**timeout, kLongestTimeout));

  options.watch = is_true(request.query_value("watch"));
  options.bookmarks = is_true(request.query_value("allowWatchBookmarks"));
  if (request.query_value("sendInitialEvents")) {
    options.send_initial_events = is_true(request.query_value("sendInitialEvents"));
  }
  auto causes = options.watch ? check_watch_match(request) : check_list_match(request);
  if (!causes.empty()) return invalid("ListOptions.meta.k8s.io", "", std::move(causes));

  auto revision = parse_revision(request);
  if (!revision && options.watch) return base::error(Reason::InternalError, revision.error().message);
  if (!revision) return bad_revision(revision.error());
  options.revision = *revision;
  if (options.watch) return options;
  if (auto paging = parse_paging(request, options); !paging) return paging.error();
  return options;
}

Result<std::uint64_t> parse_get_revision(const http::ServerRequest& request) {
  if (request.query.empty()) return std::uint64_t{0};
  auto revision = parse_revision(request);
  if (!revision) return bad_revision(revision.error());
  return revision->value_or(0);
}

Result<EnvironmentOperations::LogOptions> parse_log_options(const http::ServerRequest& request) {
  EnvironmentOperations::LogOptions options;
  options.follow = is_true(request.query_value("follow"));
  options.timestamps = is_true(request.query_value("timestamps"));
  const auto negative = [](const char* field, std::int64_t value) {
    return invalid_options("LogOptions", crd::cause::invalid(field, value, "must be greater than or equal to 0"));
  };
  auto tail = number_parameter<int>(request, "tailLines", "strconv.ParseInt");
  if (!tail) return tail.error();
  if (tail->value_or(0) < 0) return negative("tailLines", **tail);
  options.tail = *tail;
  auto since = number_parameter<std::int64_t>(request, "sinceSeconds", "strconv.ParseInt");
  if (!since) return since.error();
  if (since->value_or(0) < 0) return negative("sinceSeconds", **since);
  options.since_seconds = *since;
  const auto time_text = request.query_value("sinceTime").value_or("");
  if (time_text.empty()) return options;
  if (options.since_seconds) {
    return invalid_options("LogOptions", crd::cause::forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  }
  options.since = base::parse_time(time_text);
  if (options.since) return options;
  return base::error(Reason::BadRequest, "sinceTime: " + crd::dump(time_text) + " is no RFC 3339 time, e.g. 2026-01-31T12:00:00Z");
}

}  // namespace berth::api
