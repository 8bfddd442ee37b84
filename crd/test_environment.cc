#include "crd/test_environment.h"

#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/quantity.h"

namespace berth::crd {
namespace {

const json& list(const json& value, std::string_view key) {
  static const json kEmpty = json::array();
  const json* found = member(value, key);
  return found ? *found : kEmpty;
}

std::string string_of(const json& value, std::string_view key, std::string fallback = "") {
  const json* found = member(value, key);
  return found ? found->get<std::string>() : fallback;
}

std::vector<std::string> strings(const json& value, std::string_view key) {
  return list(value, key).get<std::vector<std::string>>();
}

int number(const json& value, std::string_view key, int fallback) {
  const json* found = member(value, key);
  return found ? found->get<int>() : fallback;
}

std::optional<base::Duration> seconds(const json& value, std::string_view key) {
  const json* found = member(value, key);
  if (!found) return std::nullopt;
  return std::chrono::seconds(found->get<std::int64_t>());
}

template <class Enum>
Enum one_of(const json& value, std::string_view key,
            std::initializer_list<std::pair<std::string_view, Enum>> names, Enum fallback) {
  const json* found = member(value, key);
  if (!found) return fallback;
  for (const auto& [name, result] : names) {
    if (*found == name) return result;
  }
  throw std::invalid_argument("unknown " + std::string(key));
}

ServicePort parse_port(const json& value) {
  ServicePort port;
  port.name = string_of(value, "name");
  port.container_port = value.at("containerPort").get<std::uint16_t>();
  port.protocol = protocol_from(string_of(value, "protocol"));
  if (const json* host_port = member(value, "hostPort")) port.host_port = host_port->get<std::uint16_t>();
  port.host_ip = string_of(value, "hostIP");
  port.env = string_of(value, "env");
  return port;
}

std::uint16_t resolve_port(const json& action, const std::vector<ServicePort>& ports) {
  const json& port = action.at("port");
  if (!port.is_string()) return port.get<std::uint16_t>();
  for (const ServicePort& candidate : ports) {
    if (port == candidate.name) return candidate.container_port;
  }
  throw std::invalid_argument("unknown port name");
}

HttpAction parse_http(const json& value, const std::vector<ServicePort>& ports) {
  HttpAction action{.port = resolve_port(value, ports),
                    .path = string_of(value, "path", "/"),
                    .host = string_of(value, "host"),
                    .headers = {}};
  for (const json& header : list(value, "httpHeaders")) {
    action.headers.emplace_back(string_of(header, "name"), string_of(header, "value"));
  }
  return action;
}

Probe parse_probe(const json& value, const std::vector<ServicePort>& ports) {
  Probe probe;
  if (const json* exec = member(value, "exec")) {
    probe.action = ExecAction{strings(*exec, "command")};
  } else if (const json* tcp = member(value, "tcpSocket")) {
    probe.action = TcpAction{resolve_port(*tcp, ports), string_of(*tcp, "host")};
  } else if (const json* http = member(value, "httpGet")) {
    probe.action = parse_http(*http, ports);
  } else if (const json* log = member(value, "log")) {
    probe.action = LogAction{string_of(*log, "pattern")};
  } else {
    probe.action = ImageAction{};
  }
  probe.initial_delay = seconds(value, "initialDelaySeconds").value_or(probe.initial_delay);
  probe.period = seconds(value, "periodSeconds").value_or(probe.period);
  probe.timeout = seconds(value, "timeoutSeconds").value_or(probe.timeout);
  probe.success_threshold = number(value, "successThreshold", probe.success_threshold);
  probe.failure_threshold = number(value, "failureThreshold", probe.failure_threshold);
  return probe;
}

InlineFile parse_file(const json& value) {
  InlineFile file;
  file.path = string_of(value, "path");
  file.content = string_of(value, "content");
  if (const json* encoded = member(value, "base64")) {
    file.content = decode_base64(encoded->get_ref<const std::string&>()).value();
  }
  file.mode = static_cast<std::uint32_t>(number(value, "mode", 0644));
  if (const json* owner = member(value, "owner")) {
    const Owner parsed = parse_owner(int_or_string(*owner)).value();
    file.uid = parsed.uid;
    file.gid = parsed.gid;
  }
  return file;
}

Resources parse_resources(const json& value, std::string_view key) {
  Resources resources;
  const json* list = member(value, key);
  if (!list) return resources;
  if (const json* cpu = member(*list, "cpu")) resources.cpu_nanos = parse_cpu(int_or_string(*cpu)).value();
  if (const json* memory = member(*list, "memory"))
    resources.memory_bytes = parse_bytes(int_or_string(*memory)).value();
  return resources;
}

Service parse_service(const json& value) {
  Service service;
  service.name = string_of(value, "name");
  service.image = string_of(value, "image");
  service.pull_policy = one_of(value, "imagePullPolicy",
                               {{"Always", PullPolicy::Always},
                                {"IfNotPresent", PullPolicy::IfNotPresent},
                                {"Never", PullPolicy::Never}},
                               PullPolicy::IfNotPresent);
  service.command = strings(value, "command");
  service.args = strings(value, "args");
  service.working_dir = string_of(value, "workingDir");
  for (const json& env : list(value, "env"))
    service.env.push_back({string_of(env, "name"), string_of(env, "value")});
  for (const json& port : list(value, "ports")) service.ports.push_back(parse_port(port));
  for (const json& dependency : list(value, "dependsOn")) {
    service.depends_on.push_back(
        {string_of(dependency, "service"), one_of(dependency, "condition",
                                                  {{"Started", DependencyCondition::Started},
                                                   {"Ready", DependencyCondition::Ready},
                                                   {"Completed", DependencyCondition::Completed}},
                                                  DependencyCondition::Started)});
  }
  if (const json* probe = member(value, "readinessProbe"))
    service.readiness = parse_probe(*probe, service.ports);
  if (const json* resources = member(value, "resources")) {
    service.requests = parse_resources(*resources, "requests");
    service.limits = parse_resources(*resources, "limits");
  }
  service.restart_policy = one_of(value, "restartPolicy",
                                  {{"Always", RestartPolicy::Always},
                                   {"OnFailure", RestartPolicy::OnFailure},
                                   {"Never", RestartPolicy::Never}},
                                  RestartPolicy::Always);
  for (const json& file : list(value, "files")) service.files.push_back(parse_file(file));
  service.termination_grace = seconds(value, "terminationGracePeriodSeconds");
  service.settings = parse_container_settings(value);
  return service;
}

}  // namespace

std::string ServicePort::endpoint_name(const std::string& service) const {
  if (!name.empty()) return service + "." + name;
  return service + "." + std::to_string(container_port) + (protocol == Protocol::Tcp ? "" : "/" + std::string(engine_word(protocol)));
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp: return "TCP";
    case Protocol::Udp: return "UDP";
    case Protocol::Sctp: return "SCTP";
  }
  return "";
}

