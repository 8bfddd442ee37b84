#include "controller/plan/container_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

Scene shop() {
  Scene scene;
  scene.port("postgres", "sql", 5432, "DEV_POSTGRES_PORT", 30000);
  scene.port("redis", "redis", 6379, "DEV_REDIS_PORT", 30001);
  crd::Service& api = scene.service("api");
  api.env = {{"DB", "127.0.0.1:$(DEV_POSTGRES_PORT)"}, {"URL", "http://$(DB)/$(NOBODY)"}, {"COST", "$$(DB)"}};
  api.command = {"serve", "--db=$(DB)"};
  api.args = {"--verbose"};
  api.depends_on = {{"postgres", crd::DependencyCondition::Ready}};
  return scene;
}

engine::ContainerSpec spec_of(const Scene& scene, const std::string& name) {
  return container_spec(scene.input, *scene.input.spec.find(name), "net1");
}

std::string hash_of(const Scene& scene, const std::string& name) { return spec_hash(scene.input, *scene.input.spec.find(name)); }

TEST(Names, AreUniquePerUidAndFoundAgain) {
  EXPECT_EQ(container_name("shop", "redis", "0a1b2c3d-0000"), "shop-redis-0a1b2c3d");
  EXPECT_EQ(network_name("shop", "0a1b2c3d-0000"), "shop-0a1b2c3d");
  EXPECT_EQ(network_name("shop", "0a1b"), "shop-0a1b");
}

TEST(ContainerSpec, CarriesTheProofOfOwnership) {
  Scene scene = shop();
  scene.input.revision = 7;
  const auto spec = spec_of(scene, "redis");
  EXPECT_EQ(spec.labels, (engine::Labels{{kInstanceLabel, "here"},
                                         {kUidLabel, "0a1b2c3d-0000"},
                                         {kNamespaceLabel, "ci"},
                                         {kEnvironmentLabel, "shop"},
                                         {kServiceLabel, "redis"},
                                         {kRevisionLabel, "7"},
                                         {kSpecHashLabel, hash_of(scene, "redis")}}));
  EXPECT_EQ(spec.name, "shop-redis-0a1b2c3d");
  EXPECT_EQ(spec.network_id, "net1");
  EXPECT_EQ(spec.network_name, "shop-0a1b2c3d");
  EXPECT_THAT(spec.aliases, ElementsAre("redis"));
}

TEST(ContainerSpec, ExpandsVariablesInEnvCommandAndArgs) {
  const auto spec = spec_of(shop(), "api");
  EXPECT_THAT(spec.env, ElementsAre("DEV_POSTGRES_PORT=30000", "DEV_REDIS_PORT=30001", "DB=127.0.0.1:30000",
                                    "URL=http://127.0.0.1:30000/$(NOBODY)", "COST=$(DB)"));
  EXPECT_THAT(spec.entrypoint, ElementsAre("serve", "--db=127.0.0.1:30000"));
  EXPECT_THAT(spec.cmd, ElementsAre("--verbose"));
}

TEST(ContainerSpec, AVariableSeesOnlyThoseBeforeIt) {
  Scene scene;
  scene.service("a").env = {{"FIRST", "$(SECOND)"}, {"SECOND", "2"}};
  EXPECT_THAT(spec_of(scene, "a").env, ElementsAre("FIRST=$(SECOND)", "SECOND=2"));
}

TEST(ContainerSpec, TheServicesOwnVariableWinsOverAnInjectedPort) {
  Scene scene = shop();
  scene.service("api").env = {{"DEV_REDIS_PORT", "mine"}};
  EXPECT_THAT(spec_of(scene, "api").env, ElementsAre("DEV_POSTGRES_PORT=30000", "DEV_REDIS_PORT=mine"));
}

