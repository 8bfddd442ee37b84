#include "cli/describe.h"

#include <algorithm>

#include "cli/environment_view.h"
#include "cli/fields.h"
#include "cli/text.h"
#include "crd/yaml.h"

namespace berth::cli {

namespace {

constexpr std::size_t kLabelWidth = 17;

std::string age(const std::string& time, base::SystemTime now) {
  const auto parsed = base::parse_time(time);
  if (!parsed) return time;
  const auto passed = std::chrono::duration_cast<base::Duration>(now - *parsed);
  return passed < base::Duration(0) ? "in " + base::human_duration(-passed) : base::human_duration(passed) + " ago";
}

std::string row(std::string_view label, std::string_view value, std::string_view indent = "") {
  if (value.empty()) return "";
  std::string line = std::string(indent) + std::string(label) + ":";
  line.append(line.size() < kLabelWidth ? kLabelWidth - line.size() : 1, ' ');
  auto text = printable(value);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t at = 0;
  while ((at = text.find('\n', at)) != std::string::npos) text.insert(++at, std::string(kLabelWidth, ' '));
  return line + text + "\n";
}

std::string map_rows(std::string_view label, const json& map) {
  if (!map.is_object()) return "";
  std::string lines;
  for (const auto& [name, value] : map.items())
    lines += (lines.empty() ? "" : "\n") + name + "=" + one_line(text(value));
  return row(label, lines);
}

std::string timed(const json& status, const char* field, base::SystemTime now) {
  const auto time = text_at(status, {field});
  return time.empty() ? "" : time + " (" + age(time, now) + ")";
}

std::string head(const Object& object, base::SystemTime now) {
  const auto& metadata = at(object.body(), {"metadata"});
  std::string result = row("Name", object.name()) + row("Namespace", object.ns());
  result += map_rows("Labels", at(metadata, {"labels"})) + map_rows("Annotations", at(metadata, {"annotations"}));
  result += row("Created", timed(metadata, "creationTimestamp", now));
  return result + row("Deleting since", timed(metadata, "deletionTimestamp", now));
}

std::string seconds(const json& spec, const char* field) {
  const auto value = text_at(spec, {field});
  return value.empty() ? "" : value + "s";
}

std::string describe_port(const PortView& port) {
  std::string line = port.endpoint + "  " + port.container_port + "/" + port.protocol;
  line += port.address.empty() ? "  not leased yet" : "  at " + port.address;
  if (!port.variable.empty()) line += "  $" + port.variable;
  return line;
}

std::string describe_service(const ServiceView& service) {
  std::string result = "  " + service.name + ":\n";
  auto state = service.state + (service.ready ? ", ready" : ", not ready");
  if (!service.exit_code.empty()) state += ", exit code " + service.exit_code;
  if (service.restarts > 0) state += ", " + std::to_string(service.restarts) + " restarts";
  if (!service.waits_for.empty()) state += ", waits for " + join(service.waits_for, ", ");
  std::string ports;
  for (const auto& port : service.ports) ports += (ports.empty() ? "" : "\n") + describe_port(port);
  result += row("Image", service.image, "    ") + row("State", state, "    ");
  result += row("Reason", service.reason, "    ") + row("Message", service.message, "    ");
  return result + row("Container", service.container.substr(0, 12), "    ") + row("Ports", ports, "    ");
}

std::string conditions(const json& status, base::SystemTime now) {
  Table table({"  TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"});
  for (const auto& condition : items(at(status, {"conditions"}))) {
    table.add({"  " + text_at(condition, {"type"}), text_at(condition, {"status"}), text_at(condition, {"reason"}),
               age(text_at(condition, {"lastTransitionTime"}), now), text_at(condition, {"message"})});
  }
  return items(at(status, {"conditions"})).empty() ? "" : "Conditions:\n" + table.take();
}

std::string event_rows(const std::vector<ObjectPtr>& events, base::SystemTime now) {
  if (events.empty()) return "Events:          none\n";
  Table table({"  LAST SEEN", "TYPE", "REASON", "COUNT", "MESSAGE"});
  for (const auto& event : events) {
    auto time = text_at(event->body(), {"lastTimestamp"});
    if (time.empty()) time = text_at(event->body(), {"eventTime"});
    if (time.empty()) time = text_at(event->body(), {"metadata", "creationTimestamp"});
    table.add({"  " + age(time, now), text_at(event->body(), {"type"}), text_at(event->body(), {"reason"}),
               text_at(event->body(), {"count"}), text_at(event->body(), {"message"})});
  }
  return "Events:\n" + table.take();
}

}  // namespace

std::vector<ObjectPtr> events_about(const std::vector<ObjectPtr>& events, const Object& object) {
  std::vector<ObjectPtr> result;
  for (const auto& event : events) {
    const auto& involved = at(event->body(), {"involvedObject"});
    const auto uid = text_at(involved, {"uid"});
    if (text_at(involved, {"kind"}) != object.gvk().kind || text_at(involved, {"name"}) != object.name()) continue;
    if (!uid.empty() && uid != object.uid()) continue;
    result.push_back(event);
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const ObjectPtr& a, const ObjectPtr& b) { return a->revision() < b->revision(); });
  return result;
}

std::string describe_environment(const Object& environment, const std::vector<ObjectPtr>& events,
                                 base::SystemTime now) {
  const auto view = view_environment(environment);
  const auto& status = environment.status();
  const auto& spec = environment.spec();
  std::string result = head(environment, now);
  result += row("Phase", view.phase + (view.observed ? "" : " (of an older spec)"));
  if (!view.ready) result += row("Reason", view.reason) + row("Message", view.message);
  result += row("Host", text_at(status, {"hostName"}));
  const auto network = text_at(status, {"network", "name"});
  const auto subnet = text_at(status, {"network", "subnet"});
  result += row("Network", network + (subnet.empty() ? "" : " (" + subnet + ")"));
  result += row("Ready at", timed(status, "readyTime", now)) + row("Expires", timed(status, "expirationTime", now));
  result += row("Time to live", seconds(spec, "ttlSeconds")) + row("Lease", seconds(spec, "leaseDurationSeconds"));
  result +=
      row("Ready deadline", seconds(spec, "readyDeadlineSeconds")) + row("On failure", text_at(spec, {"onFailure"}));
  result += map_rows("Variables", at(status, {"env"}));
  result += "Services:\n";
  for (const auto& service : view.services) result += describe_service(service);
  return result + conditions(status, now) + event_rows(events, now);
}

std::string describe_object(const crd::ResourceInfo& resource, const Object& object,
                            const std::vector<ObjectPtr>& events, base::SystemTime now) {
  json rest = object.body();
  for (const char* field : {"apiVersion", "kind", "metadata"}) rest.erase(field);
  std::string result = row("Kind", resource.gvk.kind) + head(object, now);
  if (!rest.empty()) result += crd::to_yaml(rest);
  if (!result.ends_with('\n')) result += '\n';
  return events.empty() ? result : result + event_rows(events, now);
}

}  // namespace berth::cli
