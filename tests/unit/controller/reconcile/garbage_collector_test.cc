#include "controller/reconcile/garbage_collector.h"

#include "tests/unit/controller/reconcile/core_fixture.h"

namespace berth::reconcile {
namespace {

using api::Propagation;

struct GarbageCollectorTest : CoreTest {
  json owners_of(const std::string& name) {
    return get(maps, name)->body()["metadata"].value("ownerReferences", json::array());
  }
};

// The three stories are those of a Kubernetes garbage collector.

TEST_F(GarbageCollectorTest, InTheBackgroundDependentsGoAfterTheirOwner) {
  start();
  const auto owner = make("owner");
  const auto revision = make("dep", {owner})->revision();
  settle();
  remove("owner", Propagation::Background);
  settle();
  EXPECT_EQ(story(revision), "DELETED owner, DELETED dep");
}

TEST_F(GarbageCollectorTest, InTheForegroundDependentsGoFirst) {
  start();
  const auto owner = make("owner");
  const auto revision = make("dep", {owner})->revision();
  settle();
  remove("owner", Propagation::Foreground);
  settle();
  EXPECT_EQ(story(revision), "MODIFIED owner, DELETED dep, DELETED owner");
}

TEST_F(GarbageCollectorTest, OrphansStayAndLoseTheReference) {
  start();
  const auto owner = make("owner");
  const auto revision = make("dep", {owner})->revision();
  settle();
  remove("owner", Propagation::Orphan);
  settle();
  EXPECT_EQ(story(revision), "MODIFIED owner, MODIFIED dep, DELETED owner");
  EXPECT_TRUE(owners_of("dep").empty());
}

// The feed has not told of the dependent yet.
TEST_F(GarbageCollectorTest, AnOwnerThatGoesAtOnceForgetsNoDependent) {
  start();
  for (const auto policy : {Propagation::Foreground, Propagation::Orphan}) {
    const auto owner = make(secrets, {{"metadata", {{"name", "owner"}}}});
    make("dep", {owner});
    remove(secrets, "owner", policy);
    settle();
    EXPECT_FALSE(get(secrets, "owner"));
    EXPECT_EQ(there("dep"), policy == Propagation::Orphan);
  }
}

TEST_F(GarbageCollectorTest, OnlyDependentsThatBlockAreWaitedFor) {
  start();
  const auto owner = make("owner");
  json body = {{"metadata",
                {{"name", "dep"},
                 {"finalizers", {"x.y/z"}},
                 {"ownerReferences", json::array({reference(*owner, false)})}}}};
  make(maps, body);
  settle();
  remove("owner", Propagation::Foreground);
  settle();
  EXPECT_FALSE(there("owner"));
  EXPECT_TRUE(get(maps, "dep")->deleting());
}

TEST_F(GarbageCollectorTest, TheForegroundWaitsForFinalizersOfDependents) {
  start();
  const auto owner = make("owner");
  json body = environment_body("dep");
  body["metadata"]["ownerReferences"] = json::array({reference(*owner, true)});
  const auto dependent = make(environments, body);
  settle();
  remove("owner", Propagation::Foreground);
  settle();
  EXPECT_TRUE(there("owner"));
  EXPECT_TRUE(get(environments, "dep")->deleting());
  release(dependent);
  settle();
  EXPECT_FALSE(get(environments, "dep"));
  EXPECT_FALSE(there("owner"));
}

TEST_F(GarbageCollectorTest, DependentsOfAnEnvironmentGoWhenItIsGoneNotWhenItIsGoing) {
  start();
  const auto owner = environment("owner");
  make("dep", {owner});
  remove(environments, "owner", Propagation::Background);
  settle();
  EXPECT_TRUE(there("dep"));
  release(owner);
  settle();
  EXPECT_FALSE(there("dep"));
}

TEST_F(GarbageCollectorTest, AnOwnerIsToldByItsUid) {
  start();
  const auto owner = make("owner");
  json stale = reference(*owner, true);
  stale["uid"] = "00000000-0000-0000-0000-000000000000";
  make(maps, {{"metadata", {{"name", "dep"}, {"ownerReferences", json::array({stale})}}}});
  settle();
  EXPECT_TRUE(there("owner"));
  EXPECT_FALSE(there("dep"));
}

TEST_F(GarbageCollectorTest, AnOwnerInAnotherNamespaceIsNone) {
  start();
  const auto owner = make("owner");
  make("dep", {owner}, true, "other");
  settle();
  EXPECT_TRUE(registry.get(maps, {"other", "dep"}).has_error());
  EXPECT_TRUE(there("owner"));
}

TEST_F(GarbageCollectorTest, AClusterScopedOwnerMayOwnAnywhere) {
  start();
  const auto owner = make(namespaces, {{"metadata", {{"name", "owner"}}}});
  make("dep", {owner});
  settle();
  EXPECT_TRUE(there("dep"));
  remove(namespaces, "owner");
  settle();
  EXPECT_FALSE(get(namespaces, "owner"));
  EXPECT_FALSE(there("dep"));
}

TEST_F(GarbageCollectorTest, KindsThatBerthDoesNotServeAreLeftAlone) {
  start();
  const json foreign = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "d"}, {"uid", "1"}};
  make(maps, {{"metadata", {{"name", "dep"}, {"ownerReferences", json::array({foreign})}}}});
  settle();
  EXPECT_TRUE(there("dep"));
}

