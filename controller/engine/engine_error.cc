#include "controller/engine/engine_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <vector>

namespace berth::engine {

namespace {

using O = Operation;

// One line of the tables below. Any operation when the list is empty, any status when it is 0; every text
// must occur.
struct Rule {
  std::vector<Operation> operations;
  int status;
  std::vector<std::string_view> texts;  // lower case
  Reason reason;
};

// The first rule that fits decides.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> table = {
      // Another engine listens now: the version is negotiated anew.
      {{}, 400, {"client version", "api version"}, Reason::EngineUnavailable},
      {{}, 0, {"no space left on device"}, Reason::DiskPressure},
      {{}, 0, {"disk quota exceeded"}, Reason::DiskPressure},

      // Before all others: status and text are the registry's.
      {{O::ImagePull}, 0, {"toomanyrequests"}, Reason::PullRateLimited},
      {{O::ImagePull}, 0, {"too many requests"}, Reason::PullRateLimited},
      {{O::ImagePull}, 0, {"rate limit"}, Reason::PullRateLimited},
      {{O::ImagePull}, 429, {}, Reason::PullRateLimited},
      {{O::ImagePull}, 0, {"invalid reference format"}, Reason::InvalidSpec},
      {{O::ImagePull}, 0, {"invalid repository name"}, Reason::InvalidSpec},
      {{O::ImagePull}, 0, {"must be lowercase"}, Reason::InvalidSpec},
      {{O::ImagePull}, 0, {"manifest unknown"}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {"manifest for", "not found"}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {"pull access denied"}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {"name unknown"}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {"no matching manifest"}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {"failed to resolve reference", "not found"}, Reason::ImageNotFound},
      {{O::ImagePull}, 404, {}, Reason::ImageNotFound},
      {{O::ImagePull}, 0, {}, Reason::ImagePullFailed},

      {{}, 503, {}, Reason::EngineUnavailable},
      {{}, 0, {"removal of container", "already in progress"}, Reason::RemovalInProgress},
      {{}, 0, {"marked for removal"}, Reason::RemovalInProgress},
      // A start whose client hung up, on 26 and later: nothing is wrong with it.
      {{}, 0, {"context canceled"}, Reason::EngineUnavailable},

      {{O::ContainerCreate}, 409, {"is already in use by container"}, Reason::NameConflict},
      {{O::ContainerCreate}, 404, {"no such image"}, Reason::ImageNotFound},
      {{O::ContainerCreate}, 404, {"does not match the specified platform"}, Reason::ImageNotFound},
      {{O::ContainerCreate}, 404, {"network", "not found"}, Reason::NetworkMissing},
      {{O::ContainerCreate}, 0, {"invalid reference format"}, Reason::InvalidSpec},
      {{O::ContainerCreate}, 400, {}, Reason::InvalidSpec},

      // The ports of a container that runs are published when it joins its network.
      {{O::ContainerStart, O::NetworkConnect}, 0, {"port is already allocated"}, Reason::PortConflict},
      {{O::ContainerStart, O::NetworkConnect}, 0, {"all ports are allocated"}, Reason::PortConflict},
      {{O::ContainerStart, O::NetworkConnect},
       0,
       {"external connectivity", "address already in use"},
       Reason::PortConflict},
      {{O::ContainerStart, O::NetworkConnect},
       0,
       {"host port", "address already in use"},
       Reason::PortConflict},
      {{O::ContainerStart, O::NetworkConnect}, 0, {"cannot assign requested address"}, Reason::InvalidSpec},
      {{O::ContainerStart, O::NetworkConnect}, 0, {"no available ipv4 addresses"}, Reason::SubnetExhausted},
      {{O::ContainerStart}, 404, {"no such container"}, Reason::NotFound},
      {{O::ContainerStart}, 0, {"executable file not found"}, Reason::CommandNotFound},
      {{O::ContainerStart}, 0, {"exec: \"", "no such file or directory"}, Reason::CommandNotFound},
      {{O::ContainerStart}, 0, {"exec: \"", "permission denied"}, Reason::CommandNotFound},
      {{O::ContainerStart}, 0, {"exec: \"", "is a directory"}, Reason::CommandNotFound},
      // After the commands: their text quotes what the user wrote.
      {{O::ContainerStart}, 0, {"network", "not found"}, Reason::NetworkMissing},
      {{O::ContainerStart}, 0, {"network", "is ambiguous"}, Reason::NetworkMissing},
      // The engine's own runtime is broken: no fault of the spec.
      {{O::ContainerStart}, 0, {"unable to retrieve oci runtime error"}, Reason::EngineError},
      {{O::ContainerStart}, 0, {"unable to find user"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"failed to initialize logging driver"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"could not select device driver"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"error gathering device information"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"unable to apply caps"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"error during container init", "/proc/sys/"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"error during container init", "error setting rlimit"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"error during container init", "error mounting \"tmpfs\""}, Reason::InvalidSpec},
      {{O::ContainerStart}, 0, {"invalid transport protocol"}, Reason::InvalidSpec},
      // SCTP, where the kernel has none.
      {{O::ContainerStart, O::NetworkConnect}, 0, {"protocol not supported"}, Reason::InvalidSpec},
      {{O::ContainerStart}, 400, {}, Reason::InvalidSpec},

