#include "crd/typed_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::crd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const MergeTypePtr kType = merge_type(json::parse(R"({
  "type": "object",
  "properties": {"spec": {"type": "object", "properties": {
    "image": {"type": "string"},
    "replicas": {"type": "integer"},
    "on": {"type": "boolean"},
    "weight": {"x-kubernetes-int-or-string": true},
    "env": {"type": "object", "additionalProperties": {"type": "string"}},
    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
    "args": {"type": "array", "items": {"type": "string"}},
    "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
      "items": {"type": "object", "properties": {
        "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}, "name": {"type": "string"}}}}}}}})"));

json spec(const char* text) { return {{"spec", json::parse(text)}}; }

std::string owned(const char* text) { return fields_of(*kType, spec(text)).text(); }

TEST(FieldsOf, AreLeavesItemsAndUnnamedMembers) {
  EXPECT_EQ(owned(R"({"image":"a","replicas":1})"), R"({"f:spec":{"f:image":{},"f:replicas":{}}})");
  EXPECT_EQ(owned(R"({"env":{"A":"1"}})"), R"({"f:spec":{"f:env":{"f:A":{}}}})");
  EXPECT_EQ(owned(R"({"env":{}})"), R"({"f:spec":{"f:env":{}}})");
  EXPECT_EQ(owned(R"({"whole":{"a":"1"},"args":["x"]})"), R"({"f:spec":{"f:args":{},"f:whole":{}}})");
  EXPECT_EQ(owned(R"({"tags":["b","a"]})"), R"({"f:spec":{"f:tags":{"v:\"a\"":{},"v:\"b\"":{}}}})");
  EXPECT_EQ(owned(R"({"ports":[{"port":80,"name":"x"}]})"),
            R"({"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{}}}}})");
  EXPECT_EQ(owned(R"({"free":{"a":{"b":1,"c":[1]}}})"), R"({"f:spec":{"f:free":{"f:a":{".":{},"f:b":{},"f:c":{}}}}})");
  EXPECT_EQ(owned(R"({"image":null,"env":null,"ports":[]})"), R"({"f:spec":{"f:env":{},"f:image":{}}})");
}

TEST(CheckTyped, NamesWhatIsOfAnotherTypeOrUnknown) {
  EXPECT_THAT(check_typed(*kType, spec(R"({"image":"a","env":{"A":"1"},"free":{"x":[{}]},"weight":"5%","replicas":null})")), IsEmpty());
  EXPECT_THAT(check_typed(*kType, spec(R"({"image":5,"replicas":"x","on":1,"env":{"A":5},"args":{},"free":1,"nope":1,"weight":{}})")),
              ElementsAre(".spec.args: expected list, got &{{}}", ".spec.env.A: expected string, got &value.valueUnstructured{Value:5}",
                          ".spec.free: expected map, got &{1}", ".spec.image: expected string, got &value.valueUnstructured{Value:5}",
                          ".spec.nope: field not declared in schema", ".spec.on: expected boolean, got &{1}",
                          ".spec.replicas: expected numeric (int or float), got string", ".spec.weight: expected any scalar, got &{{}}"));
}

TEST(CheckTyped, ItemsOfListsNeedAKeyOfTheirOwn) {
  EXPECT_THAT(
      check_typed(
          *kType,
          spec(R"({"ports":[{"port":1},{"port":1,"protocol":"TCP"},{"port":1,"protocol":"UDP"}],"tags":["a","a",true,null]})")),
      ElementsAre(R"(.spec.ports: duplicate entries for key [port=1,protocol="TCP"])",
                  R"(.spec.tags: duplicate entries for key [="a"])",
                  ".spec.tags[=true]: expected string, got &value.valueUnstructured{Value:true}",
                  ".spec.tags: element 3: associative list without keys has an element that's an explicit null"));
}

json merged(const char* live, const char* config) { return merge_typed(*kType, spec(live), spec(config))["spec"]; }

