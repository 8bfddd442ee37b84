#include "controller/app/config_options.h"

#include <arpa/inet.h>
#include <grp.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "api/http/certificate.h"
#include "controller/engine/http_engine.h"
#include "crd/formats.h"

namespace berth::app {

namespace {

constexpr std::uint16_t kApiPort = 6440;
constexpr std::size_t kLongestInstance = 40;
constexpr base::Duration kLongestDuration = std::chrono::hours(24);

Error invalid(std::string message) { return base::error(Reason::Invalid, std::move(message)); }

Result<void> set_manifests(Config& config, const std::string& text) {
  if (text.empty()) return invalid("is empty; expected a directory");
  config.manifests.emplace_back(text);
  return {};
}

Result<void> set_data_dir(Config& config, const std::string& text) {
  if (text.empty()) return invalid("is empty; expected a directory");
  config.data_dir = std::filesystem::absolute(text).lexically_normal();
  if (!config.data_dir.has_filename()) config.data_dir = config.data_dir.parent_path();
  return {};
}

Result<void> set_listen(Config& config, const std::string& text) {
  auto endpoint = http::parse_endpoint(text, kApiPort);
  if (endpoint.has_error()) return invalid(endpoint.error().message);
  if (!endpoint->tls && !http::is_loopback(*endpoint)) {
    return invalid("\"" + text + "\": without TLS only loopback addresses are allowed, for example http://127.0.0.1:6440; write https://" +
                   endpoint->host_header() + " for this one");
  }
  if (endpoint->tls && !http::is_loopback(*endpoint) && http::canonical_address(endpoint->host).empty()) {
    return invalid("\"" + text + "\": an IP address is expected, for example https://0.0.0.0:6440; --tls-san gives the certificate further names");
  }
  config.listen.push_back(*endpoint);
  return {};
}

Result<void> set_docker_host(Config& config, const std::string& text) {
  if (text.empty()) return invalid("is empty; expected unix:///PATH or tcp://HOST:PORT");
  auto endpoint = engine::parse_docker_host(text);
  if (endpoint.has_error()) return invalid(endpoint.error().message);
  config.docker_host = *endpoint;
  return {};
}

Result<void> set_port_range(Config& config, const std::string& text) {
  auto range = plan::parse_port_range(text);
  if (range.has_error()) return invalid(range.error().message);
  config.port_range = *range;
  return {};
}

Result<void> set_publish_address(Config& config, const std::string& text) {
  in_addr address{};
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return invalid("\"" + text + "\" is not an IPv4 address; expected for example 127.0.0.1 or 0.0.0.0");
  }
  config.publish_address = text;
  return {};
}

Result<void> set_subnet_pool(Config& config, const std::string& text) {
  auto pool = plan::parse_subnet(text);
  if (pool.has_error()) return invalid(pool.error().message);
  if (pool->prefix > 27) return invalid("\"" + text + "\" has no room for one environment; expected a /27 or larger, for example 10.213.0.0/16");
  config.subnet_pool = *pool;
  return {};
}

Result<void> set_instance(Config& config, const std::string& text) {
  const auto fine = [](char c) { return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-'; };
  const bool right = !text.empty() && text.size() <= kLongestInstance && std::all_of(text.begin(), text.end(), fine) &&
                     text.front() != '-' && text.back() != '-';
  if (!right) return invalid("\"" + text + "\" is not a name; expected lower case letters, digits and '-', at most 40, for example ci-host-1");
  config.instance = text;
  return {};
}

Result<void> set_prune_delay(Config& config, const std::string& text) {
  auto duration = parse_duration(text);
  if (duration.has_error()) return invalid(duration.error().message);
  config.prune_delay = *duration;
  return {};
}

Result<void> set_flag(bool& flag, const std::string& text) {
  if (text == "true" || text == "1") {
    flag = true;
  } else if (text == "false" || text == "0" || text.empty()) {
    flag = false;
  } else {
    return invalid("\"" + text + "\" is neither true nor false");
  }
  return {};
}

Result<void> set_prune_empty(Config& config, const std::string& text) { return set_flag(config.prune_empty, text); }

Result<void> set_teardown_on_exit(Config& config, const std::string& text) { return set_flag(config.teardown_on_exit, text); }

Result<void> set_allow_privileged(Config& config, const std::string& text) { return set_flag(config.policy.privileged, text); }

Result<void> set_allow_gpus(Config& config, const std::string& text) { return set_flag(config.policy.gpus, text); }

Result<void> set_allow_devices(Config& config, const std::string& text) {
  std::string directory = text;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (!crd::is_clean_path(directory)) {
    return invalid("\"" + text + "\" is not a device or a directory of devices; expected for example /dev/dri or /dev/kvm");
  }
  config.policy.devices.push_back(directory);
  return {};
}

Result<void> set_socket_group(Config& config, const std::string& text) {
  if (!text.empty() && !::getgrnam(text.c_str())) return invalid("there is no group \"" + text + "\" on this machine");
  config.socket_group = text;
  return {};
}

Result<void> set_tls_cert(Config& config, const std::string& text) {
  if (text.empty()) return invalid("is empty; expected a file");
  config.tls_cert = text;
  return {};
}

Result<void> set_tls_key(Config& config, const std::string& text) {
  if (text.empty()) return invalid("is empty; expected a file");
  config.tls_key = text;
  return {};
}

Result<void> set_tls_san(Config& config, const std::string& text) {
  if (!http::is_certificate_name(text)) return invalid("\"" + text + "\" is neither a DNS name nor an IP address");
  config.tls_san.push_back(text);
  return {};
}

Result<void> set_log_format(Config& config, const std::string& text) {
  if (!base::parse_log_format(text, config.log_format)) return invalid("\"" + text + "\" is no log format; expected text or json");
  return {};
}

Result<void> set_log_level(Config& config, const std::string& text) {
  if (!base::parse_log_level(text, config.log_level)) {
    return invalid("\"" + text + "\" is no log level; expected trace, debug, info, warn or error");
  }
  return {};
}

}  // namespace

const std::vector<Option>& options() {
  static const std::vector<Option> all = {
      {"manifests", "DIR", "directory of manifests to keep true; may be given several times", true, set_manifests},
      {"data-dir", "DIR", "where the state is kept (default /var/lib/berth)", false, set_data_dir},
      {"listen", "URL", "https://ADDRESS:PORT, http://LOOPBACK:PORT or unix:///PATH, may be given\nseveral times (default https://127.0.0.1:6440 and unix://DATA-DIR/berthd.sock)", true, set_listen},
      {"docker-host", "URL", "unix:///PATH or tcp://HOST:PORT of the engine\n(default DOCKER_HOST, then unix:///var/run/docker.sock)", false, set_docker_host},
      {"port-range", "A-B", "host ports to lease (default 30000-31999)", false, set_port_range},
      {"publish-address", "IP", "host address that ports are published on (default 127.0.0.1)", false, set_publish_address},
      {"subnet-pool", "CIDR", "networks are cut from it (default 10.213.0.0/16)", false, set_subnet_pool},
      {"instance", "NAME", "whose objects on the engine are ours (default: made once, kept in the data directory)", false, set_instance},
      {"prune-delay", "DURATION", "how long a manifest must be gone until its objects are deleted (default 2s)", false, set_prune_delay},
      {"prune-empty", "", "delete also when a whole directory is gone or empty at start", false, set_prune_empty},
      {"teardown-on-exit", "", "on SIGTERM delete every environment before berthd ends, for at most a minute\n(default: they stay as they are); a second signal ends it at once", false, set_teardown_on_exit},
      {"allow-privileged", "", "let services be privileged, and add capabilities that no container has otherwise", false, set_allow_privileged},
      {"allow-devices", "DIR", "let services have the host's devices in this directory (or this one device);\nmay be given several times", true, set_allow_devices},
      {"allow-gpus", "", "let services have the host's GPUs", false, set_allow_gpus},
      {"socket-group", "GROUP", "group that may use the unix sockets", false, set_socket_group},
      {"tls-cert", "FILE", "certificate of the https listeners, PEM, with its chain\n(default: made in the data directory, with an authority of its own)", false, set_tls_cert},
      {"tls-key", "FILE", "private key of --tls-cert, PEM", false, set_tls_key},
      {"tls-san", "NAME", "further DNS name or IP address of the certificate that is made;\nmay be given several times", true, set_tls_san},
      {"log-format", "FORMAT", "text or json (default text)", false, set_log_format},
      {"log-level", "LEVEL", "trace, debug, info, warn or error (default info)", false, set_log_level},
  };
  return all;
}

const Option* find_option(std::string_view name) {
  for (const auto& option : options()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string Option::variable() const {
  std::string text = "BERTH_";
  for (const char c : name) text += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

Result<base::Duration> parse_duration(std::string_view text) {
  const auto wrong = [&] { return invalid("\"" + std::string(text) + "\" is not a duration; expected for example 2s, 500ms or 1m"); };
  base::Duration total{0};
  auto rest = text;
  if (rest.empty()) return wrong();
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (ec != std::errc() || number < 0 || number > 1'000'000) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with("ms")) {
      total += std::chrono::milliseconds(number);
      rest.remove_prefix(2);
    } else if (rest.empty() || rest.starts_with("s")) {
      total += std::chrono::seconds(number);
      rest.remove_prefix(rest.empty() ? 0 : 1);
    } else if (rest.starts_with("m")) {
      total += std::chrono::minutes(number);
      rest.remove_prefix(1);
    } else if (rest.starts_with("h")) {
      total += std::chrono::hours(number);
      rest.remove_prefix(1);
    } else {
      return wrong();
    }
    if (total > kLongestDuration) return invalid("\"" + std::string(text) + "\" is longer than 24h");
  }
  return total;
}

}  // namespace berth::app
