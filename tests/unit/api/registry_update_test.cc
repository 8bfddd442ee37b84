#include "tests/unit/api/registry_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

TEST_F(RegistryTest, GenerationRisesOnlyWithTheSpec) {
  auto body = made();
  body["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_EQ(replace(body).value()->generation(), 1);
  body = stored()->body();
  body["spec"]["image"] = "other";
  EXPECT_EQ(replace(body).value()->generation(), 2);
  body = stored()->body();
  body["metadata"]["generation"] = 99;
  body["metadata"]["creationTimestamp"] = "2000-01-01T00:00:00Z";
  body["spec"]["replicas"] = 5;
  const auto object = replace(body).value();
  EXPECT_EQ(object->generation(), 3);
  EXPECT_EQ(object->body()["metadata"]["creationTimestamp"], "2026-01-01T00:00:00Z");
}

TEST_F(RegistryTest, AnIdenticalReplaceWritesNothing) {
  auto body = made();
  const auto revision = store->revision();
  auto watcher = registry.watch(kind, "", revision).value();
  body["status"] = {{"phase", "Ready"}};
  body["spec"].erase("replicas");  // comes back as a default
  EXPECT_EQ(replace(body).value()->revision(), revision);
  EXPECT_EQ(store->revision(), revision);
  EXPECT_FALSE(watcher->poll().has_value());
}

TEST_F(RegistryTest, ReplaceKeepsTheStatusOfTheStore) {
  auto body = made();
  body["status"] = {{"phase", "Ready"}};
  ASSERT_TRUE(update_status(body).has_value());
  body = stored()->body();
  body["status"] = {{"phase", "Pending"}};
  body["spec"]["image"] = "other";
  EXPECT_EQ(replace(body).value()->status()["phase"], "Ready");
}

TEST_F(RegistryTest, ReplaceWantsTheCurrentResourceVersion) {
  EXPECT_EQ(outcome(replace(widget("web"))), "NotFound: widgets.berth.dev \"web\" not found");
  auto body = made();
  EXPECT_EQ(
      outcome(replace(widget("web"))),
      "Invalid: widgets.berth.dev \"web\" is invalid: metadata.resourceVersion: Invalid value: 0: must be "
      "specified for an update");
  auto second = body;
  body["spec"]["image"] = "first";
  second["spec"]["image"] = "second";
  EXPECT_TRUE(replace(body).has_value());
  EXPECT_EQ(outcome(replace(second)),
            "Conflict: Operation cannot be fulfilled on widgets.berth.dev \"web\": the object has been "
            "modified; please "
            "apply your changes to the latest version and try again");
  second["metadata"]["resourceVersion"] = "abc";
  EXPECT_THAT(outcome(replace(second)), HasSubstr("BadRequest: metadata.resourceVersion"));
  second["metadata"]["resourceVersion"] = 5;
  EXPECT_THAT(outcome(replace(second)), HasSubstr("BadRequest: metadata.resourceVersion"));
}

TEST_F(RegistryTest, ReplaceRefusesAnotherIdentity) {
  const auto body = made();
  auto changed = body;
  changed["metadata"]["name"] = "other";
  EXPECT_EQ(outcome(replace(changed)),
            "BadRequest: the name of the object (other) does not match the name on the URL (web)");
  changed = body;
  changed["metadata"]["namespace"] = "other";
  EXPECT_THAT(outcome(replace(changed)), HasSubstr("BadRequest: the namespace of the provided object"));
  changed = body;
  changed["metadata"].erase("name");
  EXPECT_THAT(outcome(replace(changed)), HasSubstr("BadRequest: the name of the object (web based on URL)"));
  changed = body;
  changed["metadata"]["uid"] = "00000000-0000-0000-0000-000000000001";
  EXPECT_THAT(outcome(replace(changed)),
              HasSubstr("Conflict: Operation cannot be fulfilled on widgets.berth.dev "
                        "\"web\": Precondition failed: UID in precondition"));
  changed = body;
  changed["metadata"]["deletionTimestamp"] = "2000-01-01T00:00:00Z";
  EXPECT_THAT(outcome(replace(changed)),
              HasSubstr("metadata.deletionTimestamp: Invalid value: \"2000-01-01T00:00:00Z\": "
                        "field is immutable"));
}

TEST_F(RegistryTest, RulesOfAnUpdateSeeTheOldObject) {
  auto body = create(widget("web", "new-only")).value()->body();
  body["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_THAT(outcome(replace(body)), HasSubstr("only for new ones"));
}

TEST_F(RegistryTest, CoreKindsCanBeReplacedWithoutAResourceVersion) {
  json lease =
      json::parse(R"({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "web"},
                              "spec": {"holderIdentity": "a"}})");
  const auto made = run_task(io, registry.create(leases, "ci", lease, options)).value();
  EXPECT_FALSE(made->body()["metadata"].contains("generation"));
  lease["spec"]["holderIdentity"] = "b";
  const auto renewed = run_task(io, registry.replace(leases, {"ci", "web"}, lease, options)).value();
  EXPECT_EQ(renewed->spec()["holderIdentity"], "b");
  EXPECT_EQ(renewed->uid(), made->uid());
}

// ---- status

TEST_F(RegistryTest, UpdateStatusTakesNothingButTheStatus) {
  auto body = made();
  body["spec"]["image"] = "other";
  body["metadata"]["labels"] = {{"a", "b"}};
  body["metadata"]["finalizers"] = json::array();
  body["status"] = {{"phase", "Ready"}};
  const auto object = update_status(body).value();
  EXPECT_EQ(object->status()["phase"], "Ready");
  EXPECT_EQ(object->spec()["image"], "nginx");
  EXPECT_EQ(object->generation(), 1);
  EXPECT_EQ(object->label("a"), "");
  EXPECT_TRUE(object->has_finalizer("berth.dev/engine"));
  auto again = object->body();
  EXPECT_EQ(update_status(again).value()->revision(), object->revision());
}

TEST_F(RegistryTest, UpdateStatusIsCheckedLikeAnyWrite) {
  auto body = made();
  body["status"] = {{"phase", "Sleepy"}};
  EXPECT_THAT(outcome(update_status(body)), HasSubstr("status.phase: Unsupported value: \"Sleepy\""));
  body["status"] = {{"phase", "Ready"}};
  body["metadata"]["resourceVersion"] = "1";
  EXPECT_THAT(outcome(update_status(body)), HasSubstr("Conflict: "));
  body["metadata"].erase("resourceVersion");
  EXPECT_TRUE(update_status(body).has_value());
  EXPECT_THAT(outcome(update_status(widget("nope"), "nope")), HasSubstr("NotFound: "));
}

struct AllocationTest : RegistryTest {
  const crd::ResourceInfo& environments = *scheme.find_kind({"berth.dev", "v1alpha1", "TestEnvironment"});
  json body = json::parse(
      R"({"apiVersion": "berth.dev/v1alpha1", "kind": "TestEnvironment", "metadata": {"name": "web"},
    "spec": {"services": [{"name": "db", "image": "postgres"}, {"name": "api", "image": "api"}]}})");
  const json leased =
      json::parse(R"({"phase": "Pending", "network": {"name": "web-1", "subnet": "10.213.0.0/27"},
    "services": [{"name": "db", "state": "Waiting", "ports": [{"containerPort": 5432, "hostPort": 30000}]},
                 {"name": "api", "state": "Waiting"}],
    "endpoints": {"db.sql": "127.0.0.1:30000"}, "env": {"DEV_POSTGRES_PORT": "30000"}})");

  ObjectPtr write_status(json status, Actor actor) {
    options.actor = actor;
    body["status"] = std::move(status);
    return run_task(io, registry.update_status(environments, {"ci", "web"}, body, options)).value();
  }
  void SetUp() override {
    const auto made = run_task(io, registry.create(environments, "ci", body, options));
    ASSERT_TRUE(made.has_value()) << outcome(made);
    ASSERT_EQ(write_status(leased, Actor::System)->status()["network"], leased["network"]);
  }
};

