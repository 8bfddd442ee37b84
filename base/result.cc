#include "base/result.h"

#include <stdexcept>

namespace berth::base {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::BadRequest: return "BadRequest";
    case Reason::Unauthorized: return "Unauthorized";
    case Reason::Forbidden: return "Forbidden";
    case Reason::NotFound: return "NotFound";
    case Reason::AlreadyExists: return "AlreadyExists";
    case Reason::Conflict: return "Conflict";
    case Reason::Invalid: return "Invalid";
    case Reason::Expired: return "Expired";
    case Reason::RequestEntityTooLarge: return "RequestEntityTooLarge";
    case Reason::UnsupportedMediaType: return "UnsupportedMediaType";
    case Reason::NotAcceptable: return "NotAcceptable";
    case Reason::MethodNotAllowed: return "MethodNotAllowed";
    case Reason::Timeout: return "Timeout";
    case Reason::TooManyRequests: return "TooManyRequests";
    case Reason::ServiceUnavailable: return "ServiceUnavailable";
    case Reason::InternalError: return "InternalError";
    case Reason::EngineUnavailable: return "EngineUnavailable";
    case Reason::EngineError: return "EngineError";
    case Reason::NameConflict: return "NameConflict";
    case Reason::PortConflict: return "PortConflict";
    case Reason::PortsExhausted: return "PortsExhausted";
    case Reason::SubnetConflict: return "SubnetConflict";
    case Reason::SubnetExhausted: return "SubnetExhausted";
    case Reason::NetworkMissing: return "NetworkMissing";
    case Reason::NetworkInUse: return "NetworkInUse";
    case Reason::RemovalInProgress: return "RemovalInProgress";
    case Reason::ImageNotFound: return "ImageNotFound";
    case Reason::ImagePullFailed: return "ImagePullFailed";
    case Reason::PullRateLimited: return "PullRateLimited";
    case Reason::CommandNotFound: return "CommandNotFound";
    case Reason::InvalidSpec: return "InvalidSpec";
    case Reason::ContainerExited: return "ContainerExited";
    case Reason::OOMKilled: return "OOMKilled";
    case Reason::ProbeFailed: return "ProbeFailed";
    case Reason::DeadlineExceeded: return "DeadlineExceeded";
    case Reason::LeaseExpired: return "LeaseExpired";
    case Reason::TtlExpired: return "TtlExpired";
    case Reason::DependencyFailed: return "DependencyFailed";
    case Reason::DiskPressure: return "DiskPressure";
    case Reason::Cancelled: return "Cancelled";
  }
  return "InternalError";
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(std::string(to_string(error.reason)) + ": " + error.message);
}

}  // namespace berth::base
