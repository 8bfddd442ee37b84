#include "crd/container_settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "crd/fields.h"
#include "crd/quantity.h"

namespace berth::crd {
namespace {

std::vector<std::string> texts_at(const json& value, std::string_view key) {
  return array_at(value, key).get<std::vector<std::string>>();
}

// A whole number may have come as 5.0.
std::int64_t integer_at(const json& value, std::string_view key) {
  const json* found = member(value, key);
  return found ? found->get<std::int64_t>() : 0;
}

std::int64_t bytes_at(const json& value, std::string_view key) {
  const json* found = member(value, key);
  return found ? parse_bytes(int_or_string(*found)).value() : 0;
}

std::string user_of(const json& security) {
  std::string user = text_at(security, "runAsUserName");
  if (const json* id = member(security, "runAsUser")) user = std::to_string(id->get<std::int64_t>());
  if (const json* group = member(security, "runAsGroup")) user += ":" + std::to_string(group->get<std::int64_t>());
  return user;
}

std::vector<std::string> capabilities(const json& security, const char* key) {
  std::vector<std::string> names = texts_at(object_at(security, "capabilities"), key);
  for (std::string& name : names) name = capability_name(name);
  return names;
}

SecurityContext parse_security(const json& value) {
  SecurityContext security;
  security.user = user_of(value);
  for (const json& group : array_at(value, "supplementalGroups")) {
    security.groups.push_back(std::to_string(group.get<std::int64_t>()));
  }
  security.privileged = flag_at(value, "privileged");
  security.add = capabilities(value, "add");
  security.drop = capabilities(value, "drop");
  security.read_only_root = flag_at(value, "readOnlyRootFilesystem");
  const json* escalation = member(value, "allowPrivilegeEscalation");
  security.no_new_privileges = escalation && *escalation == false;
  return security;
}

DnsConfig parse_dns(const json& value) {
  DnsConfig dns{texts_at(value, "nameservers"), texts_at(value, "searches"), {}};
  for (const json& option : array_at(value, "options")) {
    const std::string argument = text_at(option, "value");
    dns.options.push_back(text_at(option, "name") + (argument.empty() ? "" : ":" + argument));
  }
  return dns;
}

Ulimit parse_ulimit(const json& value) {
  Ulimit limit{text_at(value, "name"), integer_at(value, "soft"), integer_at(value, "soft")};
  if (member(value, "hard")) limit.hard = integer_at(value, "hard");
  return limit;
}

Tmpfs parse_tmpfs(const json& value) {
  Tmpfs tmpfs{text_at(value, "path"), bytes_at(value, "size"), std::nullopt};
  if (member(value, "mode")) tmpfs.mode = static_cast<std::uint32_t>(integer_at(value, "mode"));
  return tmpfs;
}

Device parse_device(const json& value) {
  Device device{text_at(value, "path"), text_at(value, "containerPath"), text_at(value, "permissions")};
  if (device.container_path.empty()) device.container_path = device.path;
  if (device.permissions.empty()) device.permissions = Device().permissions;
  return device;
}

constexpr std::array kSignals = {"ABRT", "ALRM", "BUS",  "CHLD", "CLD",  "CONT",   "FPE",  "HUP",  "ILL",  "INT",    "IO",   "IOT",
                                 "KILL", "PIPE", "POLL", "PROF", "PWR",  "QUIT",   "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP",
                                 "TSTP", "TTIN", "TTOU", "URG",  "USR1", "USR2",   "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"};
constexpr int kLastSignal = 64;

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "RTMIN+3" up to +15, "RTMAX-3" down to -14: the names that engines know.
bool is_realtime_signal(std::string_view name) {
  if (name.size() < 7) return false;
  const auto offset = whole_number(name.substr(6));
  if (name.starts_with("RTMIN+")) return offset && *offset >= 1 && *offset <= 15;
  if (name.starts_with("RTMAX-")) return offset && *offset >= 1 && *offset <= 14;
  return false;
}

constexpr std::array kCapabilities = {
    "AUDIT_CONTROL", "AUDIT_READ",  "AUDIT_WRITE",   "BLOCK_SUSPEND",    "BPF",         "CHECKPOINT_RESTORE", "CHOWN",      "DAC_OVERRIDE",
    "DAC_READ_SEARCH", "FOWNER",    "FSETID",        "IPC_LOCK",         "IPC_OWNER",   "KILL",               "LEASE",      "LINUX_IMMUTABLE",
    "MAC_ADMIN",     "MAC_OVERRIDE", "MKNOD",        "NET_ADMIN",        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",    "PERFMON",
    "SETFCAP",       "SETGID",      "SETPCAP",       "SETUID",           "SYS_ADMIN",   "SYS_BOOT",           "SYS_CHROOT", "SYS_MODULE",
    "SYS_NICE",      "SYS_PACCT",   "SYS_PTRACE",    "SYS_RAWIO",        "SYS_RESOURCE", "SYS_TIME",          "SYS_TTY_CONFIG", "SYSLOG",
    "WAKE_ALARM"};

}  // namespace

std::optional<std::string> parse_signal(const json& value) {
  std::string text = int_or_string(value);
  if (const auto number = whole_number(text)) {
    return *number >= 1 && *number <= kLastSignal ? std::optional(std::to_string(*number)) : std::nullopt;
  }
  if (text.starts_with("SIG")) text.erase(0, 3);
  const bool known = std::find(kSignals.begin(), kSignals.end(), text) != kSignals.end() || is_realtime_signal(text);
  return known ? std::optional("SIG" + text) : std::nullopt;
}

std::string capability_name(const std::string& text) { return text.starts_with("CAP_") ? text.substr(4) : text; }

bool is_capability(const std::string& name) {
  return std::find(kCapabilities.begin(), kCapabilities.end(), name) != kCapabilities.end();
}

ContainerSettings parse_container_settings(const json& service) {
  ContainerSettings out;
  out.hostname = text_at(service, "hostname");
  out.aliases = texts_at(service, "aliases");
  if (member(service, "init")) out.init = flag_at(service, "init");
  out.platform = text_at(service, "platform");
  if (const json* signal = member(service, "stopSignal")) out.stop_signal = parse_signal(*signal).value();
  out.stdin_open = flag_at(service, "stdin");
  out.tty = flag_at(service, "tty");
  for (const json& limit : array_at(service, "ulimits")) out.ulimits.push_back(parse_ulimit(limit));
  for (const json& sysctl : array_at(service, "sysctls")) out.sysctls[text_at(sysctl, "name")] = text_at(sysctl, "value");
  out.shm_bytes = bytes_at(service, "shmSize");
  for (const json& tmpfs : array_at(service, "tmpfs")) out.tmpfs.push_back(parse_tmpfs(tmpfs));
  for (const json& alias : array_at(service, "extraHosts")) {
    out.extra_hosts.push_back({text_at(alias, "ip"), texts_at(alias, "hostnames")});
  }
  out.dns = parse_dns(object_at(service, "dns"));
  out.security = parse_security(object_at(service, "securityContext"));
  out.pids_limit = integer_at(service, "pidsLimit");
  const json& logging = object_at(service, "logging");
  out.logging.driver = text_at(logging, "driver");
  for (const auto& [name, value] : object_at(logging, "options").items()) out.logging.options[name] = value.get<std::string>();
  for (const json& device : array_at(service, "devices")) out.devices.push_back(parse_device(device));
  const json& limits = object_at(object_at(service, "resources"), "limits");
  if (const json* gpus = member(limits, "nvidia.com/gpu")) out.gpus = whole_number(int_or_string(*gpus)).value();
  return out;
}

}  // namespace berth::crd
