#include "tests/unit/api/registry_fixture.h"

#include <regex>

namespace berth::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
  EXPECT_EQ(metadata["finalizers"], json::array({"berth.dev/engine"}));
  EXPECT_EQ(metadata["resourceVersion"], std::to_string(store->revision()));
  for (const char* field : {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}) {
    EXPECT_FALSE(metadata.contains(field)) << field;
  }
  ASSERT_EQ(metadata["managedFields"].size(), 1u);
  EXPECT_EQ(metadata["managedFields"][0]["manager"], "unknown");
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
  EXPECT_EQ(
      outcome(create(body)),
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
  EXPECT_EQ(
      outcome(create(body)),
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
  EXPECT_EQ(
      outcome(create(body)),
      "BadRequest: the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(outcome(create(widget("web"), "")),
            "BadRequest: an empty namespace may not be set during creation");
}

TEST_F(RegistryTest, CreateNamesEverythingThatIsInvalidAtOnce) {
  auto body = widget("web");
  body["metadata"]["labels"] = {{"bad key", "bad value!"}};
  body["spec"] = {{"replicas", 99}};
  const auto result = create(body);
  ASSERT_TRUE(result.has_error());
  std::vector<std::string> fields;
  for (const auto& cause : result.error().causes) fields.push_back(cause.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("metadata.labels", "metadata.labels", "spec.image",
                                                    "spec.replicas"));
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
    EXPECT_THAT(outcome(create(widget(name))), HasSubstr("a lowercase RFC 1123 subdomain must consist of"))
        << name;
  }
  EXPECT_THAT(outcome(create(widget(std::string(254, 'a')))), HasSubstr("must be no more than 253 bytes"));
  EXPECT_TRUE(create(widget("a.b-c.0")).has_value());
  auto body = widget("");
  body["metadata"] = json::object();
  EXPECT_EQ(outcome(create(body)),
            "Invalid: Widget.berth.dev \"\" is invalid: metadata.name: Required value: name or generateName "
            "is required");
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
  EXPECT_THAT(error_of({{"labels", {{"a", "bad value!"}}}}),
              HasSubstr("a valid label must be an empty string or"));
  EXPECT_THAT(error_of({{"labels", {{"a", std::string(64, 'x')}}}}),
              HasSubstr("must be no more than 63 bytes"));
  EXPECT_THAT(error_of({{"labels", {{"/x", ""}}}}), HasSubstr("prefix part must be non-empty"));
  EXPECT_THAT(error_of({{"labels", {{"A_/x", ""}}}}),
              HasSubstr("prefix part a lowercase RFC 1123 subdomain"));
  EXPECT_THAT(error_of({{"labels", {{"a/b/c", ""}}}}), HasSubstr("a qualified name must consist of"));
  EXPECT_THAT(error_of({{"labels", {{"a/", ""}}}}), HasSubstr("name part must be non-empty"));
  EXPECT_THAT(error_of({{"labels", {{"a", 5}}}}), HasSubstr("metadata.labels.a: must be a string"));
  EXPECT_EQ(error_of({{"annotations", {{"Example.com/Key", "any \n text"}}}}), "ok");
  EXPECT_THAT(error_of({{"annotations", {{"a b", ""}}}}),
              HasSubstr("metadata.annotations: Invalid value: \"a b\""));
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

TEST_F(RegistryTest, UsersNeitherSetNorRemoveTheMarksOfDirectories) {
  auto body = widget("web");
  const json marks = {{"berth.dev/source", "/m/a.yaml"}, {"berth.dev/source-hash", "1-2"}, {"berth.dev/source-names", "{}"}};
  body["metadata"]["annotations"] = marks;
  EXPECT_FALSE(create(body).value()->body()["metadata"].contains("annotations"));

  body["metadata"]["name"] = "marked";
  options.actor = Actor::System;
  ASSERT_EQ(create(body).value()->body()["metadata"]["annotations"], marks);
  options.actor = Actor::User;
  auto edited = stored("marked")->body();
  edited["metadata"]["annotations"] = {{"berth.dev/source", "/x"}, {"berth.dev/adopt", "true"}, {"berth.dev/sourceless", "x"}};
  json expected = marks;
  expected["berth.dev/adopt"] = "true";
  expected["berth.dev/sourceless"] = "x";
  EXPECT_EQ(replace(edited, "marked").value()->body()["metadata"]["annotations"], expected);
  edited = stored("marked")->body();
  edited["metadata"].erase("annotations");
  EXPECT_EQ(replace(edited, "marked").value()->body()["metadata"]["annotations"], marks);

  edited = stored("web")->body();
  edited["metadata"]["annotations"] = marks;
  const auto revision = stored("web")->revision();
  EXPECT_EQ(replace(edited).value()->revision(), revision);  // nothing is left to write
  edited["metadata"]["annotations"] = json::object();
  EXPECT_TRUE(replace(edited).has_value());
}

TEST_F(RegistryTest, UsersNeitherAddNorRemoveTheEngineFinalizer) {
  auto body = made();
  body["metadata"]["finalizers"] = {"example.com/mine"};
  EXPECT_EQ(replace(body).value()->body()["metadata"]["finalizers"],
            json({"example.com/mine", "berth.dev/engine"}));
  body = stored()->body();
  body["metadata"].erase("finalizers");
  EXPECT_EQ(replace(body).value()->body()["metadata"]["finalizers"], json::array({"berth.dev/engine"}));

  json lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", {{"name", "web"}}}};
  lease["metadata"]["finalizers"] = {"berth.dev/engine"};
  EXPECT_THAT(outcome(run_task(io, registry.create(leases, "ci", lease, options))),
              HasSubstr("metadata.finalizers: Forbidden: \"berth.dev/engine\" is written by berth alone"));

  options.actor = Actor::System;
  body = stored()->body();
  body["metadata"]["finalizers"] = json::array();
  EXPECT_THAT(replace(body).value()->body()["metadata"].value("finalizers", json::array()), IsEmpty());
}

}  // namespace
}  // namespace berth::api
