#include "api/server/delete_options.h"

#include "api/server/option_values.h"
#include "crd/cause.h"

namespace berth::api {

namespace {

// What a query and a body both say.
struct DeleteWords {
  std::vector<std::string> dry_run;
  std::string policy;
  std::optional<bool> orphan;
};

Result<DeleteOptions> to_delete_options(const DeleteWords& words) {
  DeleteOptions options;
  if (words.orphan && !words.policy.empty()) {
    return invalid_options("DeleteOptions", crd::cause::invalid("propagationPolicy", words.policy,
                                                                "orphanDependents and deletionPropagation cannot be both set"));
  }
  if (words.policy == "Background") {
    options.propagation = Propagation::Background;
  } else if (words.policy == "Foreground") {
    options.propagation = Propagation::Foreground;
  } else if (words.policy == "Orphan") {
    options.propagation = Propagation::Orphan;
  } else if (!words.policy.empty()) {
    const json supported = json::array({"Foreground", "Background", "Orphan", "nil"});
    return invalid_options("DeleteOptions", crd::cause::not_supported("propagationPolicy", words.policy, supported));
  } else if (words.orphan) {
    options.propagation = *words.orphan ? Propagation::Orphan : Propagation::Background;
  }
  auto dry_run = parse_dry_run("DeleteOptions", words.dry_run);
  if (!dry_run) return dry_run.error();
  options.dry_run = *dry_run;
  return options;
}

Error wrong_options(const std::string& what) {
  return base::error(Reason::BadRequest, "the DeleteOptions are malformed: " + what);
}

// null when absent.
const json& option_at(const json& object, const char* key) {
  static const json kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

// "" when absent or null.
Result<std::string> text_of(const json& object, const char* key) {
  const json& value = option_at(object, key);
  if (value.is_null()) return std::string();
  if (!value.is_string()) return wrong_options(std::string(key) + " must be a string");
  return value.get<std::string>();
}

Result<DeletePreconditions> parse_preconditions(const json& body) {
  DeletePreconditions preconditions;
  const json& given = option_at(body, "preconditions");
  if (given.is_null()) return preconditions;
  if (!given.is_object()) return wrong_options("preconditions must be an object");
  auto uid = text_of(given, "uid");
  if (!uid) return uid.error();
  if (!uid->empty()) preconditions.uid = *uid;
  auto revision = text_of(given, "resourceVersion");
  if (!revision) return revision.error();
  if (revision->empty()) return preconditions;
  auto number = parse_number<std::uint64_t>(*revision, "strconv.ParseUint");
  if (!number) return number.error();
  preconditions.revision = *number;
  return preconditions;
}

Result<void> check_kind(const json& body) {
  auto kind = text_of(body, "kind");
  if (!kind) return kind.error();
  if (kind->empty() || *kind == "DeleteOptions") return {};
  auto version = text_of(body, "apiVersion");
  if (!version) return version.error();
  // The words of a Kubernetes API server, place in its source and all: clients may know them.
  return base::error(Reason::BadRequest,
                     "no kind " + crd::dump(*kind) + " is registered for version " + crd::dump(*version) +
                         " in scheme \"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"");
}

Result<DeleteWords> read_words(const json& body) {
  DeleteWords words;
  const json& dry_run = option_at(body, "dryRun");
  if (!dry_run.is_null() && !dry_run.is_array()) return wrong_options("dryRun must be a list");
  for (const auto& entry : dry_run) {
    if (!entry.is_string()) return wrong_options("dryRun must be a list of strings");
    words.dry_run.push_back(entry.get<std::string>());
  }
  auto policy = text_of(body, "propagationPolicy");
  if (!policy) return policy.error();
  words.policy = std::move(*policy);
  const json& orphan = option_at(body, "orphanDependents");
  if (!orphan.is_null() && !orphan.is_boolean()) return wrong_options("orphanDependents must be true or false");
  if (!orphan.is_null()) words.orphan = orphan.get<bool>();
  const json& grace = option_at(body, "gracePeriodSeconds");
  if (!grace.is_null() && !grace.is_number_integer()) return wrong_options("gracePeriodSeconds must be an integer");
  return words;
}

Result<DeleteOptions> parse_delete_body(const json& body) {
  if (auto kind = check_kind(body); !kind) return kind.error();
  auto words = read_words(body);
  if (!words) return words.error();
  auto options = to_delete_options(*words);
  if (!options) return options.error();
  auto preconditions = parse_preconditions(body);
  if (!preconditions) return preconditions.error();
  options->preconditions = std::move(*preconditions);
  return options;
}

}  // namespace

Result<DeleteOptions> parse_delete_options(const http::ServerRequest& request, const json& body) {
  if (!body.is_null()) return parse_delete_body(body);
  auto grace = number_parameter<std::int64_t>(request, "gracePeriodSeconds", "strconv.ParseInt");
  if (!grace) return grace.error();
  DeleteWords words;
  words.dry_run = query_values(request, "dryRun");
  words.policy = request.query_value("propagationPolicy").value_or("");
  if (const auto orphan = request.query_value("orphanDependents")) words.orphan = is_true(orphan);
  return to_delete_options(words);
}

}  // namespace berth::api
