#include "tests/fakes/fake_engine.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/fakes/run_task.h"

namespace berth::fakes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct FakeEngineTest : testing::Test {
  FakeEngineTest() : engine(io.get_executor(), clock), tasks(io.get_executor(), "test") {}
  void TearDown() override {
    run_task(io, tasks.stop());
    run_task(io, engine.stop());
  }
  base::Deadline within(base::Duration duration) {
    return base::Deadline::after(clock.steady_now(), duration);
  }
  Result<std::string> create(const std::string& name) {
    engine::ContainerSpec spec;
    spec.name = name;
    spec.image = "image:1";
    return run_task(io, clock, engine.create_container(std::move(spec), within(seconds(10))));
  }
  Result<void> start(const std::string& name) { return run_task(io, clock, engine.start_container(name)); }

  asio::io_context io;
  FakeClock clock;
  FakeEngine engine;
  TaskGroup tasks;
};

TEST_F(FakeEngineTest, AFaultMeetsTheCallsThatItNames) {
  engine.inject({.operation = "container_create",
                 .target = "bad",
                 .skip = 1,
                 .error = base::error(Reason::EngineError, "boom")});
  EXPECT_TRUE(create("good-1"));
  EXPECT_TRUE(create("bad-1"));
  const auto failed = create("bad-2");
  ASSERT_TRUE(failed.has_error());
  EXPECT_EQ(failed.error().message, "boom");
  EXPECT_FALSE(engine.container("bad-2"));
  EXPECT_TRUE(create("bad-2"));
}

TEST_F(FakeEngineTest, ALostAnswerIsAnErrorThatDidItsWork) {
  engine.inject({.operation = "container_create",
                 .error = base::error(Reason::EngineUnavailable, "reset"),
                 .takes_effect = true});
  EXPECT_TRUE(create("ab").has_error());
  EXPECT_TRUE(engine.container("ab"));
  const auto again = create("ab");
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().reason, Reason::NameConflict);
}

TEST_F(FakeEngineTest, AHangEndsAtTheDeadline) {
  engine.inject({.operation = "container_create"});
  const auto before = clock.steady_now();
  const auto result = create("ab");
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().reason, Reason::EngineUnavailable);
  EXPECT_EQ(clock.steady_now() - before, seconds(10));
  EXPECT_FALSE(engine.container("ab"));
}

Task<void> start_it(FakeEngine& engine, std::string id) {
  (void)co_await engine.start_container(std::move(id));
}

TEST_F(FakeEngineTest, ACancelledCallTakesEffectAllTheSame) {
  ASSERT_TRUE(create("ab"));
  engine.latency["container_start"] = seconds(1);
  TaskGroup caller(io.get_executor(), "caller");
  caller.spawn("start", start_it(engine, "ab"));
  settle(io);
  EXPECT_FALSE(engine.container("ab")->running());
  run_task(io, caller.stop());
  run_for(io, clock, milliseconds(999));
  EXPECT_FALSE(engine.container("ab")->running());
  run_for(io, clock, milliseconds(1));
  EXPECT_TRUE(engine.container("ab")->running());
}

TEST_F(FakeEngineTest, ANetworkThatIsBeingMadeHasItsSubnetAndIsNotListed) {
  engine.latency["network_create"] = seconds(1);
  engine::NetworkSpec spec;
  spec.name = "n";
  spec.subnet = "10.9.0.0/24";
  tasks.spawn("create", [](FakeEngine& engine, engine::NetworkSpec spec, base::Deadline deadline) -> Task<void> {
    (void)co_await engine.create_network(std::move(spec), deadline);
  }(engine, spec, within(seconds(60))));
  run_for(io, clock, milliseconds(500));
  EXPECT_TRUE(engine.networks().empty());
  engine.latency.clear();
  const auto again = run_task(io, clock, engine.create_network(spec, within(seconds(60))));
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().reason, Reason::SubnetConflict);
  run_for(io, clock, milliseconds(500));
  EXPECT_EQ(engine.networks().size(), 1u);
}

