#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

// Plain values of the Docker Engine API, as far as berth uses it. No behaviour, no I/O: plan/ may include
// this.
namespace berth::engine {

using Labels = std::map<std::string, std::string>;

struct EngineInfo {
  std::string id;           // /info ID: the engine's identity
  std::string version;      // "20.10.24"
  std::string api_version;  // negotiated, "1.41"
  int cpus = 1;
  std::int64_t memory_bytes = 0;
  std::string operating_system;
};

struct PortBinding {
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  std::string host_ip;  // always set by berth; the engine reads junk as 0.0.0.0
  std::uint16_t host_port = 0;
  bool operator==(const PortBinding&) const = default;
};

struct Healthcheck {
  std::vector<std::string> test;  // {"NONE"} disables the image's own
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0;  // -1: none
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

struct Device {
  std::string path;
  std::string container_path;
  std::string permissions;  // of "rwm"
  bool operator==(const Device&) const = default;
};

// What a container may be made with beside its program, its network and its limits. Everything empty, 0, false or absent is not sent:
// it is then as the image or the engine has it.
struct ContainerOptions {
  std::optional<bool> init;
  std::string platform;  // "linux/arm64"
  std::string stop_signal;
  bool open_stdin = false;
  bool tty = false;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::int64_t shm_bytes = 0;
  std::map<std::string, std::string> tmpfs;  // by path: mount options
  std::vector<std::string> extra_hosts;      // "name:address"
  std::vector<std::string> dns_servers;
  std::vector<std::string> dns_searches;
  std::vector<std::string> dns_options;
  std::string user;  // "1000:1000"
  std::vector<std::string> groups;
  bool privileged = false;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  bool read_only_root = false;
  std::vector<std::string> security_options;
  std::int64_t pids_limit = 0;
  std::string log_driver;
  std::map<std::string, std::string> log_options;
  std::vector<Device> devices;
  int gpus = 0;
  bool operator==(const ContainerOptions&) const = default;
};

struct ContainerSpec {
  std::string name;
  std::string image;
  std::vector<std::string> entrypoint;  // empty: the image's
  std::vector<std::string> cmd;         // empty: the image's (unless entrypoint is set)
  std::vector<std::string> env;         // "A=b"
  std::string working_dir;
  std::string hostname;
  Labels labels;
  std::vector<PortBinding> ports;  // sent both as ExposedPorts and PortBindings
  std::string network_id;
  std::string network_name;
  std::vector<std::string> aliases;
  std::int64_t nano_cpus = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t cpu_shares = 0;
  std::optional<int> stop_timeout_seconds;
  std::optional<Healthcheck> healthcheck;
  ContainerOptions options;
};

enum class ContainerState { Created, Running, Paused, Restarting, Removing, Exited, Dead };

struct Attachment {
  std::string network_name;
  std::string network_id;  // "" until a container's first start
  std::string ip_address;  // "" when not running
  bool operator==(const Attachment&) const = default;
};

struct Container {
  std::string id;
  std::string name;  // without the leading slash
  std::string image;
  std::string image_id;
  Labels labels;
  ContainerState state = ContainerState::Created;
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;   // the engine's text of a failed start
  std::string health;  // "", "starting", "healthy", "unhealthy"
  bool has_healthcheck = false;
  bool tty = false;
  base::SystemTime created{};
  base::SystemTime started_at{};  // epoch when it never started
  base::SystemTime finished_at{};
  std::vector<Attachment> attachments;
  std::vector<PortBinding> ports;  // what is published now; empty unless running
  std::int64_t nano_cpus = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t cpu_shares = 0;  // 0: the engine's default, 1024
  bool running() const { return state == ContainerState::Running; }
};

struct NetworkSpec {
  std::string name;
  Labels labels;
  std::string subnet;   // "10.213.0.32/27"; always set by berth
  std::string gateway;  // always sent: the engine does not report it otherwise
  std::string subnet_ipv6;  // "" = IPv4 only
  std::string gateway_ipv6;
  bool internal = false;
  std::map<std::string, std::string> options;
};

struct NetworkEndpoint {
  std::string container_id;
  std::string name;
};

struct Network {
  std::string id;
  std::string name;
  std::string driver;
  Labels labels;
  std::vector<std::string> subnets;
  bool internal = false;
  std::map<std::string, std::string> options;
  base::SystemTime created{};
  std::vector<NetworkEndpoint> endpoints;  // only from inspect, only running ones
};

struct Volume {
  std::string name;
  Labels labels;
};

struct Image {
  std::string id;
  std::vector<std::string> repo_tags;
  bool has_healthcheck = false;
  std::vector<std::string> volumes;
};

// One message of /events. Hints only: anything may be missing or doubled.
struct Event {
  std::string type;    // container | network | volume | image | daemon
  std::string action;  // "die", "start", "health_status: healthy", ...
  std::string actor_id;
  Labels attributes;
  std::int64_t time_nano = 0;
};

struct ExecResult {
  int exit_code = -1;
  std::string output;  // stdout and stderr together, the last 4 kB
};

// Which standard streams of a process are wanted. With a terminal all output is one stream.
struct Streams {
  bool in = false;
  bool out = true;
  bool err = true;
};

struct TerminalSize {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
};

struct ExecOptions {
  std::vector<std::string> command;
  Streams streams;
  bool tty = false;
  std::optional<TerminalSize> size;  // to begin with; engines before API 1.42 take it only once the command runs
};

struct FileToCopy {
  std::string path;  // absolute, inside the container
  std::string content;
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// What stands at a path of a container.
struct PathStat {
  std::string name;  // its last part
  std::int64_t size = 0;
  std::uint32_t mode = 0;  // permissions
  bool directory = false;
  std::string link_target;  // of a symbolic link, within the container; "" = it is none
};

// What a container uses, summed up since its start where that can be summed.
struct ContainerStats {
  base::SystemTime read{};  // when the engine looked; the epoch when it does not run
  std::int64_t cpu_nanos = 0;
  std::int64_t memory_bytes = 0;  // without what the kernel would give back at once (inactive files)
  std::int64_t memory_limit = 0;  // the machine's when it has none of its own
  std::int64_t received_bytes = 0;
  std::int64_t sent_bytes = 0;
  std::int64_t read_bytes = 0;
  std::int64_t written_bytes = 0;
  std::int64_t pids = 0;
};

struct LogOptions {
  bool follow = false;
  std::optional<int> tail;
  bool timestamps = false;
  std::optional<std::int64_t> since_seconds;  // Unix seconds
  // More exact, in place of since_seconds. `tail` is counted before they are looked at.
  std::optional<base::SystemTime> since;
  std::optional<base::SystemTime> until;
};

struct LogChunk {
  int stream = 1;  // 1 stdout, 2 stderr
  std::string bytes;
};

}  // namespace berth::engine
