#include "tests/unit/controller/reconcile/reconcile_world.h"

namespace berth::reconcile {
namespace {

struct OverloadTest : ReconcileWorld {
  void create_many(int count) {
    for (int i = 0; i < count; ++i) create(environment("e" + std::to_string(i), {service("a"), service("b")}));
  }
};

TEST_F(OverloadTest, AnEndBeginsNothingThatWaitsForItsTurn) {
  engine.latency["container_start"] = 2s;
  create_many(10);
  run(1s);
  const int begun = engine.count("container_start");
  EXPECT_EQ(begun, 4);
  const auto since = clock.steady_now();
  fakes::run_task(io, clock, berthd->stop(5s));
  EXPECT_LE(clock.steady_now() - since, 2s);
  EXPECT_EQ(engine.count("container_start"), begun);
  berthd.reset();
}

TEST_F(OverloadTest, EventsThatComeAgainAskForAFewContainersAtOnce) {
  create_many(20);
  run(2s);
  engine.latency["container_inspect"] = 500ms;
  engine.forget_calls();
  engine.end_event_streams();
  run(10s);
  EXPECT_GE(engine.count("container_inspect"), 40);
  EXPECT_LE(engine.most_at_once("container_inspect"), 8 + 16);  // of the list, and of the events
}

TEST_F(OverloadTest, AnEngineThatGetsSlowIsGivenFewerContainersAtOnce) {
  engine.latency["container_create"] = 10ms;
  create_many(8);
  run(10s);
  engine.latency["container_create"] = 500ms;
  for (int i = 8; i < 20; ++i) create(environment("e" + std::to_string(i), {service("a"), service("b")}));
  run(2s);
  engine.forget_calls();
  for (int i = 20; i < 30; ++i) create(environment("e" + std::to_string(i), {service("a"), service("b")}));
  run(20s);
  EXPECT_GE(engine.count("container_create"), 20);
  EXPECT_LE(engine.most_at_once("container_create"), 7);
}

}  // namespace
}  // namespace berth::reconcile
