#include "api/server/watch_stream.h"

#include <gmock/gmock.h>

#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

class Watch : public ServerFixture {
 public:
  ~Watch() override { fakes::run_task(io, clock, group.stop()); }

  // Starts a watch that runs until the fixture goes.
  Received& watch(const std::string& query) {
    received.push_back(std::make_unique<Received>());
    group.spawn("watch", handler(request("GET", std::string(kEnvironments) + "?watch=1" + query), *received.back()));
    fakes::settle(io);
    return *received.back();
  }
  std::string revision() const { return std::to_string(store->revision()); }
  json replace(json body) {
    const auto name = body["metadata"]["name"].get<std::string>();
    auto done = send("PUT", std::string(kEnvironments) + "/" + name, crd::dump(body));
    EXPECT_EQ(done.status, 200) << done.body;
    fakes::settle(io);
    return done.value();
  }
  json relabel(json body, const json& labels) {
    body["metadata"]["labels"] = labels;
    return replace(std::move(body));
  }
  void remove(const std::string& name) {
    send("DELETE", std::string(kEnvironments) + "/" + name);
    const auto& kind = *scheme.find_name("testenvironments");
    const auto uid = get(name)["metadata"]["uid"].get<std::string>();
    ObjectKey key{"ci", name};
    fakes::run_task(io, clock, registry.remove_finalizer(kind, key, uid, std::string(crd::kEngineFinalizer)));
    fakes::settle(io);
  }

  TaskGroup group{io.get_executor(), "watch test"};
  std::vector<std::unique_ptr<Received>> received;
};

TEST_F(Watch, SendsItsHeadBeforeThereIsAnyEvent) {
  const auto& seen = watch("");
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.content_type, "application/json");
  EXPECT_TRUE(seen.stream);
  EXPECT_EQ(seen.body, "");
}

TEST_F(Watch, ShowsWhatIsThereThenEveryChange) {
  create("a");
  const auto& seen = watch("");
  const auto& from_zero = watch("&resourceVersion=0");
  EXPECT_EQ(seen.story(), "ADDED a");
  auto b = create("b");
  fakes::settle(io);
  b["spec"]["ttlSeconds"] = 60;
  replace(b);
  remove("a");
  EXPECT_EQ(seen.story(), "ADDED a, ADDED b, MODIFIED b, MODIFIED a, DELETED a");
  EXPECT_EQ(from_zero.story(), seen.story());
  std::uint64_t last = 0;
  for (const auto& event : seen.events()) {
    const auto now = std::stoull(event["object"]["metadata"]["resourceVersion"].get<std::string>());
    EXPECT_GT(now, last);
    last = now;
  }
}

TEST_F(Watch, GoesOnFromARevisionWithoutAGap) {
  create("a");
  const auto from = revision();
  create("b");
  const auto& seen = watch("&resourceVersion=" + from);
  create("c");
  fakes::settle(io);
  EXPECT_EQ(seen.story(), "ADDED b, ADDED c");
}

TEST_F(Watch, EnteringASelectionIsAddedAndLeavingItDeleted) {
  auto a = create("a", {{"app", "web"}});
  const auto& seen = watch("&labelSelector=app%3Ddb");
  a = relabel(a, {{"app", "db"}});
  a["spec"]["ttlSeconds"] = 60;
  a = replace(a);
  const auto left = relabel(a, {{"app", "web"}});
  relabel(left, {{"app", "other"}});
  EXPECT_EQ(seen.story(), "ADDED a, MODIFIED a, DELETED a");
  const auto deleted = seen.events().back()["object"];
  EXPECT_EQ(deleted["metadata"]["labels"]["app"], "db");
  EXPECT_EQ(deleted["metadata"]["resourceVersion"], left["metadata"]["resourceVersion"]);
}

TEST_F(Watch, OfOneNameSeesNoOther) {
  const auto& seen = watch("&fieldSelector=metadata.name%3Da");
  create("a");
  create("b");
  fakes::settle(io);
  EXPECT_EQ(seen.story(), "ADDED a");
}

TEST_F(Watch, EndsCleanlyAfterItsTimeout) {
  const auto& seen = watch("&timeoutSeconds=30");
  create("a");
  fakes::settle(io);
  EXPECT_EQ(group.size(), 1u);
  clock.advance(std::chrono::seconds(31));
  fakes::settle(io);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(group.failures(), 0u);
  EXPECT_EQ(seen.story(), "ADDED a");
}

TEST_F(Watch, EndsWhenItsClientHasGone) {
  auto& seen = watch("");
  seen.gone = true;
  create("a");
  fakes::settle(io);
  EXPECT_EQ(group.size(), 0u);
}

TEST_F(Watch, CountsItsWatchers) {
  watch("");
  watch("");
  EXPECT_THAT(numbers.text(), HasSubstr("apiserver_registered_watchers{resource=\"testenvironments\"} 2"));
  group.cancel();
  fakes::settle(io);
  EXPECT_THAT(numbers.text(), HasSubstr("apiserver_registered_watchers{resource=\"testenvironments\"} 0"));
}

TEST_F(Watch, FromTooLongAgoIsAnExpiredEvent) {
  create("a");
  create("b");
  fakes::run_task(io, clock, store->compact(store->revision()));
  const auto& seen = watch("&resourceVersion=1");
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.story(), "ERROR Expired");
  EXPECT_EQ(seen.events()[0]["object"]["code"], 410);
  EXPECT_EQ(group.size(), 0u);
}

TEST_F(Watch, RefusesWhatItWouldHaveToIgnore) {
  EXPECT_EQ(watch("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true").status, 422);
  EXPECT_EQ(watch("&resourceVersion=x").status, 400);
}

TEST_F(Watch, AStoppedStoreEndsItWithoutAnError) {
  const auto& seen = watch("");
  fakes::run_task(io, clock, store->stop());
  fakes::settle(io);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(seen.body, "");
}

}  // namespace
}  // namespace berth::api
