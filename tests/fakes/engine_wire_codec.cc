#include "tests/fakes/engine_wire_codec.h"

#include <charconv>

#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "tests/fakes/engine_wire_handlers.h"
#include "tests/fakes/fake_engine_state.h"

namespace berth::fakes {

namespace fields = engine::fields;

namespace {

std::string state_name(engine::ContainerState state) {
  switch (state) {
    case engine::ContainerState::Running:
      return "running";
    case engine::ContainerState::Paused:
      return "paused";
    case engine::ContainerState::Restarting:
      return "restarting";
    case engine::ContainerState::Removing:
      return "removing";
    case engine::ContainerState::Exited:
      return "exited";
    case engine::ContainerState::Dead:
      return "dead";
    case engine::ContainerState::Created:
      break;
  }
  return "created";
}

std::int64_t unix_seconds(base::SystemTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string port_key(const engine::PortBinding& port) { return std::to_string(port.container_port) + "/" + port.protocol; }

json port_map(const std::vector<engine::PortBinding>& ports, bool with_bindings) {
  json map = json::object();
  for (const auto& port : ports) {
    auto& place = map[port_key(port)];
    if (!with_bindings) {
      place = json::object();
      continue;
    }
    json binding = {{"HostIp", port.host_ip}, {"HostPort", std::to_string(port.host_port)}};
    place.push_back(std::move(binding));
  }
  return map;
}

json networks_of(const engine::Container& container) {
  json networks = json::object();
  for (const auto& attachment : container.attachments) {
    networks[attachment.network_name] = {{"NetworkID", attachment.network_id}, {"IPAddress", attachment.ip_address}};
  }
  return networks;
}

json state_of(const engine::Container& container) {
  json state = {{"Status", state_name(container.state)},
                {"Running", container.running()},
                {"Paused", false},
                {"Restarting", false},
                {"Dead", false},
                {"OOMKilled", container.oom_killed},
                {"Pid", container.running() ? 4711 : 0},
                {"ExitCode", container.exit_code},
                {"Error", container.error},
                {"StartedAt", engine_time(container.started_at)},
                {"FinishedAt", engine_time(container.finished_at)}};
  if (!container.health.empty()) state["Health"]["Status"] = container.health;
  return state;
}

json healthcheck_of(const engine::ContainerSpec& spec) {
  json check = json::object();
  check["Test"] = spec.healthcheck ? json(spec.healthcheck->test) : json::array({"CMD", "healthy"});
  return check;
}

std::optional<std::uint16_t> wire_port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Only what is exposed as well is published.
std::vector<engine::PortBinding> ports_from(const json& exposed, const json& bindings) {
  std::vector<engine::PortBinding> ports;
  if (!exposed.is_object() || !bindings.is_object()) return ports;
  for (const auto& [key, list] : bindings.items()) {
    if (!exposed.contains(key) || !list.is_array()) continue;
    const auto slash = key.find('/');
    const auto number = wire_port(std::string_view(key).substr(0, slash));
    for (const auto& binding : list) {
      const auto host_port = wire_port(fields::text(binding, "HostPort"));
      if (!number || !host_port || *host_port == 0) throw WireRefusal{400, "invalid port specification: \"" + key + "\""};
      ports.push_back({*number, slash == std::string::npos ? "tcp" : key.substr(slash + 1), fields::text(binding, "HostIp"), *host_port});
    }
  }
  return ports;
}

}  // namespace

json listed_container(const engine::Container& container) {
  json ports = json::array();
  for (const auto& port : container.ports) {
    ports.push_back({{"IP", port.host_ip},
                     {"PrivatePort", port.container_port},
                     {"PublicPort", port.host_port},
                     {"Type", port.protocol}});
  }
  json item = {{"Id", container.id},
               {"Image", container.image},
               {"ImageID", container.image_id},
               {"Command", ""},
               {"Created", unix_seconds(container.created)},
               {"Ports", std::move(ports)},
               {"Labels", container.labels},
               {"State", state_name(container.state)},
               {"Status", container.running() ? "Up" : state_name(container.state)},
               {"Mounts", json::array()}};
  item["Names"] = json::array();
  item["Names"].push_back("/" + container.name);
  item["NetworkSettings"]["Networks"] = networks_of(container);
  return item;
}

json inspected_container(const engine::Container& container, const engine::ContainerSpec& spec) {
  json config = {{"Image", container.image},
                 {"Labels", container.labels},
                 {"Env", spec.env},
                 {"Cmd", spec.cmd},
                 {"Entrypoint", spec.entrypoint},
                 {"WorkingDir", spec.working_dir},
                 {"Hostname", spec.hostname.empty() ? container.id.substr(0, 12) : spec.hostname},
                 {"Tty", container.tty},
                 {"ExposedPorts", port_map(spec.ports, false)}};
  if (container.has_healthcheck || spec.healthcheck) config["Healthcheck"] = healthcheck_of(spec);
  json host = {{"NetworkMode", spec.network_name.empty() ? "default" : spec.network_name},
               {"NanoCpus", container.nano_cpus},
               {"Memory", container.memory_bytes},
               {"CpuShares", container.cpu_shares},
               {"PortBindings", port_map(spec.ports, true)}};
  json settings = {{"Ports", port_map(container.ports, true)}, {"Networks", networks_of(container)}};
  engine::put_options(spec.options, config, host);
  return {{"Id", container.id},
          {"Name", "/" + container.name},
          {"Image", container.image_id},
          {"Created", engine_time(container.created)},
          {"RestartCount", 0},
          {"Platform", "linux"},
          {"State", state_of(container)},
          {"Config", std::move(config)},
          {"HostConfig", std::move(host)},
          {"NetworkSettings", std::move(settings)},
          {"Mounts", json::array()}};
}

json network_json(const engine::Network& network) {
  json configs = json::array();
  for (const auto& subnet : network.subnets) {
    json config = json::object();
    config["Subnet"] = subnet;
    configs.push_back(std::move(config));
  }
  json containers = json::object();
  for (const auto& endpoint : network.endpoints) {
    containers[endpoint.container_id] = {{"Name", endpoint.name}, {"EndpointID", ""}, {"IPv4Address", ""}};
  }
  json ipam = {{"Driver", "default"}, {"Config", std::move(configs)}};
  return {{"Id", network.id},
          {"Name", network.name},
          {"Created", engine_time(network.created)},
          {"Scope", "local"},
          {"Driver", network.driver},
          {"EnableIPv6", network.subnets.size() > 1},
          {"Internal", network.internal},
          {"IPAM", std::move(ipam)},
          {"Labels", network.labels},
          {"Options", network.options},
          {"Containers", std::move(containers)}};
}

json image_json(const engine::Image& image, const std::string& reference) {
  json config = json::object();
  if (image.has_healthcheck) config["Healthcheck"] = healthcheck_of({});
  config["Volumes"] = json::object();
  for (const auto& path : image.volumes) config["Volumes"][path] = json::object();
  auto tags = image.repo_tags;
  if (tags.empty()) tags.push_back(reference);
  return {{"Id", image.id}, {"RepoTags", tags}, {"Config", std::move(config)}, {"Os", "linux"}, {"Architecture", "amd64"}};
}

json path_stat_json(const engine::PathStat& stat) {
  const std::int64_t directory = stat.directory ? std::int64_t{1} << 31 : 0;
  return {{"name", stat.name}, {"size", stat.size}, {"mode", directory | stat.mode}, {"linkTarget", stat.link_target}};
}

json stats_json(const engine::ContainerStats& stats) {
  json body = json::object();
  body["read"] = stats.read == base::SystemTime{} ? "0001-01-01T00:00:00Z" : engine_time(stats.read);
  body["cpu_stats"]["cpu_usage"]["total_usage"] = stats.cpu_nanos;
  // Some of it is cache.
  constexpr std::int64_t kCache = 4096;
  body["memory_stats"] = {{"usage", stats.memory_bytes + kCache}, {"limit", stats.memory_limit}, {"stats", {{"inactive_file", kCache}}}};
  body["networks"]["eth0"] = {{"rx_bytes", stats.received_bytes}, {"tx_bytes", stats.sent_bytes}};
  body["blkio_stats"]["io_service_bytes_recursive"] =
      json::array({{{"op", "Read"}, {"value", stats.read_bytes}}, {{"op", "Write"}, {"value", stats.written_bytes}}});
  body["pids_stats"]["current"] = stats.pids;
  return body;
}

json event_json(const engine::Event& event) {
  json actor = {{"ID", event.actor_id}, {"Attributes", event.attributes}};
  json body = {{"Type", event.type},
               {"Action", event.action},
               {"Actor", std::move(actor)},
               {"scope", "local"},
               {"time", event.time_nano / 1000000000},
               {"timeNano", event.time_nano}};
  if (event.type == "container") {
    body["status"] = event.action;
    body["id"] = event.actor_id;
    if (const auto image = event.attributes.find("image"); image != event.attributes.end()) body["from"] = image->second;
  }
  return body;
}

engine::ContainerSpec spec_from_body(std::string name, const json& body) {
  const auto& host = fields::member(body, "HostConfig");
  engine::ContainerSpec spec;
  spec.name = std::move(name);
  spec.image = fields::text(body, "Image");
  spec.entrypoint = fields::texts(body, "Entrypoint");
  spec.cmd = fields::texts(body, "Cmd");
  spec.env = fields::texts(body, "Env");
  spec.working_dir = fields::text(body, "WorkingDir");
  spec.hostname = fields::text(body, "Hostname");
  spec.labels = fields::labels(body, "Labels");
  spec.ports = ports_from(fields::member(body, "ExposedPorts"), fields::member(host, "PortBindings"));
  // A name or an id: the engine takes either, and asks for the network only when the container starts.
  const auto mode = fields::text(host, "NetworkMode");
  if (mode != "default" && mode != "bridge" && mode != "none" && mode != "host") spec.network_name = mode;
  const auto& endpoints = fields::member(fields::member(body, "NetworkingConfig"), "EndpointsConfig");
  if (endpoints.is_object() && !endpoints.empty()) {
    if (spec.network_name.empty()) spec.network_name = endpoints.begin().key();
    spec.aliases = fields::texts(endpoints.begin().value(), "Aliases");
  }
  spec.nano_cpus = fields::number(host, "NanoCpus");
  spec.memory_bytes = fields::number(host, "Memory");
  spec.cpu_shares = fields::number(host, "CpuShares");
  if (fields::member(body, "StopTimeout").is_number_integer()) spec.stop_timeout_seconds = fields::number(body, "StopTimeout");
  const auto test = fields::texts(fields::member(body, "Healthcheck"), "Test");
  if (!test.empty()) spec.healthcheck = engine::Healthcheck{test};
  spec.options = engine::options_from_json(body, host);
  return spec;
}

engine::NetworkSpec network_from_body(const json& body) {
  engine::NetworkSpec spec;
  spec.name = fields::text(body, "Name");
  spec.labels = fields::labels(body, "Labels");
  spec.internal = fields::flag(body, "Internal");
  spec.options = fields::labels(body, "Options");
  const auto& configs = fields::member(fields::member(body, "IPAM"), "Config");
  if (configs.is_array() && !configs.empty()) {
    spec.subnet = fields::text(configs.front(), "Subnet");
    spec.gateway = fields::text(configs.front(), "Gateway");
    if (configs.size() > 1 && fields::flag(body, "EnableIPv6")) {
      spec.subnet_ipv6 = fields::text(configs[1], "Subnet");
      spec.gateway_ipv6 = fields::text(configs[1], "Gateway");
    }
  }
  return spec;
}

engine::ExecOptions exec_from_body(const json& body) {
  engine::ExecOptions options;
  options.command = fields::texts(body, "Cmd");
  options.streams.in = fields::flag(body, "AttachStdin");
  options.streams.out = fields::flag(body, "AttachStdout");
  options.streams.err = fields::flag(body, "AttachStderr");
  options.tty = fields::flag(body, "Tty");
  return options;
}

std::map<std::string, std::vector<std::string>> parse_filters(std::string_view text) {
  std::map<std::string, std::vector<std::string>> filters;
  if (text.empty()) return filters;
  const auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) throw WireRefusal{400, "invalid filter"};
  for (const auto& [name, values] : parsed.items()) {
    auto& list = filters[name];
    for (const auto& [key, value] : values.items()) list.push_back(values.is_array() ? value.get<std::string>() : key);
  }
  return filters;
}

std::optional<std::int64_t> parse_unix_nanos(std::string_view text) {
  const auto dot = text.find('.');
  std::int64_t seconds = 0;
  const auto whole = text.substr(0, dot);
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  if (error != std::errc() || end != whole.data() + whole.size()) return std::nullopt;
  std::string fraction(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  if (fraction.size() > 9 || fraction.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  fraction.resize(9, '0');
  return seconds * 1000000000 + std::stoll(fraction);
}

std::string frame(int stream, std::string_view payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::string bytes(4, '\0');
  bytes[0] = static_cast<char>(stream);
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size >> shift & 255));
  bytes.append(payload);
  return bytes;
}

}  // namespace berth::fakes
