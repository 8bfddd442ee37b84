#include "controller/reconcile/repeat_brake.h"

#include <gtest/gtest.h>

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;

plan::Action connect(const std::string& reason) {
  plan::Action action;
  action.kind = plan::ActionKind::ConnectContainer;
  action.target = "service/a";
  action.container_id = "id";
  action.reason = reason;
  return action;
}

struct RepeatBrakeTest : testing::Test {
  base::Duration delay(const plan::Action& action) const {
    const auto until = brake.waits_until("uid", action);
    return until > now ? until - now : base::Duration(0);
  }
  void again(const plan::Action& action, int times) {
    for (int i = 0; i < times; ++i) brake.succeeded("uid", action, now);
  }

  RepeatBrake brake;
  base::SteadyTime now = base::SteadyTime(1h);
};

TEST_F(RepeatBrakeTest, WhatIsRepeatedWaitsLongerAndLonger) {
  const auto action = connect("not connected");
  again(action, 2);
  EXPECT_EQ(delay(action), 0s);
  again(action, 1);
  EXPECT_EQ(delay(action), 100ms);
  again(action, 1);
  EXPECT_EQ(delay(action), 200ms);
  again(action, 100);
  EXPECT_EQ(delay(action), 10s);
}

TEST_F(RepeatBrakeTest, ActionsThatAlternateAreSlowedDownAsWell) {
  auto remove = connect("spec-hash changed: a -> b");
  remove.kind = plan::ActionKind::RemoveContainer;
  for (int i = 0; i < 5; ++i) {
    remove.container_id = std::to_string(i);
    again(remove, 1);
    again(connect("not connected"), 1);
  }
  EXPECT_EQ(delay(remove), 400ms);
  EXPECT_EQ(delay(connect("not connected")), 400ms);
}

TEST_F(RepeatBrakeTest, AnotherReasonOrAPauseBeginsAnew) {
  again(connect("not connected"), 5);
  EXPECT_EQ(delay(connect("not connected to the new one")), 0s);
  again(connect("not connected to the new one"), 1);
  EXPECT_EQ(delay(connect("not connected")), 0s);
  again(connect("not connected"), 5);
  now += 31s;
  EXPECT_EQ(delay(connect("not connected")), 0s);
  again(connect("not connected"), 1);
  EXPECT_EQ(delay(connect("not connected")), 0s);
}

TEST_F(RepeatBrakeTest, EachEnvironmentHasItsOwn) {
  again(connect("x"), 5);
  brake.succeeded("other", connect("x"), now);
  EXPECT_LT(brake.waits_until("other", connect("x")), now);
  brake.forget("uid");
  EXPECT_EQ(delay(connect("x")), 0s);
}

}  // namespace
}  // namespace berth::reconcile
