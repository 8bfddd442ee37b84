#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::base {

// The closed list of outcomes that berth expects and names. It is the vocabulary of HTTP answers
// (api/server/status_error maps it to metav1.Status), of status.services[].reason, of Event reasons and of
// metric labels. Add a reason here or use one that is here; never invent a string at the place of failure.
enum class Reason : std::uint8_t {
  // The API's own: metav1.StatusReason, same names.
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  AlreadyExists,
  Conflict,
  Invalid,
  Expired,
  RequestEntityTooLarge,
  UnsupportedMediaType,
  NotAcceptable,
  MethodNotAllowed,
  Timeout,
  TooManyRequests,
  ServiceUnavailable,
  InternalError,
  // What can go wrong with an environment on an engine.
  EngineUnavailable,   // refused, reset, timed out, 503: heals by back-off
  EngineError,         // an answer nobody foresaw; message is the engine's text
  NameConflict,        // container or network name is taken
  PortConflict,        // host port is held by somebody outside berth
  PortsExhausted,      // no port left in the range nor outside it
  SubnetConflict,      // "Pool overlaps": the subnet is used by a network berth did not make
  SubnetExhausted,     // the pool has no free slice left
  NetworkMissing,      // the network a container should start in is gone
  NetworkInUse,        // network cannot go: it has active endpoints
  RemovalInProgress,   // somebody already removes it: wait for its end
  ImageNotFound,       // not on the engine and may not be pulled, or unknown to the registry
  ImagePullFailed,
  PullRateLimited,     // the registry said 429 / toomanyrequests
  CommandNotFound,     // exit 126/127: the image has no such executable
  InvalidSpec,         // the engine refused a value: terminal until the spec changes
  ContainerExited,
  OOMKilled,
  ProbeFailed,
  DeadlineExceeded,    // readyDeadlineSeconds ran out
  LeaseExpired,        // leaseDurationSeconds went by without a renewal
  TtlExpired,          // ttlSeconds went by
  DependencyFailed,    // a dependsOn service can no longer reach its condition
  DiskPressure,
  Cancelled,           // we are stopping
};

// The name as it is shown to people and machines, e.g. "PortConflict".
std::string_view to_string(Reason reason);

// One field that is wrong. `field` is a Kubernetes field path ("spec.services[2].image");
// `reason` is a metav1.CauseType ("FieldValueInvalid", "FieldValueRequired", "FieldValueNotSupported", ...).
struct Cause {
  std::string reason;
  std::string message;
  std::string field;
  bool operator==(const Cause&) const = default;
};

// What went wrong, for a person to act on. Never holds a secret.
struct Error {
  Reason reason = Reason::InternalError;
  std::string message;
  std::vector<Cause> causes = {};
};

// A value or an expected Error. Exceptions are for what nobody can act on and cross one boundary only:
// the top of a spawned task (base/task_group.h).
template <class T>
using Result = boost::system::result<T, Error>;

// Called by Result::value() on an error: throws std::runtime_error("<Reason>: <message>").
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

inline Error error(Reason reason, std::string message) { return Error{reason, std::move(message), {}}; }

}  // namespace berth::base

namespace berth {
using base::Cause;
using base::Error;
using base::Reason;
using base::Result;
}  // namespace berth
