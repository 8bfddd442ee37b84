#include "controller/runtime/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Answers the n-th pass with the n-th entry of the script, the last one for ever.
struct Scripted final : Reconciler {
  std::vector<std::function<Result<Outcome>()>> script;
  std::vector<std::string> seen;

  Task<Result<Outcome>> reconcile(ObjectKey key, ReconcileContext) override {
    seen.push_back(key.str());
    co_return script.at(std::min(seen.size(), script.size()) - 1)();
  }
};

Result<Outcome> success() { return Outcome{}; }
Result<Outcome> again() { return Outcome{5s}; }
Result<Outcome> unavailable() { return base::error(Reason::EngineUnavailable, "refused"); }
Result<Outcome> invalid() { return base::error(Reason::InvalidSpec, "bad"); }
Result<Outcome> panic() { throw std::runtime_error("on purpose"); }

struct ControllerTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  metrics::Registry registry;
  metrics::RuntimeMetrics metrics{registry, "te", 2};
  WorkQueue queue{io.get_executor(), clock, metrics, {10ms, 1s, 2.0}};
  Scripted reconciler;
  Controller controller{io.get_executor(), clock, "te", queue, reconciler, metrics, 2};
  const ObjectKey key{"ns", "a"};

  void run(base::Duration duration) {
    controller.start();
    queue.add(key);
    fakes::run_for(io, clock, duration);
    fakes::run_task(io, clock, controller.stop());
  }
};

TEST_F(ControllerTest, ASuccessIsNotRepeated) {
  reconciler.script = {success};
  run(1h);
  EXPECT_EQ(reconciler.seen.size(), 1u);
}

TEST_F(ControllerTest, RequeueAfterIsHonoured) {
  reconciler.script = {again, again, success};
  run(11s);
  EXPECT_EQ(reconciler.seen.size(), 3u);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_reconcile_total{controller=\"te\",result=\"requeue_after\"} 2"));
}

TEST_F(ControllerTest, AnErrorIsRetriedWithBackOff) {
  reconciler.script = {unavailable, unavailable, success};
  run(31ms);
  EXPECT_EQ(reconciler.seen.size(), 3u);
  EXPECT_EQ(queue.retries(key), 0);
}

TEST_F(ControllerTest, ErrorsAndTheTimeOfEveryPassAreCounted) {
  reconciler.script = {unavailable, unavailable, success};
  run(31ms);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_reconcile_errors_total{controller=\"te\"} 2"));
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_reconcile_time_seconds_count{controller=\"te\"} 3"));
}

// Every pass takes two seconds.
struct Slow final : Reconciler {
  explicit Slow(base::Clock& c) : clock(c) {}
  Task<Result<Outcome>> reconcile(ObjectKey, ReconcileContext) override {
    co_await clock.sleep_for(2s);
    co_return Outcome{};
  }
  base::Clock& clock;
};

TEST_F(ControllerTest, WorkersAreActiveWhileTheyWork) {
  Slow slow(clock);
  Controller other{io.get_executor(), clock, "te", queue, slow, metrics, 2};
  other.start();
  for (const auto* name : {"a", "b", "c"}) queue.add({"ns", name});
  fakes::run_for(io, clock, 1s);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_active_workers{controller=\"te\"} 2"));
  fakes::run_for(io, clock, 10s);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_active_workers{controller=\"te\"} 0"));
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_reconcile_time_seconds_sum{controller=\"te\"} 6"));
  fakes::run_task(io, clock, other.stop());
}

TEST_F(ControllerTest, AnInvalidSpecIsTerminal) {
  reconciler.script = {invalid};
  run(1h);
  EXPECT_EQ(reconciler.seen.size(), 1u);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_terminal_reconcile_errors_total{controller=\"te\"} 1"));
}

TEST_F(ControllerTest, AnExceptionIsCountedAndRetried) {
  reconciler.script = {panic, success};
  run(1s);
  EXPECT_EQ(reconciler.seen.size(), 2u);
  EXPECT_THAT(registry.text(), HasSubstr("controller_runtime_reconcile_panics_total{controller=\"te\"} 1"));
}

}  // namespace
}  // namespace berth::runtime
