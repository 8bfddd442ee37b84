#include "controller/plan/service_change.h"

#include <algorithm>

#include "controller/plan/names.h"

namespace berth::plan {

namespace {

using crd::json;
using crd::Service;

json null_if_empty(json value) { return value.empty() ? json() : value; }
json text_content(const std::string& text) { return text.empty() ? json() : json(text); }
json null_if_false(bool value) { return value ? json(true) : json(); }

json env_content(const Service& service) {
  json list = json::array();
  for (const crd::EnvVar& var : service.env) list.push_back({var.name, var.value});
  return list;
}

json files_content(const Service& service) {
  json list = json::array();
  for (const crd::InlineFile& file : service.files) {
    list.push_back({file.path, fingerprint(file.content), file.content.size(), file.mode, file.uid, file.gid});
  }
  return list;
}

// As they are asked for; spec_hash() covers what is leased instead.
json ports_content(const Service& service) {
  json list = json::array();
  for (const crd::ServicePort& port : service.ports) {
    list.push_back({port.endpoint_name(service.name), port.container_port, crd::to_string(port.protocol), port.host_port.value_or(0), port.host_ip});
  }
  std::sort(list.begin(), list.end());
  return list;
}

// By name; spec_hash() covers what each of them is made with.
json dependencies_content(const Service& service) {
  json list = json::array();
  for (const crd::Dependency& dependency : service.depends_on) list.push_back(dependency.service);
  std::sort(list.begin(), list.end());
  return list;
}

bool port_variables_differ(const Service& before, const Service& after) {
  return std::any_of(before.ports.begin(), before.ports.end(), [&](const crd::ServicePort& was) {
    return std::any_of(after.ports.begin(), after.ports.end(), [&](const crd::ServicePort& is) {
      return is.endpoint_name(after.name) == was.endpoint_name(before.name) && is.env != was.env;
    });
  });
}

bool conditions_differ(const Service& before, const Service& after) {
  return std::any_of(before.depends_on.begin(), before.depends_on.end(), [&](const crd::Dependency& was) {
    return std::any_of(after.depends_on.begin(), after.depends_on.end(),
                       [&](const crd::Dependency& is) { return is.service == was.service && is.condition != was.condition; });
  });
}

json ulimits_content(const Service& service) {
  json limits = json::object();
  for (const crd::Ulimit& limit : service.settings.ulimits) limits[limit.name] = {limit.soft, limit.hard};
  return null_if_empty(limits);
}

json tmpfs_content(const Service& service) {
  json directories = json::object();
  for (const crd::Tmpfs& tmpfs : service.settings.tmpfs) {
    directories[tmpfs.path] = {tmpfs.size_bytes, tmpfs.mode ? json(*tmpfs.mode) : json()};
  }
  return null_if_empty(directories);
}

json extra_hosts_content(const Service& service) {
  json hosts = json::array();
  for (const crd::HostAlias& alias : service.settings.extra_hosts) hosts.push_back({alias.ip, alias.hostnames});
  return null_if_empty(hosts);
}

json dns_content(const Service& service) {
  const crd::DnsConfig& dns = service.settings.dns;
  if (dns == crd::DnsConfig()) return json();
  return json::array({dns.nameservers, dns.searches, dns.options});
}

json security_content(const Service& service) {
  const crd::SecurityContext& security = service.settings.security;
  if (security == crd::SecurityContext()) return json();
  return {security.user, security.groups,         security.privileged,       security.add,
          security.drop, security.read_only_root, security.no_new_privileges};
}

json logging_content(const Service& service) {
  const crd::LogConfig& logging = service.settings.logging;
  return logging.driver.empty() ? json() : json{logging.driver, logging.options};
}

json devices_content(const Service& service) {
  json list = json::array();
  for (const crd::Device& device : service.settings.devices) list.push_back({device.path, device.container_path, device.permissions});
  return null_if_empty(list);
}

std::vector<ServiceField> program_fields() {
  constexpr Effect kReplace = Effect::Replace;
  return {
      {"name", kReplace, "another name is another service", "name", [](const Service& s) { return json(s.name); }, nullptr},
      {"image", kReplace, "", "image", [](const Service& s) { return json(s.image); }, nullptr},
      {"imagePullPolicy", Effect::InPlace, "for the next container", "", nullptr,
       [](const Service& a, const Service& b) { return a.pull_policy != b.pull_policy; }},
      {"platform", kReplace, "", "platform", [](const Service& s) { return text_content(s.settings.platform); }, nullptr},
      {"command", kReplace, "", "command", [](const Service& s) { return json(s.command); }, nullptr},
      {"args", kReplace, "", "args", [](const Service& s) { return json(s.args); }, nullptr},
      {"workingDir", kReplace, "", "workingDir", [](const Service& s) { return json(s.working_dir); }, nullptr},
      {"env", kReplace, "", "env", env_content, nullptr},
      {"files", kReplace, "", "files", files_content, nullptr},
      {"ports", kReplace, "a port that stays keeps its host port", "ports", ports_content, nullptr},
      {"ports[].env", Effect::InPlace, "a service whose env, command or args name the variable gets a new container", "", nullptr, port_variables_differ},
      {"dependsOn", kReplace, "a service also gets a new container when one that it depends on does", "dependsOn", dependencies_content, nullptr},
      {"dependsOn[].condition", Effect::InPlace, "for the next start", "", nullptr, conditions_differ},
      {"readinessProbe", Effect::InPlace, "", "", nullptr, [](const Service& a, const Service& b) { return a.readiness != b.readiness; }},
      {"readinessProbe.image", kReplace, "to and from the HEALTHCHECK of the image", "healthcheck",
       [](const Service& s) { return json(uses_image_healthcheck(s)); }, nullptr},
      {"restartPolicy", Effect::InPlace, "", "", nullptr, [](const Service& a, const Service& b) { return a.restart_policy != b.restart_policy; }},
      {"terminationGracePeriodSeconds", Effect::InPlace, "", "", nullptr,
       [](const Service& a, const Service& b) { return a.termination_grace != b.termination_grace; }},
      {"resources.requests", Effect::Update, "its share of the CPUs; memory is not the engine's to know", "", nullptr,
       [](const Service& a, const Service& b) { return a.requests != b.requests; }},
      {"resources.limits", Effect::Update, "set, raised or lowered", "", nullptr,
       [](const Service& a, const Service& b) { return a.limits != b.limits; }},
      {"resources.limits, taken away", kReplace, "an engine does not take a limit away", "", nullptr,
       [](const Service& a, const Service& b) { return lifts_limit(a.limits, b.limits); }},
      {"resources.limits[nvidia.com/gpu]", kReplace, "", "gpus", [](const Service& s) { return s.settings.gpus == 0 ? json() : json(s.settings.gpus); },
       nullptr},
  };
}

std::vector<ServiceField> setting_fields() {
  constexpr Effect kReplace = Effect::Replace;
  return {
      {"hostname", kReplace, "", "hostname", [](const Service& s) { return text_content(s.settings.hostname); }, nullptr},
      {"aliases", kReplace, "", "aliases", [](const Service& s) { return null_if_empty(json(s.settings.aliases)); }, nullptr},
      {"init", kReplace, "", "init", [](const Service& s) { return s.settings.init ? json(*s.settings.init) : json(); }, nullptr},
      {"stopSignal", kReplace, "", "stopSignal", [](const Service& s) { return text_content(s.settings.stop_signal); }, nullptr},
      {"stdin", kReplace, "", "stdin", [](const Service& s) { return null_if_false(s.settings.stdin_open); }, nullptr},
      {"tty", kReplace, "", "tty", [](const Service& s) { return null_if_false(s.settings.tty); }, nullptr},
      {"ulimits", kReplace, "", "ulimits", ulimits_content, nullptr},
      {"sysctls", kReplace, "", "sysctls", [](const Service& s) { return null_if_empty(json(s.settings.sysctls)); }, nullptr},
      {"shmSize", kReplace, "", "shmSize", [](const Service& s) { return s.settings.shm_bytes == 0 ? json() : json(s.settings.shm_bytes); }, nullptr},
      {"tmpfs", kReplace, "", "tmpfs", tmpfs_content, nullptr},
      {"extraHosts", kReplace, "", "extraHosts", extra_hosts_content, nullptr},
      {"dns", kReplace, "", "dns", dns_content, nullptr},
      {"securityContext", kReplace, "", "securityContext", security_content, nullptr},
      {"pidsLimit", kReplace, "", "pidsLimit", [](const Service& s) { return s.settings.pids_limit == 0 ? json() : json(s.settings.pids_limit); },
       nullptr},
      {"logging", kReplace, "", "logging", logging_content, nullptr},
      {"devices", kReplace, "", "devices", devices_content, nullptr},
  };
}

}  // namespace

std::string_view in_words(Effect effect) {
  switch (effect) {
    case Effect::InPlace: return "in place";
    case Effect::Update: return "in place, by the engine";
    case Effect::Replace: return "a new container";
  }
  return "";
}

const std::vector<ServiceField>& service_fields() {
  static const std::vector<ServiceField> kFields = [] {
    std::vector<ServiceField> all = program_fields();
    for (const ServiceField& field : setting_fields()) all.push_back(field);
    return all;
  }();
  return kFields;
}

ServiceChange change_of(const crd::Service& before, const crd::Service& after) {
  ServiceChange change;
  for (const ServiceField& field : service_fields()) {
    if (field.value ? field.value(before) == field.value(after) : !field.differs(before, after)) continue;
    change.fields.push_back(field.name);
    change.effect = std::max(change.effect, field.effect);
  }
  return change;
}

bool lifts_limit(const crd::Resources& before, const crd::Resources& after) {
  return (before.cpu_nanos != 0 && after.cpu_nanos == 0) || (before.memory_bytes != 0 && after.memory_bytes == 0);
}

bool uses_image_healthcheck(const crd::Service& service) {
  return service.readiness && std::holds_alternative<crd::ImageAction>(service.readiness->action);
}

json fixed_content(const crd::Service& service) {
  json content = json::object();
  for (const ServiceField& field : service_fields()) {
    if (!field.value) continue;
    json value = field.value(service);
    if (!value.is_null()) content[std::string(field.key)] = std::move(value);
  }
  return content;
}

std::string service_fields_table() {
  std::string text = "| field of a service | a change to it | |\n|---|---|---|\n";
  for (const ServiceField& field : service_fields()) {
    text.append("| `").append(field.name).append("` | ").append(in_words(field.effect)).append(" | ").append(field.note);
    text.append(field.note.empty() ? "|\n" : " |\n");
  }
  return text;
}

}  // namespace berth::plan
