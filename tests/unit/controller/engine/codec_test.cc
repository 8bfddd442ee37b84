#include "controller/engine/codec.h"

#include <gtest/gtest.h>

#include <fstream>

#include "api/http/uri.h"

namespace berth::engine {
namespace {

// Answers of a real engine (20.10).
json recorded(const std::string& name) {
  std::ifstream file(std::string(BERTH_SOURCE_DIR) + "/tests/data/engine/" + name);
  return json::parse(file);
}

json decoded(const std::string& text) { return json::parse(http::percent_decode(text, false).value()); }

TEST(EngineCodec, ReadsARunningContainer) {
  const auto container = container_from_inspect(recorded("inspect_running.json"));
  EXPECT_EQ(container.name, "ci-redis");
  EXPECT_EQ(container.image, "berth-test/redis:7");
  EXPECT_TRUE(container.image_id.starts_with("sha256:"));
  EXPECT_EQ(container.labels.at("berth.dev/instance"), "i1");
  EXPECT_EQ(container.state, ContainerState::Running);
  EXPECT_GT(container.started_at, container.created);
  EXPECT_EQ(container.finished_at, base::SystemTime{});
  EXPECT_EQ(container.ports, (std::vector<PortBinding>{{6379, "tcp", "127.0.0.1", 29555}}));
  ASSERT_EQ(container.attachments.size(), 1u);
  EXPECT_EQ(container.attachments[0].network_name, "ci-net");
  EXPECT_EQ(container.attachments[0].network_id.size(), 64u);
  EXPECT_EQ(container.attachments[0].ip_address, "10.77.0.2");
  EXPECT_EQ(container.nano_cpus, 500000000);
  EXPECT_EQ(container.memory_bytes, 64 << 20);
  EXPECT_FALSE(container.has_healthcheck);
  EXPECT_EQ(container.health, "");
}

TEST(EngineCodec, TheListSaysWhatInspectSays) {
  const auto list = recorded("list.json");
  ASSERT_EQ(list.size(), 1u);
  const auto listed = container_from_list(list[0]);
  const auto inspected = container_from_inspect(recorded("inspect_running.json"));
  EXPECT_EQ(listed.id, inspected.id);
  EXPECT_EQ(listed.name, inspected.name);
  EXPECT_EQ(listed.image, inspected.image);
  EXPECT_EQ(listed.image_id, inspected.image_id);
  EXPECT_EQ(listed.labels, inspected.labels);
  EXPECT_EQ(listed.state, inspected.state);
  EXPECT_EQ(listed.attachments, inspected.attachments);
  EXPECT_EQ(listed.ports, inspected.ports);
  EXPECT_EQ(listed.created, std::chrono::floor<std::chrono::seconds>(inspected.created));
}

TEST(EngineCodec, AContainerThatEndedHasNeitherAddressNorPorts) {
  auto body = recorded("inspect_exited.json");
  // As 20.10 and 26 show it after their own restart.
  body["NetworkSettings"]["Ports"] = {
      {"6379/tcp", json::array({{{"HostIp", "127.0.0.1"}, {"HostPort", "29555"}}})}};
  body["NetworkSettings"]["Networks"]["ci-net"]["IPAddress"] = "10.77.0.2";
  const auto container = container_from_inspect(body);
  EXPECT_EQ(container.state, ContainerState::Exited);
  EXPECT_EQ(container.exit_code, 137);
  EXPECT_GT(container.finished_at, container.started_at);
  EXPECT_TRUE(container.ports.empty());
  ASSERT_EQ(container.attachments.size(), 1u);
  EXPECT_EQ(container.attachments[0].ip_address, "");
}

TEST(EngineCodec, ReadsNetworkAndImage) {
  const auto network = network_from_json(recorded("network.json"));
  EXPECT_EQ(network.name, "ci-net");
  EXPECT_EQ(network.subnets, std::vector<std::string>{"10.77.0.0/28"});
  ASSERT_EQ(network.endpoints.size(), 1u);
  EXPECT_EQ(network.endpoints[0].name, "ci-redis");
  const auto image = image_from_json(recorded("image.json"));
  EXPECT_TRUE(image.has_healthcheck);
  EXPECT_EQ(image.repo_tags, std::vector<std::string>{"berth-test/health:1"});
}

TEST(EngineCodec, WhatIsMissingNullOrOfAnotherTypeIsTheDefault) {
  for (const char* text :
       {"{}", "[]", "null", "7", R"({"Id":7,"Name":null,"State":"up","Config":[],"NetworkSettings":null})",
        R"({"State":{"Status":9,"ExitCode":"x","Health":null},"NetworkSettings":{"Networks":[],"Ports":7}})",
        R"({"NetworkSettings":{"Networks":{"n":null}},"Labels":{"a":null},"Ports":[7,null],"Names":[7]})"}) {
    const auto body = json::parse(text);
    EXPECT_EQ(container_from_inspect(body).state, ContainerState::Created) << text;
    EXPECT_EQ(container_from_list(body).exit_code, 0) << text;
    EXPECT_TRUE(network_from_json(body).subnets.empty()) << text;
    EXPECT_FALSE(image_from_json(body).has_healthcheck) << text;
    EXPECT_EQ(event_from_json(body).time_nano, 0) << text;
    EXPECT_EQ(info_from_json(body).cpus, 1) << text;
    EXPECT_EQ(volume_from_json(body).labels.size(), 0u) << text;
  }
}

TEST(EngineCodec, APortIsExposedAndBound) {
  ContainerSpec spec;
  spec.image = "redis:7";
  spec.ports = {{6379, "tcp", "127.0.0.1", 30000}, {53, "udp", "127.0.0.1", 30001}};
  const auto body = container_body(spec);
  EXPECT_EQ(body["ExposedPorts"], json::parse(R"({"6379/tcp":{},"53/udp":{}})"));
  EXPECT_EQ(body["HostConfig"]["PortBindings"],
            json::parse(R"({"6379/tcp":[{"HostIp":"127.0.0.1","HostPort":"30000"}],
                                                               "53/udp":[{"HostIp":"127.0.0.1","HostPort":"30001"}]})"));
}

TEST(EngineCodec, TheBodySaysOnlyWhatTheSpecSays) {
  ContainerSpec spec;
  spec.image = "redis:7";
  auto body = container_body(spec);
  for (const char* key :
       {"Cmd", "Entrypoint", "WorkingDir", "Hostname", "StopTimeout", "Healthcheck", "NetworkingConfig"}) {
    EXPECT_FALSE(body.contains(key)) << key;
  }
  for (const char* key : {"Memory", "MemorySwap", "NanoCpus", "CpuShares", "NetworkMode", "Init", "ShmSize", "LogConfig", "DeviceRequests"}) {
    EXPECT_FALSE(body["HostConfig"].contains(key)) << key;
  }
  spec.entrypoint = {"sh"};
  spec.cmd = {"-c", "true"};
  spec.stop_timeout_seconds = 0;
  spec.healthcheck = Healthcheck{{"NONE"}};
  spec.network_id = "0123";
  spec.network_name = "n";
  spec.aliases = {"db"};
  spec.memory_bytes = 64 << 20;
  body = container_body(spec);
  EXPECT_EQ(body["Entrypoint"], json::array({"sh"}));
  EXPECT_EQ(body["StopTimeout"], 0);
  EXPECT_EQ(body["Healthcheck"]["Test"], json::array({"NONE"}));
  EXPECT_EQ(body["HostConfig"]["NetworkMode"], "0123");
  EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"], json::parse(R"({"0123":{"Aliases":["db"]}})"));
  EXPECT_EQ(body["HostConfig"]["MemorySwap"], 64 << 20);
}

TEST(EngineCodec, ANetworkMayHaveIpv6) {
  NetworkSpec spec;
  spec.subnet = "10.213.0.0/27";
  spec.gateway = "10.213.0.1";
  EXPECT_EQ(network_body(spec)["EnableIPv6"], false);
  EXPECT_EQ(network_body(spec)["IPAM"]["Config"].size(), 1u);
  spec.subnet_ipv6 = "fd00::/64";
  spec.gateway_ipv6 = "fd00::1";
  EXPECT_EQ(network_body(spec)["EnableIPv6"], true);
  EXPECT_EQ(network_body(spec)["IPAM"]["Config"],
            json::parse(R"([{"Subnet":"10.213.0.0/27","Gateway":"10.213.0.1"},{"Subnet":"fd00::/64","Gateway":"fd00::1"}])"));
}

ContainerOptions every_option() {
  ContainerOptions options;
  options.init = false;
  options.stop_signal = "SIGINT";
  options.open_stdin = true;
  options.tty = true;
  options.ulimits = {{"nofile", 1024, -1}};
  options.sysctls = {{"kernel.sem", "1"}};
  options.shm_bytes = 1;
  options.tmpfs = {{"/run", "size=5"}, {"/x", ""}};
  options.extra_hosts = {"a:10.0.0.1"};
  options.dns_servers = {"10.0.0.53"};
  options.dns_searches = {"d"};
  options.dns_options = {"ndots:2"};
  options.user = "1:2";
  options.groups = {"3"};
  options.privileged = true;
  options.cap_add = {"KILL"};
  options.cap_drop = {"ALL"};
  options.read_only_root = true;
  options.security_options = {"no-new-privileges"};
  options.pids_limit = 9;
  options.log_driver = "local";
  options.log_options = {{"max-file", "2"}};
  options.devices = {{"/dev/a", "/dev/b", "rw"}};
  options.gpus = 2;
  return options;
}

TEST(EngineCodec, OptionsStandWhereTheEngineLooksForThem) {
  ContainerSpec spec;
  spec.options = every_option();
  auto body = container_body(spec);
  const auto host = body["HostConfig"];
  body.erase("HostConfig");
  for (const char* key : {"Image", "Env", "Labels", "ExposedPorts"}) body.erase(key);
  EXPECT_EQ(body, json::parse(R"({"StopSignal":"SIGINT","OpenStdin":true,"Tty":true,"User":"1:2"})"));
  EXPECT_EQ(host, json::parse(R"({"PortBindings":{},"RestartPolicy":{"Name":"no"},"Init":false,
    "Ulimits":[{"Name":"nofile","Soft":1024,"Hard":-1}],"Sysctls":{"kernel.sem":"1"},"ShmSize":1,"Tmpfs":{"/run":"size=5","/x":""},
    "ExtraHosts":["a:10.0.0.1"],"Dns":["10.0.0.53"],"DnsSearch":["d"],"DnsOptions":["ndots:2"],"GroupAdd":["3"],"Privileged":true,
    "CapAdd":["KILL"],"CapDrop":["ALL"],"ReadonlyRootfs":true,"SecurityOpt":["no-new-privileges"],"PidsLimit":9,
    "LogConfig":{"Type":"local","Config":{"max-file":"2"}},
    "Devices":[{"PathOnHost":"/dev/a","PathInContainer":"/dev/b","CgroupPermissions":"rw"}],
    "DeviceRequests":[{"Driver":"","Count":2,"DeviceIDs":null,"Capabilities":[["gpu"]],"Options":{}}]})"));
}

TEST(EngineCodec, OptionsAreReadBackAsTheyWereWritten) {
  ContainerSpec spec;
  spec.options = every_option();
  const auto body = container_body(spec);
  EXPECT_EQ(options_from_json(body, body["HostConfig"]), spec.options);
  EXPECT_EQ(options_from_json(json::object(), json::object()), ContainerOptions());
  EXPECT_EQ(options_from_json(json::parse(R"({"Tty":null,"User":7})"), json::parse(R"({"Ulimits":null,"Devices":{},"DeviceRequests":null,"LogConfig":null})")),
            ContainerOptions());
}

TEST(EngineCodec, BytesThatAreNoUtf8DoNotThrow) {
  ContainerSpec spec;
  spec.env = {"A=\xff\xfe"};
  EXPECT_NE(to_text(container_body(spec)).find("\xef\xbf\xbd"), std::string::npos);
}

TEST(EngineCodec, ALimitThatIsTakenAwayReadsAsNone) {
  const auto body = update_body(0, 0, 4);
  Container container;
  container.nano_cpus = body["NanoCpus"];
  container.memory_bytes = body["Memory"];
  EXPECT_LE(container.nano_cpus, 4000000000);
  EXPECT_GE(body["MemorySwap"], body["Memory"]);
  forget_void_limits(container);
  EXPECT_EQ(container.nano_cpus, 0);
  EXPECT_EQ(container.memory_bytes, 0);
  container.nano_cpus = 4000000000;
  container.memory_bytes = std::int64_t{1} << 40;
  forget_void_limits(container);
  EXPECT_EQ(container.nano_cpus, 4000000000);
  EXPECT_EQ(container.memory_bytes, std::int64_t{1} << 40);
}

// Before the engine was asked how many processors it has, and after a machine got more.
TEST(EngineCodec, ALimitThatWasTakenAwayIsKnownByItsValueAlone) {
  for (const int cpus : {1, 2, 3, 64, 1000}) {
    Container container;
    container.nano_cpus = update_body(0, 64 << 20, cpus)["NanoCpus"];
    container.memory_bytes = 64 << 20;
    forget_void_limits(container);
    EXPECT_EQ(container.nano_cpus, 0) << cpus;
    EXPECT_EQ(container.memory_bytes, 64 << 20) << cpus;
  }
  for (const std::int64_t limit :
       {std::int64_t{0}, std::int64_t{1000000}, std::int64_t{999000000}, std::int64_t{1000000000},
        std::int64_t{1999999998}, std::int64_t{64000000000}}) {
    Container container;
    container.nano_cpus = limit;
    forget_void_limits(container);
    EXPECT_EQ(container.nano_cpus, limit);
  }
}

TEST(EngineCodec, FiltersAndTimesAreAsTheEngineReadsThem) {
  EXPECT_EQ(decoded(label_filter({"a=b&c", "d"})), json::parse(R"({"label":["a=b&c","d"]})"));
  EXPECT_EQ(decoded(event_filter())["type"], json::parse(R"(["container","network","volume"])"));
  EXPECT_EQ(since_text(1795476946012345678), "1795476946.012345678");
  EXPECT_EQ(since_text(5), "0.000000005");
}

TEST(EngineCodec, AnImageAlwaysHasATag) {
  const auto split = [](const char* text) {
    const auto name = split_reference(text);
    return name.repository + " " + name.tag;
  };
  EXPECT_EQ(split("postgres"), "postgres latest");
  EXPECT_EQ(split("postgres:16"), "postgres 16");
  EXPECT_EQ(split("localhost:5000/a/b"), "localhost:5000/a/b latest");
  EXPECT_EQ(split("localhost:5000/a/b:1"), "localhost:5000/a/b 1");
  EXPECT_EQ(split("redis@sha256:abcd"), "redis sha256:abcd");
  EXPECT_EQ(split("redis:7@sha256:abcd"), "redis sha256:abcd");
}

TEST(EngineCodec, AnImageHasOneNormalizedReference) {
  for (const char* text : {"redis", "redis:latest", "library/redis", "docker.io/redis",
                           "docker.io/library/redis:latest", "index.docker.io/library/redis"}) {
    EXPECT_EQ(normalized_reference(text), "docker.io/library/redis:latest") << text;
  }
  EXPECT_EQ(normalized_reference("redis:7"), "docker.io/library/redis:7");
  EXPECT_EQ(normalized_reference("berth-test/redis:7"), "docker.io/berth-test/redis:7");
  EXPECT_EQ(normalized_reference("localhost/redis"), "localhost/redis:latest");
  EXPECT_EQ(normalized_reference("localhost:5000/redis:7"), "localhost:5000/redis:7");
  EXPECT_EQ(normalized_reference("r.example/a/b"), "r.example/a/b:latest");
  EXPECT_EQ(normalized_reference("redis:7@sha256:abcd"), "docker.io/library/redis@sha256:abcd");
}

}  // namespace
}  // namespace berth::engine
