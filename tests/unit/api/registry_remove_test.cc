#include "tests/unit/api/registry_fixture.h"

namespace berth::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(RegistryTest, RemoveWaitsForFinalizersInTwoPhases) {
  const auto uid = made()["metadata"]["uid"].get<std::string>();
  clock.advance(std::chrono::seconds(5));
  const auto going = remove().value();
  EXPECT_TRUE(going->deleting());
  EXPECT_EQ(going->generation(), 2);
  EXPECT_EQ(going->body()["metadata"]["deletionTimestamp"], "2026-01-01T00:00:05Z");
  EXPECT_EQ(going->body()["metadata"]["deletionGracePeriodSeconds"], 0);
  EXPECT_EQ(remove().value()->revision(), going->revision());

  auto watcher = registry.watch(kind, "ci", going->revision()).value();
  EXPECT_TRUE(run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, "another uid", "berth.dev/engine"))
                  .has_value());
  EXPECT_TRUE(registry.get(kind, {"ci", "web"}).has_value());
  EXPECT_TRUE(
      run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, uid, "berth.dev/engine")).has_value());
  EXPECT_TRUE(
      run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, uid, "berth.dev/engine")).has_value());
  EXPECT_TRUE(registry.get(kind, {"ci", "web"}).has_error());
  const auto event = watcher->poll().value().value();
  EXPECT_EQ(event.type, storage::EventType::Deleted);
  EXPECT_EQ(event.object->revision(), event.revision);
  EXPECT_TRUE(event.object->has_finalizer("berth.dev/engine"));  // the last stored state
  EXPECT_FALSE(watcher->poll().has_value());
}

TEST_F(RegistryTest, RemoveWithoutFinalizersIsImmediate) {
  const json lease = {
      {"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  ASSERT_TRUE(run_task(io, registry.create(leases, "ci", lease, options)).has_value());
  const auto gone = run_task(io, registry.remove(leases, {"ci", "web"}, {}, false)).value();
  EXPECT_FALSE(gone->deleting());
  EXPECT_EQ(outcome(run_task(io, registry.remove(leases, {"ci", "web"}, {}, false))),
            "NotFound: leases.coordination.k8s.io \"web\" not found");
}

TEST_F(RegistryTest, RemoveHonoursPreconditions) {
  const auto object = create(widget("web")).value();
  EXPECT_EQ(outcome(remove("web", {.uid = "x"})),
            "Conflict: Operation cannot be fulfilled on Widget.berth.dev \"web\": the UID in the "
            "precondition (x) does "
            "not match the UID in record (" +
                object->uid() + "). The object might have been deleted and then recreated");
  EXPECT_THAT(outcome(remove("web", {.revision = 999})), HasSubstr("The object might have been modified"));
  EXPECT_EQ(outcome(remove("web", {.uid = object->uid(), .revision = object->revision()})), "ok");
}

TEST_F(RegistryTest, AnUpdateThatTakesTheLastFinalizerOffDeletes) {
  auto body = widget("web");
  body["metadata"]["finalizers"] = {"example.com/mine"};
  ASSERT_TRUE(create(body).has_value());
  auto going = remove().value()->body();
  options.actor = Actor::System;
  going["metadata"]["finalizers"] = {"example.com/mine"};
  EXPECT_TRUE(replace(going).has_value());
  options.actor = Actor::User;
  going = stored()->body();
  going["metadata"]["finalizers"] = json::array();
  const auto last = replace(going).value();
  EXPECT_FALSE(last->has_finalizer("example.com/mine"));
  EXPECT_TRUE(registry.get(kind, {"ci", "web"}).has_error());
}

TEST_F(RegistryTest, ADeletingObjectTakesChangesButNoNewFinalizers) {
  made();
  auto body = remove().value()->body();
  body["spec"]["image"] = "other";
  body["metadata"].erase("deletionTimestamp");
  const auto object = replace(body).value();
  EXPECT_TRUE(object->deleting());
  EXPECT_EQ(object->generation(), 3);
  body = object->body();
  body["metadata"]["finalizers"].push_back("example.com/new");
  EXPECT_THAT(
      outcome(replace(body)),
      HasSubstr(
          "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
          "found new finalizers []string{\"example.com/new\"}"));
}

// ---- namespaces

TEST_F(RegistryTest, TheDefaultNamespaceIsThereFromTheStart) {
  EXPECT_TRUE(run_task(io, registry.start()).has_value());
  EXPECT_TRUE(run_task(io, registry.start()).has_value());
  const auto all = registry.list(namespaces, "").items;
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]->name(), "default");
  EXPECT_EQ(all[0]->status()["phase"], "Active");
  EXPECT_EQ(all[0]->label("kubernetes.io/metadata.name"), "default");
  EXPECT_EQ(outcome(run_task(io, registry.remove(namespaces, {"", "default"}, {}, false))),
            "Forbidden: namespaces \"default\" is forbidden: this namespace may not be deleted");
}

