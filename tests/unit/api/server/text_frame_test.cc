#include "api/server/text_frame.h"

#include <gtest/gtest.h>

#include "crd/yaml.h"

namespace berth::api {
namespace {

const json kFrame = {{"kind", "List"}, {"items", {TextFrame::kItems}}, {"metadata", {{"a", 1}}}};

std::string framed(const std::vector<json>& items, TextStyle style) {
  TextFrame frame(kFrame, style);
  std::string text;
  for (const auto& item : items) frame.add(text, crd::dump(item));
  return text + frame.end();
}

json whole(const std::vector<json>& items) {
  auto value = kFrame;
  value["items"] = items;
  return value;
}

TEST(TextFrame, IsTheSameAsTheWholeText) {
  const std::vector<json> two = {{{"name", "a"}, {"empty", json::object()}}, {{"text", "x\ny\n"}, {"list", {1, 2}}}};
  for (const auto& items : {std::vector<json>{}, std::vector<json>{two[0]}, two, std::vector<json>{1, "a"}}) {
    EXPECT_EQ(framed(items, TextStyle::Compact), crd::dump(whole(items)) + "\n");
    EXPECT_EQ(framed(items, TextStyle::Pretty), crd::dump(whole(items), 2) + "\n");
    EXPECT_EQ(crd::parse_yaml(framed(items, TextStyle::Yaml)).value()[0].value, whole(items));
  }
  EXPECT_EQ(framed(two, TextStyle::Yaml), crd::to_yaml(whole(two)));
}

TEST(TextFrame, StylesASingleValue) {
  EXPECT_EQ(styled("{\"a\":1}", TextStyle::Compact), "{\"a\":1}\n");
  EXPECT_EQ(styled("{\"a\":1}", TextStyle::Pretty), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(styled("{\"a\":1}", TextStyle::Yaml), "a: 1\n");
}

}  // namespace
}  // namespace berth::api