TEST(MergeTyped, KeepsWhatOnlyOneSideHas) {
  EXPECT_EQ(merged(R"({"image":"a","env":{"A":"1"}})", R"({"env":{"B":"2"}})"), json::parse(R"({"image":"a","env":{"A":"1","B":"2"}})"));
  EXPECT_EQ(merged(R"({"args":["a"],"whole":{"a":"1"}})", R"({"args":["b"],"whole":{}})"), json::parse(R"({"args":["b"],"whole":{}})"));
  EXPECT_EQ(merged(R"({"env":{"A":"1"}})", R"({"env":null})"), json::parse(R"({"env":{"A":"1"}})"));
  EXPECT_EQ(merged(R"({"free":{"a":1}})", R"({"free":{"a":{"b":1}}})"), json::parse(R"({"free":{"a":{"b":1}}})"));
}

TEST(MergeTyped, OrdersItemsAsTheConfigurationDoesAndKeepsOthersInPlace) {
  EXPECT_EQ(merged(R"({"tags":["1","2"]})", R"({"tags":["3"]})")["tags"], json::parse(R"(["1","2","3"])"));
  EXPECT_EQ(merged(R"({"tags":["2","3"]})", R"({"tags":["1","2"]})")["tags"], json::parse(R"(["1","2","3"])"));
  EXPECT_EQ(merged(R"({"tags":["a","b","c"]})", R"({"tags":["c","a"]})")["tags"], json::parse(R"(["b","c","a"])"));
  EXPECT_EQ(merged(R"({"tags":["a","x","b"]})", R"({"tags":["b","a"]})")["tags"], json::parse(R"(["x","b","a"])"));
  EXPECT_EQ(merged(R"({"ports":[{"port":1,"protocol":"TCP","name":"a"},{"port":2,"protocol":"TCP"}]})",
                   R"({"ports":[{"port":2,"name":"b"},{"port":3}]})")["ports"],
            json::parse(R"([{"port":1,"protocol":"TCP","name":"a"},{"port":2,"protocol":"TCP","name":"b"},{"port":3}])"));
}

std::string compared(const char* before, const char* after) {
  const json old = spec(before);
  const json now = spec(after);
  const auto change = compare_typed(*kType, &old, &now);
  return "+" + change.added.text() + " ~" + change.modified.text() + " -" + change.removed.text();
}

TEST(CompareTyped, TellsParentsThatCameOrWent) {
  EXPECT_EQ(compared(R"({"image":"a"})", R"({"image":"b","env":{"A":"1"}})"),
            R"(+{"f:spec":{"f:env":{".":{},"f:A":{}}}} ~{"f:spec":{"f:image":{}}} -{})");
  EXPECT_EQ(compared(R"({"ports":[{"port":1,"name":"x"}]})", R"({"ports":[]})"),
            R"(+{} ~{} -{"f:spec":{"f:ports":{"k:{\"port\":1,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{}}}}})");
  EXPECT_EQ(compared(R"({"env":{}})", R"({"env":null})"), R"(+{} ~{"f:spec":{"f:env":{}}} -{})");
  EXPECT_EQ(compared(R"({"free":{"a":1}})", R"({"free":{"a":{"b":1}}})"),
            R"(+{"f:spec":{"f:free":{"f:a":{"f:b":{}}}}} ~{"f:spec":{"f:free":{"f:a":{}}}} -{})");
  EXPECT_EQ(compared(R"({"tags":["a","b"]})", R"({"tags":["b","a"]})"), "+{} ~{} -{}");
}

TEST(RemoveTyped, TakesMembersAndItemsAndWhatBecomesEmpty) {
  const auto without = [](const char* value, const char* paths) {
    return remove_typed(*kType, spec(value), FieldSet::parse(paths).value());
  };
  EXPECT_EQ(without(R"({"image":"a","env":{"A":"1","B":"2"}})", R"({"f:spec":{"f:env":{"f:A":{}}}})"),
            spec(R"({"image":"a","env":{"B":"2"}})"));
  EXPECT_EQ(without(R"({"image":"a","env":{"A":"1"}})", R"({"f:spec":{"f:env":{"f:A":{}}}})"), spec(R"({"image":"a"})"));
  EXPECT_EQ(without(R"({"image":"a","tags":["x","y"],"ports":[{"port":1,"name":"n"}]})",
                    R"({"f:spec":{"f:tags":{"v:\"x\"":{}},"f:ports":{"k:{\"port\":1,\"protocol\":\"TCP\"}":{"f:name":{}}}}})"),
            spec(R"({"image":"a","tags":["y"],"ports":[{"port":1}]})"));
}

}  // namespace
}  // namespace berth::crd
