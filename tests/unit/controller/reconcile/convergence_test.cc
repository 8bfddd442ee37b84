#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct ConvergenceTest : ReconcileWorld {};

TEST_F(ConvergenceTest, AnEnvironmentBecomesReadyInDependencyOrder) {
  create(two_services("shop"));
  run(5s);
  EXPECT_EQ(phase("shop"), "Ready");
  const auto postgres = engine.container(container_of("shop", "postgres"));
  const auto api = engine.container(container_of("shop", "api"));
  ASSERT_TRUE(postgres && api);
  EXPECT_TRUE(postgres->running() && api->running());
  EXPECT_LT(postgres->started_at, api->started_at);
  EXPECT_EQ(status("shop")["endpoints"]["postgres.sql"], "127.0.0.1:30000");
  EXPECT_EQ(status("shop")["env"]["DEV_POSTGRES_PORT"], "30000");
  EXPECT_EQ(heard("Leased"), 1);
  EXPECT_EQ(heard("NetworkCreated"), 1);
  EXPECT_EQ(heard("Created"), 2);
  EXPECT_EQ(heard("Started"), 2);
  EXPECT_EQ(heard("Ready"), 1);
}

TEST_F(ConvergenceTest, LeasesAreStoredBeforeTheFirstEngineCallThatUsesThem) {
  engine.inject({.operation = "network_create", .times = -1});  // hangs
  create(two_services("shop"));
  EXPECT_EQ(status("shop")["network"]["subnet"], "10.213.0.0/27");
  EXPECT_EQ(status("shop")["endpoints"]["postgres.sql"], "127.0.0.1:30000");
  EXPECT_EQ(engine.count("container_create"), 0);
}

