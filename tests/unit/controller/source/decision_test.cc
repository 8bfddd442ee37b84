#include "controller/source/decision.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/source/source_testing.h"

namespace berth::source {
namespace {

using testing::content;
using testing::environment;

ManifestPtr manifest(const std::string& text = environment("a"), const std::string& file = "/m/a.yaml") {
  return content(file, text)->manifests.at(0);
}

json stored(const Manifest& from) {
  json body = from.body;
  body["metadata"]["uid"] = "uid-1";
  body["metadata"]["resourceVersion"] = "5";
  body["metadata"]["generation"] = 1;
  return body;
}

ObjectPtr object(const json& body) { return Object::make(body).value(); }

Facts live(ManifestPtr wanted, ObjectPtr actual) {
  Facts facts;
  facts.want = {Wish::Live, std::move(wanted), {}};
  facts.actual = std::move(actual);
  return facts;
}

Facts settled() {
  const auto wanted = manifest();
  Facts facts = live(wanted, object(stored(*wanted)));
  facts.applied = Applied{wanted, "uid-1", 1};
  return facts;
}

template <class Edit>
Facts edited(Edit edit) {
  Facts facts = settled();
  json body = facts.actual->body();
  edit(body);
  facts.actual = object(body);
  return facts;
}

TEST(Decision, WhatIsNotThereIsCreated) {
  const auto decision = decide(live(manifest(), nullptr));
  EXPECT_EQ(decision.verb, Verb::Create);
  EXPECT_EQ(decision.body, manifest()->body);
}

TEST(Decision, WhatIsAsWantedIsLeftAlone) { EXPECT_EQ(decide(settled()).verb, Verb::None); }

TEST(Decision, AStatusOrOthersMetadataIsNoReasonToWrite) {
  const auto facts = edited([](json& body) {
    body["status"] = {{"phase", "Ready"}};
    body["metadata"]["annotations"]["example.com/note"] = "mine";
    body["metadata"]["labels"]["example.com/team"] = "x";
    body["metadata"]["resourceVersion"] = "9";
  });
  EXPECT_EQ(decide(facts).verb, Verb::None);
}

TEST(Decision, AnEditOfTheSpecIsReverted) {
  const auto decision = decide(edited([](json& body) {
    body["spec"]["ttlSeconds"] = 5;
    body["metadata"]["generation"] = 2;
    body["metadata"]["resourceVersion"] = "9";
  }));
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_TRUE(decision.reverts);
  EXPECT_FALSE(decision.body["spec"].contains("ttlSeconds"));
  EXPECT_EQ(decision.body["metadata"]["resourceVersion"], "9");
}

TEST(Decision, AnEditOfALabelOrOfTheMarkIsReverted) {
  auto wanted = content("/m/a.yaml", "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: a\n"
                                     "  labels: {team: x}\nspec: {services: []}\n")->manifests.at(0);
  Facts facts = live(wanted, nullptr);
  facts.applied = Applied{wanted, "uid-1", 1};
  json body = stored(*wanted);
  body["metadata"]["labels"] = {{"team", "y"}, {"other", "z"}};
  facts.actual = object(body);
  auto decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_EQ(decision.body["metadata"]["labels"], json({{"team", "x"}, {"other", "z"}}));

  body = stored(*wanted);
  body["metadata"]["annotations"].erase("berth.dev/source");
  facts.actual = object(body);
  decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_TRUE(decision.reverts);
}

TEST(Decision, ANewContentReplacesAndTakesItsOldLabelsOff) {
  const std::string head = "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: a\n";
  const auto old = manifest(head + "  labels: {a: '1', b: '2'}\nspec: {services: []}\n");
  const auto wanted = manifest(head + "  labels: {b: '3'}\nspec: {services: []}\n");
  json body = stored(*old);
  body["metadata"]["labels"]["others"] = "stay";
  body["status"] = {{"phase", "Ready"}};
  Facts facts = live(wanted, object(body));
  facts.applied = Applied{old, "uid-1", 1};
  const auto decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_FALSE(decision.reverts);
  EXPECT_EQ(decision.body["metadata"]["labels"], json({{"b", "3"}, {"others", "stay"}}));
  EXPECT_EQ(decision.body["metadata"]["annotations"]["berth.dev/source-hash"], wanted->hash);
}

TEST(Decision, WhatAnEarlierVersionNamedIsTakenOffAfterARestartToo) {
  const std::string head = "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: a\n";
  const auto old = manifest(head + "  labels: {a: '1'}\n  annotations: {n: '1', m: '2'}\nspec: {services: []}\n");
  const auto wanted = manifest(head + "  annotations: {m: '2'}\nspec: {services: []}\n");
  json body = stored(*old);
  body["metadata"]["labels"]["others"] = "stay";
  body["metadata"]["annotations"]["other/note"] = "stays";
  const auto decision = decide(live(wanted, object(body)));
  EXPECT_EQ(decision.body["metadata"]["labels"], json({{"others", "stay"}}));
  json annotations = wanted->body["metadata"]["annotations"];
  annotations["other/note"] = "stays";
  EXPECT_EQ(decision.body["metadata"]["annotations"], annotations);
  // The last name that it had a say in.
  const auto plain = decide(live(manifest(head + "spec: {services: []}\n"), object(body)));
  EXPECT_FALSE(plain.body["metadata"]["annotations"].contains("berth.dev/source-names"));
  EXPECT_FALSE(plain.body["metadata"]["annotations"].contains("m"));
}

TEST(Decision, AMovedDocumentOnlyChangesItsMark) {
  Facts facts = settled();
  facts.want.manifest = manifest(environment("a"), "/m/b.yaml");
  const auto decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_FALSE(decision.reverts);
  EXPECT_EQ(decision.body["metadata"]["annotations"]["berth.dev/source"], "/m/b.yaml");
}

TEST(Decision, AfterARestartTheStoredObjectIsComparedOnce) {
  Facts facts = settled();
  facts.applied.reset();
  const auto decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_FALSE(decision.reverts);
}

TEST(Decision, SomebodyElsesObjectIsNeverTakenOver) {
  json body = stored(*manifest());
  body["metadata"].erase("annotations");
  EXPECT_EQ(decide(live(manifest(), object(body))).verb, Verb::Foreign);
  // The mark of another object, as a copy has it, proves nothing.
  body["metadata"]["annotations"] = {{"berth.dev/source", "/m/a.yaml"},
                                     {"berth.dev/source-hash", manifest(environment("b"))->hash}};
  EXPECT_EQ(decide(live(manifest(), object(body))).verb, Verb::Foreign);
  body["metadata"]["annotations"]["berth.dev/adopt"] = "yes";
  EXPECT_EQ(decide(live(manifest(), object(body))).verb, Verb::Foreign);
}

TEST(Decision, AnObjectThatAsksForItIsAdopted) {
  json body = stored(*manifest());
  body["metadata"]["annotations"] = {{"berth.dev/adopt", "true"}};
  const auto decision = decide(live(manifest(), object(body)));
  EXPECT_EQ(decision.verb, Verb::Replace);
  EXPECT_TRUE(decision.adopts);
  EXPECT_EQ(decision.body["metadata"]["annotations"]["berth.dev/source"], "/m/a.yaml");
}

TEST(Decision, AnObjectThatIsOverIsMadeAnewWhenItIsAdopted) {
  json body = stored(*manifest());
  body["metadata"]["annotations"] = {{"berth.dev/adopt", "true"}};
  body["status"] = {{"phase", "Expired"}};
  Facts facts = live(manifest(), object(body));
  const auto decision = decide(facts);
  EXPECT_EQ(decision.verb, Verb::Delete);
  EXPECT_TRUE(decision.remakes);
  EXPECT_TRUE(decision.adopts);
  EXPECT_EQ(decision.body, manifest()->body);
  // What the file says has run already: nothing would be made in its place.
  facts.finished_hash = manifest()->hash;
  EXPECT_EQ(decide(facts).verb, Verb::None);
  body["metadata"]["annotations"].erase("berth.dev/adopt");
  EXPECT_EQ(decide(live(manifest(), object(body))).verb, Verb::Foreign);
}

TEST(Decision, AnAdoptionThatOnlyTheFileAsksForIsNone) {
  const auto wanted = manifest("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: a\n"
                               "  annotations: {berth.dev/adopt: 'true'}\nspec: {services: []}\n");
  json body = stored(*wanted);
  body["metadata"].erase("annotations");
  EXPECT_EQ(decide(live(wanted, object(body))).verb, Verb::Foreign);
}

TEST(Decision, ADeletingObjectIsWaitedFor) {
  const auto facts = edited([](json& body) { body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  EXPECT_EQ(decide(facts).verb, Verb::None);
}

TEST(Decision, AFinishedEnvironmentIsLeftAloneUntilItsContentChanges) {
  for (const char* phase : {"Failed", "Expired"}) {
    Facts facts = edited([&](json& body) { body["status"] = {{"phase", phase}, {"observedGeneration", 1}}; });
    EXPECT_EQ(decide(facts).verb, Verb::None) << phase;
    facts.applied.reset();
    EXPECT_EQ(decide(facts).verb, Verb::None) << phase;
    facts.want.manifest = manifest(environment("a", "redis:8"));
    const auto decision = decide(facts);
    EXPECT_EQ(decision.verb, Verb::Delete) << phase;
    EXPECT_TRUE(decision.remakes) << phase;
    EXPECT_FALSE(decision.adopts) << phase;
    EXPECT_EQ(decision.body, facts.want.manifest->body) << phase;  // to be tried before anything is deleted
  }
}

TEST(Decision, AFailedEnvironmentThatSomebodyEditedIsReverted) {
  const auto facts = edited([](json& body) {
    body["status"] = {{"phase", "Failed"}, {"observedGeneration", 1}};
    body["metadata"]["generation"] = 2;
  });
  EXPECT_EQ(decide(facts).verb, Verb::Replace);
}

TEST(Decision, AFinishedEnvironmentThatIsGoneComesBackOnlyWithAnotherContent) {
  Facts facts = live(manifest(), nullptr);
  facts.finished_hash = manifest()->hash;
  EXPECT_EQ(decide(facts).verb, Verb::None);
  facts.want.manifest = manifest(environment("a", "redis:8"));
  EXPECT_EQ(decide(facts).verb, Verb::Create);
}

TEST(Decision, ADeletedObjectIsMadeAgain) {
  Facts facts = settled();
  facts.actual = nullptr;
  EXPECT_EQ(decide(facts).verb, Verb::Create);
}

TEST(Decision, WhatIsNeitherHereNorGoneIsLeftAlone) {
  Facts facts = settled();
  facts.want = {Wish::Leave, nullptr, {}};
  EXPECT_EQ(decide(facts).verb, Verb::None);
  facts.actual = nullptr;
  EXPECT_EQ(decide(facts).verb, Verb::None);
}

TEST(Decision, WhatIsGoneIsDeletedWhenADirectoryMadeIt) {
  Facts facts = settled();
  facts.want = {Wish::Gone, nullptr, {}};
  EXPECT_EQ(decide(facts).verb, Verb::Delete);
  EXPECT_FALSE(decide(facts).remakes);
  facts.applied.reset();
  EXPECT_EQ(decide(facts).verb, Verb::Delete);
  json body = facts.actual->body();
  body["metadata"].erase("annotations");
  facts.actual = object(body);
  EXPECT_EQ(decide(facts).verb, Verb::Forget);
  facts.actual = nullptr;
  EXPECT_EQ(decide(facts).verb, Verb::Forget);
}

TEST(Decision, WritingWhatWasDecidedLeavesNothingToDecide) {
  Facts facts = settled();
  facts.want.manifest = manifest(environment("a", "redis:8"));
  const auto decision = decide(facts);
  json body = decision.body;
  body["metadata"]["generation"] = 2;
  facts.actual = object(body);
  facts.applied = Applied{facts.want.manifest, "uid-1", 2};
  EXPECT_EQ(decide(facts).verb, Verb::None);
}

}  // namespace
}  // namespace berth::source
