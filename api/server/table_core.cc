#include "api/server/table_core.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "crd/fields.h"

namespace berth::api {

namespace {

using crd::array_at;
using crd::number_at;
using crd::object_at;
using crd::text_at;

TableColumn age_column() { return {"Age", "string", std::string(kAgeDescription)}; }

std::string age_cell(const Object& object, base::SystemTime now) {
  return time_since(object_at(object.body(), "metadata"), "creationTimestamp", now);
}

std::string lower_kind(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// ---- namespaces, leases, secrets, config maps

json namespace_cells(const Object& object, base::SystemTime now) {
  return json::array({object.name(), text_at(object.status(), "phase"), age_cell(object, now)});
}

json lease_cells(const Object& object, base::SystemTime now) {
  return json::array({object.name(), text_at(object.spec(), "holderIdentity"), age_cell(object, now)});
}

json secret_cells(const Object& object, base::SystemTime now) {
  const auto& body = object.body();
  return json::array({object.name(), text_at(body, "type"), object_at(body, "data").size(), age_cell(object, now)});
}

json config_map_cells(const Object& object, base::SystemTime now) {
  const auto& body = object.body();
  const auto count = object_at(body, "data").size() + object_at(body, "binaryData").size();
  return json::array({object.name(), count, age_cell(object, now)});
}

// ---- events

std::string event_source(const json& event) {
  const json& source = object_at(event, "source");
  auto text = text_at(source, "component");
  if (text.empty()) text = text_at(event, "reportingComponent");
  const auto host = text_at(source, "host");
  return host.empty() ? text : text + ", " + host;
}

json event_cells(const Object& object, base::SystemTime now) {
  const json& event = object.body();
  const bool counted = !text_at(event, "firstTimestamp").empty();
  const auto first = time_since(event, counted ? "firstTimestamp" : "eventTime", now);
  auto last = text_at(event, "lastTimestamp").empty() ? first : time_since(event, "lastTimestamp", now);
  auto count = std::max<std::int64_t>(number_at(event, "count"), 1);
  if (const json& series = object_at(event, "series"); !series.empty()) {
    last = time_since(series, "lastObservedTime", now);
    count = number_at(series, "count");
  }
  const json& about = object_at(event, "involvedObject");
  const auto name = text_at(about, "name");
  const auto target = lower_kind(text_at(about, "kind")) + (name.empty() ? "" : "/" + name);
  const auto text = text_at(event, "message");
  const std::string message(base::trimmed(text, " \t\r\n"));
  return json::array({last, text_at(event, "type"), text_at(event, "reason"), target, text_at(about, "fieldPath"),
                      event_source(event), message, first, count, object.name()});
}

CoreTable event_table() {
  return {{{"Last Seen", "string", "The time at which the most recent occurrence of this event was recorded."},
           {"Type", "string", "Type of this event (Normal, Warning), new types could be added in the future"},
           {"Reason", "string",
            "This should be a short, machine understandable string that gives the reason for the transition into the object's "
            "current status."},
           {"Object", "string", "The object that this event is about."},
           {"Subobject", "string", "The part of the object that this event is about.", 1},
           {"Source", "string",
            "The component reporting this event. Should be a short machine understandable string.", 1},
           {"Message", "string", "A human-readable description of the status of this operation."},
           {"First Seen", "string",
            "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)", 1},
           {"Count", "string", "The number of times this event has occurred.", 1},
           {"Name", "string", name_column().description, 1}},
          event_cells};
}

// ---- resource quotas

json quota_cells(const Object& object, base::SystemTime now) {
  const json& hard = object_at(object.status(), "hard");
  const json& used = object_at(object.status(), "used");
  std::string requests, limits;
  for (const auto& [resource, quantity] : hard.items()) {
    auto& column = resource.starts_with("limits.") ? limits : requests;
    const auto text = [](const json* value) {
      return !value ? std::string("0") : value->is_string() ? value->get<std::string>() : crd::dump(*value);
    };
    column += (column.empty() ? "" : ", ") + resource + ": " + text(crd::member(used, resource)) + "/" + text(&quantity);
  }
  return json::array({object.name(), requests, limits, age_cell(object, now)});
}

// ---- services

std::string service_ports(const json& spec) {
  std::string text;
  for (const json& port : array_at(spec, "ports")) {
    if (!port.is_object()) continue;
    text += (text.empty() ? "" : ",") + std::to_string(number_at(port, "port"));
    if (const auto node = number_at(port, "nodePort"); node > 0) text += ":" + std::to_string(node);
    const auto protocol = text_at(port, "protocol");
    text += "/" + (protocol.empty() ? "TCP" : protocol);
  }
  return text;
}

std::string selector_text(const json& spec) {
  std::string text;
  for (const auto& [key, value] : object_at(spec, "selector").items()) {
    text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : crd::dump(value));
  }
  return text;
}

json service_cells(const Object& object, base::SystemTime now) {
  const json& spec = object.spec();
  std::string external;
  for (const json& ip : array_at(spec, "externalIPs")) {
    if (ip.is_string()) external += (external.empty() ? "" : ",") + ip.get<std::string>();
  }
  return json::array({object.name(), text_at(spec, "type"), text_or_none(text_at(spec, "clusterIP")), text_or_none(external),
                      text_or_none(service_ports(spec)), age_cell(object, now), text_or_none(selector_text(spec))});
}

// ---- all

using CoreTables = std::map<std::string, CoreTable, std::less<>>;

CoreTables make_core_tables() {
  const auto name = name_column();
  const auto age = age_column();
  CoreTables tables;
  tables["namespaces"] = {{name, {"Status", "string", "The status of the namespace"}, age}, namespace_cells};
  tables["leases.coordination.k8s.io"] = {
      {name, {"Holder", "string", "holderIdentity contains the identity of the holder of a current lease."}, age}, lease_cells};
  tables["secrets"] = {{name,
                        {"Type", "string", "Used to facilitate programmatic handling of secret data."},
                        {"Data", "string", "Data contains the secret data."},
                        age},
                       secret_cells};
  tables["configmaps"] = {{name, {"Data", "string", "Data contains the configuration data."}, age}, config_map_cells};
  tables["events"] = event_table();
  tables["resourcequotas"] = {
      {name,
       {"Request", "string", "Request represents a minimum amount of cpu/memory that a container may consume."},
       {"Limit", "string",
        "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node."},
       age},
      quota_cells};
  tables["services"] = {{name,
                         {"Type", "string", "type determines how the Service is exposed."},
                         {"Cluster-IP", "string", "clusterIP is the IP address of the service."},
                         {"External-IP", "string", "externalIPs is a list of IP addresses for which nodes accept traffic."},
                         {"Port(s)", "string", "The list of ports that are exposed by this service."},
                         age,
                         {"Selector", "string", "Route service traffic to pods with matching label keys and values.", 1}},
                        service_cells};
  tables["pods"] = pod_table();
  return tables;
}

}  // namespace

TableColumn name_column() {
  return {"Name", "string",
          "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client "
          "to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and "
          "configuration definition. Cannot be updated. More info: "
          "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"};
}

std::string time_since(const json& object, std::string_view key, base::SystemTime now) {
  const auto time = base::parse_time(text_at(object, key));
  return time ? base::human_duration(now - *time) : "<unknown>";
}

json text_or_none(std::string text) { return text.empty() ? "<none>" : std::move(text); }

const CoreTable* core_table(const crd::ResourceInfo& resource) {
  static const CoreTables kTables = make_core_tables();
  const auto found = kTables.find(resource.group_resource());
  return found == kTables.end() ? nullptr : &found->second;
}

}  // namespace berth::api
