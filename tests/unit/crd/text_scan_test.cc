#include "crd/text_scan.h"

#include <gtest/gtest.h>

#include "crd/object.h"

namespace berth::crd {
namespace {

const json kBodies[] = {
    json::object(),
    {{"apiVersion", "v1"}, {"kind", "Thing"}, {"metadata", {{"name", "a"}}}},
    {{"a", 1}, {"b", -2.5}, {"c", true}, {"d", nullptr}, {"e", json::array()}, {"f", json::object()}, {"g", ""}},
    {{"a", "}],{[\"\\"}, {"b", {{"status", {1, "]}", {{"x", "\\\""}}}}}}, {"status", {{"phase", "Ready"}, {"list", {1, 2, {3}}}}}},
    {{"status", "no object"}, {"\"quoted\"", {{"phase", 1}}}, {"\u00fc\n", 2}},
};

TEST(TextScan, FindsEveryMemberAsAParserDoes) {
  for (const auto& body : kBodies) {
    const std::string text = dump(body);
    EXPECT_EQ(end_of_value(text, 0), text.size()) << text;
    for (const auto& [key, value] : body.items()) {
      if (dump(json(key)).size() != key.size() + 2) continue;  // is escaped
      const auto found = find_text(text, {key});
      ASSERT_TRUE(found.has_value()) << key << " in " << text;
      EXPECT_EQ(*found, dump(value));
    }
  }
  EXPECT_EQ(find_text(dump(kBodies[3]), {"status", "phase"}), "\"Ready\"");
  EXPECT_EQ(find_text(dump(kBodies[3]), {"b", "status"}), R"([1,"]}",{"x":"\\\""}])");
}

TEST(TextScan, WhatIsAbsentIsNotFound) {
  for (const auto& body : kBodies) {
    EXPECT_EQ(find_text(dump(body), {"missing"}), std::nullopt);
    EXPECT_EQ(find_text(dump(body), {"status", "missing"}), std::nullopt);
    EXPECT_EQ(find_text(dump(body), {"status", "phase", "Ready"}), std::nullopt);
  }
}

TEST(TextScan, LeavesOutOneMember) {
  for (const auto& body : kBodies) {
    for (const char* key : {"status", "a", "g", "missing"}) {
      json rest = body;
      rest.erase(key);
      EXPECT_EQ(text_without(dump(body), key), dump(rest));
    }
  }
}

TEST(TextScan, StaysWithinTextThatIsNoJson) {
  for (const auto& body : kBodies) {
    const std::string whole = dump(body);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string part = whole.substr(0, size);  // its own memory, so that a sanitizer sees a step too far
      EXPECT_EQ(end_of_value(part, 0), std::string_view::npos);
      EXPECT_EQ(text_without(part, "status"), std::nullopt);
      find_text(part, {"status", "phase"});
    }
  }
  for (const char* text : {"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"\\", "[1]", "1", "{}x", "{\"a\":1}x", "{\"a\":1,}", "{a:1}"}) {
    EXPECT_EQ(text_without(text, "status"), std::nullopt) << text;
    EXPECT_EQ(find_text(text, {"status"}), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace berth::crd