TEST_F(ConvergenceTest, ADependentWaitsUntilTheProbeSucceeds) {
  transport.rule = [](auto&, auto) { return Dial::Refused; };
  create(two_services("shop"));
  run(10s);
  EXPECT_EQ(phase("shop"), "Provisioning");
  EXPECT_EQ(engine.count("container_start"), 1);
  EXPECT_THAT(service_status("shop", "postgres").value("message", ""), HasSubstr("refused"));
  transport.rule = [](auto&, auto) { return Dial::Open; };
  run(2s);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(ConvergenceTest, ASecondLookChangesNothing) {
  create(two_services("shop"));
  run(5s);
  const auto revision = get("shop")->revision();
  engine.forget_calls();
  run(10min);
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_EQ(get("shop")->revision(), revision);
}

TEST_F(ConvergenceTest, ARestartOfBerthdChangesNothing) {
  create(two_services("shop"));
  run(5s);
  const auto revision = get("shop")->revision();
  engine.forget_calls();
  stop();
  start();
  run(30s);
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_EQ(get("shop")->body()["metadata"]["resourceVersion"], std::to_string(revision));
  EXPECT_EQ(berthd->host().ports.holder({"127.0.0.1", crd::Protocol::Tcp, 30000}), get("shop")->uid() + "/postgres.sql");
}

TEST_F(ConvergenceTest, AChangedServiceIsReplacedAndNothingElse) {
  create(environment("shop", {service("a"), service("b")}));
  run(5s);
  const auto b = service_status("shop", "b")["containerID"];
  const auto a = service_status("shop", "a")["containerID"];
  change_spec("shop", [](json& spec) { spec["services"][0]["args"] = {"other"}; });
  run(5s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_NE(service_status("shop", "a")["containerID"], a);
  EXPECT_EQ(service_status("shop", "b")["containerID"], b);
}

TEST_F(ConvergenceTest, APortThatIsNoLongerWantedStaysLeasedAsLongAsItIsPublished) {
  auto body = two_services("shop");
  body["spec"]["services"][0]["ports"].push_back({{"name", "x"}, {"containerPort", 99}});
  create(body);
  run(5s);
  ASSERT_EQ(status("shop")["endpoints"]["postgres.x"], "127.0.0.1:30001");
  const auto old = container_of("shop", "postgres");
  engine.latency["container_remove"] = 5s;
  change_spec("shop", [](json& spec) { spec["services"][0]["ports"].erase(1); });
  const plan::PortKey dropped{"127.0.0.1", crd::Protocol::Tcp, 30001};
  for (int i = 0; i < 100; ++i) {
    const auto container = engine.container(old);
    const bool published = container && std::any_of(container->ports.begin(), container->ports.end(),
                                                    [](const auto& port) { return port.host_port == 30001; });
    ASSERT_TRUE(!published || !berthd->host().ports.holder(dropped).empty()) << i;
    run(100ms);
  }
  EXPECT_EQ(berthd->host().ports.holder(dropped), "");
  EXPECT_EQ(engine.container(container_of("shop", "postgres"))->ports.size(), 1u);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(ConvergenceTest, AHundredEnvironmentsBecomeReadyWithinTheLimitOfStarts) {
  engine.latency["container_start"] = 300ms;
  engine.latency["container_create"] = 10ms;
  engine.latency["network_create"] = 20ms;
  stop();
  options.host.subnet_pool = plan::parse_subnet("10.213.0.0/16").value();
  options.host.ports = {30000, 30499};
  start();
  for (int i = 0; i < 100; ++i) create(two_services("env" + std::to_string(i)));
  run(10min);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(phase("env" + std::to_string(i)), "Ready") << i;
  EXPECT_LE(engine.most_at_once("container_start"), 8 * engine.engine_info.cpus);
  EXPECT_LE(engine.most_at_once("network_create"), 4);
  EXPECT_EQ(metric("berth_parallelism_peak"), 100);
}

TEST_F(ConvergenceTest, TenEnvironmentsThatNeedAnImagePullItOnce) {
  engine.every_image_exists = false;
  engine.offer_image("registry/app:1", {});
  engine.latency["image_pull"] = 3s;
  for (int i = 0; i < 10; ++i) create(environment("env" + std::to_string(i), {service("app", "registry/app:1")}));
  run(30s);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(phase("env" + std::to_string(i)), "Ready") << i;
  EXPECT_EQ(engine.count("image_pull"), 1);
  EXPECT_EQ(heard("Pulled"), 10);
}

TEST_F(ConvergenceTest, AnImageThatMayNotBePulledIsNamed) {
  engine.every_image_exists = false;
  json app = service("app", "registry/app:1");
  app["imagePullPolicy"] = "Never";
  create(environment("shop", {app}));
  run(5s);
  EXPECT_EQ(service_status("shop", "app").value("reason", ""), "ImageNotFound");
  EXPECT_EQ(engine.count("image_pull"), 0);
  engine.add_image("registry/app:1", {});
  run(5min);
  EXPECT_EQ(phase("shop"), "Ready");
}

TEST_F(ConvergenceTest, WaitsForASubnetAndGoesOnByItself) {
  stop();
  options.host.subnet_pool = plan::parse_subnet("10.213.0.0/27").value();
  start();
  create(environment("first", {service("a")}));
  run(5s);
  create(environment("second", {service("a")}));
  run(5s);
  EXPECT_EQ(phase("second"), "Pending");
  EXPECT_EQ(crd::condition_status(status("second"), "Scheduled"), "False");
  remove("first");
  run(1s);
  EXPECT_EQ(phase("second"), "Ready");
}

TEST_F(ConvergenceTest, OfThoseWhoWaitForASubnetTheOldestIsServed) {
  stop();
  options.host.subnet_pool = plan::parse_subnet("10.213.0.0/27").value();
  start();
  create(environment("first", {service("a")}));
  run(2s);
  for (int i = 0; i < 8; ++i) {
    create(environment("w" + std::to_string(i), {service("a")}));
    run(1s);
  }
  auto holder = std::string("first");
  for (int i = 0; i < 8; ++i) {
    remove(holder);
    run(1s);
    holder = "w" + std::to_string(i);
    EXPECT_EQ(phase(holder), "Ready");
  }
}

TEST_F(ConvergenceTest, ANewServiceDoesNotWaitForAPortThatIsHeldByOthers) {
  create(two_services("shop"));
  run(5s);
  ASSERT_EQ(phase("shop"), "Ready");
  engine.hold_port("127.0.0.1", 30001);
  change_spec("shop", [](json& spec) {
    json redis = service("redis");
    redis["ports"] = {{{"name", "r"}, {"containerPort", 6379}}};
    spec["services"].push_back(redis);
  });
  run(3s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(status("shop")["endpoints"]["redis.r"], "127.0.0.1:30002");
}

TEST_F(ConvergenceTest, ARequestChangesInPlace) {
  json app = service("app");
  app["resources"] = {{"requests", {{"cpu", "250m"}}}};
  create(environment("shop", {app}));
  run(3s);
  const auto id = service_status("shop", "app")["containerID"];
  EXPECT_EQ(engine.container(id)->cpu_shares, 256);
  change_spec("shop", [](json& spec) { spec["services"][0]["resources"]["requests"]["cpu"] = "2"; });
  run(3s);
  EXPECT_EQ(service_status("shop", "app")["containerID"], id);
  EXPECT_EQ(engine.container(id)->cpu_shares, 2048);
}

TEST_F(ConvergenceTest, ARouteThatAppearsLaterIsNotLeasedOver) {
  stop();
  std::vector<plan::Subnet> routes;
  options.host.engine_is_local = true;
  options.host.routes = [&] { return routes; };
  start();
  create(environment("before", {service("a")}));
  run(3s);
  EXPECT_EQ(status("before")["network"]["subnet"], "10.213.0.0/27");
  routes = {plan::parse_subnet("10.213.0.32/27").value()};  // a VPN comes up
  create(environment("after", {service("a")}));
  run(3s);
  EXPECT_EQ(status("after")["network"]["subnet"], "10.213.0.64/27");
  stop();
}

TEST_F(ConvergenceTest, FilesAreCopiedBeforeTheFirstStart) {
  json app = service("app");
  app["files"] = {{{"path", "/etc/app.conf"}, {"content", "x=1\n"}}};
  create(environment("shop", {app}));
  run(5s);
  const auto files = engine.files(container_of("shop", "app"));
  ASSERT_TRUE(files.contains("/etc/app.conf"));
  EXPECT_EQ(files.at("/etc/app.conf").content, "x=1\n");
}

TEST_F(ConvergenceTest, ANewEnvironmentSaysThatTheEngineDoesNotAnswer) {
  stop();
  engine.set_down(true);
  start();
  create(two_services("shop"));
  run(2s);
  EXPECT_EQ(phase("shop"), "Pending");
  EXPECT_THAT(crd::dump(status("shop")), HasSubstr("EngineUnavailable"));
  engine.set_down(false);
  run(20s);
  EXPECT_EQ(phase("shop"), "Ready");
}

}  // namespace
}  // namespace berth::reconcile
