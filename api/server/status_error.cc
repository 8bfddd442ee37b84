#include "api/server/status_error.h"

#include <optional>

#include "crd/fields.h"

namespace berth::api {

namespace {

constexpr std::size_t kQuotedBody = 300;
constexpr std::string_view kTooLarge = "ResourceVersionTooLarge";  // clients wait and come again

std::optional<Reason> reason_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Reason::Cancelled); ++i) {
    const auto reason = static_cast<Reason>(i);
    if (base::to_string(reason) == name) return reason;
  }
  return std::nullopt;
}

Reason reason_of_code(int code) {
  switch (code) {
    case 400: return Reason::BadRequest;
    case 401: return Reason::Unauthorized;
    case 403: return Reason::Forbidden;
    case 404: return Reason::NotFound;
    case 405: return Reason::MethodNotAllowed;
    case 406: return Reason::NotAcceptable;
    case 409: return Reason::Conflict;
    case 410: return Reason::Expired;
    case 413: return Reason::RequestEntityTooLarge;
    case 415: return Reason::UnsupportedMediaType;
    case 422: return Reason::Invalid;
    case 429: return Reason::TooManyRequests;
    case 503: return Reason::ServiceUnavailable;
    case 408:
    case 504: return Reason::Timeout;
    default: return Reason::InternalError;
  }
}

std::vector<Cause> causes_of(const json& status) {
  std::vector<Cause> causes;
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return causes;
  const auto list = details->find("causes");
  if (list == details->end() || !list->is_array()) return causes;
  for (const auto& cause : *list) {
    causes.push_back(
        {crd::text_at(cause, "reason"), crd::text_at(cause, "message"), crd::text_at(cause, "field")});
  }
  return causes;
}

std::string printable(std::string_view body) {
  std::string text(body.substr(0, kQuotedBody));
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

json details_of(const Error& error, const std::string& name, const std::string& group, const std::string& kind) {
  json details = json::object();
  if (!name.empty()) details["name"] = name;
  if (!group.empty()) details["group"] = group;
  if (!kind.empty()) details["kind"] = kind;
  for (const auto& cause : error.causes) {
    json entry = {{"message", cause.message}};
    if (!cause.reason.empty()) entry["reason"] = cause.reason;
    if (!cause.field.empty()) entry["field"] = cause.field;
    if (cause.reason == kTooLarge) details["retryAfterSeconds"] = 1;
    details["causes"].push_back(std::move(entry));
  }
  return details;
}

}  // namespace

int http_status(Reason reason) {
  switch (reason) {
    case Reason::BadRequest: return 400;
    case Reason::Unauthorized: return 401;
    case Reason::Forbidden: return 403;
    case Reason::NotFound: return 404;
    case Reason::MethodNotAllowed: return 405;
    case Reason::NotAcceptable: return 406;
    case Reason::AlreadyExists:
    case Reason::Conflict:
    case Reason::NameConflict:
    case Reason::PortConflict:
    case Reason::SubnetConflict:
    case Reason::NetworkMissing:
    case Reason::NetworkInUse:
    case Reason::RemovalInProgress:
    case Reason::ContainerExited:
    case Reason::OOMKilled:
    case Reason::ProbeFailed:
    case Reason::LeaseExpired:
    case Reason::TtlExpired:
    case Reason::DependencyFailed: return 409;
    case Reason::Expired: return 410;
    case Reason::RequestEntityTooLarge: return 413;
    case Reason::UnsupportedMediaType: return 415;
    case Reason::Invalid:
    case Reason::InvalidSpec:
    case Reason::ImageNotFound:
    case Reason::CommandNotFound: return 422;
    case Reason::TooManyRequests:
    case Reason::PullRateLimited: return 429;
    case Reason::ServiceUnavailable:
    case Reason::EngineUnavailable:
    case Reason::PortsExhausted:
    case Reason::SubnetExhausted:
    case Reason::Cancelled: return 503;
    case Reason::Timeout:
    case Reason::DeadlineExceeded: return 504;
    case Reason::DiskPressure: return 507;
    case Reason::InternalError:
    case Reason::EngineError:
    case Reason::ImagePullFailed: return 500;
  }
  return 500;
}

json to_status(const Error& error, const std::string& resource_name, const std::string& group,
               const std::string& kind) {
  json status = {{"kind", "Status"},     {"apiVersion", "v1"},
                 {"metadata", json::object()}, {"status", "Failure"},
                 {"message", error.message},   {"reason", std::string(base::to_string(error.reason))},
                 {"code", http_status(error.reason)}};
  json details = details_of(error, resource_name, group, kind);
  const bool always = error.reason == Reason::NotFound || error.reason == Reason::Invalid || error.reason == Reason::MethodNotAllowed;
  if (always || !details.empty()) status["details"] = std::move(details);
  return status;
}

Error from_status(int http_status, std::string_view body) {
  const auto status = json::parse(body, nullptr, false);
  if (!status.is_object() || crd::text_at(status, "kind") != "Status") {
    auto message = "HTTP " + std::to_string(http_status);
    if (!body.empty()) message += ": " + printable(body);
    return base::error(reason_of_code(http_status), std::move(message));
  }
  Error error;
  error.reason = reason_named(crd::text_at(status, "reason")).value_or(reason_of_code(http_status));
  error.message = crd::text_at(status, "message");
  if (error.message.empty()) error.message = "HTTP " + std::to_string(http_status);
  error.causes = causes_of(status);
  return error;
}

}  // namespace berth::api