TEST_F(RegistryTest, ANamespaceIsMadeOnFirstUse) {
  made();
  made("other");
  ASSERT_EQ(registry.list(namespaces, "").items.size(), 1u);
  EXPECT_EQ(registry.get(namespaces, {"", "ci"}).value()->key().str(), "ci");
  EXPECT_THAT(
      outcome(create(widget("web"), "Bad.Name")),
      HasSubstr("Invalid: Namespace \"Bad.Name\" is invalid: metadata.name: Invalid value: \"Bad.Name\": a "
                "lowercase RFC 1123 label must consist of"));
  EXPECT_TRUE(registry.list(kind, "Bad.Name").items.empty());
}

TEST_F(RegistryTest, AnInvalidObjectMakesNoNamespace) {
  EXPECT_TRUE(create(widget("Bad_Name")).has_error());
  options.dry_run = true;
  EXPECT_TRUE(create(widget("web")).has_value());
  EXPECT_TRUE(registry.list(namespaces, "").items.empty());
}

TEST_F(RegistryTest, ANamespaceGoesInTwoPhases) {
  made();
  const auto before = registry.get(namespaces, {"", "ci"}).value();
  EXPECT_EQ(before->spec()["finalizers"], json::array({"kubernetes"}));
  const auto going = run_task(io, registry.remove(namespaces, {"", "ci"}, {}, false)).value();
  EXPECT_TRUE(going->deleting());
  EXPECT_EQ(going->status()["phase"], "Terminating");
  EXPECT_FALSE(going->body()["metadata"].contains("deletionGracePeriodSeconds"));
  EXPECT_EQ(run_task(io, registry.remove(namespaces, {"", "ci"}, {}, false)).value()->revision(), going->revision());

  const auto late = create(widget("late"));
  EXPECT_EQ(outcome(late),
            "Forbidden: widgets.berth.dev \"late\" is forbidden: unable to create new content in namespace ci because it is being "
            "terminated");
  ASSERT_EQ(late.error().causes.size(), 1u);
  EXPECT_EQ(late.error().causes[0], (Cause{"NamespaceTerminating", "namespace ci is being terminated", "metadata.namespace"}));

  json finalized = {{"metadata", {{"name", "ci"}}}, {"spec", {{"finalizers", json::array()}}}};
  EXPECT_FALSE(run_task(io, registry.finalize_namespace("ci", finalized, options)).has_error());
  EXPECT_TRUE(registry.list(namespaces, "").items.empty());
}

TEST_F(RegistryTest, EventsBringNoNamespaceBack) {
  const auto& events = *scheme.find("", "v1", "events");
  const json event = {{"metadata", {{"name", "late"}}}, {"involvedObject", {{"kind", "Widget"}, {"namespace", "ci"}}}};
  EXPECT_EQ(outcome(run_task(io, registry.create(events, "ci", event, options))), "NotFound: namespaces \"ci\" not found");
  EXPECT_TRUE(registry.list(namespaces, "").items.empty());
  made();
  EXPECT_EQ(outcome(run_task(io, registry.create(events, "ci", event, options))), "ok");
  const json about_none = {{"metadata", {{"name", "x"}}}, {"involvedObject", {{"kind", "Node"}}}};
  EXPECT_EQ(outcome(run_task(io, registry.create(events, "default", about_none, options))), "ok");
}

