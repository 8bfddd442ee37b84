#include "crd/compose/context.h"
#include "crd/compose/units.h"
#include "crd/formats.h"

namespace berth::compose {
namespace {

constexpr std::size_t kMostPorts = 1000;  // of one service

void read_ports(Context& context, ServiceDraft& draft) {
  const Node* ports = draft.node->find("ports");
  if (!ports) return;
  std::map<std::pair<int, std::string>, std::size_t> seen;
  std::size_t count = 0;
  for (const Node& item : ports->items) {
    const auto parsed = parse_ports(item, context.report);
    if (!parsed) continue;
    count += parsed->size();
    if (count > kMostPorts) {
      return context.report.error(item.place, "a service with more than " + std::to_string(kMostPorts) + " ports");
    }
    for (const PublishedPort& port : *parsed) {
      const auto [first, is_new] = seen.emplace(std::pair{port.target, port.protocol}, draft.ports.size());
      if (is_new) {
        draft.ports.push_back(port);
        continue;
      }
      context.report.note(item.place, "container port " + std::to_string(port.target) + " is published twice: once is enough, host port " +
                                          std::to_string(port.published) + " is dropped");
    }
  }
}

std::string derived_name(const ServiceDraft& draft, const PublishedPort& port) {
  const std::string service = variable_name(draft.compose_name);
  if (draft.ports.size() == 1) return service + "_PORT";
  const auto same_number =
      std::count_if(draft.ports.begin(), draft.ports.end(), [&](const PublishedPort& each) { return each.target == port.target; });
  return service + "_" + std::to_string(port.target) + (same_number > 1 && port.protocol != "TCP" ? "_" + port.protocol : "") + "_PORT";
}

json port_body(Context& context, const PublishedPort& port, const std::string& variable) {
  json body = {{"containerPort", port.target}, {"env", variable}};
  if (port.protocol != "TCP") body["protocol"] = port.protocol;
  if (!port.host_ip.empty()) {
    if (crd::parse_ipv4(port.host_ip)) {
      body["hostIP"] = port.host_ip;
    } else {
      context.report.loss(port.place, "host address \"" + port.host_ip + "\": ports are published on IPv4 addresses only: dropped");
    }
  }
  if (crd::is_port_name(port.name)) {
    body["name"] = port.name;
  } else if (!port.name.empty()) {
    context.report.loss(port.place, "port name \"" + port.name + "\": at most 15 of a-z, 0-9 and '-' are a name: dropped");
  }
  return body;
}

void tell_leased(Context& context, const PublishedPort& port, const std::string& variable) {
  if (port.published == 0) return;
  const std::string from = port.variable.empty() ? "" : " (from " + port.variable + ")";
  context.report.note(port.place, "host port " + std::to_string(port.published) + from +
                                      " would collide between runs: leased, its number is in $" + variable);
}

}  // namespace

void convert_ports(Context& context) {
  std::set<std::string> taken;
  std::set<std::string> container_ports;  // variables that say where a program listens
  for (ServiceDraft& draft : context.services) {
    read_ports(context, draft);
    for (const PublishedPort& port : draft.ports) {
      if (!port.target_variable.empty()) container_ports.insert(port.target_variable);
    }
  }
  for (ServiceDraft& draft : context.services) {
    for (const PublishedPort& port : draft.ports) {
      const bool usable = crd::is_c_identifier(port.variable) && taken.insert(port.variable).second;
      draft.port_variables.push_back(usable ? port.variable : "");
      if (usable && !container_ports.contains(port.variable)) context.leased.emplace(port.variable, port.variable);
    }
  }
  for (ServiceDraft& draft : context.services) {
    json ports = json::array();
    for (std::size_t i = 0; i < draft.ports.size(); ++i) {
      std::string& variable = draft.port_variables[i];
      if (variable.empty()) {
        const std::string wanted = derived_name(draft, draft.ports[i]);
        variable = wanted;
        for (int n = 2; !taken.insert(variable).second; ++n) variable = wanted + "_" + std::to_string(n);
      }
      if (draft.ports[i].published != 0) context.leased_numbers.emplace(draft.ports[i].published, variable);
      tell_leased(context, draft.ports[i], variable);
      ports.push_back(port_body(context, draft.ports[i], variable));
    }
    if (!ports.empty()) draft.body["ports"] = std::move(ports);
  }
}

}  // namespace berth::compose
