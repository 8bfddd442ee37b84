#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/http/endpoint.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "controller/plan/port_allocator.h"
#include "controller/plan/subnet_allocator.h"
#include "crd/field_policy.h"

namespace berth::app {

// What berthd was told, checked. Every name is a flag, an environment variable (BERTH_PORT_RANGE) and a key of the --config file.
struct Config {
  std::vector<std::filesystem::path> manifests;
  std::filesystem::path data_dir = "/var/lib/berth";
  std::vector<http::Endpoint> listen;  // never empty after read_config()
  http::Endpoint docker_host;
  plan::PortRange port_range;
  plan::Subnet subnet_pool;
  std::string publish_address = "127.0.0.1";
  std::string instance;  // "" = the one kept in the data directory
  base::Duration prune_delay = std::chrono::seconds(2);
  bool prune_empty = false;
  bool teardown_on_exit = false;
  crd::FieldPolicy policy;
  std::string socket_group;
  std::string tls_cert;  // file; "" = berthd's own
  std::string tls_key;
  std::vector<std::string> tls_san;  // further names of berthd's own certificate
  base::LogFormat log_format = base::LogFormat::Text;
  base::LogLevel log_level = base::LogLevel::Info;
};

// What to do instead of running: --help and --version print `text` and end with 0.
struct ConfigResult {
  Config config;
  std::optional<std::string> text;
};

// Looks up one environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// `arguments` without the program's name. Flag before environment variable before file before default. Reads the --config file.
// Errors: Invalid, one line per wrong value: where it was given, what is wrong, what would be right.
Result<ConfigResult> read_config(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace berth::app
