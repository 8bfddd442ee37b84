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
  Received& watch(const std::string& query, const std::string& accept = "") {
    received.push_back(std::make_unique<Received>());
    auto what = request("GET", std::string(kEnvironments) + "?watch=1" + query, "", {{"Accept", accept}});
    group.spawn("watch", handler(std::move(what), *received.back()));
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

// Many watchers of one thing are sent the same bytes; who watches another sees another.
TEST_F(Watch, WatchersOfOneThingShareWhatTheyAreSentAndNobodyElseDoes) {
  const auto& one = watch("");
  const auto& two = watch("");
  const auto& partial = watch("", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  const auto& chosen = watch("&labelSelector=app%3Ddb");
  received.push_back(std::make_unique<Received>());
  const auto& elsewhere = *received.back();
  auto what = request("GET", "/apis/berth.dev/v1alpha1/namespaces/other/testenvironments?watch=1", "");
  group.spawn("watch", handler(std::move(what), *received.back()));
  create("a");
  create("b", {{"app", "db"}});
  fakes::settle(io);
  EXPECT_EQ(one.story(), "ADDED a, ADDED b");
  EXPECT_EQ(two.body, one.body);
  EXPECT_EQ(partial.story(), one.story());
  EXPECT_EQ(partial.events().front()["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(chosen.story(), "ADDED b");
  EXPECT_EQ(elsewhere.story(), "");
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

TEST_F(Watch, ANumberThatIsNoneIsAnsweredAsKubernetesDoes) {
  const auto& refused = watch("&resourceVersion=abc");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.value()["message"],
            "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax");
  EXPECT_FALSE(refused.value().contains("reason"));
}

TEST_F(Watch, WaitsInSilenceForARevisionToCome) {
  create("a");
  const auto& seen = watch("&allowWatchBookmarks=true&resourceVersion=" + std::to_string(store->revision() + 1));
  fakes::run_for(io, clock, std::chrono::minutes(2));
  EXPECT_EQ(seen.body, "");
  create("b");
  create("c");
  fakes::settle(io);
  EXPECT_EQ(seen.story(), "ADDED c");
}

// ---- bookmarks, WatchList

const std::string kInitial = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

TEST_F(Watch, TellsWhenAllThatIsThereHasBeenSent) {
  create("a");
  create("b");
  const auto then = revision();
  for (const auto& query : {kInitial + "&allowWatchBookmarks=true", kInitial + "&allowWatchBookmarks=true&resourceVersion=0",
                            kInitial + "&allowWatchBookmarks=true&resourceVersion=1", std::string("&allowWatchBookmarks=true")}) {
    const auto events = watch(query).events();
    ASSERT_EQ(events.size(), 3u) << query;
    EXPECT_EQ(events[1]["object"]["metadata"]["name"], "b");
    EXPECT_EQ(events[2], json::parse(R"({"type":"BOOKMARK","object":{"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment",
      "metadata":{"annotations":{"k8s.io/initial-events-end":"true"},"resourceVersion":")" + then + R"("}}})")) << query;
  }
  EXPECT_EQ(watch(kInitial).story(), "ADDED a, ADDED b");
  create("c");
  fakes::settle(io);
  EXPECT_EQ(received[0]->events().size(), 4u);
}

TEST_F(Watch, CanLeaveOutWhatIsThere) {
  create("a");
  const auto& seen = watch("&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  create("b");
  fakes::settle(io);
  EXPECT_EQ(seen.story(), "ADDED b");
}

TEST_F(Watch, RefusesOptionsThatContradictEachOther) {
  const auto message = [this](const std::string& query) {
    const auto& refused = watch(query);
    EXPECT_EQ(refused.status, 422) << query;
    EXPECT_EQ(refused.value()["details"]["kind"], "ListOptions");
    return refused.value()["message"].get<std::string>();
  };
  const std::string prefix = "ListOptions.meta.k8s.io \"\" is invalid: ";
  EXPECT_EQ(message("&sendInitialEvents=true&allowWatchBookmarks=true"),
            prefix + "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  EXPECT_EQ(message("&resourceVersionMatch=NotOlderThan&resourceVersion=0"),
            prefix + "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  EXPECT_EQ(message("&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=175"),
            prefix + "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, "
                     "resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]");
}

TEST_F(Watch, SaysHowFarItIsAboutEveryMinuteAndAtItsEnd) {
  create("a");
  const auto& seen = watch("&allowWatchBookmarks=true&timeoutSeconds=100&resourceVersion=" + revision());
  const auto& silent = watch("&timeoutSeconds=100&resourceVersion=" + revision());
  send("POST", "/apis/berth.dev/v1alpha1/namespaces/prod/testenvironments", crd::dump(environment("elsewhere")));
  const auto then = revision();
  fakes::run_for(io, clock, std::chrono::seconds(50));
  EXPECT_EQ(seen.body, "");
  fakes::run_for(io, clock, std::chrono::seconds(20));
  ASSERT_EQ(seen.events().size(), 1u);
  EXPECT_EQ(seen.events()[0]["type"], "BOOKMARK");
  EXPECT_EQ(seen.events()[0]["object"]["metadata"], json({{"resourceVersion", then}}));
  fakes::run_for(io, clock, std::chrono::seconds(40));
  EXPECT_EQ(seen.events().size(), 2u);
  EXPECT_EQ(silent.body, "");
  EXPECT_EQ(group.size(), 0u);
}

TEST_F(Watch, EndsByItselfWithinAnHour) {
  watch("");
  fakes::run_for(io, clock, std::chrono::minutes(29));
  EXPECT_EQ(group.size(), 1u);
  fakes::run_for(io, clock, std::chrono::minutes(32));
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(group.failures(), 0u);
}

// ---- shapes

TEST_F(Watch, AsATableNamesItsColumnsOnce) {
  create("a", {{"app", "db"}});
  const auto& seen = watch("&labelSelector=app%3Ddb&allowWatchBookmarks=true",
                           "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  auto b = create("b", {{"app", "db"}});
  fakes::settle(io);
  relabel(b, {{"app", "other"}});
  const auto events = seen.events();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0]["object"]["kind"], "Table");
  EXPECT_EQ(events[0]["object"]["columnDefinitions"][0]["name"], "Name");
  EXPECT_EQ(events[0]["object"]["rows"][0]["cells"][0], "a");
  EXPECT_EQ(events[1]["object"]["kind"], "TestEnvironment") << "a bookmark is no Table";
  EXPECT_EQ(events[2]["type"], "ADDED");
  EXPECT_TRUE(events[2]["object"]["columnDefinitions"].is_null());
  EXPECT_EQ(events[2]["object"]["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(events[3]["type"], "DELETED");
  EXPECT_EQ(events[3]["object"]["rows"][0]["object"]["metadata"]["labels"]["app"], "db");
  EXPECT_EQ(events[3]["object"]["metadata"]["resourceVersion"], revision());
}

TEST_F(Watch, AsMetadataCarriesNothingElse) {
  const auto& seen = watch("&allowWatchBookmarks=true", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
  create("a");
  fakes::settle(io);
  const auto events = seen.events();
  ASSERT_EQ(events.size(), 2u);
  for (const auto& event : events) EXPECT_EQ(event["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(events[1]["object"]["metadata"]["name"], "a");
  EXPECT_FALSE(events[1]["object"].contains("spec"));
}

TEST_F(Watch, AnExpiredTableIsAStatusToo) {
  create("a");
  fakes::run_task(io, clock, store->compact(store->revision()));
  const auto& seen = watch("&resourceVersion=1", "application/json;as=Table;v=v1;g=meta.k8s.io");
  EXPECT_EQ(seen.events()[0]["object"]["kind"], "Status");
  EXPECT_EQ(seen.events()[0]["object"]["message"], "too old resource version: 1 (2)");
}

// ---- many changes

TEST_F(Watch, ABurstGoesThroughAndThenChangesGoTogether) {
  WatchPace pace;
  const auto start = clock.steady_now();
  auto now = start;
  int at_once = 0;
  for (; at_once < 1000; ++at_once) {
    const auto again = pace.written(now);
    if (again > now) break;
  }
  EXPECT_GE(at_once, 16);
  EXPECT_LE(at_once, 64);
  int writes = 0;
  for (; now < start + std::chrono::seconds(10); ++writes) now = std::max(now, pace.written(now));
  EXPECT_GE(writes, 400);
  EXPECT_LE(writes, 600);
}

TEST_F(Watch, NoChangeIsLostInABurst) {
  const auto& seen = watch("");
  auto a = create("a");
  for (int i = 0; i < 100; ++i) {
    a["spec"]["ttlSeconds"] = 60 + i;
    a = replace(a);
  }
  fakes::run_for(io, clock, std::chrono::seconds(5));
  const auto events = seen.events();
  ASSERT_EQ(events.size(), 101u);
  EXPECT_EQ(events.back()["object"]["spec"]["ttlSeconds"], 159);
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