TEST_F(AllocationTest, AUserCannotChangeWhatIsLeased) {
  auto wanted = leased;
  wanted["phase"] = "Ready";
  wanted["network"]["subnet"] = "10.0.0.0/8";
  wanted["services"][0]["ports"][0]["hostPort"] = 1;
  wanted["services"][1]["ports"] = json::parse(R"([{"containerPort": 80, "hostPort": 2}])");
  wanted["endpoints"] = {{"db.sql", "10.0.0.1:1"}};
  wanted.erase("env");
  auto expected = leased;
  expected["phase"] = "Ready";
  EXPECT_EQ(write_status(wanted, Actor::User)->status(), expected);
  EXPECT_EQ(write_status(wanted, Actor::System)->status()["network"]["subnet"], "10.0.0.0/8");
}

TEST_F(AllocationTest, AUserCannotMakeLeasesGoMissing) {
  const auto status = write_status({{"phase", "Ready"}}, Actor::User)->status();
  EXPECT_EQ(status["phase"], "Ready");
  EXPECT_EQ(status["network"], leased["network"]);
  ASSERT_EQ(status["services"].size(), 1u);
  EXPECT_EQ(status["services"][0], leased["services"][0]);
  options.actor = Actor::User;
  body.erase("status");
  const auto gone = run_task(io, registry.update_status(environments, {"ci", "web"}, body, options)).value();
  EXPECT_EQ(gone->status()["env"], leased["env"]);
}

}  // namespace
}  // namespace berth::api
