#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/plan/scene.h"

namespace berth::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Ports that somebody else holds: redis cannot start.
Scene conflict(const std::string& message = "Bind for 127.0.0.1:30001 failed: port is already allocated") {
  Scene scene;
  scene.port("postgres", "sql", 5432, "DEV_POSTGRES_PORT", 30000);
  scene.port("redis", "redis", 6379, "", 30001);
  scene.network();
  scene.running("postgres");
  scene.created("redis");
  scene.failed(service_target("redis"), Reason::PortConflict, message);
  return scene;
}

TEST(PortConflict, APortNeverUsedMovesAtOnce) {
  Scene scene = conflict();
  const auto actions = plan(scene.input).actions;
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].kind, ActionKind::MovePort);
  EXPECT_EQ(actions[0].target, "service/redis");
  EXPECT_EQ(actions[0].endpoint, "redis.redis");
}

TEST(PortConflict, APortThatWasInUseIsTriedForHalfAMinute) {
  Scene scene = conflict();
  scene.input.status["readyTime"] = "2026-11-23T10:00:05Z";
  EXPECT_THAT(scene.steps(), ElementsAre("MovePort service/redis: repaired")) << "of the others, not of this one";
  scene.input.memory.published.insert({"redis.redis", 30001});
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 15) << "the next try";
  scene.input.now = scene.at(15s);
  EXPECT_THAT(scene.steps(), ElementsAre("StartContainer service/redis: created"));
  scene.input.now = scene.at(40s);
  EXPECT_THAT(scene.steps(), ElementsAre("MovePort service/redis: repaired"));
}

TEST(PortConflict, AnExplicitPortNeverMoves) {
  Scene scene = conflict();
  scene.service("redis").ports[0].host_port = 30001;
  EXPECT_THAT(scene.steps(), IsEmpty());
  EXPECT_EQ(scene.wakes(), 15);
}

TEST(PortConflict, TheEngineNamesWhichOfSeveralPorts) {
  Scene scene;
  scene.port("a", "x", 1, "", 3000);
  scene.port("a", "y", 2, "", 30000);
  scene.network();
  scene.created("a");
  scene.failed(service_target("a"), Reason::PortConflict, "failed to bind host port for 0.0.0.0:30000:10.230.0.2:80/tcp: address already in use");
  EXPECT_EQ(plan(scene.input).actions.at(0).endpoint, "a.y");
}

TEST(PortConflict, OfAPortThatIsNoLongerLeasedIsOverWithTheReplacement) {
  Scene scene = conflict("Bind for 127.0.0.1:30077 failed: port is already allocated");
  EXPECT_THAT(scene.steps(), IsEmpty());
  scene.input.leases.ports[1].host_port = 30002;  // moved
  EXPECT_THAT(scene.steps(), ElementsAre("RemoveContainer service/redis: replaced"));
}

}  // namespace
}  // namespace berth::plan
