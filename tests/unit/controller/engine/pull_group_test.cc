#include "controller/engine/pull_group.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/fakes/fake_engine.h"
#include "tests/fakes/run_task.h"

namespace berth::engine {
namespace {

using std::chrono::seconds;

Task<void> pull_and_note(PullGroup& pulls, std::string reference, std::string platform, PullGroup::Wanted wanted,
                         std::vector<std::string>& outcomes) {
  auto result = co_await pulls.pull(std::move(reference), std::move(platform), std::move(wanted));
  outcomes.push_back(result ? "pulled" : std::string(base::to_string(result.error().reason)));
}

struct PullGroupTest : testing::Test {
  PullGroupTest()
      : engine(io.get_executor(), clock),
        pulls(io.get_executor(), clock, engine),
        tasks(io.get_executor(), "test") {
    engine.every_image_exists = false;
    engine.latency["image_pull"] = seconds(3);
  }
  void TearDown() override {
    fakes::run_task(io, tasks.stop());
    fakes::run_task(io, pulls.stop());
    fakes::run_task(io, engine.stop());
  }
  void ask(const std::string& reference, PullGroup::Wanted wanted = {}, const std::string& platform = "") {
    tasks.spawn("pull", pull_and_note(pulls, reference, platform, std::move(wanted), outcomes));
  }

  asio::io_context io;
  fakes::FakeClock clock;
  fakes::FakeEngine engine;
  PullGroup pulls;
  TaskGroup tasks;
  std::vector<std::string> outcomes;
};

TEST_F(PullGroupTest, OneImageIsPulledOnceHoweverManyWait) {
  engine.offer_image("redis:7", {});
  ask("redis:7");
  ask("redis:7");
  fakes::run_for(io, clock, seconds(1));
  ask("redis:7");
  fakes::run_for(io, clock, seconds(3));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"pulled", "pulled", "pulled"}));
  EXPECT_EQ(engine.count("image_pull"), 1);
}

TEST_F(PullGroupTest, AFailureIsSharedAndTheNextOneTriesAgain) {
  engine.refuse_pull("redis:7", base::error(Reason::PullRateLimited, "toomanyrequests"));
  ask("redis:7");
  ask("redis:7");
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"PullRateLimited", "PullRateLimited"}));
  engine.offer_image("redis:7", {});
  ask("redis:7");
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes.back(), "pulled");
  EXPECT_EQ(engine.count("image_pull"), 2);
}

TEST_F(PullGroupTest, AWaiterThatGivesUpLeavesThePullToTheOthers) {
  engine.offer_image("redis:7", {});
  TaskGroup impatient(io.get_executor(), "impatient");
  std::vector<std::string> unused;
  impatient.spawn("pull", pull_and_note(pulls, "redis:7", "", {}, unused));
  fakes::settle(io);
  ask("redis:7");
  fakes::settle(io);
  fakes::run_task(io, impatient.stop());
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes, std::vector<std::string>{"pulled"});
  EXPECT_EQ(engine.count("image_pull"), 1);
}

TEST_F(PullGroupTest, EachPlatformOfAnImageIsPulledByItself) {
  engine.offer_image("redis:7", {});
  ask("redis:7", {}, "linux/amd64");
  ask("redis:7", {}, "linux/arm64");
  ask("docker.io/library/redis:7", {}, "linux/arm64");
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"pulled", "pulled", "pulled"}));
  EXPECT_EQ(engine.count("image_pull"), 2);
}

TEST_F(PullGroupTest, DifferentImagesArePulledSideBySide) {
  engine.offer_image("redis:7", {});
  engine.offer_image("redis:6", {});
  ask("redis:7");
  ask("redis:6");
  fakes::run_for(io, clock, seconds(3));
  EXPECT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(engine.most_at_once("image_pull"), 2);
}

TEST_F(PullGroupTest, OneImageIsPulledOnceHoweverItIsWritten) {
  engine.offer_image("redis", {});
  ask("redis");
  ask("redis:latest");
  ask("docker.io/library/redis");
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"pulled", "pulled", "pulled"}));
  EXPECT_EQ(engine.count("image_pull"), 1);
}

TEST_F(PullGroupTest, WhoDoesNotWantItAnyMoreLeavesWhenToldToLookAgain) {
  engine.offer_image("redis:7", {});
  bool wanted = true;
  ask("redis:7", [&] { return wanted; });
  ask("redis:7");
  fakes::settle(io);
  pulls.look_again();
  fakes::settle(io);
  EXPECT_TRUE(outcomes.empty());
  wanted = false;
  fakes::settle(io);
  EXPECT_TRUE(outcomes.empty());
  pulls.look_again();
  fakes::settle(io);
  EXPECT_EQ(outcomes, std::vector<std::string>{"Cancelled"});
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"Cancelled", "pulled"}));
  EXPECT_EQ(engine.count("image_pull"), 1);
}

TEST_F(PullGroupTest, APullThatNobodyWaitsForIsCancelledAndTheNextOneStartsAnew) {
  engine.offer_image("redis:7", {});
  bool wanted = true;
  ask("redis:7", [&] { return wanted; });
  fakes::settle(io);
  wanted = false;
  pulls.look_again();
  fakes::settle(io);
  EXPECT_EQ(outcomes, std::vector<std::string>{"Cancelled"});
  EXPECT_EQ(pulls.in_flight(), 0u);
  ask("redis:7");
  fakes::settle(io);
  EXPECT_EQ(engine.count("image_pull"), 2);
  fakes::run_for(io, clock, seconds(4));
  EXPECT_EQ(outcomes.back(), "pulled");
}

TEST_F(PullGroupTest, TheLastWaiterThatIsCancelledEndsThePull) {
  engine.offer_image("redis:7", {});
  TaskGroup impatient(io.get_executor(), "impatient");
  impatient.spawn("pull", pull_and_note(pulls, "redis:7", "", {}, outcomes));
  fakes::settle(io);
  EXPECT_EQ(pulls.in_flight(), 1u);
  fakes::run_task(io, impatient.stop());
  fakes::settle(io);
  EXPECT_EQ(pulls.in_flight(), 0u);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(PullGroupTest, WhatIsNotWantedIsNotPulled) {
  ask("redis:7", [] { return false; });
  fakes::settle(io);
  EXPECT_EQ(outcomes, std::vector<std::string>{"Cancelled"});
  EXPECT_EQ(engine.count("image_pull"), 0);
}

TEST_F(PullGroupTest, StopFreesTheWaiters) {
  ask("redis:7");
  fakes::settle(io);
  fakes::run_task(io, pulls.stop());
  fakes::settle(io);
  ask("redis:7");
  fakes::settle(io);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"Cancelled", "Cancelled"}));
}

}  // namespace
}  // namespace berth::engine
