#include "controller/reconcile/namespace_controller.h"

#include "tests/fakes/slow_journal.h"
#include "tests/unit/controller/reconcile/core_fixture.h"

namespace berth::reconcile {
namespace {

using testing::ElementsAre;

struct NamespaceControllerTest : CoreTest {
  // "NamespaceContentRemaining=True/SomeResourcesRemain: ..."
  std::vector<std::string> conditions() {
    std::vector<std::string> lines;
    const auto ns = get(namespaces, "ci");
    for (const auto& condition : ns->status().value("conditions", json::array())) {
      lines.push_back(condition["type"].get<std::string>() + "=" + condition["status"].get<std::string>() +
                      "/" + condition["reason"].get<std::string>() + ": " +
                      condition["message"].get<std::string>());
    }
    return lines;
  }
};

TEST_F(NamespaceControllerTest, WhatIsInsideGoesFirst) {
  start();
  make("a");
  make(secrets, {{"metadata", {{"name", "s"}}}});
  make("b", {}, true, "other");
  remove(namespaces, "ci");
  settle();
  EXPECT_FALSE(get(namespaces, "ci"));
  EXPECT_FALSE(there("a"));
  EXPECT_FALSE(get(secrets, "s"));
  EXPECT_TRUE(registry.get(maps, {"other", "b"}).has_value());
}

// The disk is slow: what was accepted before the deletion could be seen comes to light after the namespace was found empty.
struct SlowNamespaceTest : CoreTest {
  SlowNamespaceTest()
      : CoreTest([](Executor executor, base::Clock& c) {
          return fakes::make_slow_store(std::move(executor), c, std::make_shared<fakes::SlowDisk>());
        }) {}

  int accepted = 0;

  Task<void> remove_namespace() {
    ObjectKey key{"", "ci"};
    api::DeletePreconditions none;
    co_await registry.remove(namespaces, std::move(key), std::move(none));
  }
  Task<void> create_map(std::string name) {
    json body = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", std::move(name)}}}};
    std::string ns = "ci";
    api::WriteOptions options;
    auto made = co_await registry.create(maps, std::move(ns), std::move(body), std::move(options));
    accepted += made.has_value() ? 1 : 0;
  }
};

TEST_F(SlowNamespaceTest, WhatWasAcceptedBeforeTheDeletionWasSeenGoesToo) {
  start();
  for (int i = 0; i < 20; ++i) {
    json body = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ci"}}}};
    fakes::run_task(io, clock, registry.create(namespaces, "", std::move(body), {})).value();
    TaskGroup both(io.get_executor(), "both");
    both.spawn("remove", remove_namespace());
    fakes::settle(io);  // it is on its way to the disk
    both.spawn("create", create_map("late" + std::to_string(i)));
    fakes::run_for(io, clock, std::chrono::seconds(5));
    fakes::run_task(io, clock, both.stop());
    EXPECT_FALSE(get(namespaces, "ci")) << i;
    EXPECT_FALSE(there("late" + std::to_string(i))) << i;
  }
  EXPECT_EQ(accepted, 20);
  stop();
  fakes::run_task(io, clock, store->stop());
}

TEST_F(NamespaceControllerTest, WaitsForFinalizersAndSaysSo) {
  start();
  const auto held = environment("held");
  make("a");
  remove(namespaces, "ci");
  settle();
  EXPECT_TRUE(get(environments, "held")->deleting());
  EXPECT_FALSE(there("a"));
  EXPECT_THAT(conditions(), ElementsAre("NamespaceDeletionDiscoveryFailure=False/ResourcesDiscovered: All "
                                        "resources successfully discovered",
                                        "NamespaceDeletionGroupVersionParsingFailure=False/"
                                        "ParsedGroupVersions: All legacy kube types successfully parsed",
                                        "NamespaceDeletionContentFailure=False/ContentDeleted: All content "
                                        "successfully deleted, may be waiting on "
                                        "finalization",
                                        "NamespaceContentRemaining=True/SomeResourcesRemain: Some resources "
                                        "are remaining: testenvironments.berth.dev has "
                                        "1 resource instances",
                                        "NamespaceFinalizersRemaining=True/SomeFinalizersRemain: Some "
                                        "content in the namespace has finalizers remaining: "
                                        "berth.dev/engine in 1 resource instances"));
  const auto revision = get(namespaces, "ci")->revision();
  fakes::run_for(io, clock, std::chrono::minutes(5));
  EXPECT_EQ(get(namespaces, "ci")->revision(), revision);  // nothing new, nothing written

  auto watcher = registry.watch(namespaces, "", revision).value();
  release(held);
  settle();
  const auto emptied = watcher->poll().value().value();
  EXPECT_EQ(emptied.type, storage::EventType::Modified);
  EXPECT_EQ(emptied.object->status()["conditions"][3]["reason"], "ContentRemoved");
  EXPECT_EQ(watcher->poll().value().value().type, storage::EventType::Deleted);
  EXPECT_FALSE(get(namespaces, "ci"));
}

TEST_F(NamespaceControllerTest, ANameCanBeUsedAgain) {
  start();
  const auto first = environment("held");
  remove(namespaces, "ci");
  EXPECT_EQ(try_make(maps, {{"metadata", {{"name", "late"}}}}).error().reason, Reason::Forbidden);
  settle();
  release(first);
  settle();
  make("again");
  settle();
  EXPECT_TRUE(there("again"));
  EXPECT_FALSE(get(namespaces, "ci")->deleting());
}

TEST_F(NamespaceControllerTest, OneThatWasGoingBeforeTheStartGoesOn) {
  make("a");
  remove(namespaces, "ci");
  start();
  EXPECT_FALSE(get(namespaces, "ci"));
}

TEST_F(NamespaceControllerTest, FinalizersOfOthersKeepTheNamespace) {
  start();
  const auto ns = make(namespaces, {{"metadata", {{"name", "ci"}, {"finalizers", {"x.y/z"}}}}});
  make("a");
  remove(namespaces, "ci");
  settle();
  EXPECT_FALSE(there("a"));
  EXPECT_TRUE(get(namespaces, "ci")->spec().value("finalizers", json::array()).empty());
  fakes::run_task(io, registry.remove_finalizer(namespaces, ns->key(), ns->uid(), "x.y/z")).value();
  EXPECT_FALSE(get(namespaces, "ci"));
}

TEST_F(NamespaceControllerTest, PodsGoWithTheirEnvironment) {
  start();
  const auto owner = environment("held");
  const auto& pods = *scheme.find("", "v1", "pods");
  make(pods,
       {{"metadata", {{"name", "held.web"}, {"ownerReferences", json::array({reference(*owner, true)})}}}});
  remove(namespaces, "ci");
  settle();
  EXPECT_TRUE(get(pods, "held.web"));
  release(owner);
  settle();
  EXPECT_FALSE(get(pods, "held.web"));
  EXPECT_FALSE(get(namespaces, "ci"));
}

}  // namespace
}  // namespace berth::reconcile
