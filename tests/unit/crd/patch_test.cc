#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crd/json_patch.h"
#include "crd/strategic_merge_patch.h"

namespace berth::crd {
namespace {

json patched(const char* document, const char* patch) {
  auto result = apply_json_patch(json::parse(document), json::parse(patch));
  return result.has_value() ? result.value() : json(result.error().message);
}

const json kRejected = std::string(kPatchRejected);

TEST(JsonPatch, AddsRemovesReplacesMovesCopiesAndTests) {
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"add","path":"/b","value":2}])"), json::parse(R"({"a":1,"b":2})"));
  EXPECT_EQ(patched(R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}])"),
            json::parse(R"({"a":[1,2,3,4]})"));
  EXPECT_EQ(patched(R"({"a":1,"b":[1,2]})", R"([{"op":"remove","path":"/a"},{"op":"remove","path":"/b/0"}])"),
            json::parse(R"({"b":[2]})"));
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])"), json::parse(R"({"a":null})"));
  EXPECT_EQ(patched(R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/c"}])"), json::parse(R"({"a":{},"c":1})"));
  EXPECT_EQ(patched(R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/a/c"}])"), json::parse(R"({"a":{"b":1,"c":{"b":1}}})"));
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])"), json::parse(R"({"a":1})"));
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"","value":{"b":1}}])"), json::parse(R"({"b":1})"));
}

TEST(JsonPatch, ReadsPointers) {
  EXPECT_EQ(patched(R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"}])"), json::object());
  EXPECT_EQ(patched(R"({"~1":1})", R"([{"op":"remove","path":"/~01"}])"), json::object());
  EXPECT_THAT(patched(R"({"a":1})", R"([{"op":"remove","path":"a"}])").get<std::string>(), testing::HasSubstr("no JSON pointer"));
  EXPECT_THAT(patched(R"({"a":1})", R"([{"op":"remove","path":"/~2"}])").get<std::string>(), testing::HasSubstr("no JSON pointer"));
}

TEST(JsonPatch, ATestOfNullHoldsWhereNothingIs) {
  EXPECT_EQ(patched(R"({"a":{}})", R"([{"op":"test","path":"/a/b","value":null},{"op":"add","path":"/a/b","value":1}])"),
            json::parse(R"({"a":{"b":1}})"));
  EXPECT_EQ(patched(R"({"a":{}})", R"([{"op":"test","path":"/x/b","value":null}])"), kRejected);
}

TEST(JsonPatch, WhatDoesNotFitIsRejected) {
  for (const char* patch : {R"([{"op":"remove","path":"/nope"}])", R"([{"op":"replace","path":"/nope","value":1}])",
                            R"([{"op":"add","path":"/nope/x","value":1}])", R"([{"op":"test","path":"/a","value":9}])",
                            R"([{"op":"add","path":"/l/5","value":1}])", R"([{"op":"add","path":"/l/01","value":1}])",
                            R"([{"op":"remove","path":"/l/-"}])", R"([{"op":"remove","path":""}])",
                            R"([{"op":"move","from":"/a","path":"/a/b"}])", R"([{"op":"copy","from":"/nope","path":"/b"}])",
                            R"([{"op":"add","path":"/a/b","value":1}])"}) {
    EXPECT_EQ(patched(R"({"a":1,"l":[1]})", patch), kRejected) << patch;
  }
}

TEST(JsonPatch, WhatIsNoPatchIsABadRequest) {
  EXPECT_EQ(patched("{}", R"({"op":"add"})"),
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
  EXPECT_EQ(patched("{}", R"([{"op":"frob","path":"/spec"}])"),
            R"(invalid operation {"op":"frob","path":"/spec"}: unsupported operation)");
  for (const char* patch : {"[1]", R"([{"op":"add","value":1}])", R"([{"op":"add","path":"/a"}])",
                            R"([{"op":"move","path":"/a"}])", R"([{"path":"/a"}])"}) {
    const auto result = apply_json_patch(json::object(), json::parse(patch));
    ASSERT_TRUE(result.has_error()) << patch;
    EXPECT_EQ(result.error().reason, Reason::BadRequest) << patch;
  }
}

TEST(JsonPatch, ACopyCannotGrowTheObjectWithoutEnd) {
  json patch = json::array();
  for (int i = 0; i < 64; ++i) patch.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/a/-"}});
  const auto result = apply_json_patch({{"a", {1}}}, patch);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().reason, Reason::RequestEntityTooLarge);
}

TEST(JsonPatch, AMoveCannotNestWithoutEnd) {
  json patch = json::array();
  for (int i = 0; i < 200; ++i) {
    patch.push_back({{"op", "add"}, {"path", "/b"}, {"value", json::object()}});
    patch.push_back({{"op", "move"}, {"from", "/a"}, {"path", "/b/x"}});
    patch.push_back({{"op", "move"}, {"from", "/b"}, {"path", "/a"}});
  }
  const auto result = apply_json_patch({{"a", 1}}, patch);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().reason, Reason::BadRequest);
  EXPECT_THAT(result.error().message, testing::HasSubstr("nested too deeply"));
}