      {{O::Exec}, 409, {"is not running"}, Reason::ContainerExited},
      {{O::Exec}, 409, {"is paused"}, Reason::ContainerExited},
      {{O::Exec}, 409, {"is restarting"}, Reason::ContainerExited},
      {{O::Exec}, 0, {"container", "is not running"}, Reason::ContainerExited},
      {{O::Exec}, 0, {"executable file not found"}, Reason::CommandNotFound},
      {{O::ContainerCopy, O::ContainerArchive}, 0, {"marked read-only"}, Reason::InvalidSpec},
      {{O::ContainerCopy, O::ContainerArchive}, 0, {"not a directory"}, Reason::InvalidSpec},
      {{O::ContainerCopy}, 404, {"could not find the file"}, Reason::InvalidSpec},
      {{O::ContainerUpdate}, 400, {}, Reason::InvalidSpec},
      {{O::ContainerUpdate}, 409, {"limit"}, Reason::InvalidSpec},

      {{O::NetworkCreate}, 0, {"pool overlaps"}, Reason::SubnetConflict},
      {{O::NetworkCreate}, 0, {"networks have overlapping ipv4"}, Reason::SubnetConflict},
      {{O::NetworkCreate}, 0, {"could not find an available", "address pool"}, Reason::SubnetExhausted},
      {{O::NetworkCreate}, 0, {"fully subnetted"}, Reason::SubnetExhausted},
      {{O::NetworkCreate}, 409, {"already exists"}, Reason::NameConflict},
      {{O::NetworkCreate}, 0, {"invalid network config"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 0, {"invalid gateway"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 0, {"no matching subnet for gateway"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 0, {"invalid subnet"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 0, {"invalid cidr"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 404, {"plugin", "not found"}, Reason::InvalidSpec},
      {{O::NetworkCreate}, 400, {}, Reason::InvalidSpec},
      {{O::NetworkRemove}, 0, {"has active endpoints"}, Reason::NetworkInUse},
      {{O::NetworkRemove}, 0, {"is in use"}, Reason::NetworkInUse},
      {{O::NetworkConnect}, 404, {"no such container"}, Reason::NotFound},
      {{O::NetworkConnect}, 404, {}, Reason::NetworkMissing},

      {{O::ImageInspect}, 404, {}, Reason::ImageNotFound},
      {{O::ImageInspect}, 400, {}, Reason::InvalidSpec},

      {{}, 404, {}, Reason::NotFound},
  };
  return table;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool fits(const Rule& rule, Operation operation, int status, const std::string& text) {
  if (rule.status != 0 && rule.status != status) return false;
  if (!rule.operations.empty() &&
      std::find(rule.operations.begin(), rule.operations.end(), operation) == rule.operations.end()) {
    return false;
  }
  return std::all_of(rule.texts.begin(), rule.texts.end(),
                     [&](auto part) { return text.find(part) != std::string::npos; });
}

}  // namespace

std::string_view name_of(Operation operation) {
  static constexpr std::array<std::string_view, 25> names = {"ping",
                                                             "info",
                                                             "events",
                                                             "container_list",
                                                             "container_inspect",
                                                             "container_create",
                                                             "container_start",
                                                             "container_stop",
                                                             "container_remove",
                                                             "container_update",
                                                             "container_copy",
                                                             "container_archive",
                                                             "container_stats",
                                                             "container_logs",
                                                             "exec",
                                                             "network_list",
                                                             "network_inspect",
                                                             "network_create",
                                                             "network_remove",
                                                             "network_connect",
                                                             "network_disconnect",
                                                             "volume_list",
                                                             "volume_remove",
                                                             "image_inspect",
                                                             "image_pull"};
  return names.at(static_cast<std::size_t>(operation));
}

bool is_already_done(Operation operation, int status, std::string_view message) {
  switch (operation) {
    case O::ContainerStart:
    case O::ContainerStop:
      return status == 304;
    case O::ContainerRemove:
    case O::NetworkRemove:
    case O::VolumeRemove:
      return status == 404;
    case O::NetworkConnect:
      return status == 403 && message.find("already exists in network") != std::string_view::npos;
    case O::NetworkDisconnect:
      return status == 404 || message.find("is not connected to") != std::string_view::npos;
    default:
      return false;
  }
}

Error classify(Operation operation, int status, std::string message) {
  const auto text = lower(message);
  if (text.empty())
    message = std::string(name_of(operation)) + ": the engine answered " + std::to_string(status);
  for (const auto& rule : rules()) {
    if (fits(rule, operation, status, text)) return base::error(rule.reason, std::move(message));
  }
  return base::error(Reason::EngineError, std::move(message));
}

std::string message_of(std::string_view body) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  std::string text;
  if (parsed.is_object() && parsed.contains("message") && parsed["message"].is_string()) {
    text = parsed["message"].get<std::string>();
  } else {
    text = body.substr(0, 4096);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

}  // namespace berth::engine
