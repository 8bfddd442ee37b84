#include "crd/container_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/crd/manifest_checks.h"

namespace berth::crd {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::string kService = "spec.services[0].";

ContainerSettings settings(std::string_view fields) { return parsed(service(fields)).services.at(0).settings; }

void expect_bad_setting(std::string_view fields, const std::string& field, const std::string& part) {
  expect_bad(service(fields), kService + field, part);
}

// Only rights that need no permission: the others are looked at below.
TEST(ContainerSettings, EveryFieldIsRead) {
  const ContainerSettings read = settings(R"yaml(
hostname: db.local, aliases: [main, db2.local], init: false, platform: linux/arm/v7, stopSignal: INT, stdin: true, tty: true,
ulimits: [{name: nofile, soft: 1024, hard: 2048}, {name: core, soft: -1}, {name: nproc, soft: 5, hard: -1}],
sysctls: [{name: net.core.somaxconn, value: "1024"}], shmSize: 64Mi,
tmpfs: [{path: /run, size: 1Mi, mode: 0755}, {path: /cache}],
extraHosts: [{ip: 10.0.0.1, hostnames: [a, b.c]}, {ip: host-gateway, hostnames: [host]}, {ip: "fd00::1", hostnames: [six]}],
dns: {nameservers: [10.0.0.53], searches: [ci.example.com, "."], options: [{name: ndots, value: "2"}, {name: rotate}]},
securityContext: {runAsUser: 1000, runAsGroup: 1001, supplementalGroups: [5, 6], capabilities: {add: [CAP_NET_RAW], drop: [ALL, MKNOD]},
                  readOnlyRootFilesystem: true, allowPrivilegeEscalation: false},
pidsLimit: 100, logging: {driver: json-file, options: {max-size: 10m, max-file: "3", compress: "true"}})yaml");
  EXPECT_EQ(read.hostname, "db.local");
  EXPECT_THAT(read.aliases, ElementsAre("main", "db2.local"));
  EXPECT_EQ(read.init, false);
  EXPECT_EQ(read.platform, "linux/arm/v7");
  EXPECT_EQ(read.stop_signal, "SIGINT");
  EXPECT_TRUE(read.stdin_open);
  EXPECT_TRUE(read.tty);
  EXPECT_THAT(read.ulimits, ElementsAre(Ulimit{"nofile", 1024, 2048}, Ulimit{"core", -1, -1}, Ulimit{"nproc", 5, -1}));
  EXPECT_THAT(read.sysctls, ElementsAre(Pair("net.core.somaxconn", "1024")));
  EXPECT_EQ(read.shm_bytes, 64 << 20);
  EXPECT_THAT(read.tmpfs, ElementsAre(Tmpfs{"/run", 1 << 20, 0755}, Tmpfs{"/cache", 0, std::nullopt}));
  EXPECT_THAT(read.extra_hosts, ElementsAre(HostAlias{"10.0.0.1", {"a", "b.c"}}, HostAlias{"host-gateway", {"host"}},
                                            HostAlias{"fd00::1", {"six"}}));
  EXPECT_EQ(read.dns, (DnsConfig{{"10.0.0.53"}, {"ci.example.com", "."}, {"ndots:2", "rotate"}}));
  EXPECT_EQ(read.security, (SecurityContext{"1000:1001", {"5", "6"}, false, {"NET_RAW"}, {"ALL", "MKNOD"}, true, true}));
  EXPECT_EQ(read.pids_limit, 100);
  EXPECT_EQ(read.logging, (LogConfig{"json-file", {{"compress", "true"}, {"max-file", "3"}, {"max-size", "10m"}}}));
  EXPECT_EQ(settings("command: [a]"), ContainerSettings());
}

TEST(ContainerSettings, WhatNeedsPermissionIsReadToo) {
  const json service = yaml(R"yaml(
securityContext: {privileged: true, runAsUserName: postgres, runAsGroup: 7}
devices: [{path: /dev/kvm}, {path: /dev/fuse, containerPath: /dev/f, permissions: r}]
resources: {limits: {nvidia.com/gpu: "2"}})yaml");
  const ContainerSettings read = parse_container_settings(service);
  EXPECT_TRUE(read.security.privileged);
  EXPECT_EQ(read.security.user, "postgres:7");
  EXPECT_THAT(read.devices, ElementsAre(Device{"/dev/kvm", "/dev/kvm", "rwm"}, Device{"/dev/fuse", "/dev/f", "r"}));
  EXPECT_EQ(read.gpus, 2);
  EXPECT_TRUE(service["devices"].is_array());
}

TEST(ContainerSettings, WholeNumbersMayComeWithAPoint) {
  json service = yaml("{ulimits: [{name: nofile, soft: 7}], pidsLimit: 5, tmpfs: [{path: /a, mode: 7}]}");
  service["ulimits"][0]["soft"] = 7.0;
  service["pidsLimit"] = 5.0;
  service["tmpfs"][0]["mode"] = 7.0;
  const ContainerSettings read = parse_container_settings(service);
  EXPECT_EQ(read.ulimits[0], (Ulimit{"nofile", 7, 7}));
  EXPECT_EQ(read.pids_limit, 5);
  EXPECT_EQ(read.tmpfs[0].mode, 7u);
}

TEST(SettingRules, HostNamesAndAliasesAreNames) {
  expect_bad_setting("hostname: Db", "hostname", "must be a DNS name");
  expect_bad_setting("hostname: a_b", "hostname", "must be a DNS name");
  expect_bad_setting("hostname: " + std::string(64, 'a'), "hostname", "Too long");
  expect_bad_setting("aliases: ['']", "aliases[0]", "must be letters, digits");
  expect_bad_setting("aliases: [_db]", "aliases[0]", "beginning with a letter or digit");
  expect_bad_setting("aliases: ['a b']", "aliases[0]", "must be letters, digits");
  expect_bad_setting("aliases: [a, a]", "aliases[1]", "Duplicate value");
  expect_good(service("aliases: [db, my_db, Other.local]"));
}

TEST(SettingRules, ANameIsOfOneService) {
  const auto two = [](const std::string& a, const std::string& b) {
    return "{services: [{name: a, image: x, " + a + "}, {name: b, image: x, " + b + "}]}";
  };
  expect_bad(two("aliases: [b]", "command: [c]"), "spec.services[0].aliases[0]", "Duplicate value: \"b\"");
  expect_bad(two("aliases: [B]", "command: [c]"), "spec.services[0].aliases[0]", "Duplicate value: \"B\"");
  expect_bad(two("aliases: [x]", "aliases: [y, x]"), "spec.services[1].aliases[1]", "Duplicate value: \"x\"");
  expect_bad(two("hostname: b", "command: [c]"), "spec.services[0].hostname", "Duplicate value: \"b\"");
  expect_bad(two("hostname: x", "aliases: [x]"), "spec.services[0].hostname", "Duplicate value: \"x\"");
  expect_good(two("hostname: x, aliases: [x]", "hostname: y"));
}

TEST(SettingRules, PlatformsAreOnesOfLinux) {
  for (const char* good : {"linux/amd64", "linux/arm64", "linux/arm64/v8", "linux/s390x"}) expect_good(service("platform: " + std::string(good)));
  for (const char* bad : {"amd64", "windows/amd64", "linux", "linux/", "linux/x86", "linux/arm/7", "linux/arm/v", "linux/amd64/"}) {
    expect_bad_setting("platform: " + std::string(bad), "platform", "must be linux/ARCHITECTURE");
  }
}

TEST(SettingRules, StopSignalsAreSignals) {
  EXPECT_EQ(settings("stopSignal: SIGQUIT").stop_signal, "SIGQUIT");
  EXPECT_EQ(settings("stopSignal: 15").stop_signal, "15");
  EXPECT_EQ(settings("stopSignal: '15'").stop_signal, "15");
  EXPECT_EQ(settings("stopSignal: RTMIN+3").stop_signal, "SIGRTMIN+3");
  EXPECT_EQ(settings("stopSignal: SIGRTMAX-14").stop_signal, "SIGRTMAX-14");
  for (const char* bad : {"0", "65", "-1", "term", "SIGTERMINATE", "RTMIN+16", "RTMAX-15", "RTMIN+", "''"}) {
    expect_bad_setting("stopSignal: " + std::string(bad), "stopSignal", "must be a signal of Linux");
  }
}

TEST(SettingRules, ASoftLimitIsNotAboveTheHardOne) {
  expect_bad_setting("ulimits: [{name: nofile, soft: 3, hard: 2}]", "ulimits[0].soft", "less than or equal to hard (2)");
  expect_bad_setting("ulimits: [{name: nofile, soft: -1, hard: 2}]", "ulimits[0].soft", "less than or equal to hard (2)");
  expect_bad_setting("ulimits: [{name: files, soft: 3}]", "ulimits[0].name", "supported values");
  expect_bad_setting("ulimits: [{name: nofile, soft: -2}]", "ulimits[0].soft", "greater than or equal to -1");
  expect_bad_setting("ulimits: [{name: nofile, soft: 1}, {name: nofile, soft: 2}]", "ulimits[1]", "Duplicate value");
}

TEST(SettingRules, SysctlsAreTheContainersOwn) {
  const auto sysctl = [](const std::string& name) { return "sysctls: [{name: " + name + ", value: '1'}]"; };
  for (const char* good : {"net.ipv4.ip_forward", "kernel.sem", "kernel.shmmax", "kernel.msgmnb", "fs.mqueue.msg_max", "net.ipv4.conf.all.rp_filter"}) {
    expect_good(service(sysctl(good)));
  }
  for (const char* bad : {"kernel.pid_max", "vm.swappiness", "fs.file-max", "kernel.shm", "netx.core"}) {
    expect_bad_setting(sysctl(bad), "sysctls[0].name", "an engine sets only net.*");
  }
  expect_bad_setting(sysctl("net/core/somaxconn"), "sysctls[0].name", "with dots");
  expect_bad_setting(sysctl("net..core"), "sysctls[0].name", "with dots");
  expect_bad_setting(sysctl("net.ipv4.conf.eth0.rp_filter"), "sysctls[0].name", "use the one of \"all\"");
  expect_bad_setting("sysctls: [{name: kernel.sem, value: ''}]", "sysctls[0].value", "one line of text");
  expect_bad_setting("sysctls: [{name: kernel.sem, value: \"1\\n2\"}]", "sysctls[0].value", "one line of text");
}

TEST(SettingRules, DirectoriesInMemoryHaveAPlaceAndASize) {
  expect_bad_setting("shmSize: 64MB", "shmSize", "must be bytes like 64Mi");
  expect_bad_setting("shmSize: 0", "shmSize", "more than none");
  expect_bad_setting("tmpfs: [{path: /run, size: x}]", "tmpfs[0].size", "must be bytes like 64Mi");
  for (const char* bad : {"run", "/", "/a/../b", "/a/"}) {
    expect_bad_setting("tmpfs: [{path: " + std::string(bad) + "}]", "tmpfs[0].path", "absolute path of a directory");
  }
  expect_bad_setting("tmpfs: [{path: /proc/x}]", "tmpfs[0].path", "is the kernel's");
  expect_good(service("tmpfs: [{path: /process, mode: 01777}]"));
  expect_bad_setting("tmpfs: [{path: /a, mode: 02000}]", "tmpfs[0].mode", "from 0 to 01777");
  expect_bad_setting("tmpfs: [{path: /a}, {path: /a}]", "tmpfs[1]", "Duplicate value");
  expect_bad_setting("tmpfs: [{path: /etc/a}], files: [{path: /etc/a/b, content: ''}]", "files[0].path", "hidden by the tmpfs /etc/a");
  expect_good(service("tmpfs: [{path: /etc/a}], files: [{path: /etc/ab, content: ''}]"));
}

TEST(SettingRules, EntriesOfHostsHaveAddressesAndNames) {
  expect_bad_setting("extraHosts: [{ip: 10.0.0, hostnames: [a]}]", "extraHosts[0].ip", "host-gateway for the host");
  expect_bad_setting("extraHosts: [{ip: 10.0.0.1, hostnames: [a, 'b c']}]", "extraHosts[0].hostnames[1]", "must be letters, digits");
  expect_bad_setting("extraHosts: [{ip: 10.0.0.1, hostnames: []}]", "extraHosts[0].hostnames", "at least 1 items");
  expect_bad_setting("extraHosts: [{ip: 1.1.1.1, hostnames: [a]}, {ip: 1.1.1.1, hostnames: [b]}]", "extraHosts[1]", "Duplicate value");
}

TEST(SettingRules, ResolversAreAddressesAndWords) {
  expect_bad_setting("dns: {nameservers: [ns.example.com]}", "dns.nameservers[0]", "e.g. 10.0.0.53");
  expect_bad_setting("dns: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}", "dns.nameservers", "at most 3 items");
  expect_bad_setting("dns: {searches: ['a b']}", "dns.searches[0]", "must be a domain");
  expect_bad_setting("dns: {options: [{name: 'ndots:2'}]}", "dns.options[0].name", "without its value");
  expect_bad_setting("dns: {options: [{name: ndots, value: '2 3'}]}", "dns.options[0].value", "one word");
}

TEST(SettingRules, UsersAreNumbersOrNames) {
  const auto security = [](const std::string& fields) { return "securityContext: {" + fields + "}"; };
  expect_good(service(security("runAsUserName: post-gres_1.x")));
  expect_bad_setting(security("runAsUserName: '70'"), "securityContext.runAsUserName", "a number is runAsUser");
  expect_bad_setting(security("runAsUserName: 'a:b'"), "securityContext.runAsUserName", "name of a user");
  expect_bad_setting(security("runAsUserName: a, runAsUser: 1"), "securityContext.runAsUserName", "together with runAsUser");
  expect_bad_setting(security("runAsGroup: 1"), "securityContext.runAsUser", "takes a group only with a user");
  expect_bad_setting(security("runAsUser: -1"), "securityContext.runAsUser", "greater than or equal to 0");
  expect_bad_setting(security("supplementalGroups: [2147483648]"), "securityContext.supplementalGroups[0]", "less than or equal");
}

TEST(SettingRules, RightsFitTogether) {
  const auto security = [](const std::string& fields) { return "securityContext: {" + fields + "}"; };
  expect_bad_setting(security("capabilities: {drop: [net_raw]}"), "securityContext.capabilities.drop[0]", "in upper case");
  expect_bad_setting(security("capabilities: {drop: [KILL, CAP_KILL]}"), "securityContext.capabilities.drop[1]", "Duplicate value");
  expect_bad_setting(security("privileged: true, allowPrivilegeEscalation: false"), "securityContext.allowPrivilegeEscalation",
                     "when privileged is true");
  expect_bad_setting(security("capabilities: {add: [CAP_SYS_ADMIN]}, allowPrivilegeEscalation: false"),
                     "securityContext.allowPrivilegeEscalation", "when SYS_ADMIN is added");
  expect_bad_setting("files: [{path: /a, content: ''}], " + security("readOnlyRootFilesystem: true"), "securityContext.readOnlyRootFilesystem",
                     "together with files");
}

TEST(SettingRules, LogDriversKnowTheirOptions) {
  const auto logging = [](const std::string& driver, const std::string& options) {
    return "logging: {driver: " + driver + ", options: {" + options + "}}";
  };
  expect_good(service("logging: {driver: local}"));
  expect_good(service(logging("json-file", "max-size: 10M, max-file: '2', compress: 'true', tag: x, mode: non-blocking, max-buffer-size: 4mb")));
  expect_good(service(logging("local", "max-file: '1', compress: 'false'")));
  expect_good(service(logging("journald", "labels: a")));
  expect_bad_setting("logging: {driver: syslog}", "logging.driver", "supported values: \"json-file\", \"local\", \"journald\"");
  expect_bad_setting("logging: {options: {}}", "logging.driver", "Required value");
  expect_bad_setting(logging("local", "tag: x"), "logging.options.tag", "no option of local, which has max-size");
  expect_bad_setting(logging("journald", "max-size: 1m"), "logging.options.max-size", "no option of journald, which has tag");
  expect_bad_setting(logging("json-file", "max-size: ten"), "logging.options.max-size", "a size like 10m");
  expect_bad_setting(logging("json-file", "max-size: 0m"), "logging.options.max-size", "a size like 10m");
  expect_bad_setting(logging("json-file", "max-file: '0'"), "logging.options.max-file", "files from 1");
  expect_bad_setting(logging("json-file", "compress: 'yes'"), "logging.options.compress", "true or false");
  expect_bad_setting(logging("json-file", "mode: fast"), "logging.options.mode", "blocking or non-blocking");
  expect_bad_setting(logging("json-file", "compress: 'true', max-size: 1m"), "logging.options.compress", "needs max-size, and max-file above 1");
  expect_bad_setting(logging("local", "max-file: '1'"), "logging.options.compress", "set compress to \"false\"");
}

TEST(SettingRules, DevicesAndGpusAreOnes) {
  expect_bad_setting("devices: [{path: kvm}]", "devices[0].path", "e.g. /dev/kvm");
  expect_bad_setting("devices: [{path: /dev/a, containerPath: /dev/../x}]", "devices[0].containerPath", "without '.'");
  for (const char* bad : {"''", "x", "rr"}) {
    expect_bad_setting("devices: [{path: /dev/a, permissions: " + std::string(bad) + "}]", "devices[0].permissions", "of r, w and m");
  }
  expect_bad_setting("devices: [{path: /dev/a}, {path: /dev/b, containerPath: /dev/a}]", "devices[1]", "Duplicate value");
  for (const char* bad : {"0", "'1.5'", "500m", "-1"}) {
    expect_bad_setting("resources: {limits: {nvidia.com/gpu: " + std::string(bad) + "}}", "resources.limits[nvidia.com/gpu]", "whole number of GPUs");
  }
}

// --- what needs permission ---

std::vector<Cause> under(const FieldPolicy& policy, std::string_view fields) {
  json body = object(service(fields));
  EXPECT_TRUE(validate(kind().schema, body).empty()) << fields;
  return Scheme::builtin(policy).find_name("te")->rules(body, nullptr);
}

void expect_denied(const FieldPolicy& policy, std::string_view fields, const std::string& field, const std::string& flag) {
  const auto causes = under(policy, fields);
  ASSERT_EQ(causes.size(), 1u) << fields << "\n" << shown(causes);
  EXPECT_EQ(causes[0].field, kService + field);
  EXPECT_NE(causes[0].message.find(flag), std::string::npos) << causes[0].message;
}

TEST(FieldPolicy, PrivilegesNeedTheirFlag) {
  for (const char* field : {"privileged: true", "capabilities: {add: [NET_ADMIN]}", "capabilities: {add: [KILL, CAP_SYS_PTRACE]}", "capabilities: {add: [ALL]}"}) {
    const std::string fields = "securityContext: {" + std::string(field) + "}";
    EXPECT_EQ(under({}, fields).size(), 1u) << field;
    EXPECT_TRUE(under({.privileged = true, .devices = {}}, fields).empty()) << field;
    EXPECT_EQ(under({.devices = {"/dev"}, .gpus = true}, fields).size(), 1u) << field;
  }
  expect_denied({}, "securityContext: {privileged: true}", "securityContext.privileged", "--allow-privileged");
  expect_denied({}, "securityContext: {capabilities: {add: [KILL, NET_ADMIN]}}", "securityContext.capabilities.add[1]", "--allow-privileged");
  EXPECT_TRUE(under({}, "securityContext: {privileged: false, capabilities: {add: [NET_RAW, CAP_CHOWN], drop: [ALL]}}").empty());
}

TEST(FieldPolicy, DevicesMustBeBelowAnAllowedDirectory) {
  const FieldPolicy dri{.devices = {"/dev/dri", "/dev/kvm"}};
  EXPECT_TRUE(under(dri, "devices: [{path: /dev/dri/card0}, {path: /dev/dri}, {path: /dev/kvm}]").empty());
  expect_denied(dri, "devices: [{path: /dev/kvm}, {path: /dev/dri2}]", "devices[1].path", "--allow-devices");
  expect_denied(dri, "devices: [{path: /dev}]", "devices[0].path", "--allow-devices");
  expect_denied({.privileged = true}, "devices: [{path: /dev/kvm}]", "devices[0].path", "--allow-devices");
}

TEST(FieldPolicy, GpusNeedTheirFlag) {
  const std::string fields = "resources: {limits: {nvidia.com/gpu: 1}}";
  expect_denied({.privileged = true}, fields, "resources.limits[nvidia.com/gpu]", "--allow-gpus");
  EXPECT_TRUE(under({.gpus = true}, fields).empty());
}

TEST(FieldPolicy, AStoredObjectMayBeWrittenAsLongAsItsSpecStays) {
  const Scheme scheme = Scheme::builtin();
  const auto& rules = scheme.find_name("te")->rules;
  const json stored = object(service("securityContext: {privileged: true}"));
  json labelled = stored;
  labelled["metadata"]["labels"]["a"] = "b";
  EXPECT_TRUE(rules(labelled, &stored).empty());
  json changed = stored;
  changed["spec"]["services"][0]["image"] = "other";
  EXPECT_EQ(rules(changed, &stored).size(), 1u);
}

}  // namespace
}  // namespace berth::crd
