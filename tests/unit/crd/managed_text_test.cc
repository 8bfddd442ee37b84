#include "crd/managed_text.h"

#include <gtest/gtest.h>

namespace berth::crd {
namespace {

json with_fields(json fields) {
  return {{"apiVersion", "berth.dev/v1alpha1"},
          {"kind", "TestEnvironment"},
          {"metadata",
           {{"name", "a"},
            {"annotations", {{"note", "says \"managedFields\":[{\"fieldsV1\":{}}] and a \\ too"}}},
            {"managedFields", json::array({json::object({{"manager", "ctl"}, {"fieldsV1", std::move(fields)}})})}}},
          {"spec", {{"image", "x"}}}};
}

// As a parser that knows nothing of managers reads it.
json read_plainly(const std::string& text) {
  json body = json::parse(text);
  compact_managed_fields(body["metadata"]);
  return body;
}

TEST(ManagedText, WhatWasWrittenIsReadWithoutLookingIntoTheSets) {
  const json sets[] = {
      json::object(),
      {{"f:spec", {{".", json::object()}, {"f:image", json::object()}}}},
      {{"f:spec", {{"k:{\"name\":\"a}]\\\"{[\"}", {{"f:name", json::object()}}}, {"v:\"\\\\\"", json::object()}}}},
      {{"f:metadata", {{"f:labels", {{"f:\u00fc\n", json::object()}}}}}},
  };
  for (const auto& set : sets) {
    const std::string text = wire_text(with_fields(set));
    const json body = parse_wire_text(text);
    EXPECT_EQ(body, read_plainly(text)) << text;
    EXPECT_TRUE(body["metadata"]["managedFields"][0]["fieldsV1"].is_string()) << text;
    EXPECT_EQ(wire_text(body), text);
  }
}

TEST(ManagedText, ObjectsWithoutManagersAreReadToo) {
  for (const char* text : {R"({"kind":"X","metadata":{"name":"a"}})", R"({"kind":"X"})", R"({"metadata":{"managedFields":[]}})",
                           R"({"metadata":{"managedFields":[{"manager":"m"}]}})", R"({"metadata":{"managedFields":[{"fieldsV1":"no"}]}})",
                           R"({"spec":{"managedFields":[{"fieldsV1":{"f:a":{}}}]}})"}) {
    EXPECT_EQ(parse_wire_text(text), json::parse(text)) << text;
  }
}

TEST(ManagedText, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", R"({"metadata":{"managedFields":[{"fieldsV1":{)", R"({"metadata":{"managedFields":[{"fieldsV1":)"}) {
    EXPECT_THROW(parse_wire_text(text), json::parse_error) << text;
  }
}

}  // namespace
}  // namespace berth::crd
