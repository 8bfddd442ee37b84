#include "crd/object.h"

#include <gtest/gtest.h>

namespace berth::crd {
namespace {

json minimal() {
  return {{"apiVersion", "berth.dev/v1alpha1"}, {"kind", "TestEnvironment"}, {"metadata", json::object()}};
}

ObjectPtr make(json body) {
  auto object = Object::make(std::move(body));
  EXPECT_TRUE(object.has_value()) << object.error().message;
  return *object;
}

std::string refusal(json body) {
  auto object = Object::make(std::move(body));
  if (object.has_value()) return "";
  EXPECT_EQ(object.error().reason, Reason::BadRequest);
  return object.error().message;
}

TEST(Object, ReadsItsMetadata) {
  json body = minimal();
  body["metadata"] = {{"name", "db"},
                      {"namespace", "ci"},
                      {"uid", "u-1"},
                      {"resourceVersion", "42"},
                      {"generation", 3},
                      {"creationTimestamp", "2026-11-23T09:36:43Z"},
                      {"deletionTimestamp", "2026-11-23T10:00:00Z"},
                      {"labels", {{"a", "b"}}},
                      {"annotations", {{"berth.dev/source", "x.yaml"}}},
                      {"finalizers", {"berth.dev/engine"}}};
  body["spec"] = {{"x", 1}};
  const ObjectPtr object = make(body);
  EXPECT_EQ(object->gvk(), (GroupVersionKind{"berth.dev", "v1alpha1", "TestEnvironment"}));
  EXPECT_EQ(object->key().str(), "ci/db");
  EXPECT_EQ(object->uid(), "u-1");
  EXPECT_EQ(object->revision(), 42u);
  EXPECT_EQ(object->generation(), 3);
  EXPECT_EQ(object->creation_time(), base::parse_time("2026-11-23T09:36:43Z"));
  EXPECT_TRUE(object->deleting());
  EXPECT_EQ(object->deletion_time(), base::parse_time("2026-11-23T10:00:00Z"));
  EXPECT_EQ(object->label("a"), "b");
  EXPECT_EQ(object->label("c"), "");
  EXPECT_EQ(object->annotation("berth.dev/source"), "x.yaml");
  EXPECT_TRUE(object->has_finalizer("berth.dev/engine"));
  EXPECT_FALSE(object->has_finalizer("other"));
  EXPECT_EQ(object->spec(), json({{"x", 1}}));
  EXPECT_EQ(json::parse(object->bytes()), body);
}

TEST(Object, NeedsNoMoreThanItsTypeAndMetadata) {
  json body = minimal();
  body["metadata"] = {{"creationTimestamp", nullptr}, {"labels", nullptr}, {"finalizers", nullptr}};
  body["spec"] = nullptr;
  const ObjectPtr object = make(body);
  EXPECT_EQ(object->name(), "");
  EXPECT_EQ(object->revision(), 0u);
  EXPECT_FALSE(object->deleting());
  EXPECT_FALSE(object->has_finalizer("x"));
  EXPECT_EQ(object->label("a"), "");
  EXPECT_EQ(object->spec(), json::object());
  EXPECT_EQ(object->status(), json::object());
}

TEST(Object, IsRefusedWithoutTypeOrMetadata) {
  for (const char* key : {"apiVersion", "kind", "metadata"}) {
    json body = minimal();
    body.erase(key);
    EXPECT_EQ(refusal(body), std::string(key) + ": Required value");
    body[key] = nullptr;
    EXPECT_EQ(refusal(body), std::string(key) + ": Required value");
    body[key] = 5;
    EXPECT_NE(refusal(body).find("must be"), std::string::npos) << refusal(body);
  }
  EXPECT_NE(refusal(json::array()), "");
  EXPECT_NE(refusal("text"), "");
}

TEST(Object, IsRefusedWhenMetadataHasAWrongType) {
  const std::vector<std::pair<std::string, json>> wrong = {{"name", 5},
                                                           {"namespace", json::array()},
                                                           {"uid", true},
                                                           {"resourceVersion", 42},
                                                           {"generation", "1"},
                                                           {"labels", {{"a", 1}}},
                                                           {"labels", "x"},
                                                           {"annotations", {{"a", nullptr}}},
                                                           {"finalizers", "x"},
                                                           {"finalizers", {1}},
                                                           {"creationTimestamp", "yesterday"},
                                                           {"deletionTimestamp", 5}};
  for (const auto& [key, value] : wrong) {
    json body = minimal();
    body["metadata"][key] = value;
    EXPECT_TRUE(refusal(body).starts_with("metadata." + key)) << key << ": " << refusal(body);
  }
}

TEST(Object, ResourceVersionsAreNumbers) {
  json body = minimal();
  for (const char* bad : {"x", "-1", "1x", " 1", "99999999999999999999"}) {
    body["metadata"]["resourceVersion"] = bad;
    EXPECT_TRUE(refusal(body).starts_with("metadata.resourceVersion: Invalid value")) << bad;
  }
  body["metadata"]["resourceVersion"] = "";
  EXPECT_EQ(make(body)->revision(), 0u);
}

TEST(Object, OfItsTextIsTheSame) {
  json body = {{"apiVersion", "berth.dev/v1alpha1"},
               {"kind", "TestEnvironment"},
               {"metadata",
                {{"name", "a"},
                 {"namespace", "ci"},
                 {"uid", "u"},
                 {"generation", 3},
                 {"resourceVersion", "17"},
                 {"labels", {{"team", "x"}}},
                 {"ownerReferences", {{{"uid", "o"}}}},
                 {"finalizers", {"f"}},
                 {"creationTimestamp", "2026-01-31T12:00:00Z"},
                 {"managedFields", {{{"manager", "m"}, {"fieldsV1", {{"f:spec", json::object()}}}}}}}},
               {"spec", {{"a", 1}}},
               {"status", {{"phase", "Ready"}}}};
  const auto made = Object::make(body).value();
  const auto text = std::make_shared<const std::string>(made->bytes());
  for (const bool read_first : {false, true}) {
    const auto again = Object::from_text(text).value();
    if (read_first) {
      EXPECT_EQ(again->body(), made->body());
    }
    EXPECT_EQ(again->find({"status", "phase"}), "Ready");
    EXPECT_EQ(again->find({"metadata", "ownerReferences"}), body["metadata"]["ownerReferences"]);
    EXPECT_EQ(again->find({"status", "none"}), nullptr);
    EXPECT_EQ(again->find({"status", "phase", "none"}), nullptr);
    EXPECT_EQ(again->gvk(), made->gvk());
    EXPECT_EQ(again->key(), made->key());
    EXPECT_EQ(again->uid(), "u");
    EXPECT_EQ(again->generation(), 3);
    EXPECT_EQ(again->revision(), 17u);
    EXPECT_EQ(again->label("team"), "x");
    EXPECT_EQ(again->creation_time(), made->creation_time());
    EXPECT_TRUE(again->has_finalizer("f"));
    EXPECT_EQ(again->body(), made->body());
    EXPECT_EQ(again->text(), text);
  }
}

TEST(Object, OfTextThatIsNoneIsRefused) {
  for (const char* text : {"", "[]", "{", "{}", R"({"kind":"X"})", R"({"apiVersion":"v1","kind":"X","metadata":[]})",
                           R"({"apiVersion":"v1","kind":"X","metadata":{"name":1}})", R"({"apiVersion":"v1","kind":"X","metadata":{}}})"}) {
    const auto object = Object::from_text(std::make_shared<const std::string>(text));
    ASSERT_TRUE(object.has_error()) << text;
    EXPECT_EQ(object.error().reason, Reason::BadRequest);
  }
}

TEST(Dump, InvalidUtf8IsReplaced) { EXPECT_EQ(dump(json("a\xff")), "\"a\xef\xbf\xbd\""); }

TEST(ApiVersion, SplitsIntoGroupAndVersion) {
  EXPECT_EQ(parse_api_version("v1", "Event"), (GroupVersionKind{"", "v1", "Event"}));
  EXPECT_EQ(parse_api_version("berth.dev/v1alpha1", "X").api_version(), "berth.dev/v1alpha1");
}

std::string json_failure(std::string_view text) {
  auto value = parse_json(text);
  if (value.has_value()) return "parsed";
  EXPECT_EQ(value.error().reason, Reason::BadRequest);
  return value.error().message;
}

TEST(ParseJson, BuildsTheSameValueAsTheLibrary) {
  for (const char* text :
       {"null", "true", "-5", "1.5e3", "18446744073709551615", "\"a\\u00e9\\ud83d\\ude00\"", "[]", "{}",
        "[1,[2,[3]],{\"a\":{\"b\":[{}]}}]", " {\"a\" : [ ] } ", "\xef\xbb\xbf{}"}) {
    auto value = parse_json(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(*value, json::parse(text)) << text;
    EXPECT_EQ(value->type(), json::parse(text).type()) << text;
  }
}

TEST(ParseJson, SaysLineAndColumn) {
  EXPECT_TRUE(json_failure("{\n  \"a\": tru\n}").starts_with("line 2, column "))
      << json_failure("{\n  \"a\": tru\n}");
  EXPECT_TRUE(json_failure("").starts_with("line 1, column 1: ")) << json_failure("");
  for (const char* bad : {"{", "[1,]", "{\"a\":}", "{'a':1}", "[1] x", "nul", "\"open", "{\"a\":1,}", "01",
                          "+1", "NaN", "\"\xff\"", "1e999", "\"\\ud800\"", "// x\n1"}) {
    EXPECT_TRUE(json_failure(bad).starts_with("line ")) << bad << ": " << json_failure(bad);
    EXPECT_EQ(json_failure(bad).find("json.exception"), std::string::npos) << bad;
  }
}

TEST(ParseJson, MessagesStayShortAndValid) {
  const std::string message = json_failure("{\"" + std::string(100'000, 'x'));
  EXPECT_LT(message.size(), 300u);
  const std::string bytes = json_failure("\"abc\xff\xfe");
  EXPECT_EQ(dump(json(bytes)), json(bytes).dump());
}

TEST(ParseJson, DepthIsLimited) {
  EXPECT_EQ(json_failure(std::string(128, '[') + std::string(128, ']')), "parsed");
  EXPECT_EQ(json_failure(std::string(129, '[') + std::string(129, ']')), "nested deeper than 128 levels");
  EXPECT_EQ(json_failure(std::string(1'000'000, '[')), "nested deeper than 128 levels");
}

TEST(ParseJson, DuplicateKeysAreToldAndTheLastOneWins) {
  std::vector<std::string> duplicates;
  auto value = parse_json(R"({"a":1,"spec":{"l":[{"x":1},{"x":1,"x":2}],"b.c":1,"b.c":[1]},"a":{"k":1}})",
                          &duplicates);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(duplicates, (std::vector<std::string>{"spec.l[1].x", "spec[b.c]", "a"}));
  EXPECT_EQ(*value, json::parse(R"({"a":{"k":1},"spec":{"l":[{"x":1},{"x":2}],"b.c":[1]}})"));
}

TEST(ParseJson, EndlessDuplicatesAreNotAllListed) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) text += "\"a\":1,";
  std::vector<std::string> duplicates;
  ASSERT_TRUE(parse_json(text + "\"a\":2}", &duplicates).has_value());
  EXPECT_EQ(duplicates.size(), 100u);
}

}  // namespace
}  // namespace berth::crd
