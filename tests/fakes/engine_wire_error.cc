#include "tests/fakes/engine_wire_error.h"

#include <cstdlib>

namespace berth::fakes {

namespace {

constexpr std::string_view kStatusCause = "HTTPStatus";

}  // namespace

int wire_status(const Error& error) {
  for (const auto& cause : error.causes) {
    if (cause.reason == kStatusCause) return std::atoi(cause.message.c_str());
  }
  switch (error.reason) {
    case Reason::InvalidSpec:
    case Reason::CommandNotFound:
      return 400;
    case Reason::SubnetConflict:
    case Reason::NetworkInUse:
      return 403;
    case Reason::NotFound:
    case Reason::ImageNotFound:
    case Reason::NetworkMissing:
      return 404;
    case Reason::NameConflict:
    case Reason::RemovalInProgress:
    case Reason::ContainerExited:
      return 409;
    case Reason::EngineUnavailable:
      return 503;
    default:
      return 500;
  }
}

Error with_status(Error error, int status) {
  error.causes.push_back({std::string(kStatusCause), std::to_string(status), ""});
  return error;
}

std::string usual_text(Reason reason) {
  switch (reason) {
    case Reason::EngineUnavailable:
      return "the engine is starting up";
    case Reason::NameConflict:
      return "Conflict. The container name \"/x\" is already in use by container \"" + std::string(64, 'f') +
             "\". You have to remove (or rename) that container to be able to reuse that name.";
    case Reason::NotFound:
      return "No such container: x";
    case Reason::ImageNotFound:
      return "No such image: x";
    case Reason::PortConflict:
      return "driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:30000 failed: port is already allocated";
    case Reason::SubnetConflict:
      return "Pool overlaps with other one on this address space";
    case Reason::SubnetExhausted:
      return "no available IPv4 addresses on this network's address pools: x (y)";
    case Reason::NetworkMissing:
      return "network x not found";
    case Reason::NetworkInUse:
      return "error while removing network: network x id y has active endpoints";
    case Reason::RemovalInProgress:
      return "removal of container x is already in progress";
    case Reason::CommandNotFound:
      return "OCI runtime create failed: exec: \"x\": executable file not found in $PATH: unknown";
    case Reason::InvalidSpec:
      return "invalid value";
    case Reason::ContainerExited:
      return "Container x is not running";
    case Reason::DiskPressure:
      return "mkdir /var/lib/docker/overlay2/x: no space left on device";
    case Reason::ImagePullFailed:
      return "Get \"https://registry.test/v2/\": dial tcp: lookup registry.test: no such host";
    case Reason::PullRateLimited:
      return "toomanyrequests: You have reached your pull rate limit.";
    default:
      return "the engine failed";
  }
}

std::optional<engine::Operation> operation_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(engine::Operation::ImagePull); ++i) {
    const auto operation = static_cast<engine::Operation>(i);
    if (engine::name_of(operation) == name) return operation;
  }
  return std::nullopt;
}

std::string operation_names() {
  std::string all;
  for (int i = 0; i <= static_cast<int>(engine::Operation::ImagePull); ++i) {
    all += (all.empty() ? "" : ", ") + std::string(engine::name_of(static_cast<engine::Operation>(i)));
  }
  return all;
}

std::optional<Reason> reason_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Reason::Cancelled); ++i) {
    if (base::to_string(static_cast<Reason>(i)) == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace berth::fakes
