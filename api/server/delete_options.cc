#include "api/server/delete_options.h"

#include "api/server/option_values.h"
#include "crd/cause.h"

namespace berth::api {

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

}  // namespace berth::api
