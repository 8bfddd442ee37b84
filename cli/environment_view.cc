#include "cli/environment_view.h"

#include <algorithm>

#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

const json& condition(const json& status, std::string_view type) {
  static const json kNone;
  for (const auto& item : items(at(status, {"conditions"}))) {
    if (text_at(item, {"type"}) == type) return item;
  }
  return kNone;
}

const json& named(const json& list, std::string_view name) {
  static const json kNone;
  for (const auto& item : items(list)) {
    if (text_at(item, {"name"}) == name) return item;
  }
  return kNone;
}

std::vector<PortView> view_ports(const json& service, const json& status) {
  std::vector<PortView> ports;
  for (const auto& port : items(at(service, {"ports"}))) {
    PortView view;
    view.name = text_at(port, {"name"});
    view.variable = text_at(port, {"env"});
    view.container_port = text_at(port, {"containerPort"});
    view.protocol = text_at(port, {"protocol"});
    if (view.protocol.empty()) view.protocol = "TCP";
    view.endpoint = text_at(service, {"name"}) + "." + (view.name.empty() ? view.container_port : view.name);
    if (view.protocol == "UDP") view.endpoint += "/udp";
    if (view.protocol == "SCTP") view.endpoint += "/sctp";
    view.address = text_at(status, {"endpoints", view.endpoint});
    ports.push_back(std::move(view));
  }
  return ports;
}

bool says_failure(const ServiceView& service) {
  return service.state == "Failed" || service.state == "Restarting" || service.state == "Broken";
}

ServiceView view_service(const json& service, const json& status) {
  ServiceView view;
  view.name = text_at(service, {"name"});
  view.image = text_at(service, {"image"});
  const auto& state = named(at(status, {"services"}), view.name);
  view.state = text_at(state, {"state"});
  if (view.state.empty()) view.state = "Pending";
  view.ready = at(state, {"ready"}) == json(true);
  view.reason = text_at(state, {"reason"});
  view.message = text_at(state, {"message"});
  view.container = text_at(state, {"containerID"});
  view.restarts = number_at(state, {"restartCount"});
  view.exit_code = text_at(state, {"exitCode"});
  view.failing = says_failure(view);
  view.ports = view_ports(service, status);
  return view;
}

void note_dependencies(const json& spec_services, std::vector<ServiceView>& services) {
  const auto find = [&](const std::string& name) {
    return std::find_if(services.begin(), services.end(), [&](const ServiceView& s) { return s.name == name; });
  };
  for (auto& service : services) {
    if (service.ready || (service.state != "Waiting" && service.state != "Pending")) continue;
    for (const auto& dependency : items(at(named(spec_services, service.name), {"dependsOn"}))) {
      const auto other = find(text_at(dependency, {"service"}));
      if (other == services.end()) continue;
      const bool started_is_enough = text_at(dependency, {"condition"}) == "Started";
      if (other->ready || (started_is_enough && !other->container.empty())) continue;
      service.waits_for.push_back(other->name);
    }
  }
}

std::string why_waiting(const json& status) {
  for (const auto& item : items(at(status, {"conditions"}))) {
    const auto type = text_at(item, {"type"});
    if (type == "Ready" || type == "ServicesReady" || text_at(item, {"status"}) == "True") continue;
    const auto message = text_at(item, {"message"});
    return message.empty() ? text_at(item, {"reason"}) : message;
  }
  return "";
}

}  // namespace

std::size_t EnvironmentView::ready_services() const {
  return static_cast<std::size_t>(
      std::count_if(services.begin(), services.end(), [](const ServiceView& service) { return service.ready; }));
}

EnvironmentView view_environment(const Object& environment) {
  EnvironmentView view;
  const auto& status = environment.status();
  view.ns = environment.ns();
  view.name = environment.name();
  view.deleting = environment.deleting();
  view.phase = text_at(status, {"phase"});
  if (view.phase.empty()) view.phase = "Pending";
  if (view.deleting) view.phase = "Terminating";
  view.observed = number_at(status, {"observedGeneration"}) >= environment.generation();
  const auto& ready = condition(status, "Ready");
  view.ready = view.observed && !view.deleting && text_at(ready, {"status"}) == "True";
  const auto phase = text_at(status, {"phase"});
  view.ended = view.observed && (phase == "Failed" || phase == "Expired");
  view.reason = text_at(ready, {"reason"});
  view.message = text_at(ready, {"message"});
  for (const char* field : {"reason", "message"}) {
    const auto own = text_at(status, {field});
    if (!own.empty()) (field[0] == 'r' ? view.reason : view.message) = own;
  }
  view.waiting = why_waiting(status);
  const auto& services = at(environment.spec(), {"services"});
  for (const auto& service : items(services)) view.services.push_back(view_service(service, status));
  note_dependencies(services, view.services);
  return view;
}

std::string explain_environment(const EnvironmentView& view) {
  std::string result = view.phase;
  if (!view.reason.empty() && view.reason != view.phase) result += ": " + printable(view.reason);
  if (!view.message.empty()) result += ": " + printable(view.message);
  if (view.reason.empty() && view.message.empty() && !view.waiting.empty()) result += ": " + printable(view.waiting);
  while (result.ends_with('\n')) result.pop_back();
  for (const auto& service : view.services) {
    if (service.ready) continue;
    result += "\n  " + service.name + ": " + service.state;
    if (!service.reason.empty() && service.reason != service.state) result += ", " + printable(service.reason);
    if (!service.exit_code.empty() && service.failing) result += ", exit code " + service.exit_code;
    if (service.message.empty() && !service.waits_for.empty()) result += ", waits for " + join(service.waits_for, ", ");
    if (service.message.empty() || view.message.find(service.message) != std::string::npos) continue;
    result += "\n" + indented(printable(service.message), "    ");
    result.pop_back();
  }
  return result;
}

}  // namespace berth::cli
