#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "crd/container_settings.h"
#include "crd/object.h"

namespace berth::crd {

// The typed reading of a TestEnvironment that passed schema and rules: numbers in engine units, names
// resolved, defaults filled in. A plain value; no reference to the Object it came from.

enum class DependencyCondition { Started, Ready, Completed };
enum class RestartPolicy { Always, OnFailure, Never };
enum class PullPolicy { Always, IfNotPresent, Never };
enum class OnFailure { Delete, Keep };
enum class Protocol { Tcp, Udp, Sctp };

// "TCP" as manifests and status have it, "tcp" as engines do.
std::string_view to_string(Protocol protocol);
std::string_view engine_word(Protocol protocol);
// TCP for what is none: what berth wrote is always one.
Protocol protocol_from(std::string_view text);

struct EnvVar {
  std::string name;
  std::string value;  // as written, $(VAR) unexpanded
  bool operator==(const EnvVar&) const = default;
};

struct ServicePort {
  std::string name;  // "" when the port has none
  std::uint16_t container_port = 0;
  Protocol protocol = Protocol::Tcp;
  std::optional<std::uint16_t> host_port;  // explicit; otherwise leased
  std::string host_ip;                     // "" = the host's bind address
  std::string env;                         // variable that carries the host port, "" for none
  // "postgres.sql"; for a port without a name "postgres.5432", "postgres.5432/udp" or "postgres.5432/sctp".
  std::string endpoint_name(const std::string& service) const;
  bool operator==(const ServicePort&) const = default;
};

struct ExecAction {
  std::vector<std::string> command;
  bool operator==(const ExecAction&) const = default;
};
struct TcpAction {
  std::uint16_t port = 0;
  std::string host;  // "" = the container
  bool operator==(const TcpAction&) const = default;
};
struct HttpAction {
  std::uint16_t port = 0;
  std::string path = "/";
  std::string host;
  std::vector<std::pair<std::string, std::string>> headers;
  bool operator==(const HttpAction&) const = default;
};
struct LogAction {
  std::string pattern;  // ECMAScript regular expression, searched in each line since the container's start
  bool operator==(const LogAction&) const = default;
};
// The image's own HEALTHCHECK.
struct ImageAction {
  bool operator==(const ImageAction&) const = default;
};

struct Probe {
  std::variant<ExecAction, TcpAction, HttpAction, LogAction, ImageAction> action;
  base::Duration initial_delay{0};
  base::Duration period = std::chrono::seconds(10);  // between checks once it is ready
  base::Duration timeout = std::chrono::seconds(1);
  int success_threshold = 1;
  int failure_threshold = 3;
  bool operator==(const Probe&) const = default;
};

struct Dependency {
  std::string service;
  DependencyCondition condition = DependencyCondition::Started;
  bool operator==(const Dependency&) const = default;
};

struct InlineFile {
  std::string path;
  std::string content;  // bytes, base64 already decoded
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const InlineFile&) const = default;
};

struct Resources {
  std::int64_t cpu_nanos = 0;  // 0 = unset
  std::int64_t memory_bytes = 0;
  bool operator==(const Resources&) const = default;
};

struct Service {
  std::string name;
  std::string image;
  PullPolicy pull_policy = PullPolicy::IfNotPresent;
  std::vector<std::string> command;  // replaces the image's entrypoint
  std::vector<std::string> args;     // replaces the image's cmd
  std::string working_dir;
  std::vector<EnvVar> env;
  std::vector<ServicePort> ports;
  std::vector<Dependency> depends_on;
  std::optional<Probe> readiness;
  Resources requests;
  Resources limits;
  RestartPolicy restart_policy = RestartPolicy::Always;
  std::vector<InlineFile> files;
  // Absent: what goes with the environment is killed at once. Set: SIGTERM, and so long until SIGKILL.
  std::optional<base::Duration> termination_grace;
  ContainerSettings settings;
};

struct TestEnvironmentSpec {
  std::vector<Service> services;
  std::optional<base::Duration> ttl;                 // since creation
  std::optional<base::Duration> ttl_after_finished;  // of the Failed or Expired object
  std::optional<base::Duration> lease_duration;
  std::optional<base::Duration> ready_deadline;  // since Scheduled
  OnFailure on_failure = OnFailure::Delete;
  bool network_internal = false;
  std::string network_subnet;  // "" = leased from the pool
  int network_mtu = 0;         // 0 = the engine's
  bool network_ipv6 = false;

  const Service* find(const std::string& service) const;
};

// REQUIRES: `spec` passed the schema and test_environment_rules(). Throws nlohmann's exceptions otherwise.
TestEnvironmentSpec parse_test_environment_spec(const json& spec);

// The rules a structural schema cannot say, by name in the order of the table in the .cc: duplicate service
// names, unknown or circular dependsOn, duplicate port names / env names / explicit host ports, named probe
// ports that do not exist, exactly one probe action, quantities, limits below requests or the engine's 6 MiB,
// internal network with ports, subnet syntax and size, hostIP syntax, file paths (absolute, no "..", unique),
// base64, regular expressions, $(VAR) cycles, ...
std::vector<Cause> test_environment_rules(const json& object, const json* old);

}  // namespace berth::crd
