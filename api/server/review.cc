#include "api/server/review.h"

#include "api/errors.h"
#include "api/server/media.h"
#include "api/server/request_body.h"
#include "api/server/write_options.h"
#include "base/time.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

constexpr const char* kUser = "admin";

Result<json> made(json value) { return Result<json>(boost::system::in_place_value, std::move(value)); }

std::string group_kind_of(const Route& route, const std::string& kind) { return kind + "." + route.group; }

Error invalid_access_spec(const Route& route, const char* field, const json& value, const char* why) {
  Cause cause{"FieldValueInvalid", "Invalid value: " + crd::dump(value) + ": " + why, std::string("spec.") + field};
  return invalid(group_kind_of(route, "SelfSubjectAccessReview"), "", {std::move(cause)});
}

Result<json> access_status(const Route& route, const json& spec) {
  const auto* resource = crd::member(spec, "resourceAttributes");
  const auto* other = crd::member(spec, "nonResourceAttributes");
  if (resource && other) {
    return invalid_access_spec(route, "nonResourceAttributes", *other, "cannot be specified in combination with resourceAttributes");
  }
  if (!resource && !other) {
    return invalid_access_spec(route, "resourceAttributes", nullptr,
                               "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  // Without a reason: kubectl auth can-i would print it after its "yes".
  return made({{"allowed", true}});
}

Result<json> rules_status(const Route&, const json& spec) {
  if (crd::text_at(spec, "namespace").empty()) return bad_request("no namespace on request");
  const json all = json::array({"*"});
  json resources = {{"verbs", all}, {"apiGroups", all}, {"resources", all}};
  json others = {{"verbs", all}, {"nonResourceURLs", all}};
  json status = {{"incomplete", false}};
  status["resourceRules"].push_back(std::move(resources));
  status["nonResourceRules"].push_back(std::move(others));
  return made(std::move(status));
}

Result<json> user_status(const Route&, const json&) {
  json user = {{"username", kUser}};
  user["groups"] = {"system:masters", "system:authenticated"};
  json status;
  status["userInfo"] = std::move(user);
  return made(std::move(status));
}

struct ReviewKind {
  std::string_view group;
  std::string_view plural;
  std::string_view kind;
  bool has_spec;
  Result<json> (*status)(const Route& route, const json& spec);
};

constexpr ReviewKind kReviews[] = {
    {"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", true, access_status},
    {"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", true, rules_status},
    {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false, user_status},
};

const ReviewKind* find_review(const Route& route) {
  for (const auto& review : kReviews) {
    if (review.group == route.group && route.version == "v1" && review.plural == route.name) return &review;
  }
  return nullptr;
}

// What was sent must be such a review, or say nothing of what it is.
Result<void> check_type(const json& body, const std::string& api_version, const std::string& kind) {
  const auto* sent_version = crd::member(body, "apiVersion");
  const auto* sent_kind = crd::member(body, "kind");
  if (sent_version && *sent_version != api_version && *sent_version != "") {
    return bad_request("the API version in the data (" + crd::text_at(body, "apiVersion") +
                       ") does not match the expected API version (" + api_version + ")");
  }
  if (sent_kind && *sent_kind != kind && *sent_kind != "") {
    return bad_request("the kind in the data (" + crd::text_at(body, "kind") + ") does not match the expected kind (" + kind + ")");
  }
  return {};
}

ErrorSubject review_subject(const Error& error, const Route& route) {
  if (error.reason == Reason::MethodNotAllowed) return {"", route.group, route.name};
  if (error.reason != Reason::Invalid) return {};
  if (error.message.starts_with("CreateOptions.meta.k8s.io ")) return {"", "meta.k8s.io", "CreateOptions"};
  return {"", route.group, std::string(find_review(route)->kind)};
}

}  // namespace

Result<json> review_answer(const http::ServerRequest& request, const Route& route, base::SystemTime now) {
  const auto* review = find_review(route);
  if (!review) return base::error(Reason::NotFound, "the server could not find the requested resource");
  if (request.method != "POST") {
    return base::error(Reason::MethodNotAllowed,
                       "only create is supported on resources of kind \"" + route.name + "." + route.group + "\"");
  }
  if (auto options = parse_write_options(request, "CreateOptions"); !options) return options.error();
  const std::string kind(review->kind);
  const auto api_version = route.group + "/" + route.version;
  auto body = read_body(request, kind);
  if (body.has_error()) return body.error();
  if (auto type = check_type(*body, api_version, kind); !type) return type.error();
  const auto& spec = crd::object_at(*body, "spec");
  auto status = review->status(route, spec);
  if (status.has_error()) return status.error();
  json answer = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", json::object()}, {"status", std::move(*status)}};
  if (review->has_spec) {
    answer["spec"] = spec;
  } else {
    answer["metadata"]["creationTimestamp"] = base::format_time(now);
  }
  return made(std::move(answer));
}

Task<void> serve_review(const http::ServerRequest& request, const Route& route, base::Clock& clock, Reply& reply) {
  reply.set_labels(request.method == "POST" ? "POST" : "OTHER", find_review(route) ? route.name : "");
  auto media = negotiate(request.header("Accept"), false);
  if (media) reply.set_media(*media);
  auto answer = media ? review_answer(request, route, clock.system_now()) : Result<json>(media.error());
  if (answer.has_value()) {
    co_await reply.send(201, std::move(*answer));
    co_return;
  }
  auto subject = review_subject(answer.error(), route);
  co_await reply.send_error(answer.error(), std::move(subject));
}

}  // namespace berth::api