TEST(JsonPatch, HasAnEnd) {
  JsonPatchLimits limits;
  limits.operations = 2;
  const json add = {{"op", "add"}, {"path", "/a"}, {"value", 1}};
  const auto many = apply_json_patch(json::object(), {add, add, add}, limits);
  ASSERT_TRUE(many.has_error());
  EXPECT_EQ(many.error().message, "The allowed maximum operations in a JSON patch is 2, got 3");
  limits.operations = 1000;
  limits.work = 50;
  json shifts = json::array();
  for (int i = 0; i < 20; ++i) shifts.push_back({{"op", "add"}, {"path", "/l/0"}, {"value", i}});
  const auto long_list = apply_json_patch({{"l", json::array()}}, shifts, limits);
  ASSERT_TRUE(long_list.has_error());
  EXPECT_EQ(long_list.error().reason, Reason::RequestEntityTooLarge);
}

const MergeTypePtr kType = merge_type(json::parse(R"({
  "type": "object",
  "properties": {
    "data": {"type": "object", "additionalProperties": {"type": "string"}},
    "status": {"type": "object", "properties": {"conditions": {
      "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
      "items": {"type": "object", "properties": {"type": {"type": "string"},
        "status": {"type": "string"}, "reason": {"type": "string"}}}}}},
    "spec": {"type": "object", "properties": {"finalizers": {"type": "array", "items": {"type": "string"}}}}}})"));

json strategic(const char* document, const char* patch) {
  auto result = apply_strategic_merge_patch(*kType, json::parse(document), json::parse(patch));
  return result.has_value() ? result.value() : json(result.error().message);
}

TEST(StrategicMergePatch, MergesMapsAndTakesNullsAway) {
  EXPECT_EQ(strategic(R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":null,"c":"3"}})"), json::parse(R"({"data":{"b":"2","c":"3"}})"));
  EXPECT_EQ(strategic(R"({})", R"({"data":{"a":null,"c":"3"}})"), json::parse(R"({"data":{"c":"3"}})"));
  EXPECT_EQ(strategic(R"({"data":{"a":"1"}})", R"({"data":null})"), json::object());
}

TEST(StrategicMergePatch, ListsMergeByKeySetsAsSetsOthersAreReplaced) {
  EXPECT_EQ(strategic(R"({"status":{"conditions":[{"type":"A","status":"True","reason":"x"},{"type":"B","status":"True"}]}})",
                      R"({"status":{"conditions":[{"type":"A","status":"False"},{"type":"C","status":"True"}]}})"),
            json::parse(R"({"status":{"conditions":[{"type":"A","status":"False","reason":"x"},{"type":"B","status":"True"},
                                                    {"type":"C","status":"True"}]}})"));
  EXPECT_EQ(strategic(R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","c"]}})"),
            json::parse(R"({"metadata":{"finalizers":["a","b","c"]}})"));
  EXPECT_EQ(strategic(R"({"metadata":{"ownerReferences":[{"uid":"1","name":"x"}]}})",
                      R"({"metadata":{"ownerReferences":[{"uid":"1","controller":true},{"uid":"2"}]}})"),
            json::parse(R"({"metadata":{"ownerReferences":[{"uid":"1","name":"x","controller":true},{"uid":"2"}]}})"));
  EXPECT_EQ(strategic(R"({"spec":{"finalizers":["a","b"]}})", R"({"spec":{"finalizers":["c"]}})"),
            json::parse(R"({"spec":{"finalizers":["c"]}})"));
}

TEST(StrategicMergePatch, FollowsDirectives) {
  EXPECT_EQ(strategic(R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","b":"2"}})"), json::parse(R"({"data":{"b":"2"}})"));
  EXPECT_EQ(strategic(R"({"data":{"a":"1"}})", R"({"data":{"$patch":"delete"}})"), json::object());
  EXPECT_EQ(strategic(R"({"status":{"conditions":[{"type":"A"},{"type":"B"}]}})",
                      R"({"status":{"conditions":[{"type":"A","$patch":"delete"}]}})"),
            json::parse(R"({"status":{"conditions":[{"type":"B"}]}})"));
  EXPECT_EQ(strategic(R"({"status":{"conditions":[{"type":"A"},{"type":"B"}]}})",
                      R"({"status":{"conditions":[{"type":"C"},{"$patch":"replace"}]}})"),
            json::parse(R"({"status":{"conditions":[{"type":"C"}]}})"));
  EXPECT_EQ(strategic(R"({"data":{"a":"1","b":"2"}})", R"({"data":{"$retainKeys":["a"],"a":"3"}})"), json::parse(R"({"data":{"a":"3"}})"));
  EXPECT_EQ(strategic(R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})"),
            json::parse(R"({"metadata":{"finalizers":["b"]}})"));
  EXPECT_EQ(strategic(R"({"metadata":{"finalizers":["a","b","s"]}})",
                      R"({"metadata":{"$setElementOrder/finalizers":["c","b","a"],"finalizers":["c"]}})"),
            json::parse(R"({"metadata":{"finalizers":["s","c","b","a"]}})"));
}

TEST(StrategicMergePatch, RefusesDirectivesThatMakeNoSense) {
  EXPECT_EQ(strategic("{}", R"({"$patch":"frob"})"), R"(Unknown patch type found: "frob")");
  EXPECT_THAT(strategic(R"({"data":{}})", R"({"data":{"$retainKeys":["a"],"b":"1"}})").get<std::string>(),
              testing::HasSubstr("$retainKeys"));
  EXPECT_THAT(strategic(R"({"status":{"conditions":[]}})", R"({"status":{"conditions":[{"status":"True"}]}})").get<std::string>(),
              testing::HasSubstr("does not contain declared merge key: type"));
  EXPECT_THAT(strategic("{}", R"({"$frob":1})").get<std::string>(), testing::HasSubstr("unknown directive"));
}

}  // namespace
}  // namespace berth::crd