TEST(ContainerSpec, PublishesTheLeasedPortsOfItsServiceOnly) {
  EXPECT_THAT(spec_of(shop(), "postgres").ports, ElementsAre(engine::PortBinding{5432, "tcp", "127.0.0.1", 30000}));
  EXPECT_TRUE(spec_of(shop(), "api").ports.empty());
}

TEST(ContainerSpec, DoesNotPublishAPortThatTheServiceNoLongerHas) {
  Scene scene = shop();
  scene.service("redis").ports.clear();
  EXPECT_TRUE(spec_of(scene, "redis").ports.empty()) << "its lease stays until the container before is gone";
}

TEST(ContainerSpec, LimitsRequestsAndGraceAreInEngineUnits) {
  Scene scene;
  crd::Service& service = scene.service("a");
  service.limits = {500'000'000, 64 << 20};
  service.requests = {250'000'000, 0};
  service.termination_grace = 1500ms;
  const auto spec = spec_of(scene, "a");
  EXPECT_EQ(spec.nano_cpus, 500'000'000);
  EXPECT_EQ(spec.memory_bytes, 64 << 20);
  EXPECT_EQ(spec.cpu_shares, 256);
  EXPECT_EQ(spec.stop_timeout_seconds, 2);
  service.requests = {1'000'000, 0};
  EXPECT_EQ(spec_of(scene, "a").cpu_shares, 2) << "the engine refuses less";
}

TEST(ContainerSpec, TheImagesHealthcheckRunsOnlyWhereItIsTheProbe) {
  Scene scene;
  scene.service("a");
  ASSERT_TRUE(spec_of(scene, "a").healthcheck);
  EXPECT_THAT(spec_of(scene, "a").healthcheck->test, ElementsAre("NONE"));
  scene.service("a").readiness = crd::Probe{.action = crd::ImageAction{}};
  EXPECT_FALSE(spec_of(scene, "a").healthcheck);
}

TEST(NetworkSpec, AlwaysNamesSubnetAndGateway) {
  const Scene scene = shop();
  const auto spec = network_spec(scene.input);
  EXPECT_EQ(spec.name, "shop-0a1b2c3d");
  EXPECT_EQ(spec.subnet, "10.213.0.0/27");
  EXPECT_EQ(spec.gateway, "10.213.0.1");
  EXPECT_EQ(spec.labels.at(kSpecHashLabel), network_hash(scene.input.spec, scene.input.leases));
  EXPECT_EQ(spec.labels.count(kServiceLabel), 0u);
}

TEST(ContainerSpec, TheSettingsOfAServiceBecomeOptions) {
  Scene scene;
  crd::ContainerSettings& settings = scene.service("a").settings;
  EXPECT_EQ(spec_of(scene, "a").options, engine::ContainerOptions());
  EXPECT_EQ(spec_of(scene, "a").hostname, "a");
  settings.hostname = "h";
  settings.aliases = {"b", "a", "c"};
  settings.init = false;
  settings.platform = "linux/arm64";
  settings.stop_signal = "SIGINT";
  settings.stdin_open = true;
  settings.ulimits = {{"nofile", 1, 2}};
  settings.sysctls = {{"kernel.sem", "1"}};
  settings.shm_bytes = 3;
  settings.tmpfs = {{"/a", 4, 01777}, {"/b", 0, 0}, {"/c", 5, std::nullopt}, {"/d", 0, std::nullopt}};
  settings.extra_hosts = {{"10.0.0.1", {"x", "y"}}, {"host-gateway", {"z"}}};
  settings.dns = {{"10.0.0.53"}, {"d"}, {"ndots:2"}};
  settings.security = {"1:2", {"3"}, true, {"KILL"}, {"ALL"}, true, true};
  settings.pids_limit = 6;
  settings.logging = {"local", {{"max-file", "2"}}};
  settings.devices = {{"/dev/a", "/dev/b", "r"}};
  settings.gpus = 7;
  const auto spec = spec_of(scene, "a");
  EXPECT_EQ(spec.hostname, "h");
  EXPECT_THAT(spec.aliases, ElementsAre("a", "b", "c"));
  engine::ContainerOptions wanted;
  wanted.init = false;
  wanted.platform = "linux/arm64";
  wanted.stop_signal = "SIGINT";
  wanted.open_stdin = true;
  wanted.ulimits = {{"nofile", 1, 2}};
  wanted.sysctls = {{"kernel.sem", "1"}};
  wanted.shm_bytes = 3;
  wanted.tmpfs = {{"/a", "size=4,mode=1777"}, {"/b", "mode=0"}, {"/c", "size=5"}, {"/d", ""}};
  wanted.extra_hosts = {"x:10.0.0.1", "y:10.0.0.1", "z:host-gateway"};
  wanted.dns_servers = {"10.0.0.53"};
  wanted.dns_searches = {"d"};
  wanted.dns_options = {"ndots:2"};
  wanted.user = "1:2";
  wanted.groups = {"3"};
  wanted.privileged = true;
  wanted.cap_add = {"KILL"};
  wanted.cap_drop = {"ALL"};
  wanted.read_only_root = true;
  wanted.security_options = {"no-new-privileges"};
  wanted.pids_limit = 6;
  wanted.log_driver = "local";
  wanted.log_options = {{"max-file", "2"}};
  wanted.devices = {{"/dev/a", "/dev/b", "r"}};
  wanted.gpus = 7;
  EXPECT_EQ(spec.options, wanted);
}

