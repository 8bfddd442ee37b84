#include "api/server/option_values.h"

#include "crd/cause.h"

namespace berth::api {

Error invalid_options(const std::string& kind, Cause cause) {
  Error error = base::error(Reason::Invalid, kind + ".meta.k8s.io \"\" is invalid: " + cause.field + ": " + cause.message);
  error.causes.push_back(std::move(cause));
  return error;
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

bool is_true(const std::optional<std::string>& value) {
  return value && *value != "0" && *value != "false";
}

}  // namespace berth::api