TEST_F(FakeEngineTest, EventsAreLostDoubledAndLateAsTheSeedSays) {
  ASSERT_TRUE(create("ab"));
  const auto times = [&](const EventQuirks& quirks) {
    engine.disturb_events(quirks);
    auto stream = run_task(io, clock, engine.events(0)).value();
    for (int i = 0; i < 50; ++i) engine.set_health("ab", "healthy");
    run_for(io, clock, seconds(5));
    engine.end_event_streams();
    std::vector<std::int64_t> seen;
    for (auto event = run_task(io, clock, stream->next()); event; event = run_task(io, clock, stream->next())) {
      seen.push_back(event->time_nano);
    }
    for (auto& time : seen) time -= seen.empty() ? 0 : *std::min_element(seen.begin(), seen.end());
    return seen;
  };
  const auto lost = times({.lost_percent = 30});
  EXPECT_GT(lost.size(), 20u);
  EXPECT_LT(lost.size(), 50u);
  const auto doubled = times({.doubled_percent = 30});
  EXPECT_GT(doubled.size(), 50u);
  EXPECT_TRUE(std::is_sorted(doubled.begin(), doubled.end()));
  const auto late = times({.late = seconds(2), .seed = 7});
  EXPECT_EQ(late.size(), 50u);
  EXPECT_FALSE(std::is_sorted(late.begin(), late.end()));
  EXPECT_EQ(times({.lost_percent = 30}).size(), lost.size());
  engine.disturb_events({});
}

TEST_F(FakeEngineTest, LatencyCountsHowManyRunAtOnce) {
  ASSERT_TRUE(create("aa"));
  ASSERT_TRUE(create("bb"));
  engine.latency["container_start"] = seconds(1);
  tasks.spawn("start", start_it(engine, "aa"));
  tasks.spawn("start", start_it(engine, "bb"));
  run_for(io, clock, milliseconds(999));
  EXPECT_FALSE(engine.container("aa")->running());
  run_for(io, clock, milliseconds(1));
  EXPECT_TRUE(engine.container("aa")->running());
  EXPECT_EQ(engine.most_at_once("container_start"), 2);
}

TEST_F(FakeEngineTest, ABehaviourCanBeOfTheFirstStartsOnly) {
  Behaviour crash;
  crash.exits_after = milliseconds(10);
  crash.exit_code = 1;
  crash.starts = 1;
  engine.behave("image:1", crash);
  ASSERT_TRUE(create("ab"));
  ASSERT_TRUE(start("ab"));
  run_for(io, clock, seconds(1));
  EXPECT_EQ(engine.container("ab")->exit_code, 1);
  ASSERT_TRUE(start("ab"));
  run_for(io, clock, seconds(1));
  EXPECT_TRUE(engine.container("ab")->running());
}

TEST_F(FakeEngineTest, WhileItIsDownEverythingFailsAndContainersRunOn) {
  ASSERT_TRUE(create("ab"));
  ASSERT_TRUE(start("ab"));
  auto stream = run_task(io, clock, engine.events(0)).value();
  engine.set_down(true);
  EXPECT_EQ(run_task(io, clock, stream->next()).error().reason, Reason::EngineUnavailable);
  EXPECT_EQ(run_task(io, clock, engine.ping(within(seconds(1)))).error().reason, Reason::EngineUnavailable);
  EXPECT_EQ(create("cd").error().reason, Reason::EngineUnavailable);
  engine.set_down(false);
  EXPECT_TRUE(engine.container("ab")->running());
  EXPECT_FALSE(engine.container("cd"));
}

TEST_F(FakeEngineTest, OthersCanDoHarm) {
  const auto network = engine.add_foreign_network("net", "10.9.0.0/28");
  engine.add_foreign_container("ab", "net", {{"mine", "no"}});
  ASSERT_EQ(engine.networks().front().endpoints.size(), 1u);
  engine.disconnect_behind_back("net", "ab");
  EXPECT_TRUE(engine.networks().front().endpoints.empty());
  EXPECT_TRUE(engine.container("ab")->running());
  engine.kill("ab", 137, true);
  EXPECT_TRUE(engine.container("ab")->oom_killed);
  engine.set_removing("ab");
  EXPECT_EQ(start("ab").error().reason, Reason::RemovalInProgress);
  engine.remove_behind_back("ab");
  EXPECT_TRUE(engine.containers().empty());
  engine.remove_network_behind_back(network);
  EXPECT_TRUE(engine.networks().empty());
  EXPECT_THROW(engine.kill("ab"), std::out_of_range);
}

TEST_F(FakeEngineTest, LostEventsAreNeverSeen) {
  auto stream = run_task(io, clock, engine.events(0)).value();
  engine.lose_events(true);
  ASSERT_TRUE(create("aa"));
  engine.lose_events(false);
  ASSERT_TRUE(create("bb"));
  const auto event = run_task(io, clock, stream->next()).value();
  EXPECT_EQ(event.attributes.at("name"), "bb");
}

}  // namespace
}  // namespace berth::fakes
