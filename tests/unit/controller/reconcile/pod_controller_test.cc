#include "controller/reconcile/pod_controller.h"

#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

struct PodWorld : ReconcileWorld {
  const crd::ResourceInfo& pod_kind = *scheme.find("", "v1", "pods");
  metrics::RuntimeMetrics pod_metrics{metrics, "pod", PodController::kWorkers};
  std::unique_ptr<PodController> pods;

  void SetUp() override { begin(); }
  void TearDown() override {
    end();
    ReconcileWorld::TearDown();
  }
  void begin() {
    make();
    pods = std::make_unique<PodController>(io.get_executor(), clock, client, pod_kind, berthd->environments(), pod_metrics,
                                           plan::PodHost{"local", "127.0.0.1"});
    berthd->start();
    pods->start();
    fakes::settle(io);
  }
  void end() {
    if (!pods) return;
    fakes::run_task(io, clock, pods->stop());
    pods.reset();
    stop();
  }
  ObjectPtr pod(const std::string& name) { return store->get({"pods", "ci", name}); }
  std::string pod_phase(const std::string& name) {
    const auto found = pod(name);
    return found ? found->status().value("phase", "") : "gone";
  }
};

TEST_F(PodWorld, EveryServiceHasAPodThatFollowsIt) {
  create(two_services("shop"));
  run(5s);
  ASSERT_EQ(phase("shop"), "Ready");
  for (const char* name : {"shop.postgres", "shop.api"}) {
    ASSERT_EQ(pod_phase(name), "Running") << name;
    EXPECT_EQ(crd::condition_status(pod(name)->status(), "Ready"), "True") << name;
  }
  engine.kill(container_of("shop", "api"), 3);
  run(1s);
  const auto container = pod("shop.api")->status()["containerStatuses"][0];
  EXPECT_EQ(container["restartCount"], 1);
  EXPECT_EQ(container["lastState"]["terminated"]["exitCode"], 3);
}

TEST_F(PodWorld, PodsGoWithTheirEnvironment) {
  create(two_services("shop"));
  run(5s);
  remove("shop");
  run(5s);
  ASSERT_EQ(phase("shop"), "gone");
  EXPECT_EQ(pod_phase("shop.postgres"), "gone");
  EXPECT_EQ(pod_phase("shop.api"), "gone");
}

TEST_F(PodWorld, APodGoesWithItsService) {
  create(two_services("shop"));
  run(5s);
  change_spec("shop", [](json& spec) { spec["services"].erase(1); });
  run(5s);
  EXPECT_EQ(pod_phase("shop.api"), "gone");
  EXPECT_EQ(pod_phase("shop.postgres"), "Running");
}

TEST_F(PodWorld, ThoseOfAnEnvironmentThatWentMeanwhileAreRemoved) {
  create(environment("shop", {service("redis")}));
  run(5s);
  end();
  const auto uid = get("shop")->uid();
  fakes::run_task(io, clock, client.remove(kind, {"ci", "shop"}, {})).value();
  fakes::run_task(io, clock, registry.remove_finalizer(kind, {"ci", "shop"}, uid, std::string(crd::kEngineFinalizer))).value();
  ASSERT_EQ(phase("shop"), "gone");
  ASSERT_EQ(pod_phase("shop.redis"), "Running");
  begin();
  run(1s);
  EXPECT_EQ(pod_phase("shop.redis"), "gone");
}

TEST_F(PodWorld, NothingIsWrittenWhileNothingChanges) {
  create(two_services("shop"));
  run(5s);
  const auto before = pod("shop.api")->revision();
  run(120s);
  EXPECT_EQ(pod("shop.api")->revision(), before);
}

TEST_F(PodWorld, AStartIsFewWrites) {
  const auto writes = [this] { return metric("controller_runtime_reconcile_total{controller=\"pod\",result=\"success\"}"); };
  create(two_services("shop"));
  run(10s);
  EXPECT_LE(writes(), 6) << "passes over pods of one environment until it is ready";
}

}  // namespace
}  // namespace berth::reconcile
