#include <gtest/gtest.h>

#include "crd/yaml.h"

namespace berth::crd {
namespace {

std::string failure(std::string_view text) {
  const auto trees = parse_yaml_trees(text, "f.yaml");
  return trees.has_value() ? "" : trees.error().message;
}

TEST(YamlTree, KeepsTagsAndPlaces) {
  const auto trees = parse_yaml_trees("a: !reset null\nb: !override\n- 1\n- 'x'\nc: !!str 5\n").value();
  ASSERT_EQ(trees.size(), 1u);
  const auto& tree = trees[0];
  ASSERT_EQ(tree.keys.size(), 3u);
  EXPECT_EQ(tree.items[0].tag, "!reset");
  EXPECT_EQ(tree.items[1].tag, "!override");
  EXPECT_EQ(tree.items[1].items[0].scalar, 1);
  EXPECT_EQ(tree.items[1].items[1].scalar, "x");
  EXPECT_EQ(tree.items[1].items[1].mark.line, 4);
  EXPECT_EQ(tree.items[1].items[1].mark.column, 3);
  EXPECT_EQ(tree.items[2].tag, "");
  EXPECT_EQ(tree.items[2].scalar, "5");
  EXPECT_EQ(tree.keys[2].name, "c");
  EXPECT_EQ(tree.keys[2].mark.line, 5);
}

TEST(YamlTree, OwnMembersComeBeforeMergedOnes) {
  const auto trees = parse_yaml_trees("a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2, z: 2}\nc: {<<: [*b, *a], z: 3}\n").value();
  const auto& c = trees[0].items[2];
  std::map<std::string, json> values;
  for (std::size_t i = 0; i < c.keys.size(); ++i) values[c.keys[i].name] = c.items[i].scalar;
  EXPECT_EQ(values, (std::map<std::string, json>{{"x", 1}, {"y", 2}, {"z", 3}}));
}

TEST(YamlTree, SaysWhatIsWrongWithItsPlace) {
  EXPECT_EQ(failure("a: 1\nb: {c: 1, c: 2}\n"), "f.yaml:2:11: c: duplicate key");
  EXPECT_EQ(failure("a: {<<: 5}\n"), "f.yaml:1:9: << needs a map or a list of maps");
  EXPECT_EQ(failure("? [a]\n: b\n"), "f.yaml:1:3: a key must be a text");
  EXPECT_NE(failure("a: *none\n").find("f.yaml:1:4"), std::string::npos);
  EXPECT_NE(failure(std::string(200, '[') + std::string(200, ']')).find("nested deeper than 100 levels"), std::string::npos);
}

TEST(YamlTree, AliasBombsAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(failure(bomb).find("too large once its aliases are expanded"), std::string::npos);
}

}  // namespace
}  // namespace berth::crd
