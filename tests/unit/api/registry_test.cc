#include "api/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "api/storage/memory_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_journal.h"
#include "tests/fakes/run_task.h"

namespace berth::api {
namespace {

using fakes::run_task;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A kind like TestEnvironment, but small: Widget, with a finalizer, a default inside a list and a rule.
crd::ResourceInfo widgets() {
  crd::ResourceInfo info;
  info.gvk = {"berth.dev", "v1alpha1", "Widget"};
  info.plural = "widgets";
  info.singular = "widget";
  info.has_status = true;
  info.finalizers = {std::string(crd::kEngineFinalizer)};
  info.schema = json::parse(R"({
    "type": "object", "required": ["spec"],
    "properties": {
      "spec": {"type": "object", "required": ["image"], "properties": {
        "image": {"type": "string"},
        "replicas": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
        "ports": {"type": "array", "items": {"type": "object", "properties": {
          "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}}}}}},
      "status": {"type": "object", "properties": {
        "phase": {"type": "string", "enum": ["Pending", "Ready"]}, "observed": {"type": "integer"}}}}})");
  info.rules = [](const json& object, const json* old) -> std::vector<Cause> {
    const auto& image = object["spec"]["image"];
    if (image == "forbidden") return {{"FieldValueForbidden", "Forbidden: not this one", "spec.image"}};
    if (old && image == "new-only") return {{"FieldValueInvalid", "Invalid value: only for new ones", "spec.image"}};
    return {};
  };
  return info;
}

json widget(const std::string& name, const std::string& image = "nginx") {
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "Widget"},
          {"metadata", {{"name", name}}},
          {"spec", {{"image", image}}}};
}

const crd::Scheme& shared_scheme() {
  static const crd::Scheme kScheme = [] {
    auto scheme = crd::Scheme::builtin();
    scheme.add(widgets());
    return scheme;
  }();
  return kScheme;
}

std::string outcome(const Result<ObjectPtr>& result) {
  if (result.has_value()) return "ok";
  return std::string(to_string(result.error().reason)) + ": " + result.error().message;
}

struct RegistryTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  const crd::Scheme& scheme = shared_scheme();
  const crd::ResourceInfo& kind = *scheme.find_kind({"berth.dev", "v1alpha1", "Widget"});
  const crd::ResourceInfo& namespaces = *scheme.find("", "v1", "namespaces");
  const crd::ResourceInfo& leases = *scheme.find("coordination.k8s.io", "v1", "leases");
  std::unique_ptr<storage::Store> store = storage::make_memory_store(io.get_executor());
  Registry registry{scheme, *store, clock};
  WriteOptions options;

  Result<ObjectPtr> create(json body, const std::string& ns = "ci") {
    return run_task(io, registry.create(kind, ns, std::move(body), options));
  }
  Result<ObjectPtr> replace(json body, const std::string& name = "web") {
    return run_task(io, registry.replace(kind, {"ci", name}, std::move(body), options));
  }
  Result<ObjectPtr> update_status(json body, const std::string& name = "web") {
    return run_task(io, registry.update_status(kind, {"ci", name}, std::move(body), options));
  }
  Result<ObjectPtr> remove(const std::string& name = "web", DeletePreconditions preconditions = {}, bool dry = false) {
    return run_task(io, registry.remove(kind, {"ci", name}, std::move(preconditions), dry));
  }
  ObjectPtr stored(const std::string& name = "web") { return registry.get(kind, {"ci", name}).value(); }
  json made(const std::string& name = "web") { return create(widget(name)).value()->body(); }
};

// ---- create

TEST_F(RegistryTest, CreateStampsWhatTheServerOwnsAndIgnoresWhatTheClientSaysOfIt) {
  auto body = widget("web");
  body["metadata"].update(json::parse(R"({"uid": "00000000-0000-0000-0000-000000000001", "generation": 7,
      "creationTimestamp": "2000-01-01T00:00:00Z", "deletionTimestamp": "2000-01-01T00:00:00Z",
      "deletionGracePeriodSeconds": 5, "selfLink": "/x", "resourceVersion": "", "managedFields": []})"));
  body["status"] = {{"phase", "Ready"}};
  const auto object = create(body).value();
  const auto& metadata = object->body()["metadata"];
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EXPECT_TRUE(std::regex_match(object->uid(), uuid)) << object->uid();
  EXPECT_EQ(metadata["creationTimestamp"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(metadata["generation"], 1);
  EXPECT_EQ(metadata["namespace"], "ci");
  EXPECT_EQ(metadata["finalizers"], json({"berth.dev/engine"}));
  EXPECT_EQ(metadata["resourceVersion"], std::to_string(store->revision()));
  for (const char* field : {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"}) {
    EXPECT_FALSE(metadata.contains(field)) << field;
  }
  EXPECT_FALSE(object->body().contains("status"));
}

TEST_F(RegistryTest, CreateFillsInDefaultsAlsoInsideLists) {
  auto body = widget("web");
  body["spec"]["ports"] = {{{"port", 80}}};
  body["spec"]["replicas"] = nullptr;
  const auto object = create(body).value();
  EXPECT_EQ(object->spec()["replicas"], 1);
  EXPECT_EQ(object->spec()["ports"][0]["protocol"], "TCP");
}

TEST_F(RegistryTest, UnknownFieldsAreErrorsWarningsOrNothing) {
  auto body = widget("web");
  body["extra"] = 1;
  body["spec"]["imagge"] = "x";
  body["metadata"]["bogus"] = 1;
  options.field_validation = FieldValidation::Strict;
  EXPECT_EQ(outcome(create(body)),
            "BadRequest: Widget in version \"v1alpha1\" cannot be handled as a Widget: strict decoding error: "
            "unknown field \"metadata.bogus\", unknown field \"extra\", unknown field \"spec.imagge\"");

  std::vector<std::string> warnings;
  options.field_validation = FieldValidation::Warn;
  options.warnings = &warnings;
  const auto object = create(body).value();
  EXPECT_THAT(warnings, ElementsAre("unknown field \"metadata.bogus\"", "unknown field \"extra\"",
                                    "unknown field \"spec.imagge\""));
  EXPECT_FALSE(object->body().contains("extra"));
  EXPECT_FALSE(object->spec().contains("imagge"));
  EXPECT_FALSE(object->body()["metadata"].contains("bogus"));

  warnings.clear();
  options.field_validation = FieldValidation::Ignore;
  body["metadata"]["name"] = "other";
  EXPECT_TRUE(create(body).has_value());
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(RegistryTest, CreateRefusesABodyThatIsNotOfThisKind) {
  EXPECT_THAT(outcome(create(json::array())), HasSubstr("BadRequest: the object provided is unrecognized"));
  auto body = widget("w2");
  body["kind"] = "DockerHost";
  EXPECT_EQ(outcome(create(body)),
            "Invalid: DockerHost.berth.dev \"w2\" is invalid: kind: Invalid value: \"DockerHost\": must be Widget");
  body = widget("w2");
  body["apiVersion"] = "berth.dev/v1";
  EXPECT_EQ(outcome(create(body)),
            "BadRequest: the API version in the data (berth.dev/v1) does not match the expected API version "
            "(berth.dev/v1alpha1)");
  body = widget("w2");
  body.erase("kind");
  EXPECT_THAT(outcome(create(body)), HasSubstr("Object 'Kind' is missing in '{"));
  body = widget("w2");
  body["metadata"] = 5;
  EXPECT_THAT(outcome(create(body)), HasSubstr("BadRequest: metadata"));
  body = widget("w2");
  body["metadata"]["name"] = 5;
  EXPECT_THAT(outcome(create(body)), HasSubstr("BadRequest: metadata.name"));
  body = widget("w2");
  body["metadata"]["generateName"] = 5;
  EXPECT_THAT(outcome(create(body)), HasSubstr("BadRequest: metadata.generateName"));
}

TEST_F(RegistryTest, CreateRefusesAResourceVersion) {
  auto body = widget("web");
  body["metadata"]["resourceVersion"] = "5";
  EXPECT_EQ(outcome(create(body)), "BadRequest: resourceVersion should not be set on objects to be created");
}

TEST_F(RegistryTest, CreateRefusesANamespaceThatContradictsTheRequest) {
  auto body = widget("web");
  body["metadata"]["namespace"] = "other";
  EXPECT_EQ(outcome(create(body)),
            "BadRequest: the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(outcome(create(widget("web"), "")), "BadRequest: an empty namespace may not be set during creation");
}

TEST_F(RegistryTest, CreateNamesEverythingThatIsInvalidAtOnce) {
  auto body = widget("web");
  body["metadata"]["labels"] = {{"bad key", "bad value!"}};
  body["spec"] = {{"replicas", 99}};
  const auto result = create(body);
  ASSERT_TRUE(result.has_error());
  std::vector<std::string> fields;
  for (const auto& cause : result.error().causes) fields.push_back(cause.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("metadata.labels", "metadata.labels", "spec.image", "spec.replicas"));
  EXPECT_THAT(result.error().message, testing::StartsWith("Widget.berth.dev \"web\" is invalid: ["));
}

TEST_F(RegistryTest, RulesSpeakOnceTheSchemaIsSatisfied) {
  EXPECT_EQ(outcome(create(widget("web", "forbidden"))),
            "Invalid: Widget.berth.dev \"web\" is invalid: spec.image: Forbidden: not this one");
  auto body = widget("web", "forbidden");
  body["spec"]["replicas"] = 99;
  EXPECT_EQ(create(body).error().causes.size(), 1u);
}

TEST_F(RegistryTest, ASecondOneOfTheSameNameIsRefused) {
  made();
  EXPECT_EQ(outcome(create(widget("web"))), "AlreadyExists: widgets.berth.dev \"web\" already exists");
  EXPECT_TRUE(create(widget("web"), "other").has_value());
}

TEST_F(RegistryTest, GenerateNameAddsFiveLettersAndCutsLongPrefixes) {
  auto body = widget("");
  body["metadata"] = {{"generateName", "run-"}};
  const auto name = create(body).value()->name();
  EXPECT_TRUE(std::regex_match(name, std::regex("run-[bcdfghjklmnpqrstvwxz2456789]{5}"))) << name;
  EXPECT_NE(create(body).value()->name(), name);
  body["metadata"] = {{"generateName", std::string(100, 'a')}};
  EXPECT_EQ(create(body).value()->name().size(), 63u);
  body["metadata"] = {{"generateName", "run-"}, {"name", "mine"}};
  EXPECT_EQ(create(body).value()->name(), "mine");
  body["metadata"] = {{"generateName", "Bad_"}};
  EXPECT_THAT(outcome(create(body)), HasSubstr("Invalid: Widget.berth.dev \"Bad_"));
}

TEST_F(RegistryTest, DryRunAnswersWithoutStoringAnything) {
  options.dry_run = true;
  const auto object = create(widget("web")).value();
  EXPECT_FALSE(object->uid().empty());
  EXPECT_FALSE(object->body()["metadata"].contains("resourceVersion"));
  EXPECT_EQ(store->revision(), 0u);
  options.dry_run = false;
  const auto before = made();
  options.dry_run = true;
  EXPECT_EQ(outcome(create(widget("web"))), "AlreadyExists: widgets.berth.dev \"web\" already exists");
  auto body = before;
  body["spec"]["image"] = "other";
  const auto shown = replace(body).value();
  EXPECT_EQ(shown->generation(), 2);
  EXPECT_EQ(shown->body()["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
  EXPECT_TRUE(remove("web", {}, true).value()->deleting());
  EXPECT_EQ(stored()->body(), before);
}

// ---- metadata

TEST_F(RegistryTest, NamesMustBeDnsSubdomains) {
  for (const char* name : {"Bad_Name!", "-a", "a-", "a..b", "A"}) {
    EXPECT_THAT(outcome(create(widget(name))), HasSubstr("a lowercase RFC 1123 subdomain must consist of")) << name;
  }
  EXPECT_THAT(outcome(create(widget(std::string(254, 'a')))), HasSubstr("must be no more than 253 bytes"));
  EXPECT_TRUE(create(widget("a.b-c.0")).has_value());
  auto body = widget("");
  body["metadata"] = json::object();
  EXPECT_EQ(outcome(create(body)),
            "Invalid: Widget.berth.dev \"\" is invalid: metadata.name: Required value: name or generateName is required");
}

TEST_F(RegistryTest, LabelsAnnotationsFinalizersAndOwnersAreChecked) {
  const auto error_of = [&](const json& metadata) {
    auto body = widget("web");
    body["metadata"].update(metadata);
    options.dry_run = true;
    const auto result = create(body);
    return result.has_value() ? "ok" : result.error().message;
  };
  EXPECT_EQ(error_of({{"labels", {{"a.b/c", "x_Y.z"}, {"plain", ""}}}}), "ok");
  EXPECT_THAT(error_of({{"labels", {{"a", "bad value!"}}}}), HasSubstr("a valid label must be an empty string or"));
  EXPECT_THAT(error_of({{"labels", {{"a", std::string(64, 'x')}}}}), HasSubstr("must be no more than 63 bytes"));
  EXPECT_THAT(error_of({{"labels", {{"/x", ""}}}}), HasSubstr("prefix part must be non-empty"));
  EXPECT_THAT(error_of({{"labels", {{"A_/x", ""}}}}), HasSubstr("prefix part a lowercase RFC 1123 subdomain"));
  EXPECT_THAT(error_of({{"labels", {{"a/b/c", ""}}}}), HasSubstr("a qualified name must consist of"));
  EXPECT_THAT(error_of({{"labels", {{"a/", ""}}}}), HasSubstr("name part must be non-empty"));
  EXPECT_THAT(error_of({{"labels", {{"a", 5}}}}), HasSubstr("metadata.labels.a: must be a string"));
  EXPECT_EQ(error_of({{"annotations", {{"Example.com/Key", "any \n text"}}}}), "ok");
  EXPECT_THAT(error_of({{"annotations", {{"a b", ""}}}}), HasSubstr("metadata.annotations: Invalid value: \"a b\""));
  EXPECT_THAT(error_of({{"annotations", {{"a", std::string(262144, 'x')}}}}),
              HasSubstr("metadata.annotations: Too long: may not be more than 262144 bytes"));
  EXPECT_THAT(error_of({{"finalizers", {"nodomain"}}}), HasSubstr("nor is it fully qualified"));
  EXPECT_EQ(error_of({{"finalizers", {"example.com/x", "orphan"}}}), "ok");
  const json owner = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", "a"}, {"uid", "1"}};
  EXPECT_EQ(error_of({{"ownerReferences", {owner}}}), "ok");
  auto nameless = owner;
  nameless["name"] = "";
  EXPECT_THAT(error_of({{"ownerReferences", {nameless}}}),
              HasSubstr("metadata.ownerReferences.name: Invalid value: \"\": must not be empty"));
  auto controller = owner;
  controller["controller"] = true;
  EXPECT_EQ(error_of({{"ownerReferences", {owner, controller}}}), "ok");
  EXPECT_THAT(error_of({{"ownerReferences", {controller, controller}}}),
              HasSubstr("Only one reference can have Controller set to true"));
  EXPECT_THAT(error_of({{"ownerReferences", "x"}}), HasSubstr("must be a list"));
  EXPECT_THAT(error_of({{"ownerReferences", {1}}}), HasSubstr("must be an object"));
}

TEST_F(RegistryTest, UsersNeitherAddNorRemoveTheEngineFinalizer) {
  auto body = made();
  body["metadata"]["finalizers"] = {"example.com/mine"};
  EXPECT_EQ(replace(body).value()->body()["metadata"]["finalizers"], json({"example.com/mine", "berth.dev/engine"}));
  body = stored()->body();
  body["metadata"].erase("finalizers");
  EXPECT_EQ(replace(body).value()->body()["metadata"]["finalizers"], json({"berth.dev/engine"}));

  json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  lease["metadata"]["finalizers"] = {"berth.dev/engine"};
  EXPECT_THAT(outcome(run_task(io, registry.create(leases, "ci", lease, options))),
              HasSubstr("metadata.finalizers: Forbidden: \"berth.dev/engine\" is written by berth alone"));

  options.actor = Actor::System;
  body = stored()->body();
  body["metadata"]["finalizers"] = json::array();
  EXPECT_THAT(replace(body).value()->body()["metadata"].value("finalizers", json::array()), IsEmpty());
}

// ---- replace

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
  EXPECT_EQ(outcome(replace(widget("web"))),
            "Invalid: widgets.berth.dev \"web\" is invalid: metadata.resourceVersion: Invalid value: 0: must be "
            "specified for an update");
  auto second = body;
  body["spec"]["image"] = "first";
  second["spec"]["image"] = "second";
  EXPECT_TRUE(replace(body).has_value());
  EXPECT_EQ(outcome(replace(second)),
            "Conflict: Operation cannot be fulfilled on widgets.berth.dev \"web\": the object has been modified; please "
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
  EXPECT_THAT(outcome(replace(changed)), HasSubstr("Conflict: Operation cannot be fulfilled on widgets.berth.dev "
                                                   "\"web\": Precondition failed: UID in precondition"));
  changed = body;
  changed["metadata"]["deletionTimestamp"] = "2000-01-01T00:00:00Z";
  EXPECT_THAT(outcome(replace(changed)), HasSubstr("metadata.deletionTimestamp: Invalid value: \"2000-01-01T00:00:00Z\": "
                                                   "field is immutable"));
}

TEST_F(RegistryTest, RulesOfAnUpdateSeeTheOldObject) {
  auto body = create(widget("web", "new-only")).value()->body();
  body["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_THAT(outcome(replace(body)), HasSubstr("only for new ones"));
}

TEST_F(RegistryTest, CoreKindsCanBeReplacedWithoutAResourceVersion) {
  json lease = json::parse(R"({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "web"},
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
  json body = json::parse(R"({"apiVersion": "berth.dev/v1alpha1", "kind": "TestEnvironment", "metadata": {"name": "web"},
    "spec": {"services": [{"name": "db", "image": "postgres"}, {"name": "api", "image": "api"}]}})");
  const json leased = json::parse(R"({"phase": "Pending", "network": {"name": "web-1", "subnet": "10.213.0.0/27"},
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

// ---- remove

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
  EXPECT_TRUE(run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, "another uid", "berth.dev/engine")).has_value());
  EXPECT_TRUE(registry.get(kind, {"ci", "web"}).has_value());
  EXPECT_TRUE(run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, uid, "berth.dev/engine")).has_value());
  EXPECT_TRUE(run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, uid, "berth.dev/engine")).has_value());
  EXPECT_TRUE(registry.get(kind, {"ci", "web"}).has_error());
  const auto event = watcher->poll().value().value();
  EXPECT_EQ(event.type, storage::EventType::Deleted);
  EXPECT_EQ(event.object->revision(), event.revision);
  EXPECT_TRUE(event.object->has_finalizer("berth.dev/engine"));  // the last stored state
  EXPECT_FALSE(watcher->poll().has_value());
}

TEST_F(RegistryTest, RemoveWithoutFinalizersIsImmediate) {
  const json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  ASSERT_TRUE(run_task(io, registry.create(leases, "ci", lease, options)).has_value());
  const auto gone = run_task(io, registry.remove(leases, {"ci", "web"}, {}, false)).value();
  EXPECT_FALSE(gone->deleting());
  EXPECT_EQ(outcome(run_task(io, registry.remove(leases, {"ci", "web"}, {}, false))),
            "NotFound: leases.coordination.k8s.io \"web\" not found");
}

TEST_F(RegistryTest, RemoveHonoursPreconditions) {
  const auto object = create(widget("web")).value();
  EXPECT_EQ(outcome(remove("web", {.uid = "x"})),
            "Conflict: Operation cannot be fulfilled on Widget.berth.dev \"web\": the UID in the precondition (x) does "
            "not match the UID in record (" + object->uid() + "). The object might have been deleted and then recreated");
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
  EXPECT_THAT(outcome(replace(body)),
              HasSubstr("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
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
  EXPECT_THAT(outcome(create(widget("web"), "Bad.Name")),
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

TEST_F(RegistryTest, ANamespaceGoesOnlyWithoutBerthsObjects) {
  const json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  ASSERT_TRUE(run_task(io, registry.create(leases, "ci", lease, options)).has_value());
  made();
  EXPECT_THAT(outcome(run_task(io, registry.remove(namespaces, {"", "ci"}, {}, false))),
              HasSubstr("it still holds 1 widgets.berth.dev; delete them first"));
  const auto uid = stored()->uid();
  remove();
  run_task(io, registry.remove_finalizer(kind, {"ci", "web"}, uid, "berth.dev/engine"));
  EXPECT_EQ(outcome(run_task(io, registry.remove(namespaces, {"", "ci"}, {}, false))), "ok");
  EXPECT_TRUE(registry.list(leases, "").items.empty());
  EXPECT_TRUE(registry.list(namespaces, "").items.empty());
}

// ---- races

struct RegistryRaceTest : testing::Test {
  asio::io_context io;
  fakes::FakeClock clock;
  const crd::Scheme& scheme = shared_scheme();
  const crd::ResourceInfo& kind = *scheme.find_kind({"berth.dev", "v1alpha1", "Widget"});
  std::shared_ptr<fakes::FakeDisk> disk = std::make_shared<fakes::FakeDisk>();
  std::unique_ptr<storage::Store> store = fakes::open_fake_store(io.get_executor(), disk);
  Registry registry{scheme, *store, clock};
  std::vector<std::string> outcomes;
  TaskGroup group{io.get_executor(), "race"};

  static Task<void> keep(Task<Result<ObjectPtr>> work, std::vector<std::string>& outcomes) {
    const auto result = co_await std::move(work);
    outcomes.push_back(outcome(result));
  }
  void start(Task<Result<ObjectPtr>> work) { group.spawn("write", keep(std::move(work), outcomes)); }
  void finish() { run_task(io, group.join()); }
};

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