TEST_F(GarbageCollectorTest, WithOneOwnerLeftAnObjectStaysAndLosesTheOthers) {
  start();
  const auto one = make("one"), two = make("two");
  make("dep", {one, two});
  settle();
  remove("one");
  settle();
  ASSERT_EQ(owners_of("dep").size(), 1u);
  EXPECT_EQ(owners_of("dep")[0]["name"], "two");
  remove("two");
  settle();
  EXPECT_FALSE(there("dep"));
}

TEST_F(GarbageCollectorTest, ChainsGoToTheEnd) {
  start();
  const auto one = make("one");
  const auto two = make("two", {one});
  const auto revision = make("three", {two})->revision();
  settle();
  remove("one", Propagation::Foreground);
  settle();
  EXPECT_EQ(story(revision), "MODIFIED one, MODIFIED two, DELETED three, DELETED two, DELETED one");
}

TEST_F(GarbageCollectorTest, CirclesGo) {
  start();
  const auto one = make("one");
  const auto two = make("two", {one});
  const auto close = [&](json& references) { references.push_back(reference(*two, true)); };
  fakes::run_task(io, registry.change_owners(maps, one->key(), one->uid(), close)).value();
  settle();
  EXPECT_TRUE(there("one") && there("two"));
  remove("one", Propagation::Foreground);
  settle();
  EXPECT_FALSE(there("one"));
  EXPECT_FALSE(there("two"));
}

TEST_F(GarbageCollectorTest, WhatWentWhileNobodyLookedIsFoundAtTheStart) {
  const auto owner = make("owner");
  make("dep", {owner});
  make("other");
  remove("owner", Propagation::Background);
  const auto waiting = make("waiting");
  make("child", {waiting});
  remove("waiting", Propagation::Foreground);
  start();
  EXPECT_FALSE(there("dep"));
  EXPECT_FALSE(there("child"));
  EXPECT_FALSE(there("waiting"));
  EXPECT_TRUE(there("other"));
}

