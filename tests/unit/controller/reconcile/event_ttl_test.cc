#include "controller/reconcile/event_ttl.h"

#include "tests/unit/controller/reconcile/core_fixture.h"

namespace berth::reconcile {
namespace {

using namespace std::chrono_literals;

struct EventTtlTest : CoreTest {
  EventTtlTest() { make(namespaces, {{"metadata", {{"name", "ci"}}}}); }

  json event(const std::string& name) {
    return {{"metadata", {{"name", name}}},
            {"involvedObject", {{"kind", "X"}, {"namespace", "ci"}}},
            {"lastTimestamp", "2020-01-01T00:00:00Z"}};
  }
  void touch(const std::string& name) {
    auto body = get(events, name)->body();
    body["count"] = body.value("count", 1) + 1;
    fakes::run_task(io, registry.replace(events, {"ci", name}, body, {})).value();
  }
  std::string names() {
    std::string all;
    for (const auto& object : registry.list(events, "").items) all += object->name() + " ";
    return all;
  }
};

TEST_F(EventTtlTest, EventsGoAnHourAfterTheyWereWritten) {
  start();
  make(events, event("a"));
  make(events, event("b"));
  fakes::run_for(io, clock, 30min);
  touch("b");
  make(events, event("c"));
  fakes::run_for(io, clock, 29min);
  EXPECT_EQ(names(), "a b c ");
  fakes::run_for(io, clock, 2min);
  EXPECT_EQ(names(), "b c ");
  fakes::run_for(io, clock, 30min);
  EXPECT_EQ(names(), "");
  EXPECT_EQ(clock.sleepers(), 0u);  // nobody wakes up for nothing
}

TEST_F(EventTtlTest, ThoseOfAnEarlierRunGoByWhatTheySay) {
  make(events, event("old"));
  clock.advance(50min);
  auto young = event("young");
  young["lastTimestamp"] = "2026-01-01T00:50:00Z";
  make(events, young);
  start();
  fakes::run_for(io, clock, 11min);
  EXPECT_EQ(names(), "young ");
}

TEST_F(EventTtlTest, TheOldestGoWhenThereAreTooMany) {
  ObjectFeed feed(io.get_executor(), clock, registry);
  EventTtl ttl(io.get_executor(), clock, registry, feed, {.keep = 1h, .most = 3});
  feed.start();
  ttl.start();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    make(events, event(name));
    clock.advance(1s);
  }
  settle();
  EXPECT_EQ(names(), "c d e ");
  fakes::run_task(io, clock, feed.stop());
  fakes::run_task(io, clock, ttl.stop());
}

}  // namespace
}  // namespace berth::reconcile
