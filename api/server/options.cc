#include "api/server/options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "crd/cause.h"

namespace berth::api {

namespace {

constexpr std::size_t kManagerLimit = 128;

Error invalid_options(const std::string& kind, Cause cause) {
  Error error = base::error(Reason::Invalid, kind + ".meta.k8s.io \"\" is invalid: " + cause.field + ": " + cause.message);
  error.causes.push_back(std::move(cause));
  return error;
}

template <class Number>
Result<Number> parse_number(const std::string& text, const char* parser) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return base::error(Reason::BadRequest, std::string(parser) + ": parsing " + crd::dump(text) + ": invalid syntax");
}

template <class Number>
Result<std::optional<Number>> number_parameter(const http::ServerRequest& request, const char* name,
                                               const char* parser) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return std::optional<Number>();
  auto value = parse_number<Number>(*text, parser);
  if (!value) return value.error();
  return std::optional<Number>(*value);
}

Result<bool> parse_dry_run(const std::string& kind, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    if (value == "All") continue;
    return invalid_options(kind, crd::cause::not_supported("dryRun", json(values), json::array({"All"})));
  }
  return !values.empty();
}

std::vector<std::string> query_values(const http::ServerRequest& request, const std::string& name) {
  std::vector<std::string> values;
  const auto [first, last] = request.query.equal_range(name);
  for (auto it = first; it != last; ++it) values.push_back(it->second);
  return values;
}

std::string default_manager(const http::ServerRequest& request) {
  const auto agent = request.header("User-Agent");
  const auto name = agent.substr(0, std::min(agent.find('/'), kManagerLimit));
  return name.empty() ? "unknown" : std::string(name);
}

Result<std::string> parse_manager(const http::ServerRequest& request, const std::string& kind) {
  const auto given = request.query_value("fieldManager");
  if (!given || given->empty()) return default_manager(request);
  if (given->size() > kManagerLimit) {
    return invalid_options(kind, crd::cause::too_long("fieldManager", kManagerLimit));
  }
  const bool printable =
      std::all_of(given->begin(), given->end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  if (!printable) {
    return invalid_options(kind, crd::cause::invalid("fieldManager", *given, "should only contain printable characters"));
  }
  return *given;
}

}  // namespace

bool is_true(const std::optional<std::string>& value) {
  return value && *value != "0" && *value != "false";
}

Result<WriteOptions> parse_write_options(const http::ServerRequest& request, const std::string& kind) {
  WriteOptions options;
  auto dry_run = parse_dry_run(kind, query_values(request, "dryRun"));
  if (!dry_run) return dry_run.error();
  options.dry_run = *dry_run;
  auto manager = parse_manager(request, kind);
  if (!manager) return manager.error();
  options.field_manager = std::move(*manager);
  const auto validation = request.query_value("fieldValidation").value_or("");
  if (validation == "Strict") {
    options.field_validation = FieldValidation::Strict;
  } else if (validation == "Ignore") {
    options.field_validation = FieldValidation::Ignore;
  } else if (!validation.empty() && validation != "Warn") {
    const json supported = json::array({"", "Ignore", "Strict", "Warn"});
    return invalid_options(kind, crd::cause::not_supported("fieldValidation", validation, supported));
  }
  return options;
}

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

namespace {

Result<void> check_propagation(const std::string& policy) {
  if (policy.empty() || policy == "Background" || policy == "Foreground" || policy == "Orphan") return {};
  const json supported = json::array({"Foreground", "Background", "Orphan", "nil"});
  return invalid_options("DeleteOptions", crd::cause::not_supported("propagationPolicy", policy, supported));
}

Error wrong_options(const std::string& what) {
  return base::error(Reason::BadRequest, "the DeleteOptions are malformed: " + what);
}

// "" when absent or null.
Result<std::string> text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return wrong_options(std::string(key) + " must be a string");
  return found->get<std::string>();
}

Result<DeletePreconditions> parse_preconditions(const json& body) {
  DeletePreconditions preconditions;
  const auto found = body.find("preconditions");
  if (found == body.end() || found->is_null()) return preconditions;
  if (!found->is_object()) return wrong_options("preconditions must be an object");
  auto uid = text_of(*found, "uid");
  if (!uid) return uid.error();
  if (!uid->empty()) preconditions.uid = *uid;
  auto revision = text_of(*found, "resourceVersion");
  if (!revision) return revision.error();
  if (revision->empty()) return preconditions;
  auto number = parse_number<std::uint64_t>(*revision, "strconv.ParseUint");
  if (!number) return number.error();
  preconditions.revision = *number;
  return preconditions;
}

Result<DeleteOptions> parse_delete_body(const json& body) {
  auto kind = text_of(body, "kind");
  if (!kind) return kind.error();
  if (!kind->empty() && *kind != "DeleteOptions") return wrong_options("kind must be DeleteOptions, not " + *kind);
  std::vector<std::string> dry_runs;
  if (const auto found = body.find("dryRun"); found != body.end() && !found->is_null()) {
    if (!found->is_array()) return wrong_options("dryRun must be a list");
    for (const auto& entry : *found) {
      if (!entry.is_string()) return wrong_options("dryRun must be a list of strings");
      dry_runs.push_back(entry.get<std::string>());
    }
  }
  DeleteOptions options;
  auto dry_run = parse_dry_run("DeleteOptions", dry_runs);
  if (!dry_run) return dry_run.error();
  options.dry_run = *dry_run;
  auto policy = text_of(body, "propagationPolicy");
  if (!policy) return policy.error();
  if (auto known = check_propagation(*policy); !known) return known.error();
  auto preconditions = parse_preconditions(body);
  if (!preconditions) return preconditions.error();
  options.preconditions = std::move(*preconditions);
  return options;
}

}  // namespace

Result<DeleteOptions> parse_delete_options(const http::ServerRequest& request, const json& body) {
  if (!body.is_null()) return parse_delete_body(body);
  DeleteOptions options;
  auto dry_run = parse_dry_run("DeleteOptions", query_values(request, "dryRun"));
  if (!dry_run) return dry_run.error();
  options.dry_run = *dry_run;
  if (auto known = check_propagation(request.query_value("propagationPolicy").value_or("")); !known) {
    return known.error();
  }
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
