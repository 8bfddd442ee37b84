#include "controller/plan/pod.h"

#include "controller/plan/names.h"
#include "crd/fields.h"

namespace berth::plan {

namespace {

using crd::array_at;
using crd::json;
using crd::number_at;
using crd::object_at;
using crd::text_at;

const json& status_of_service(const crd::Object& environment, const std::string& name) {
  static const json kNone = json::object();
  for (const json& service : array_at(environment.status(), "services")) {
    if (text_at(service, "name") == name) return service;
  }
  return kNone;
}

void copy_fields(json& to, const json& from, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    if (const json* value = crd::member(from, field)) to[field] = *value;
  }
}

json pod_metadata(const crd::Object& environment, const std::string& service) {
  json labels = object_at(object_at(environment.body(), "metadata"), "labels");
  labels[kEnvironmentLabel] = environment.name();
  labels[kServiceLabel] = service;
  json owner = {{"apiVersion", environment.gvk().api_version()},
                {"kind", environment.gvk().kind},
                {"name", environment.name()},
                {"uid", environment.uid()},
                {"controller", true},
                {"blockOwnerDeletion", true}};
  return {{"name", pod_name(environment.name(), service)},
          {"namespace", environment.ns()},
          {"labels", std::move(labels)},
          {"ownerReferences", json::array({std::move(owner)})}};
}

json container_ports(const json& service, const json& status) {
  json ports = json::array();
  for (const json& port : array_at(service, "ports")) {
    const std::string protocol = text_at(port, "protocol");
    json out = {{"containerPort", number_at(port, "containerPort")}, {"protocol", protocol.empty() ? "TCP" : protocol}};
    copy_fields(out, port, {"name"});
    for (const json& leased : array_at(status, "ports")) {
      if (number_at(leased, "containerPort") != number_at(port, "containerPort")) continue;
      if (text_at(leased, "protocol") != text_at(out, "protocol") || text_at(leased, "name") != text_at(out, "name")) continue;
      copy_fields(out, leased, {"hostPort", "hostIP"});
    }
    ports.push_back(std::move(out));
  }
  return ports;
}

// As far as Kubernetes knows such probes.
json readiness_probe(const json& service) {
  const json& probe = object_at(service, "readinessProbe");
  json out = json::object();
  copy_fields(out, probe, {"exec", "httpGet", "tcpSocket"});
  if (out.empty()) return out;
  out.update({{"periodSeconds", 10}, {"timeoutSeconds", 1}, {"successThreshold", 1}, {"failureThreshold", 3}});
  copy_fields(out, probe, {"initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"});
  return out;
}

json pod_container(const json& service, const json& status) {
  json out = {{"name", text_at(service, "name")}, {"image", text_at(service, "image")}, {"resources", object_at(service, "resources")}};
  copy_fields(out, service, {"command", "args", "workingDir", "env", "imagePullPolicy", "stdin", "tty"});
  if (json ports = container_ports(service, status); !ports.empty()) out["ports"] = std::move(ports);
  if (json probe = readiness_probe(service); !probe.empty()) out["readinessProbe"] = std::move(probe);
  return out;
}

json pod_spec(const crd::Object& environment, const json& service, const PodHost& host) {
  const std::string name = text_at(service, "name");
  const std::string restarts = text_at(service, "restartPolicy");
  json out = {{"containers", json::array({pod_container(service, status_of_service(environment, name))})},
              {"securityContext", json::object()},  // some clients read what is in it without looking
              {"restartPolicy", restarts.empty() ? "Always" : restarts}};
  copy_fields(out, service, {"terminationGracePeriodSeconds", "hostname"});
  if (environment.status().contains("scheduledTime")) out["nodeName"] = host.name;
  return out;
}

// While its environment goes, a pod stays as long as its container does.
bool has_gone(const crd::Object& environment, const std::string& service) {
  return environment.deleting() && text_at(status_of_service(environment, service), "containerID").empty();
}

}  // namespace

std::string pod_name(std::string_view environment, std::string_view service) {
  return std::string(environment) + "." + std::string(service);
}

std::string pod_service(const crd::Object& pod) {
  for (const json& container : array_at(pod.spec(), "containers")) return text_at(container, "name");
  return "";
}

std::vector<json> pods(const crd::Object& environment, const PodHost& host, const StoredPod& stored, base::SystemTime now) {
  std::vector<json> out;
  for (const json& service : array_at(environment.spec(), "services")) {
    const std::string name = text_at(service, "name");
    if (name.empty() || has_gone(environment, name)) continue;
    const auto before = stored(pod_name(environment.name(), name));
    const json status = before ? before->status() : json::object();
    out.push_back({{"apiVersion", "v1"},
                   {"kind", "Pod"},
                   {"metadata", pod_metadata(environment, name)},
                   {"spec", pod_spec(environment, service, host)},
                   {"status", pod_status(environment, service, host, status, now)}});
  }
  return out;
}

bool says_the_same(const crd::Object& stored, const json& wanted) {
  const json& metadata = object_at(stored.body(), "metadata");
  const json& asked = wanted.at("metadata");
  return object_at(metadata, "labels") == object_at(asked, "labels") &&
         array_at(metadata, "ownerReferences") == array_at(asked, "ownerReferences") && stored.spec() == wanted.at("spec") &&
         stored.status() == wanted.at("status");
}

}  // namespace berth::plan