std::string_view engine_word(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp: return "tcp";
    case Protocol::Udp: return "udp";
    case Protocol::Sctp: return "sctp";
  }
  return "";
}

Protocol protocol_from(std::string_view text) {
  for (const Protocol protocol : {Protocol::Udp, Protocol::Sctp}) {
    if (text == to_string(protocol) || text == engine_word(protocol)) return protocol;
  }
  return Protocol::Tcp;
}

const Service* TestEnvironmentSpec::find(const std::string& service) const {
  for (const Service& candidate : services) {
    if (candidate.name == service) return &candidate;
  }
  return nullptr;
}

TestEnvironmentSpec parse_test_environment_spec(const json& spec) {
  TestEnvironmentSpec out;
  for (const json& service : list(spec, "services")) out.services.push_back(parse_service(service));
  out.ttl = seconds(spec, "ttlSeconds");
  out.ttl_after_finished = seconds(spec, "ttlSecondsAfterFinished");
  out.lease_duration = seconds(spec, "leaseDurationSeconds");
  out.ready_deadline = seconds(spec, "readyDeadlineSeconds");
  out.on_failure = one_of(spec, "onFailure", {{"Delete", OnFailure::Delete}, {"Keep", OnFailure::Keep}},
                          OnFailure::Delete);
  if (const json* network = member(spec, "network")) {
    out.network_internal = flag_at(*network, "internal");
    out.network_subnet = string_of(*network, "subnet");
    out.network_mtu = number(*network, "mtu", 0);
    out.network_ipv6 = flag_at(*network, "enableIPv6");
  }
  return out;
}

}  // namespace berth::crd
