#include "api/server/options.h"

#include <algorithm>

#include "crd/cause.h"

namespace berth::api {

namespace {

Result<void> check_version_match(const http::ServerRequest& request, bool watch, bool has_revision, bool& exact) {
  const auto match = request.query_value("resourceVersionMatch").value_or("");
  const auto forbidden = [](const char* field, const std::string& text) {
    return invalid_options("ListOptions", crd::cause::forbidden(field, text));
  };
  if (request.query_value("sendInitialEvents")) {
    return forbidden("sendInitialEvents", watch ? "sendInitialEvents is forbidden for watch: this server has no WatchList"
                                                : "sendInitialEvents is forbidden for list");
  }
  if (match.empty()) return {};
  if (watch) {
    return forbidden("resourceVersionMatch",
                     "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  }
  if (match != "Exact" && match != "NotOlderThan") {
    const json supported = json::array({"Exact", "NotOlderThan", ""});
    return invalid_options("ListOptions", crd::cause::not_supported("resourceVersionMatch", match, supported));
  }
  if (!has_revision) {
    return forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  exact = match == "Exact";
  return {};
}

}  // namespace

Result<ListOptions> parse_list_options(const http::ServerRequest& request, const crd::ResourceInfo& resource) {
  ListOptions options;
  options.watch = is_true(request.query_value("watch"));
  auto labels = LabelSelector::parse(request.query_value("labelSelector").value_or(""));
  if (!labels) return labels.error();
  options.labels = std::move(*labels);
  auto fields = FieldSelector::parse(resource, request.query_value("fieldSelector").value_or(""));
  if (!fields) return fields.error();
  options.fields = std::move(*fields);

  auto revision = number_parameter<std::uint64_t>(request, "resourceVersion", "strconv.ParseUint");
  if (!revision) {
    return base::error(Reason::BadRequest, "invalid resource version: resourceVersion: Invalid value: " +
                                               crd::dump(*request.query_value("resourceVersion")) + ": " +
                                               revision.error().message);
  }
  options.revision = *revision;
  if (auto match = check_version_match(request, options.watch, options.revision.has_value(), options.exact); !match) {
    return match.error();
  }
  if (options.exact && options.revision == 0) {
    return invalid_options("ListOptions", crd::cause::forbidden("resourceVersionMatch",
                                                                "resourceVersionMatch \"exact\" is forbidden for "
                                                                "resourceVersion \"0\""));
  }
  if (auto limit = number_parameter<std::int64_t>(request, "limit", "strconv.ParseInt"); !limit) return limit.error();
  if (!request.query_value("continue").value_or("").empty()) {
    return base::error(Reason::BadRequest, "invalid continue token: this server always lists everything at once");
  }
  auto timeout = number_parameter<std::int64_t>(request, "timeoutSeconds", "strconv.ParseInt");
  if (!timeout) return timeout.error();
  constexpr std::int64_t kLongest = 10LL * 365 * 24 * 3600;
  if (timeout->value_or(0) > 0) options.timeout = std::chrono::seconds(std::min(**timeout, kLongest));
  return options;
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
  return options;
}

}  // namespace berth::api
