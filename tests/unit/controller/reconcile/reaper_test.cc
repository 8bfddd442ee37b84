#include <fstream>

#include "controller/plan/names.h"
#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

using testing::IsEmpty;

struct ReaperTest : ReconcileWorld {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("berth-reaper-" + std::to_string(::getpid()) + ".json");

  void SetUp() override { std::filesystem::remove(file); }  // each test puts something on the engine first
  void TearDown() override {
    ReconcileWorld::TearDown();
    std::filesystem::remove(file);
  }

  static engine::Labels labels(const std::string& instance, const std::string& uid = "0123456789abcdef") {
    return {{plan::kInstanceLabel, instance}, {plan::kUidLabel, uid},         {plan::kNamespaceLabel, "ci"},
            {plan::kEnvironmentLabel, "old"}, {plan::kServiceLabel, "redis"}, {plan::kSpecHashLabel, "x"}};
  }
  void leave_behind(const std::string& uid = "0123456789abcdef", std::uint64_t revision = 0) {
    auto its = labels("test", uid);
    if (revision != 0) its[plan::kRevisionLabel] = std::to_string(revision);
    engine.add_foreign_network("old-" + uid.substr(0, 8), "10.213.0.0/27", its);
    engine.add_foreign_container("old-redis-" + uid.substr(0, 8), "old-" + uid.substr(0, 8), its);
  }
  void live_once() {
    start();
    run(5s);
    stop();
  }
  json reap(bool confirm, bool adopt) { return fakes::run_task(io, clock, berthd->reaper().reap(confirm, adopt)).value(); }
};

TEST_F(ReaperTest, RemovesAtStartWhatNobodyWants) {
  leave_behind();
  start();
  run(5s);
  EXPECT_THAT(engine.containers(), IsEmpty());
  EXPECT_THAT(engine.networks(), IsEmpty());
  EXPECT_EQ(metric("berth_orphans_removed_total{kind=\"container\"}"), 1);
  EXPECT_EQ(metric("berth_orphans_removed_total{kind=\"network\"}"), 1);
  EXPECT_EQ(berthd->host().subnets.counts(clock.system_now()).leased, 0);
}

TEST_F(ReaperTest, WhatAppearsLaterMustBeUnwantedForTheGrace) {
  start();
  run(5s);
  leave_behind();
  run(61s);
  EXPECT_EQ(engine.containers().size(), 1u);
  run(60s);
  EXPECT_THAT(engine.containers(), IsEmpty());
}

TEST_F(ReaperTest, NeverTouchesWhatIsNotItsOwn) {
  engine.add_foreign_network("n", "10.99.0.0/24");
  engine.add_foreign_container("plain", "n");
  engine.add_foreign_container("of-another-berthd", "n", labels("other"));
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 2u);
  EXPECT_EQ(engine.networks().size(), 1u);
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(ReaperTest, WithANewStoreItOnlyReportsUntilSomebodyConfirms) {
  leave_behind();
  options.reaper.store_epoch = 7;
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_EQ(metric("berth_orphans{kind=\"container\"}"), 1);
  auto report = reap(false, false);
  EXPECT_EQ(report["orphans"].size(), 2u);
  EXPECT_EQ(report["held"], true);
  report = reap(true, false);
  EXPECT_EQ(report["removed"], 2);
  EXPECT_THAT(engine.containers(), IsEmpty());
  EXPECT_FALSE(berthd->reaper().held());
}

TEST_F(ReaperTest, AHoldSurvivesARestart) {
  leave_behind();
  options.reaper.store_epoch = 7;
  options.reaper.state_file = file;
  live_once();
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_TRUE(berthd->reaper().held());
}

TEST_F(ReaperTest, AHoldDoesNotWaitForTheEngineToSurviveARestart) {
  leave_behind();
  engine.set_down(true);
  options.reaper.store_epoch = 7;
  options.reaper.state_file = file;
  live_once();
  engine.set_down(false);
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_TRUE(berthd->reaper().held());
}

TEST_F(ReaperTest, ANewStoreOnACleanEngineHoldsNothing) {
  options.reaper.store_epoch = 7;
  options.reaper.state_file = file;
  live_once();
  leave_behind();
  start();
  run(5s);
  EXPECT_THAT(engine.containers(), IsEmpty());
}