TEST(NetworkSpec, TheSizeOfAPacketIsAnOptionOfTheBridge) {
  Scene scene = shop();
  EXPECT_TRUE(network_spec(scene.input).options.empty());
  const std::string before = network_hash(scene.input.spec, scene.input.leases);
  scene.input.spec.network_mtu = 1400;
  EXPECT_EQ(network_spec(scene.input).options.at("com.docker.network.driver.mtu"), "1400");
  EXPECT_NE(network_hash(scene.input.spec, scene.input.leases), before);
}

TEST(NetworkSpec, TheIpv6NetworkFollowsFromTheIpv4One) {
  Scene scene = shop();
  EXPECT_EQ(network_spec(scene.input).subnet_ipv6, "");
  EXPECT_EQ(scene.status()["network"].count("subnetIPv6"), 0u);
  const std::string before = network_hash(scene.input.spec, scene.input.leases);
  scene.input.spec.network_ipv6 = true;
  scene.input.leases.subnet = "10.213.0.32/27";
  EXPECT_EQ(network_spec(scene.input).subnet_ipv6, "fd62:6572:ad5:20::/64");
  EXPECT_EQ(network_spec(scene.input).gateway_ipv6, "fd62:6572:ad5:20::1");
  EXPECT_EQ(scene.status()["network"]["subnetIPv6"], "fd62:6572:ad5:20::/64");
  scene.input.leases.subnet = "10.213.0.0/27";
  EXPECT_EQ(network_spec(scene.input).subnet_ipv6, "fd62:6572:ad5::/64");
  EXPECT_NE(network_hash(scene.input.spec, scene.input.leases), before);
}

TEST(NetworkHash, CoversSubnetAndInternal) {
  Scene scene;
  const std::string before = network_hash(scene.input.spec, scene.input.leases);
  scene.input.spec.network_internal = true;
  EXPECT_NE(network_hash(scene.input.spec, scene.input.leases), before);
  scene.input.spec.network_internal = false;
  scene.input.leases.subnet = "10.213.0.32/27";
  EXPECT_NE(network_hash(scene.input.spec, scene.input.leases), before);
}

struct Change {
  const char* what;
  void (*apply)(Scene&);
  bool replaces_api;
};

