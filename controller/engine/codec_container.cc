#include <charconv>

#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"

namespace berth::engine {

namespace {

using namespace fields;

// Above every machine's memory, and no value that a person writes.
constexpr std::int64_t kVoidMemory = std::int64_t{1} << 60;

constexpr std::int64_t kCpu = 1'000'000'000;

// All processors but a nano-processor, for the same reason.
std::int64_t void_cpus(int cpus) { return cpus * kCpu - 1; }
bool is_void_cpus(std::int64_t nano_cpus) { return nano_cpus > 0 && nano_cpus % kCpu == kCpu - 1; }

ContainerState state_from(const std::string& name) {
  if (name == "running") return ContainerState::Running;
  if (name == "paused") return ContainerState::Paused;
  if (name == "restarting") return ContainerState::Restarting;
  if (name == "removing") return ContainerState::Removing;
  if (name == "exited") return ContainerState::Exited;
  if (name == "dead") return ContainerState::Dead;
  return ContainerState::Created;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

std::uint16_t port_number(std::string_view text) {
  std::uint16_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Addresses of a container that does not run are of the past: some engines keep showing them.
std::vector<Attachment> attachments_from(const json& settings, bool running) {
  std::vector<Attachment> result;
  const auto& networks = member(settings, "Networks");
  if (!networks.is_object()) return result;
  for (const auto& [name, endpoint] : networks.items()) {
    result.push_back({name, text(endpoint, "NetworkID"), running ? text(endpoint, "IPAddress") : ""});
  }
  return result;
}

std::vector<PortBinding> listed_ports(const json& ports) {
  std::vector<PortBinding> result;
  if (!ports.is_array()) return result;
  for (const auto& port : ports) {
    if (number(port, "PublicPort") == 0) continue;
    result.push_back({static_cast<std::uint16_t>(number(port, "PrivatePort")), text(port, "Type"),
                      text(port, "IP"), static_cast<std::uint16_t>(number(port, "PublicPort"))});
  }
  return result;
}

std::vector<PortBinding> inspected_ports(const json& ports) {
  std::vector<PortBinding> result;
  if (!ports.is_object()) return result;
  for (const auto& [key, bindings] : ports.items()) {
    if (!bindings.is_array()) continue;
    const auto slash = key.find('/');
    for (const auto& binding : bindings) {
      result.push_back({port_number(key), slash == std::string::npos ? "tcp" : key.substr(slash + 1),
                        text(binding, "HostIp"), port_number(text(binding, "HostPort"))});
    }
  }
  return result;
}

json ports_of(const ContainerSpec& spec, bool bindings) {
  json result = json::object();
  for (const auto& port : spec.ports) {
    const auto key = std::to_string(port.container_port) + "/" + port.protocol;
    if (bindings) {
      result[key].push_back({{"HostIp", port.host_ip}, {"HostPort", std::to_string(port.host_port)}});
    } else {
      result[key] = json::object();
    }
  }
  return result;
}

}  // namespace

Container container_from_list(const json& item) {
  Container container;
  container.id = text(item, "Id");
  const auto names = texts(item, "Names");
  // Names of legacy links have a second slash.
  for (const auto& name : names) {
    if (container.name.empty() && name.rfind('/') == 0) container.name = without_slash(name);
  }
  container.image = text(item, "Image");
  container.image_id = text(item, "ImageID");
  container.labels = labels(item, "Labels");
  container.state = state_from(text(item, "State"));
  container.created = base::SystemTime{std::chrono::seconds(number(item, "Created"))};
  container.attachments = attachments_from(member(item, "NetworkSettings"), container.running());
  if (container.running()) container.ports = listed_ports(member(item, "Ports"));
  return container;
}

Container container_from_inspect(const json& body) {
  const auto& state = member(body, "State");
  const auto& config = member(body, "Config");
  const auto& settings = member(body, "NetworkSettings");
  const auto test = texts(member(config, "Healthcheck"), "Test");
  Container container;
  container.id = text(body, "Id");
  container.name = without_slash(text(body, "Name"));
  container.image = text(config, "Image");
  container.image_id = text(body, "Image");
  container.labels = labels(config, "Labels");
  container.state = state_from(text(state, "Status"));
  container.exit_code = static_cast<int>(number(state, "ExitCode"));
  container.oom_killed = flag(state, "OOMKilled");
  container.error = text(state, "Error");
  container.health = text(member(state, "Health"), "Status");
  if (container.health == "none") container.health.clear();
  container.has_healthcheck = !test.empty() && test.front() != "NONE";
  container.tty = flag(config, "Tty");
  container.created = time(body, "Created");
  container.started_at = time(state, "StartedAt");
  container.finished_at = time(state, "FinishedAt");
  container.attachments = attachments_from(settings, container.running());
  if (container.running()) container.ports = inspected_ports(member(settings, "Ports"));
  container.nano_cpus = number(member(body, "HostConfig"), "NanoCpus");
  container.memory_bytes = number(member(body, "HostConfig"), "Memory");
  container.cpu_shares = number(member(body, "HostConfig"), "CpuShares");
  return container;
}

json container_body(const ContainerSpec& spec) {
  json host = {{"PortBindings", ports_of(spec, true)}, {"RestartPolicy", {{"Name", "no"}}}};
  if (spec.nano_cpus != 0) host["NanoCpus"] = spec.nano_cpus;
  if (spec.cpu_shares != 0) host["CpuShares"] = spec.cpu_shares;
  if (spec.memory_bytes != 0) {
    host["Memory"] = spec.memory_bytes;
    host["MemorySwap"] = spec.memory_bytes;
  }
  json body = {{"Image", spec.image},
               {"Env", spec.env},
               {"Labels", spec.labels},
               {"ExposedPorts", ports_of(spec, false)}};
  if (!spec.entrypoint.empty()) body["Entrypoint"] = spec.entrypoint;
  if (!spec.cmd.empty()) body["Cmd"] = spec.cmd;
  if (!spec.working_dir.empty()) body["WorkingDir"] = spec.working_dir;
  if (!spec.hostname.empty()) body["Hostname"] = spec.hostname;
  if (spec.stop_timeout_seconds) body["StopTimeout"] = *spec.stop_timeout_seconds;
  if (spec.healthcheck) body["Healthcheck"] = {{"Test", spec.healthcheck->test}};
  // By id where it is given: names need not be unique.
  const auto& network = spec.network_id.empty() ? spec.network_name : spec.network_id;
  if (!network.empty()) {
    host["NetworkMode"] = network;
    body["NetworkingConfig"]["EndpointsConfig"][network] = {{"Aliases", spec.aliases}};
  }
  put_options(spec.options, body, host);
  body["HostConfig"] = std::move(host);
  return body;
}

json update_body(std::int64_t nano_cpus, std::int64_t memory_bytes, int cpus, std::int64_t cpu_shares) {
  const auto memory = memory_bytes == 0 ? kVoidMemory : memory_bytes;
  json body = {
      {"NanoCpus", nano_cpus == 0 ? void_cpus(cpus) : nano_cpus}, {"Memory", memory}, {"MemorySwap", memory}};
  if (cpu_shares != 0) body["CpuShares"] = cpu_shares;
  return body;
}

void forget_void_limits(Container& container) {
  if (is_void_cpus(container.nano_cpus)) container.nano_cpus = 0;
  if (container.memory_bytes >= kVoidMemory) container.memory_bytes = 0;
}

}  // namespace berth::engine
