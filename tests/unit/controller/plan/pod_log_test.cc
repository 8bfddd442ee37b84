#include "controller/plan/pod_log.h"

#include <gtest/gtest.h>

namespace berth::plan {
namespace {

using namespace std::chrono_literals;

base::SystemTime at(const char* time) { return base::parse_time(std::string("2026-11-23T10:00:") + time + "Z").value(); }

engine::Container running(const char* started, const char* finished = nullptr) {
  engine::Container container;
  container.state = engine::ContainerState::Running;
  container.started_at = at(started);
  if (finished) container.finished_at = at(finished);
  return container;
}

TEST(PodLog, OfAFirstRunIsTheWholeLog) {
  const auto span = current_run(running("05"), {{"restartCount", 0}});
  EXPECT_FALSE(span.from || span.until);
  EXPECT_FALSE(previous_run(running("05"), {{"restartCount", 0}}));
}

TEST(PodLog, ARunBeganSomewhereBetweenTheEndBeforeAndItsNotedStart) {
  EXPECT_FALSE(run_began(running("05")));
  EXPECT_EQ(run_began(running("20", "10")), at("15"));
  EXPECT_EQ(run_began(running("20", "21")), at("20") - 50ms);
}

TEST(PodLog, OfARestartedContainerIsCutBetweenTheRuns) {
  const crd::json service = {{"restartCount", 1}};
  const auto container = running("20", "10");
  EXPECT_EQ(current_run(container, service).from, at("15"));
  const auto before = previous_run(container, service);
  EXPECT_EQ(before->until, at("15"));
  EXPECT_FALSE(before->from);
}

TEST(PodLog, OfTheRunBeforeBeginsWhereThatBegan) {
  const crd::json service = {{"restartCount", 2}, {"lastTermination", {{"startedAt", "2026-11-23T10:00:08.000000Z"}}}};
  EXPECT_EQ(previous_run(running("20", "10"), service)->from, at("08") - 50ms);
}

TEST(PodLog, OfAContainerThatEndedIsThatOfItsLastRun) {
  auto container = running("20", "22");
  container.state = engine::ContainerState::Exited;
  const crd::json once = {{"restartCount", 0}};
  EXPECT_FALSE(current_run(container, once).from);
  EXPECT_TRUE(previous_run(container, once));
  const crd::json again = {{"restartCount", 1}, {"lastTermination", {{"finishedAt", "2026-11-23T10:00:10.000000Z"}}}};
  EXPECT_EQ(current_run(container, again).from, at("15"));
  EXPECT_EQ(current_run(container, {{"restartCount", 1}}).from, at("20") - 50ms);
}

}  // namespace
}  // namespace berth::plan
