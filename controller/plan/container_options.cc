#include <array>
#include <cstdio>

#include "controller/plan/container_spec.h"

namespace berth::plan {

namespace {

// "size=67108864,mode=1777".
std::string mount_options(const crd::Tmpfs& tmpfs) {
  std::string text;
  if (tmpfs.size_bytes != 0) text = "size=" + std::to_string(tmpfs.size_bytes);
  if (!tmpfs.mode) return text;
  std::array<char, 16> octal{};
  std::snprintf(octal.data(), octal.size(), "%o", *tmpfs.mode);
  return text + (text.empty() ? "" : ",") + "mode=" + octal.data();
}

}  // namespace

engine::ContainerOptions container_options(const crd::ContainerSettings& settings) {
  engine::ContainerOptions options;
  options.init = settings.init;
  options.platform = settings.platform;
  options.stop_signal = settings.stop_signal;
  options.open_stdin = settings.stdin_open;
  options.tty = settings.tty;
  for (const crd::Ulimit& limit : settings.ulimits) options.ulimits.push_back({limit.name, limit.soft, limit.hard});
  options.sysctls = settings.sysctls;
  options.shm_bytes = settings.shm_bytes;
  for (const crd::Tmpfs& tmpfs : settings.tmpfs) options.tmpfs[tmpfs.path] = mount_options(tmpfs);
  for (const crd::HostAlias& alias : settings.extra_hosts) {
    for (const std::string& name : alias.hostnames) options.extra_hosts.push_back(name + ":" + alias.ip);
  }
  options.dns_servers = settings.dns.nameservers;
  options.dns_searches = settings.dns.searches;
  options.dns_options = settings.dns.options;
  options.user = settings.security.user;
  options.groups = settings.security.groups;
  options.privileged = settings.security.privileged;
  options.cap_add = settings.security.add;
  options.cap_drop = settings.security.drop;
  options.read_only_root = settings.security.read_only_root;
  if (settings.security.no_new_privileges) options.security_options = {"no-new-privileges"};
  options.pids_limit = settings.pids_limit;
  options.log_driver = settings.logging.driver;
  options.log_options = settings.logging.options;
  for (const crd::Device& device : settings.devices) options.devices.push_back({device.path, device.container_path, device.permissions});
  options.gpus = settings.gpus;
  return options;
}

}  // namespace berth::plan