TEST(SpecHash, CoversWhatIsFixedAtCreateTimeAndNothingElse) {
  const Change changes[] = {
      {"image", [](Scene& s) { s.service("api").image = "api:2"; }, true},
      {"env", [](Scene& s) { s.service("api").env[0].value = "elsewhere"; }, true},
      {"command", [](Scene& s) { s.service("api").command = {"other"}; }, true},
      {"args", [](Scene& s) { s.service("api").args.clear(); }, true},
      {"words moved from command to args", [](Scene& s) { s.service("api").command = {"serve"}; s.service("api").args = {"--db=$(DB)", "--verbose"}; }, true},
      {"working directory", [](Scene& s) { s.service("api").working_dir = "/srv"; }, true},
      {"a file", [](Scene& s) { s.service("api").files.push_back({"/etc/a", "text"}); }, true},
      {"a port of its own", [](Scene& s) { s.port("api", "http", 80, "", 30002); }, true},
      {"the image's healthcheck", [](Scene& s) { s.service("api").readiness = crd::Probe{.action = crd::ImageAction{}}; }, true},
      {"a dependency's image", [](Scene& s) { s.service("postgres").image = "postgres:17"; }, true},
      {"another dependency", [](Scene& s) { s.service("api").depends_on.push_back({"redis", {}}); }, true},
      {"a port that it names", [](Scene& s) { s.input.leases.ports[0].host_port = 31000; }, true},
      {"a port that it does not name", [](Scene& s) { s.input.leases.ports[1].host_port = 31000; }, false},
      {"an unrelated service", [](Scene& s) { s.service("redis").image = "redis:8"; }, false},
      {"probe", [](Scene& s) { s.service("api").readiness = s.tcp_probe(); }, false},
      {"limits", [](Scene& s) { s.service("api").limits = {1, 2}; }, false},
      {"restart policy", [](Scene& s) { s.service("api").restart_policy = crd::RestartPolicy::Never; }, false},
      {"grace", [](Scene& s) { s.service("api").termination_grace = 5s; }, false},
      {"pull policy", [](Scene& s) { s.service("api").pull_policy = crd::PullPolicy::Always; }, false},
      {"dependsOn condition", [](Scene& s) { s.service("api").depends_on[0].condition = crd::DependencyCondition::Started; }, false},
      {"ttl", [](Scene& s) { s.input.spec.ttl = 5s; }, false},
  };
  const std::string before = hash_of(shop(), "api");
  for (const Change& change : changes) {
    Scene scene = shop();
    change.apply(scene);
    EXPECT_EQ(hash_of(scene, "api") != before, change.replaces_api) << change.what;
  }
}

TEST(SpecHash, TellsBinaryFilesApart) {
  Scene scene;
  scene.service("a").files.push_back({"/f", std::string("\xff\xfe")});
  const std::string before = hash_of(scene, "a");
  scene.service("a").files[0].content = std::string("\xfe\xff");
  EXPECT_NE(hash_of(scene, "a"), before);
}

TEST(SpecHash, IsTheSameInEveryBuild) {
  Scene scene;
  scene.service("redis");
  EXPECT_EQ(hash_of(scene, "redis"), "75bf3a3c3c3c0824") << "a change here replaces every container at an upgrade";
  EXPECT_EQ(spec_hashes(scene.input).at("redis"), hash_of(scene, "redis"));
  EXPECT_EQ(network_hash(scene.input.spec, scene.input.leases), "98c92b8921e15991") << "and this one every network";
  scene = shop();
  scene.service("api").working_dir = "/srv";
  scene.service("api").files.push_back({"/etc/a", "text"});
  EXPECT_EQ(hash_of(scene, "api"), "a14d5b8df474fd47");
}

TEST(SpecHash, ACycleEnds) {
  Scene scene;
  scene.service("a").depends_on = {{"b", {}}};
  scene.service("b").depends_on = {{"a", {}}};
  EXPECT_FALSE(hash_of(scene, "a").empty());
  EXPECT_EQ(spec_hashes(scene.input).size(), 2u);
}

}  // namespace
}  // namespace berth::plan
