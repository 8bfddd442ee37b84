#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"

namespace berth::engine {

namespace {

using namespace fields;

template <class Value>
void put_unless_empty(json& object, const char* key, const Value& value) {
  if (!value.empty()) object[key] = value;
}

void put_true(json& object, const char* key, bool value) {
  if (value) object[key] = true;
}

void put_number(json& object, const char* key, std::int64_t value) {
  if (value != 0) object[key] = value;
}

json ulimits_json(const std::vector<Ulimit>& limits) {
  json list = json::array();
  for (const auto& limit : limits) list.push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
  return list;
}

json devices_json(const std::vector<Device>& devices) {
  json list = json::array();
  for (const auto& device : devices) {
    list.push_back({{"PathOnHost", device.path}, {"PathInContainer", device.container_path}, {"CgroupPermissions", device.permissions}});
  }
  return list;
}

// As docker run --gpus N asks for them.
json gpus_json(int count) {
  json capabilities = json::array();
  capabilities.push_back(json::array({"gpu"}));
  json request = {{"Driver", ""}, {"Count", count}, {"DeviceIDs", nullptr}, {"Capabilities", std::move(capabilities)}};
  request["Options"] = json::object();
  json list = json::array();
  list.push_back(std::move(request));
  return list;
}

std::vector<Ulimit> ulimits_from(const json& list) {
  std::vector<Ulimit> limits;
  if (!list.is_array()) return limits;
  for (const auto& item : list) limits.push_back({text(item, "Name"), number(item, "Soft"), number(item, "Hard")});
  return limits;
}

std::vector<Device> devices_from(const json& list) {
  std::vector<Device> devices;
  if (!list.is_array()) return devices;
  for (const auto& item : list) {
    devices.push_back({text(item, "PathOnHost"), text(item, "PathInContainer"), text(item, "CgroupPermissions")});
  }
  return devices;
}

}  // namespace

void put_options(const ContainerOptions& options, json& config, json& host) {
  put_unless_empty(config, "StopSignal", options.stop_signal);
  put_true(config, "OpenStdin", options.open_stdin);
  put_true(config, "Tty", options.tty);
  put_unless_empty(config, "User", options.user);
  if (options.init) host["Init"] = *options.init;
  if (!options.ulimits.empty()) host["Ulimits"] = ulimits_json(options.ulimits);
  put_unless_empty(host, "Sysctls", options.sysctls);
  put_number(host, "ShmSize", options.shm_bytes);
  put_unless_empty(host, "Tmpfs", options.tmpfs);
  put_unless_empty(host, "ExtraHosts", options.extra_hosts);
  put_unless_empty(host, "Dns", options.dns_servers);
  put_unless_empty(host, "DnsSearch", options.dns_searches);
  put_unless_empty(host, "DnsOptions", options.dns_options);
  put_unless_empty(host, "GroupAdd", options.groups);
  put_true(host, "Privileged", options.privileged);
  put_unless_empty(host, "CapAdd", options.cap_add);
  put_unless_empty(host, "CapDrop", options.cap_drop);
  put_true(host, "ReadonlyRootfs", options.read_only_root);
  put_unless_empty(host, "SecurityOpt", options.security_options);
  put_number(host, "PidsLimit", options.pids_limit);
  if (!options.log_driver.empty()) host["LogConfig"] = {{"Type", options.log_driver}, {"Config", options.log_options}};
  if (!options.devices.empty()) host["Devices"] = devices_json(options.devices);
  if (options.gpus != 0) host["DeviceRequests"] = gpus_json(options.gpus);
}

ContainerOptions options_from_json(const json& config, const json& host) {
  ContainerOptions options;
  options.stop_signal = text(config, "StopSignal");
  options.open_stdin = flag(config, "OpenStdin");
  options.tty = flag(config, "Tty");
  options.user = text(config, "User");
  if (member(host, "Init").is_boolean()) options.init = flag(host, "Init");
  options.ulimits = ulimits_from(member(host, "Ulimits"));
  options.sysctls = labels(host, "Sysctls");
  options.shm_bytes = number(host, "ShmSize");
  options.tmpfs = labels(host, "Tmpfs");
  options.extra_hosts = texts(host, "ExtraHosts");
  options.dns_servers = texts(host, "Dns");
  options.dns_searches = texts(host, "DnsSearch");
  options.dns_options = texts(host, "DnsOptions");
  options.groups = texts(host, "GroupAdd");
  options.privileged = flag(host, "Privileged");
  options.cap_add = texts(host, "CapAdd");
  options.cap_drop = texts(host, "CapDrop");
  options.read_only_root = flag(host, "ReadonlyRootfs");
  options.security_options = texts(host, "SecurityOpt");
  options.pids_limit = number(host, "PidsLimit");
  options.log_driver = text(member(host, "LogConfig"), "Type");
  options.log_options = labels(member(host, "LogConfig"), "Config");
  options.devices = devices_from(member(host, "Devices"));
  const auto& requests = member(host, "DeviceRequests");
  if (requests.is_array() && !requests.empty()) options.gpus = static_cast<int>(number(requests.front(), "Count"));
  return options;
}

}  // namespace berth::engine