TEST_F(RegistryTest, AWriteToANamespaceKeepsItsFinalizersAndStatus) {
  made();
  auto body = registry.get(namespaces, {"", "ci"}).value()->body();
  body["metadata"]["labels"]["a"] = "b";
  body["spec"] = {{"finalizers", json::array()}};
  body["status"] = {{"phase", "Terminating"}};
  const auto written = run_task(io, registry.replace(namespaces, {"", "ci"}, body, options)).value();
  EXPECT_EQ(written->label("a"), "b");
  EXPECT_EQ(written->spec()["finalizers"], json::array({"kubernetes"}));
  EXPECT_EQ(written->status()["phase"], "Active");
}

TEST_F(RegistryTest, ANamespaceWithFinalizersOfOthersWaitsForThemToo) {
  const json body = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ci"}, {"finalizers", {"x.y/z"}}}}};
  const auto uid = run_task(io, registry.create(namespaces, "", body, options)).value()->uid();
  run_task(io, registry.remove(namespaces, {"", "ci"}, {}, false)).value();
  run_task(io, registry.remove_finalizer(namespaces, {"", "ci"}, uid, "x.y/z")).value();
  EXPECT_TRUE(registry.get(namespaces, {"", "ci"}).value()->deleting());
  const json finalized = {{"metadata", {{"name", "ci"}, {"uid", uid}}}, {"spec", json::object()}};
  EXPECT_EQ(outcome(run_task(io, registry.finalize_namespace("ci", finalized, options))), "ok");
  EXPECT_TRUE(registry.get(namespaces, {"", "ci"}).has_error());
}

TEST_F(RegistryTest, FinalizingKnowsOneFinalizerAndHonoursPreconditions) {
  made();
  json body = {{"metadata", {{"name", "ci"}}}, {"spec", {{"finalizers", {"mine"}}}}};
  EXPECT_EQ(outcome(run_task(io, registry.finalize_namespace("ci", body, options))),
            "Invalid: Namespace \"ci\" is invalid: spec.finalizers[0]: Unsupported value: \"mine\": supported values: \"kubernetes\"");
  body = {{"metadata", {{"name", "ci"}, {"resourceVersion", "999"}}}, {"spec", json::object()}};
  EXPECT_THAT(outcome(run_task(io, registry.finalize_namespace("ci", body, options))), HasSubstr("the object has been modified"));
  EXPECT_THAT(outcome(run_task(io, registry.finalize_namespace("no", body, options))), HasSubstr("BadRequest"));
}

// ---- propagation

using Finalizers = std::vector<std::string>;

Finalizers finalizers(const ObjectPtr& object) { return object->body()["metadata"].value("finalizers", Finalizers{}); }

struct PropagationTest : RegistryTest {
  json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  void make() { run_task(io, registry.create(leases, "ci", lease, options)).value(); }
  ObjectPtr drop(Propagation propagation, bool dry = false) {
    return run_task(io, registry.remove(leases, {"ci", "web"}, {}, dry, propagation)).value();
  }
  bool there() { return registry.get(leases, {"ci", "web"}).has_value(); }
};

TEST_F(PropagationTest, ForegroundAndOrphanAreFinalizersAndLaterPoliciesSwapThem) {
  make();
  EXPECT_THAT(finalizers(drop(Propagation::Foreground)), ElementsAre("foregroundDeletion"));
  const auto waiting = drop(Propagation::Default);
  EXPECT_THAT(finalizers(waiting), ElementsAre("foregroundDeletion"));
  const auto orphaning = drop(Propagation::Orphan);
  EXPECT_THAT(finalizers(orphaning), ElementsAre("orphan"));
  EXPECT_EQ(orphaning->deletion_time(), waiting->deletion_time());
  EXPECT_GT(orphaning->revision(), waiting->revision());
  EXPECT_TRUE(there());
  EXPECT_FALSE(drop(Propagation::Background)->deleting());
  EXPECT_FALSE(there());
}

TEST_F(PropagationTest, FinalizersOfOthersStay) {
  lease["metadata"]["finalizers"] = {"x.y/z", "orphan"};
  make();
  EXPECT_THAT(finalizers(drop(Propagation::Default)), ElementsAre("x.y/z", "orphan"));
  EXPECT_THAT(finalizers(drop(Propagation::Foreground)), ElementsAre("x.y/z", "foregroundDeletion"));
  EXPECT_THAT(finalizers(drop(Propagation::Background)), ElementsAre("x.y/z"));
}

