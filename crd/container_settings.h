#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crd/object.h"

namespace berth::crd {

// What a service says about its container beside the program in it: identity, limits, rights, devices. Of a service that passed schema
// and rules. Everything absent is the engine's own way.

struct Ulimit {
  std::string name;
  std::int64_t soft = 0;  // -1: none
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

struct Tmpfs {
  std::string path;
  std::int64_t size_bytes = 0;  // 0: half of the memory
  std::optional<std::uint32_t> mode;
  bool operator==(const Tmpfs&) const = default;
};

struct HostAlias {
  std::string ip;  // or "host-gateway"
  std::vector<std::string> hostnames;
  bool operator==(const HostAlias&) const = default;
};

struct DnsConfig {
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<std::string> options;  // as resolv.conf has them: "ndots:2"
  bool operator==(const DnsConfig&) const = default;
};

struct SecurityContext {
  std::string user;  // "1000", "1000:1000", "postgres:999"; "" = the image's
  std::vector<std::string> groups;
  bool privileged = false;
  std::vector<std::string> add;  // without CAP_, as written otherwise
  std::vector<std::string> drop;
  bool read_only_root = false;
  bool no_new_privileges = false;
  bool operator==(const SecurityContext&) const = default;
};

struct LogConfig {
  std::string driver;  // "" = the engine's
  std::map<std::string, std::string> options;
  bool operator==(const LogConfig&) const = default;
};

struct Device {
  std::string path;
  std::string container_path;
  std::string permissions = "rwm";
  bool operator==(const Device&) const = default;
};

struct ContainerSettings {
  std::string hostname;
  std::vector<std::string> aliases;
  std::optional<bool> init;
  std::string platform;
  std::string stop_signal;  // "SIGTERM", "15"
  bool stdin_open = false;
  bool tty = false;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::int64_t shm_bytes = 0;
  std::vector<Tmpfs> tmpfs;
  std::vector<HostAlias> extra_hosts;
  DnsConfig dns;
  SecurityContext security;
  std::int64_t pids_limit = 0;
  LogConfig logging;
  std::vector<Device> devices;
  int gpus = 0;
  bool operator==(const ContainerSettings&) const = default;
};

// REQUIRES: `service` passed the schema and container_settings_rules().
ContainerSettings parse_container_settings(const json& service);

// "TERM" and "SIGTERM" are "SIGTERM", a number stays one; nullopt for what Linux does not have.
std::optional<std::string> parse_signal(const json& value);
// "CAP_NET_ADMIN" is "NET_ADMIN".
std::string capability_name(const std::string& text);
// Those that Linux has; ALL is none of them.
bool is_capability(const std::string& name);

}  // namespace berth::crd