TEST_F(ReaperTest, AStoreThatWasRestoredIsAsUnknownAsANewOne) {
  options.reaper.store_epoch = 7;
  options.reaper.state_file = file;
  live_once();
  leave_behind();
  options.reaper.store_epoch = 8;
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_TRUE(berthd->reaper().held());
  reap(true, false);
  stop();
  leave_behind();
  start();
  run(5s);
  EXPECT_THAT(engine.containers(), IsEmpty());
}

TEST_F(ReaperTest, UnderAStateThatCannotBeReadNoStoreIsKnown) {
  options.reaper.store_epoch = 7;
  options.reaper.state_file = file;
  std::ofstream(file) << "{half";
  leave_behind();
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_TRUE(berthd->reaper().held());
}

TEST_F(ReaperTest, WhatIsYoungerThanTheStoreIsHeldBecauseAnOldOneWasPutBack) {
  leave_behind("0123456789abcdef", 800);
  options.reaper.store_revision = 799;
  options.reaper.state_file = file;
  engine.set_down(true);
  live_once();
  options.reaper.store_revision = 900;  // it goes on being written
  engine.set_down(false);
  start();
  run(10min);
  EXPECT_EQ(engine.containers().size(), 1u);
  EXPECT_EQ(engine.networks().size(), 1u);
  EXPECT_TRUE(berthd->reaper().held());
  stop();
  start();
  run(5s);
  EXPECT_TRUE(berthd->reaper().held());
  reap(false, true);
  stop();
  options.reaper.store_revision = 799;
  start();
  run(10min);
  EXPECT_FALSE(berthd->reaper().held()) << "what was adopted is known";
  EXPECT_EQ(engine.containers().size(), 1u);
}

TEST_F(ReaperTest, WhatTheStoreHasSeenIsRemoved) {
  leave_behind("0123456789abcdef", 800);
  options.reaper.store_revision = 800;
  start();
  run(5s);
  EXPECT_THAT(engine.containers(), IsEmpty());
  EXPECT_THAT(engine.networks(), IsEmpty());
}

TEST_F(ReaperTest, WhatBerthMakesTellsTheRevisionThatItIsOf) {
  start();
  create(environment("new", {service("redis")}));
  run(10s);
  ASSERT_EQ(engine.containers().size(), 1u);
  for (const auto& labels : {engine.containers().front().labels, engine.networks().front().labels}) {
    const auto revision = std::stoull(plan::label(labels, plan::kRevisionLabel));
    EXPECT_GT(revision, 0u);
    EXPECT_LE(revision, get("new")->revision());
  }
}

TEST_F(ReaperTest, AHoldEndsWhenItsObjectsWereRemovedByHand) {
  leave_behind();
  options.reaper.store_epoch = 7;
  start();
  run(5s);
  ASSERT_TRUE(berthd->reaper().held());
  engine.remove_behind_back("old-redis-01234567");
  engine.remove_network_behind_back("old-01234567");
  run(61s);
  EXPECT_FALSE(berthd->reaper().held());
  leave_behind("fedcba9876543210");
  run(5min);
  EXPECT_THAT(engine.containers(), IsEmpty());
}

TEST_F(ReaperTest, AdoptKeepsWhatIsThereAndResumesWork) {
  leave_behind();
  options.reaper.store_epoch = 7;
  start();
  run(5s);
  reap(false, true);
  engine.add_foreign_network("old-fedcba98", "10.213.0.32/27", labels("test", "fedcba9876543210"));
  run(5min);
  ASSERT_EQ(engine.containers().size(), 1u);
  EXPECT_EQ(engine.containers().front().name, "old-redis-01234567");
}

TEST_F(ReaperTest, ANewEnvironmentOfTheSameNameDoesNotInheritTheOldOnesObjects) {
  leave_behind();
  start();
  create(environment("old", {service("redis")}));
  run(60s);
  EXPECT_EQ(phase("old"), "Ready");
  ASSERT_EQ(engine.containers().size(), 1u);
  EXPECT_EQ(engine.containers().front().labels.at(plan::kUidLabel), get("old")->uid());
}

}  // namespace
}  // namespace berth::reconcile