TEST_F(PropagationTest, ADryRunTellsWhatWouldBe) {
  make();
  EXPECT_THAT(finalizers(drop(Propagation::Foreground, true)), ElementsAre("foregroundDeletion"));
  EXPECT_FALSE(drop(Propagation::Background, true)->deleting());
  EXPECT_TRUE(finalizers(registry.get(leases, {"ci", "web"}).value()).empty());
  EXPECT_FALSE(registry.get(leases, {"ci", "web"}).value()->deleting());
}

TEST_F(PropagationTest, OwnersAreChangedByUid) {
  lease["metadata"]["ownerReferences"] = json::array();
  for (const char* uid : {"1", "2"}) {
    lease["metadata"]["ownerReferences"].push_back({{"apiVersion", "v1"}, {"kind", "Secret"}, {"name", "s"}, {"uid", uid}});
  }
  make();
  const auto uid = registry.get(leases, {"ci", "web"}).value()->uid();
  const auto drop_first = [](json& references) { references.erase(0); };
  run_task(io, registry.change_owners(leases, {"ci", "web"}, "another", drop_first)).value();
  run_task(io, registry.change_owners(leases, {"ci", "web"}, uid, drop_first)).value();
  EXPECT_EQ(registry.get(leases, {"ci", "web"}).value()->body()["metadata"]["ownerReferences"].size(), 1u);
  run_task(io, registry.change_owners(leases, {"ci", "web"}, uid, drop_first)).value();
  EXPECT_FALSE(registry.get(leases, {"ci", "web"}).value()->body()["metadata"].contains("ownerReferences"));
}

// ---- races

TEST_F(RegistryRaceTest, OfTwoCreatesInANewNamespaceEachSucceedsAndOfTheSameNameOne) {
  start(registry.create(kind, "ci", widget("a"), {}));
  start(registry.create(kind, "ci", widget("a"), {}));
  start(registry.create(kind, "ci", widget("b"), {}));
  finish();
  EXPECT_THAT(outcomes, testing::UnorderedElementsAre("ok", "ok", HasSubstr("AlreadyExists")));
}

TEST_F(RegistryRaceTest, StatusWritesWithoutAResourceVersionAllSucceed) {
  run_task(io, registry.create(kind, "ci", widget("a"), {})).value();
  for (int i = 0; i < 8; ++i) {
    auto body = widget("a");
    body["status"] = {{"observed", i}};
    start(registry.update_status(kind, {"ci", "a"}, std::move(body), {}));
  }
  finish();
  EXPECT_THAT(outcomes, testing::Each("ok"));
}

TEST_F(RegistryRaceTest, OfReplacesOfTheSameRevisionOneWins) {
  auto body = run_task(io, registry.create(kind, "ci", widget("a"), {})).value()->body();
  for (int i = 0; i < 8; ++i) {
    body["spec"]["replicas"] = 2 + i;
    start(registry.replace(kind, {"ci", "a"}, body, {}));
  }
  finish();
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), "ok"), 1);
}

TEST_F(RegistryRaceTest, ADeletionAndAStatusWriteBothHappen) {
  run_task(io, registry.create(kind, "ci", widget("a"), {})).value();
  auto body = widget("a");
  body["status"] = {{"phase", "Ready"}};
  start(registry.update_status(kind, {"ci", "a"}, std::move(body), {}));
  start(registry.remove(kind, {"ci", "a"}, {}, false));
  finish();
  EXPECT_THAT(outcomes, ElementsAre("ok", "ok"));
  const auto object = registry.get(kind, {"ci", "a"}).value();
  EXPECT_TRUE(object->deleting());
  EXPECT_EQ(object->status()["phase"], "Ready");
}

TEST_F(RegistryRaceTest, AFullDiskIsReportedAsSuch) {
  disk->failure = base::error(Reason::DiskPressure, "disk is full");
  start(registry.create(kind, "ci", widget("a"), {}));
  finish();
  EXPECT_THAT(outcomes, ElementsAre("DiskPressure: disk is full"));
}

}  // namespace
}  // namespace berth::api