TEST_F(GarbageCollectorTest, ALeaseWhoseEnvironmentWentMeanwhileIsSwept) {
  const auto& leases = *scheme.find("coordination.k8s.io", "v1", "leases");
  const auto lease = [&](const std::string& name, const json& owner) {
    json body = {{"metadata", {{"name", name}, {"ownerReferences", json::array({owner})}}},
                 {"spec", {{"renewTime", base::format_micro_time(clock.system_now())}}}};
    if (owner.is_null()) body["metadata"].erase("ownerReferences");
    make(leases, std::move(body));
  };
  const auto shop = environment("shop");
  json owner = {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}, {"name", "shop"}, {"uid", shop->uid()}};
  lease("shop", owner);
  owner["uid"] = "another";
  lease("of-an-earlier-shop", owner);
  owner["name"] = "gone";
  lease("gone", owner);
  lease("leader", nullptr);
  start();
  EXPECT_TRUE(get(leases, "shop"));
  EXPECT_TRUE(get(leases, "leader"));
  EXPECT_FALSE(get(leases, "gone"));
  EXPECT_FALSE(get(leases, "of-an-earlier-shop"));
}

// More changes than a watcher may lag behind, without the collector being let run.
struct MissedChangesTest : CoreTest {
  MissedChangesTest() : CoreTest({16, 64}) {}
  static Task<void> write(api::Registry& registry, const crd::ResourceInfo& maps, json body) {
    std::string ns = "ci";
    api::WriteOptions options;
    auto made = co_await registry.create(maps, std::move(ns), std::move(body), std::move(options));
    EXPECT_TRUE(made.has_value());
  }
  static Task<void> drop(api::Registry& registry, const crd::ResourceInfo& maps) {
    ObjectKey key{"ci", "owner"};
    api::DeletePreconditions preconditions;
    auto gone = co_await registry.remove(maps, std::move(key), std::move(preconditions));
    EXPECT_TRUE(gone.has_value());
  }
};

TEST_F(MissedChangesTest, AreMadeUpFor) {
  start();
  const auto owner = make("owner");
  const auto dependent =
      make(secrets,
           {{"metadata", {{"name", "dep"}, {"ownerReferences", json::array({reference(*owner, true)})}}}});
  settle();
  TaskGroup burst(io.get_executor(), "burst");
  burst.spawn("drop", drop(registry, maps));
  for (int i = 0; i < 200; ++i) {
    burst.spawn("write", write(registry, maps,
                               {{"apiVersion", "v1"},
                                {"kind", "ConfigMap"},
                                {"metadata", {{"name", "m" + std::to_string(i)}}}}));
  }
  fakes::settle(io);
  fakes::run_for(io, clock, std::chrono::seconds(30));
  EXPECT_FALSE(get(secrets, "dep"));
}

TEST(OwnerIndex, KnowsOnlyWhatHasAnOwnerOrWaits) {
  const auto scheme = crd::Scheme::builtin();
  const auto& maps = *scheme.find_name("configmaps");
  const auto object = [](const char* uid, json metadata) {
    metadata["name"] = uid;
    metadata["uid"] = uid;
    return Object::make({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", std::move(metadata)}})
        .value();
  };
  const json owned = {{"ownerReferences", json::array({{{"uid", "o"}, {"blockOwnerDeletion", true}}})}};
  OwnerIndex index;
  EXPECT_FALSE(index.put(maps, *object("free", json::object())));
  EXPECT_TRUE(index.put(maps, *object("a", owned)));
  EXPECT_FALSE(index.put(maps, *object("a", owned)));  // nothing that matters here
  EXPECT_TRUE(index.put(maps, *object("b", owned)));
  EXPECT_EQ(index.all(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(index.dependents("o"), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(index.put(maps, *object("a", json::object())));
  EXPECT_EQ(index.dependents("o"), (std::vector<std::string>{"b"}));
  const json waiting = {{"deletionTimestamp", "2026-01-01T00:00:00Z"}, {"finalizers", {"orphan"}}};
  EXPECT_TRUE(index.put(maps, *object("w", waiting)));
  EXPECT_EQ(index.find("w")->collecting, Collecting::Orphan);
  index.clear(maps);
  EXPECT_TRUE(index.all().empty());
  EXPECT_TRUE(index.dependents("o").empty());
}

}  // namespace
}  // namespace berth::reconcile
