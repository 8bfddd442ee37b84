#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

// Calls that do not end: who made them can still be changed and deleted, and others are served.
struct SickEngineTest : ReconcileWorld {
  void pulls_for_ever(const std::string& image) {
    engine.every_image_exists = false;
    engine.add_image("busybox", {});
    engine.inject({.operation = "image_pull", .target = image, .times = -1});
  }
  int created(const std::string& image) {
    int count = 0;
    for (const auto& container : engine.containers()) count += container.image == image ? 1 : 0;
    return count;
  }
};

TEST_F(SickEngineTest, ADeletionDoesNotWaitForAPull) {
  pulls_for_ever("huge");
  create(environment("shop", {service("app", "huge:1"), service("peer")}));
  run(5s);
  ASSERT_EQ(engine.count("image_pull"), 1);
  remove("shop");
  run(5s);
  EXPECT_EQ(phase("shop"), "gone");
  EXPECT_TRUE(engine.containers().empty());
  EXPECT_TRUE(engine.networks().empty());
}

TEST_F(SickEngineTest, AnotherImageDoesNotWaitForThePullOfTheOld) {
  pulls_for_ever("huge");
  create(environment("shop", {service("app", "huge:1")}));
  run(5s);
  change_spec("shop", [](json& spec) { spec["services"][0]["image"] = "busybox"; });
  run(5s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(created("huge:1"), 0);
}

TEST_F(SickEngineTest, AChangeElsewhereLeavesThePullAlone) {
  pulls_for_ever("huge");
  create(environment("shop", {service("app", "huge:1"), service("peer")}));
  run(5s);
  change_spec("shop", [](json& spec) { spec["services"][1]["workingDir"] = "/tmp"; });
  run(5s);
  EXPECT_EQ(engine.count("image_pull"), 1);
}

TEST_F(SickEngineTest, StartsThatHangStopNeitherOthersNorTheirOwnDeletion) {
  engine.inject({.operation = "container_start", .target = "", .times = 4});
  for (int i = 0; i < 6; ++i) create(environment("h" + std::to_string(i), {service("app")}));
  run(60s);
  int ready = 0;
  for (int i = 0; i < 6; ++i) ready += phase("h" + std::to_string(i)) == "Ready" ? 1 : 0;
  EXPECT_EQ(ready, 2);
  for (int i = 0; i < 6; ++i) remove("h" + std::to_string(i));
  run(60s);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(phase("h" + std::to_string(i)), "gone") << i;
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(SickEngineTest, AStartThatTakesLongIsNeverMadeTwice) {
  engine.latency["container_start"] = 100s;
  create(environment("shop", {service("app")}));
  run(40s);
  EXPECT_EQ(service_status("shop", "app").value("reason", ""), "EngineUnavailable");
  run(80s);
  EXPECT_EQ(phase("shop"), "Ready");
  EXPECT_EQ(engine.count("container_start"), 1);
}

}  // namespace
}  // namespace berth::reconcile
