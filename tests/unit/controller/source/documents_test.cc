#include "controller/source/documents.h"

#include <gmock/gmock.h>

#include "controller/source/file_names.h"
#include "controller/source/source_names.h"
#include "tests/unit/controller/source/source_testing.h"

namespace berth::source {
namespace {

using testing::environment;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

FileContent parse(const std::string& text) { return parse_file(text, "/m/a.yaml", 1 << 20); }

TEST(FileNames, ManifestsAreTheThreeEndingsAndNothingHidden) {
  for (const char* name : {"a.yaml", "a.yml", "a.json", "a b.yaml", "a.b.yaml"}) EXPECT_TRUE(manifest_name(name)) << name;
  for (const char* name : {"", ".yaml", ".a.yaml", "a.yaml~", "#a.yaml#", "a.yaml.swp", ".a.yaml.swp", "a.yaml.tmp",
                           "yaml", "a.txt", "4913", "..data", "a.YAML"}) {
    EXPECT_FALSE(manifest_name(name)) << name;
  }
}

TEST(FileNames, AMarkBelongsToOneNameOnly) {
  const std::string mark = source_mark(content_hash("x"), "ci", "a");
  EXPECT_TRUE(is_source_mark(mark, "ci", "a"));
  EXPECT_FALSE(is_source_mark(mark, "ci", "b"));
  EXPECT_FALSE(is_source_mark(mark, "default", "a"));
  EXPECT_FALSE(is_source_mark("", "ci", "a"));
  EXPECT_FALSE(is_source_mark("-", "ci", "a"));
}

TEST(Documents, EveryDocumentBecomesAStampedManifest) {
  const auto file = parse(environment("a") + "---\n" + environment("b") + "---\n# nothing\n");
  ASSERT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.manifests.size(), 2u);
  const Manifest& second = *file.manifests[1];
  EXPECT_EQ(second.key, (ObjectKey{"default", "b"}));
  EXPECT_EQ(second.body["metadata"]["namespace"], "default");
  EXPECT_EQ(second.body["metadata"]["annotations"]["berth.dev/source"], "/m/a.yaml");
  EXPECT_EQ(second.body["metadata"]["annotations"]["berth.dev/source-hash"], second.hash);
  EXPECT_THAT(second.place("spec.services[0].image"), StartsWith("/m/a.yaml:"));
}

TEST(Documents, TheHashForgetsCommentsLayoutAndWhereTheFileLies) {
  const auto first = parse(environment("a"));
  const auto second = parse_file("# a comment\n\n" + environment("a"), "/n/b.yaml", 1 << 20);
  const auto other = parse(environment("a", "redis:8"));
  EXPECT_EQ(first.manifests.at(0)->hash, second.manifests.at(0)->hash);
  EXPECT_NE(first.manifests.at(0)->hash, other.manifests.at(0)->hash);
}

TEST(Documents, WhatAServerSetsIsLeftOutSoThatOutputIsInput) {
  auto plain = parse(environment("a"));
  const auto file = parse(
      "{\"apiVersion\":\"berth.dev/v1alpha1\",\"kind\":\"TestEnvironment\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\","
      "\"resourceVersion\":\"7\",\"generation\":2,\"creationTimestamp\":\"2026-01-01T00:00:00Z\",\"annotations\":{"
      "\"berth.dev/source\":\"/x\",\"berth.dev/source-hash\":\"y\",\"berth.dev/source-names\":\"{\\\"labels\\\":[\\\"z\\\"]}\"}},"
      "\"spec\":{\"services\":[{\"name\":\"a\",\"image\":\"redis:7\"}]},\"status\":{\"phase\":\"Ready\"}}");
  ASSERT_THAT(file.problems, IsEmpty());
  EXPECT_EQ(file.manifests.at(0)->hash, plain.manifests.at(0)->hash);
  EXPECT_FALSE(file.manifests.at(0)->body.contains("status"));
  EXPECT_FALSE(file.manifests.at(0)->body["metadata"].contains("uid"));
}

TEST(Documents, SyntaxErrorsNameFileLineAndColumn) {
  const auto file = parse(environment("a") + "---\napiVersion: [\n");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_THAT(file.problems[0], StartsWith("/m/a.yaml:1"));
  EXPECT_THAT(file.manifests, IsEmpty());
}

TEST(Documents, GenerateNameIsAnErrorWithItsLine) {
  const auto file = parse("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  generateName: a-\nspec: {}\n");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_THAT(file.problems[0], StartsWith("/m/a.yaml:4:3: metadata.generateName"));
}

TEST(Documents, OneWrongDocumentMakesTheWholeFileInvalid) {
  const auto file = parse(environment("a") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_THAT(file.problems[0], HasSubstr("v1 ConfigMap is not supported here"));
  EXPECT_THAT(file.problems[0], HasSubstr("berth.dev/v1alpha1 TestEnvironment"));
  EXPECT_THAT(file.manifests, IsEmpty());
}

TEST(Documents, SaysWhatIsWrongWithShapes) {
  const auto problem = [](const std::string& text) {
    const auto file = parse(text);
    return file.problems.empty() ? std::string() : file.problems[0];
  };
  EXPECT_THAT(problem("just text\n"), HasSubstr("a manifest is a mapping"));
  EXPECT_THAT(problem("- a\n"), HasSubstr("a manifest is a mapping"));
  EXPECT_THAT(problem("kind: TestEnvironment\n"), HasSubstr("apiVersion and kind are required"));
  EXPECT_THAT(problem("apiVersion: 1\nkind: TestEnvironment\n"), HasSubstr("apiVersion: must be a string"));
  EXPECT_THAT(problem("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\n"), HasSubstr("metadata: must be a mapping"));
  EXPECT_THAT(problem("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {}\n"),
              HasSubstr("metadata.name: is required"));
  EXPECT_THAT(problem("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: 7}\n"),
              HasSubstr(":3:12: metadata.name: must be a string"));
  EXPECT_THAT(problem("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: a, labels: [x]}\n"),
              HasSubstr("metadata.labels: must be a mapping"));
  EXPECT_THAT(problem("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata: {name: a, namespace: [x]}\n"),
              HasSubstr("metadata.namespace: must be a string"));
}

TEST(Documents, TheSameFieldOrObjectTwiceIsAnError) {
  const auto field = parse(environment("a") + "spec: {}\n");
  ASSERT_EQ(field.problems.size(), 1u);
  EXPECT_THAT(field.problems[0], HasSubstr("spec: is there twice"));
  const auto object = parse(environment("a") + "---\n" + environment("a", "other"));
  ASSERT_EQ(object.problems.size(), 1u);
  EXPECT_THAT(object.problems[0], HasSubstr("default/a is in this file twice, first at line 1"));
}

TEST(Documents, AFileNameThatIsNotUtf8IsAProblemNotACrash) {
  const auto file = parse_file(environment("a"), "/m/\xff.yaml", 1 << 20);
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_THAT(file.problems[0], HasSubstr("not UTF-8"));
}

TEST(Documents, ARefusalIsShownAtTheLineOfEachCause) {
  const auto file = parse(environment("a"));
  Error error = base::error(Reason::Invalid, "TestEnvironment \"a\" is invalid");
  error.causes = {{"FieldValueInvalid", "bad image", "spec.services[0].image"}, {"FieldValueRequired", "missing", "spec.x"}};
  EXPECT_EQ(explain(*file.manifests[0], error),
            "/m/a.yaml:8:5: spec.services[0].image: bad image\n/m/a.yaml:5:1: spec.x: missing");
  const Error strict = base::error(Reason::BadRequest, "strict decoding error: unknown field \"spec.services[0].name\"");
  EXPECT_THAT(explain(*file.manifests[0], strict), StartsWith("/m/a.yaml:7:5: strict decoding error"));
  const Error number = base::error(Reason::BadRequest, "metadata.name: must be a string");
  EXPECT_EQ(explain(*file.manifests[0], number), "/m/a.yaml:4:3: metadata.name: must be a string");
}

TEST(Documents, OfManyCausesTheFirstFiftyAreTold) {
  const auto file = parse(environment("a"));
  Error error = base::error(Reason::Invalid, "invalid");
  const auto lines = [&] {
    const std::string text = explain(*file.manifests[0], error);
    return std::count(text.begin(), text.end(), '\n') + 1;
  };
  for (int i = 0; i < 50; ++i) error.causes.push_back({"FieldValueInvalid", "bad", "spec.x" + std::to_string(i)});
  EXPECT_EQ(lines(), 50);
  EXPECT_THAT(explain(*file.manifests[0], error), EndsWith("spec.x49: bad"));
  for (int i = 50; i < 3000; ++i) error.causes.push_back({"FieldValueInvalid", "bad", "spec.x" + std::to_string(i)});
  EXPECT_EQ(lines(), 51);
  EXPECT_THAT(explain(*file.manifests[0], error), EndsWith("\nand 2950 more"));
}

TEST(Documents, OfManyProblemsInOneFileTheFirstFiftyAreTold) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "---\nkind: TestEnvironment\n";
  const auto file = parse(text);
  ASSERT_EQ(file.problems.size(), 51u);
  EXPECT_EQ(file.problems.back(), "/m/a.yaml: and 10 more");
}

TEST(Documents, TheNamesOfLabelsAndAnnotationsAreRemembered) {
  const auto names = [](const std::string& metadata) {
    const auto file = parse("apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: a\n" + metadata + "spec: {}\n");
    return file.manifests.at(0)->body["metadata"]["annotations"].value("berth.dev/source-names", "");
  };
  EXPECT_EQ(names(""), "");
  EXPECT_EQ(names("  labels: {}\n"), "");
  const SourceNames expected{{"x", "y"}, {"n/m"}};
  EXPECT_EQ(parse_source_names(names("  labels: {y: '1', x: '2'}\n  annotations: {n/m: '3'}\n")), expected);
  for (const char* text : {"", "{", "[]", "7", R"({"labels": 7})", R"({"labels": [7]})"}) {
    EXPECT_EQ(parse_source_names(text), SourceNames{}) << text;
  }
}

}  // namespace
}  // namespace berth::source
