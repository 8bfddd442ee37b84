#include "crd/field_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crd/managed_fields.h"
#include "crd/managed_text.h"

namespace berth::crd {
namespace {

using testing::ElementsAre;

FieldSet set_of(const char* text) { return FieldSet::parse(text).value(); }

TEST(FieldSet, IsWrittenAsItIsRead) {
  for (const char* text :
       {"{}", R"({"f:spec":{"f:image":{}}})", R"({"f:spec":{".":{},"f:image":{}}})",
        R"({"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}},"f:tags":{"v:\"t1\"":{},"v:2":{}}})",
        R"({"f:annotations":{"f:a\"b\\c":{}}})"}) {
    EXPECT_EQ(set_of(text).text(), text);
    EXPECT_EQ(set_of(set_of(text).text().c_str()), set_of(text));
  }
}

TEST(FieldSet, KeysHaveOneForm) {
  EXPECT_EQ(set_of(R"({"k:{\"b\": 1.0, \"a\":\"x\"}":{}})").text(), R"({"k:{\"a\":\"x\",\"b\":1}":{}})");
  EXPECT_EQ(set_of(R"({"f:b":{},"f:a":{}})").text(), R"({"f:a":{},"f:b":{}})");
}

TEST(FieldSet, StepsOfAnUnknownSortAreLeftOut) {
  EXPECT_EQ(set_of(R"({"s:x":{"f:a":{}},"f:b":{},"k:{}":{},"k:[1]":{},"v:{}":{},"i:x":{},"":{}})").text(), R"({"f:b":{}})");
}

TEST(FieldSet, RefusesWhatIsNoFieldsV1) {
  for (const char* text : {"", "1", "[]", R"({"f:a":1})", R"({"f:a":[]})", R"({"f:a":)", R"({"f:a":null})"}) {
    EXPECT_TRUE(FieldSet::parse(text).has_error()) << text;
  }
}

TEST(FieldSet, IsAnAlgebra) {
  const auto a = set_of(R"({"f:x":{".":{},"f:y":{}},"f:z":{}})");
  const auto b = set_of(R"({"f:w":{},"f:x":{".":{},"f:q":{}}})");
  EXPECT_EQ(unite(a, b).text(), R"({"f:w":{},"f:x":{".":{},"f:q":{},"f:y":{}},"f:z":{}})");
  EXPECT_EQ(intersect(a, b).text(), R"({"f:x":{}})");
  EXPECT_EQ(subtract(a, b).text(), R"({"f:x":{"f:y":{}},"f:z":{}})");
  EXPECT_TRUE(subtract(a, a).empty());
}

TEST(FieldSet, PathsOfOneLevelComeBeforeThoseBelow) {
  EXPECT_THAT(
      set_of(R"({"f:spec":{"f:env":{"f:B":{}},"f:image":{},"f:ports":{"k:{\"n\":1,\"p\":\"TCP\"}":{}},"f:tags":{"v:\"a\"":{}}}})")
          .paths(),
      ElementsAre(".spec.image", ".spec.env.B", R"(.spec.ports[n=1,p="TCP"])", R"(.spec.tags[="a"])"));
}

json entry(const char* manager, const char* operation, const char* time) {
  return {{"manager", manager}, {"operation", operation},   {"time", time},
          {"apiVersion", "v1"}, {"fieldsType", "FieldsV1"}, {"fieldsV1", R"({"f:a":{}})"}};
}

TEST(ManagedFields, ComeInTheOrderOfAnApiServer) {
  const json given = json::array({entry("z", "Update", "2026-01-01T00:00:00Z"), entry("b", "Apply", "2026-01-02T00:00:00Z"),
                                  entry("a", "Update", "2026-01-01T00:00:00Z"), entry("c", "Apply", "2026-01-01T00:00:00Z")});
  json untimed = entry("u", "Apply", "");
  untimed.erase("time");
  json list = given;
  list.push_back(untimed);
  const json sorted = encode_managed_fields(decode_managed_fields(list).value());
  std::vector<std::string> managers;
  for (const json& one : sorted) managers.push_back(one["manager"]);
  EXPECT_THAT(managers, ElementsAre("u", "c", "b", "a", "z"));
  EXPECT_EQ(encode_managed_fields(decode_managed_fields(sorted).value()), sorted);
}

TEST(ManagedFields, WhatCannotBeReadIsNone) {
  EXPECT_TRUE(decode_managed_fields(nullptr)->empty());
  EXPECT_FALSE(decode_managed_fields(json::array({entry("a", "Frob", "")})));
  EXPECT_FALSE(decode_managed_fields(json::array({entry("a", "Apply", "yesterday")})));
  EXPECT_FALSE(decode_managed_fields(json::array({1})));
  EXPECT_TRUE(resets_managed_fields(json::array()));
  EXPECT_TRUE(resets_managed_fields(json::array({json::object()})));
  EXPECT_FALSE(resets_managed_fields(nullptr));
}

TEST(ManagedFields, TheOldestUpdatersBecomeOne) {
  ManagedFields entries;
  for (int i = 0; i < 14; ++i) {
    ManagedEntry one("m" + std::to_string(i), false, "v1", "");
    one.time = "2026-01-01T00:00:" + std::to_string(10 + i) + "Z";
    one.set_text(R"({"f:)" + std::to_string(i) + R"(":{}})");
    entries.push_back(one);
  }
  cap_update_managers(entries);
  ASSERT_EQ(entries.size(), kMostUpdateManagers);
  EXPECT_EQ(entries[0].manager, "ancient-changes");
  EXPECT_EQ(entries[0].text(), R"({"f:0":{},"f:1":{},"f:2":{},"f:3":{},"f:4":{}})");
  EXPECT_EQ(entries[0].time, "2026-01-01T00:00:14Z");
  EXPECT_EQ(entries[1].manager, "m5");
}

TEST(ManagedText, IsAnObjectOnTheWireAndTextInMemory) {
  json body = json::parse(R"({"kind":"X","metadata":{"name":"a","managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}},{}]}})");
  const json wire = body;
  compact_managed_fields(body["metadata"]);
  EXPECT_EQ(body["metadata"]["managedFields"][0]["fieldsV1"], R"({"f:a":{}})");
  EXPECT_EQ(json::parse(wire_text(body)), wire);
  EXPECT_EQ(wire_text(body), dump(wire));
  EXPECT_EQ(wire_text(wire), dump(wire));
  EXPECT_EQ(wire_form(body), wire);
  EXPECT_EQ(json::parse(wire_metadata_text(body["metadata"])), wire["metadata"]);
}

TEST(ManagedText, LeavesAloneWhatIsNoManagedFields) {
  for (const char* text : {R"({"metadata":{"managedFields":1}})", R"({"metadata":{"managedFields":[1,{"fieldsV1":"x"},{"fieldsV1":2}]}})",
                           R"({"metadata":[]})", "{}"}) {
    json body = json::parse(text);
    if (body.contains("metadata")) compact_managed_fields(body["metadata"]);
    EXPECT_EQ(wire_text(body), text);
  }
}

}  // namespace
}  // namespace berth::crd
