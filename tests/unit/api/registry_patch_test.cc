#include "tests/unit/api/registry_fixture.h"

#include "crd/managed_text.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

struct RegistryPatchTest : RegistryTest {
  Result<Patched> patch(PatchType type, json body, bool status = false, const std::string& name = "web") {
    Patch what;
    what.type = type;
    what.body = std::move(body);
    what.force = force;
    return run_task(io, registry.patch(kind, {"ci", name}, std::move(what), options, status));
  }
  json merged(json body, bool status = false) {
    auto result = patch(PatchType::Merge, std::move(body), status);
    return result.has_value() ? result->object->body() : json(result.error().message);
  }
  Result<Patched> apply(const std::string& manager, json spec) {
    options.field_manager = manager;
    json config = widget("web");
    config["spec"] = std::move(spec);
    return patch(PatchType::Apply, std::move(config));
  }
  json managers(const json& body) const {
    json names = json::array();
    for (const auto& entry : crd::wire_form(body)["metadata"].value("managedFields", json::array())) {
      names.push_back(entry["manager"].get<std::string>() + ":" + entry.value("subresource", "") + entry["fieldsV1"].dump());
    }
    return names;
  }
  bool force = false;
};

TEST_F(RegistryPatchTest, AMergePatchChangesOnlyWhatItNames) {
  made();
  const auto body = merged({{"spec", {{"replicas", 3}}}, {"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_EQ(body["spec"], json({{"image", "nginx"}, {"replicas", 3}}));
  EXPECT_EQ(body["metadata"]["generation"], 2);
  EXPECT_EQ(body["metadata"]["labels"], json({{"a", "b"}}));
  // A field that is taken away gets its default.
  EXPECT_EQ(merged({{"spec", {{"replicas", nullptr}}}})["spec"]["replicas"], 1);
}

TEST_F(RegistryPatchTest, WhatChangesNothingWritesNothing) {
  made();
  const auto before = store->revision();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(merged(json::object()), stored()->body());
  EXPECT_EQ(merged({{"spec", {{"image", "nginx"}}}}), stored()->body());
  EXPECT_EQ(merged({{"status", {{"phase", "Ready"}}}}), stored()->body());
  EXPECT_EQ(store->revision(), before);
}

TEST_F(RegistryPatchTest, AStatusPatchChangesStatusAlone) {
  made();
  const auto body = merged({{"status", {{"phase", "Ready"}}}, {"spec", {{"replicas", 9}}}, {"metadata", {{"labels", {{"a", "b"}}}}}}, true);
  EXPECT_EQ(body["status"], json({{"phase", "Ready"}}));
  EXPECT_EQ(body["spec"]["replicas"], 1);
  EXPECT_EQ(body["metadata"]["generation"], 1);
  EXPECT_FALSE(body["metadata"].contains("labels"));
  EXPECT_EQ(merged({{"status", nullptr}}, true).contains("status"), false);
}

TEST_F(RegistryPatchTest, AResourceVersionInAPatchIsALock) {
  const auto body = made();
  const json lock = {{"metadata", {{"resourceVersion", body["metadata"]["resourceVersion"]}}}, {"spec", {{"replicas", 2}}}};
  EXPECT_EQ(merged(lock)["spec"]["replicas"], 2);
  const auto again = patch(PatchType::Merge, {{"metadata", lock["metadata"]}, {"spec", {{"replicas", 3}}}});
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().reason, Reason::Conflict);
}

TEST_F(RegistryPatchTest, UnknownFieldsOfAStrictPatchAreInvalid) {
  made();
  options.field_validation = FieldValidation::Strict;
  const auto refused = patch(PatchType::Merge, {{"spec", {{"nope", 1}}}});
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().reason, Reason::Invalid);
  EXPECT_THAT(refused.error().message, testing::StartsWith(R"( "" is invalid: patch: Invalid value: "{\"apiVersion\")"));
  EXPECT_THAT(refused.error().message, testing::EndsWith(R"(: strict decoding error: unknown field "spec.nope")"));
  std::vector<std::string> warnings;
  options.field_validation = FieldValidation::Warn;
  options.warnings = &warnings;
  merged({{"spec", {{"nope", 1}}}});
  EXPECT_EQ(warnings, std::vector<std::string>{R"(unknown field "spec.nope")"});
}

TEST_F(RegistryPatchTest, ADryRunShowsWhatWouldBe) {
  made();
  const auto before = stored();
  options.dry_run = true;
  const auto body = merged({{"spec", {{"replicas", 3}}}});
  EXPECT_EQ(body["metadata"]["generation"], 2);
  EXPECT_EQ(body["metadata"]["resourceVersion"], before->body()["metadata"]["resourceVersion"]);
  EXPECT_EQ(stored(), before);
}

TEST_F(RegistryPatchTest, MissingObjectsAreNotFoundExceptByApply) {
  EXPECT_EQ(patch(PatchType::Merge, json::object()).error().reason, Reason::NotFound);
  EXPECT_EQ(patch(PatchType::Json, json::array()).error().reason, Reason::NotFound);
  EXPECT_EQ(patch(PatchType::Apply, widget("web"), true).error().reason, Reason::NotFound);
  const auto made_now = patch(PatchType::Apply, widget("web"));
  ASSERT_TRUE(made_now.has_value()) << made_now.error().message;
  EXPECT_TRUE(made_now->created);
  EXPECT_FALSE(patch(PatchType::Apply, widget("web"))->created);
  auto other = widget("other");
  other["metadata"]["uid"] = "1";
  EXPECT_THAT(patch(PatchType::Apply, other, false, "other").error().message, HasSubstr("uid mismatch"));
}

TEST_F(RegistryPatchTest, BerthsFinalizerBelongsToNoApplier) {
  EXPECT_TRUE(apply("a", {{"image", "x"}})->object->has_finalizer(crd::kEngineFinalizer));
  EXPECT_EQ(managers(stored()->body()), json::array({R"(a:{"f:spec":{"f:image":{}}})"}));
  EXPECT_TRUE(apply("a", {{"image", "y"}})->object->has_finalizer(crd::kEngineFinalizer));
}

TEST_F(RegistryPatchTest, WhatAnApplierDropsGoesUnlessSomebodyElseHasIt) {
  apply("a", {{"image", "x"}, {"replicas", 3}}).value();
  apply("b", {{"image", "x"}}).value();
  EXPECT_EQ(apply("a", {{"replicas", 3}})->object->spec(), json({{"image", "x"}, {"replicas", 3}}));
  EXPECT_EQ(apply("a", json::object())->object->spec(), json({{"image", "x"}, {"replicas", 1}}));
  const auto refused = apply("b", json::object());
  ASSERT_TRUE(refused.has_error());
  EXPECT_THAT(refused.error().message, HasSubstr("Required value"));
}

TEST_F(RegistryPatchTest, ConflictsAreToldAndForced) {
  apply("a", {{"image", "x"}, {"replicas", 3}}).value();
  const auto refused = apply("b", {{"image", "y"}, {"replicas", 4}});
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().message, "Apply failed with 2 conflicts: conflicts with \"a\":\n- .spec.image\n- .spec.replicas");
  EXPECT_EQ(refused.error().causes.size(), 2u);
  force = true;
  EXPECT_EQ(apply("b", {{"image", "y"}})->object->spec()["image"], "y");
  EXPECT_EQ(managers(stored()->body()),
            json::array({R"(a:{"f:spec":{"f:replicas":{}}})", R"(b:{"f:spec":{"f:image":{}}})"}));
}

TEST_F(RegistryPatchTest, AnUnchangedApplyKeepsItsTime) {
  apply("a", {{"image", "x"}}).value();
  const auto before = stored();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(apply("a", {{"image", "x"}})->object, before);
  // What is the default anyway changes nothing either, but has an owner from now on.
  const auto body = apply("a", {{"image", "x"}, {"replicas", 1}})->object->body();
  EXPECT_EQ(body["metadata"]["managedFields"][0]["time"], before->body()["metadata"]["managedFields"][0]["time"]);
  EXPECT_EQ(managers(body), json::array({R"(a:{"f:spec":{"f:image":{},"f:replicas":{}}})"}));
}

TEST_F(RegistryPatchTest, StatusOfTheControllersHasAnEntryOfItsOwn) {
  made();
  options.actor = Actor::System;
  options.field_manager = "berthd";
  auto body = stored()->body();
  body["status"] = {{"phase", "Ready"}};
  update_status(body).value();
  const std::string mine = R"(berthd:status{"f:status":{".":{},"f:phase":{}}})";
  const std::string theirs = R"(unknown:{"f:spec":{".":{},"f:image":{},"f:replicas":{}}})";
  EXPECT_EQ(managers(stored()->body()), json::array({mine, theirs}));  // of the same time: by name
  clock.advance(std::chrono::seconds(5));
  body["metadata"].erase("resourceVersion");
  const auto revision = store->revision();
  update_status(body).value();
  EXPECT_EQ(store->revision(), revision);
  body["status"]["phase"] = "Pending";
  update_status(body).value();
  EXPECT_EQ(managers(stored()->body()), json::array({theirs, mine}));
  EXPECT_EQ(stored()->body()["metadata"]["managedFields"][1]["time"], "2026-01-01T00:00:05Z");
}

TEST_F(RegistryPatchTest, ManagedFieldsOfARequestCountUnlessTheyAreNone) {
  auto body = made();
  const auto before = managers(body);
  body["metadata"].erase("managedFields");
  body["spec"]["replicas"] = 2;
  body = replace(body).value()->body();
  EXPECT_EQ(managers(body), before);
  body = crd::wire_form(body);
  body["metadata"]["managedFields"][0]["manager"] = "else";
  body = replace(body).value()->body();
  EXPECT_EQ(managers(body), json::array({R"(else:{"f:spec":{".":{},"f:image":{},"f:replicas":{}}})"}));
  body["metadata"]["managedFields"] = json::array();
  EXPECT_EQ(managers(replace(body).value()->body()), json::array());
  body = stored()->body();
  body["metadata"]["managedFields"] = "x";
  EXPECT_EQ(replace(body).error().message, "metadata.managedFields: must be a list");
  body["metadata"]["managedFields"] = json::array({{{"fieldsV1", "{\"f:spec\":{}}, \"injected\": {}"}}});
  EXPECT_EQ(managers(replace(body).value()->body()), json::array());
}

TEST_F(RegistryPatchTest, ManyUpdatersAreCapped) {
  made();
  for (int i = 0; i < 15; ++i) {
    options.field_manager = "m" + std::to_string(i);
    clock.advance(std::chrono::seconds(1));
    merged({{"metadata", {{"labels", {{"l" + std::to_string(i), "x"}}}}}});
  }
  EXPECT_EQ(stored()->body()["metadata"]["managedFields"].size(), 10u);
}

TEST_F(RegistryPatchTest, CoreKindsTakeStrategicMergePatches) {
  const auto& secrets = *scheme.find("", "v1", "secrets");
  run_task(io, registry.create(secrets, "ci", {{"metadata", {{"name", "s"}}}, {"stringData", {{"a", "1"}}}}, options)).value();
  Patch what;
  what.type = PatchType::StrategicMerge;
  what.body = {{"stringData", {{"b", "2"}}}, {"metadata", {{"finalizers", {"x/y"}}}}};
  auto body = run_task(io, registry.patch(secrets, {"ci", "s"}, what, options, false))->object->body();
  EXPECT_EQ(body["data"], json({{"a", "MQ=="}, {"b", "Mg=="}}));
  what.body = {{"metadata", {{"finalizers", {"x/z"}}}}, {"data", {{"a", nullptr}}}};
  body = run_task(io, registry.patch(secrets, {"ci", "s"}, what, options, false))->object->body();
  EXPECT_EQ(body["metadata"]["finalizers"], json::array({"x/y", "x/z"}));
  EXPECT_EQ(body["data"], json({{"b", "Mg=="}}));
}

struct RegistryPatchRaceTest : RegistryRaceTest {
  static Task<Result<ObjectPtr>> patched(Registry& registry, const crd::ResourceInfo& kind, Patch what) {
    ObjectKey key{"ci", "a"};
    WriteOptions options;
    auto result = co_await registry.patch(kind, std::move(key), std::move(what), std::move(options), false);
    if (result.has_error()) co_return result.error();
    co_return result->object;
  }
};

TEST_F(RegistryPatchRaceTest, PatchesWithoutAResourceVersionAllSucceed) {
  run_task(io, registry.create(kind, "ci", widget("a"), {})).value();
  for (int i = 0; i < 8; ++i) {
    Patch what;
    what.body = {{"metadata", {{"labels", {{"l" + std::to_string(i), "x"}}}}}};
    start(patched(registry, kind, std::move(what)));
  }
  finish();
  EXPECT_THAT(outcomes, testing::Each("ok"));
  EXPECT_EQ(registry.get(kind, {"ci", "a"}).value()->body()["metadata"]["labels"].size(), 8u);
}

TEST_F(RegistryPatchRaceTest, AppliesThatMakeTheSameObjectAllSucceed) {
  for (int i = 0; i < 4; ++i) {
    Patch what;
    what.type = PatchType::Apply;
    what.body = widget("a");
    start(patched(registry, kind, std::move(what)));
  }
  finish();
  EXPECT_THAT(outcomes, testing::Each("ok"));
}

}  // namespace
}  // namespace berth::api
