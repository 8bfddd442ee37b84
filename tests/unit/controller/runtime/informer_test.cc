#include "controller/runtime/informer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "api/client/local_client.h"
#include "api/storage/memory_store.h"
#include "controller/runtime/event_recorder.h"
#include "crd/scheme.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/run_task.h"

namespace berth::runtime {
namespace {

using namespace std::chrono_literals;

json lease(const std::string& name, const std::string& renewed = "2026-01-01T00:00:00.000000Z") {
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata", {{"name", name}, {"namespace", "ci"}}},
          {"spec", {{"renewTime", renewed}}}};
}

Task<void> commit(storage::Store& store, storage::Write write) {
  auto written = co_await store.commit(std::move(write));
  EXPECT_TRUE(written.has_value());
}

struct RuntimeTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  crd::Scheme scheme = crd::Scheme::builtin();
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor(), {16, 64});
  api::Registry registry{scheme, *store, clock};
  api::LocalClient client{registry, api::Actor::System};
  const crd::ResourceInfo& leases = *scheme.find("coordination.k8s.io", "v1", "leases");
  const crd::ResourceInfo& events = *scheme.find("", "v1", "events");

  ObjectPtr create(const std::string& name) {
    auto created = fakes::run_task(io, clock, client.create(leases, "ci", lease(name), {}));
    EXPECT_TRUE(created.has_value()) << created.error().message;
    return created.value();
  }
  ObjectPtr renew(const std::string& name, const std::string& renewed) {
    auto body = fakes::run_task(io, clock, client.get(leases, {"ci", name})).value()->body();
    body["spec"]["renewTime"] = renewed;
    return fakes::run_task(io, clock, client.replace(leases, {"ci", name}, body, {})).value();
  }
  void remove(const std::string& name) { fakes::run_task(io, clock, client.remove(leases, {"ci", name}, {})).value(); }
};

struct InformerTest : RuntimeTest {
  Informer informer{io.get_executor(), clock, client, leases};
  std::vector<std::string> seen;

  void start() {
    informer.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool initial) {
      seen.push_back((now ? (old ? "~" : "+") + now->name() : "-" + old->name()) + (initial ? " initial" : ""));
    });
    informer.start();
    fakes::run_task(io, clock, informer.synced());
  }
  ~InformerTest() override { fakes::run_task(io, clock, informer.stop()); }
};

TEST_F(InformerTest, TellsWhatWasThereBeforeAndWhatComesLater) {
  create("a");
  start();
  create("b");
  renew("a", "2026-01-01T00:00:05.000000Z");
  remove("b");
  fakes::settle(io);
  EXPECT_EQ(seen, (std::vector<std::string>{"+a initial", "+b", "~a", "-b"}));
  EXPECT_TRUE(informer.get({"ci", "a"}));
  EXPECT_FALSE(informer.get({"ci", "b"}));
}

TEST_F(InformerTest, AnOwnWriteIsSeenAtOnceAndToldOnce) {
  create("a");
  start();
  const auto written = renew("a", "2026-01-01T00:00:05.000000Z");
  seen.clear();
  informer.observe(written);
  EXPECT_EQ(informer.get({"ci", "a"})->revision(), written->revision());
  fakes::settle(io);
  EXPECT_LE(seen.size(), 1u);
}

TEST_F(InformerTest, ALateAnswerDoesNotBringADeletedObjectBack) {
  const auto old = create("a");
  start();
  remove("a");
  fakes::settle(io);
  informer.observe(old);
  EXPECT_FALSE(informer.get({"ci", "a"}));
}

TEST_F(InformerTest, CatchesUpAfterItsWatchExpired) {
  create("stays");
  create("goes");
  start();
  // More changes than a watcher may lag behind, without the informer being let run.
  TaskGroup burst(io.get_executor(), "burst");
  for (int i = 0; i < 200; ++i) {
    storage::Write write{{"leases.coordination.k8s.io", "ci", "burst" + std::to_string(i)},
                         lease("burst" + std::to_string(i)), std::nullopt};
    burst.spawn("write", commit(*store, std::move(write)));
  }
  fakes::settle(io);
  remove("goes");
  fakes::run_for(io, clock, 30s);
  EXPECT_EQ(informer.list().size(), 201u);
  EXPECT_FALSE(informer.get({"ci", "goes"}));
}

struct EventRecorderTest : RuntimeTest {
  EventRecorder recorder{io.get_executor(), clock, client, events};
  void SetUp() override { recorder.start(); }
  ~EventRecorderTest() override { fakes::run_task(io, clock, recorder.stop()); }
  std::vector<ObjectPtr> stored() { return registry.list(events, "").items; }
};

TEST_F(EventRecorderTest, StoresWhatWasSaidInTheNamespaceOfTheObject) {
  const auto about = create("a");
  recorder.emit(about, true, "PortConflict", "port 30000 is taken");
  fakes::run_for(io, clock, 1s);
  ASSERT_EQ(stored().size(), 1u);
  const auto& event = stored().front()->body();
  EXPECT_EQ(event["metadata"]["namespace"], "ci");
  EXPECT_EQ(event["involvedObject"]["kind"], "Lease");
  EXPECT_EQ(event["involvedObject"]["uid"], about->uid());
  EXPECT_EQ(event["reason"], "PortConflict");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["count"], 1);
  EXPECT_EQ(event["source"]["component"], "berthd");
}

TEST_F(EventRecorderTest, CountsWhatIsSaidAgain) {
  const auto about = create("a");
  for (int i = 0; i < 3; ++i) {
    recorder.emit(about, false, "Started", "again");
    recorder.emit(about, false, "Started", "again");
    fakes::run_for(io, clock, 1s);
  }
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_EQ(stored().front()->body()["count"], 6);
}

TEST_F(EventRecorderTest, DropsWhatDoesNotFitAndCountsIt) {
  const auto about = create("a");
  for (std::size_t i = 0; i < EventRecorder::kPendingLimit + 10; ++i) {
    recorder.emit(about, false, "Flood", std::to_string(i));
  }
  EXPECT_EQ(recorder.dropped(), 10u);
}

TEST_F(EventRecorderTest, SurvivesAnEventThatIsAboutNothing) {
  recorder.emit(nullptr, true, "X", "only logged");
  fakes::run_for(io, clock, 1s);
  EXPECT_TRUE(stored().empty());
}

}  // namespace
}  // namespace berth::runtime
