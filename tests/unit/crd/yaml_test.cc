#include "crd/yaml.h"

#include <gtest/gtest.h>

namespace berth::crd {
namespace {

json one(std::string_view text) {
  auto documents = parse_yaml(text);
  EXPECT_TRUE(documents.has_value()) << text << "\n"
                                     << (documents.has_value() ? "" : documents.error().message);
  if (!documents.has_value() || documents->size() != 1) return "(not one document)";
  return documents->front().value;
}

std::string failure(std::string_view text, const YamlLimits& limits = {}) {
  auto documents = parse_yaml(text, "f.yaml", limits);
  return documents.has_value() ? "parsed: " + dump(documents->empty() ? json() : documents->front().value)
                               : documents.error().message;
}

void expect_failure_at(std::string_view text, std::string_view place) {
  EXPECT_TRUE(failure(text).starts_with("f.yaml:" + std::string(place) + ": ")) << text << "\n"
                                                                                << failure(text);
}

TEST(Yaml, PlainScalarsMeanWhatKubernetesTakesThemFor) {
  const std::vector<std::pair<const char*, json>> cases = {
      {"5432", 5432},
      {"-1", -1},
      {"+7", 7},
      {"0444", 0444},
      {"0o17", 017},
      {"0x1F", 31},
      {"-0x10", -16},
      {"0b101", 5},
      {"1_000", 1000},
      {"08", 8},
      {"0", 0},
      {"1e3", 1000},
      {"1.0", 1},
      {"1.5", 1.5},
      {".5", 0.5},
      {"-2.5e-1", -0.25},
      {"true", true},
      {"False", false},
      {"null", nullptr},
      {"~", nullptr},
      {"yes", "yes"},
      {"no", "no"},
      {"on", "on"},
      {"off", "off"},
      {"y", "y"},
      {"1e999", "1e999"},
      {"1.2.3", "1.2.3"},
      {"12:30", "12:30"},
      {"0xZZ", "0xZZ"},
      {"1e", "1e"},
      {".", "."},
      {"tRue", "tRue"},
      {"2026-01-31", "2026-01-31"},
      {"2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"},
      {"18446744073709551615", 18446744073709551615u},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"256Mi", "256Mi"},
      {"5432_tcp", "5432_tcp"}};
  for (const auto& [text, value] : cases) {
    const json got = one("v: " + std::string(text))["v"];
    EXPECT_EQ(got, value) << text;
    EXPECT_EQ(got.is_number_integer(), value.is_number_integer()) << text;
  }
}

TEST(Yaml, QuotedScalarsAreStrings) {
  EXPECT_EQ(one(R"(a: "5"
b: 'true'
c: "null"
d: ''
e: !!str 12
f: "tab\there é A"
g: 'it''s'
)"),
            json({{"a", "5"},
                  {"b", "true"},
                  {"c", "null"},
                  {"d", ""},
                  {"e", "12"},
                  {"f", "tab\there é A"},
                  {"g", "it's"}}));
}

TEST(Yaml, BlockScalarsKeepOrFoldTheirLines) {
  EXPECT_EQ(one("a: |\n  x\n  y\nb: |-\n  x\nc: >\n  x\n  y\nd: |+\n  x\n\n"),
            json({{"a", "x\ny\n"}, {"b", "x"}, {"c", "x y\n"}, {"d", "x\n\n"}}));
}

TEST(Yaml, NumbersAreTypedLikeThoseOfJson) {
  const json value = one("a: 5\nb: -5\nc: 1.5\n");
  EXPECT_TRUE(value["a"].is_number_unsigned());
  EXPECT_TRUE(value["b"].is_number_integer());
  EXPECT_TRUE(value["c"].is_number_float());
}

TEST(Yaml, NumbersThatJsonCannotSayAreRefused) {
  expect_failure_at("a: .nan", "1:4");
  expect_failure_at("a:\n  - .inf", "2:5");
  EXPECT_EQ(one("a: \".inf\"")["a"], ".inf");
}

TEST(Yaml, ExplicitTagsMustFit) {
  EXPECT_EQ(one("a: !!int 5\nb: !!bool true\nc: !!float 5\nd: !!null ~\n")["a"], 5);
  expect_failure_at("a: !!int x", "1:4");
  expect_failure_at("a: !secret x", "1:4");
  expect_failure_at("a: !!binary aGk=", "1:4");
}

TEST(Yaml, SeveralDocumentsAreReadAndEmptyOnesSkipped) {
  auto documents = parse_yaml("# nothing yet\n---\na: 1\n---\n---\n# empty\n---\nb: 2\n...\n---\nc: 3\n");
  ASSERT_TRUE(documents.has_value()) << documents.error().message;
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0].value, json({{"a", 1}}));
  EXPECT_EQ((*documents)[1].value, json({{"b", 2}}));
  EXPECT_EQ((*documents)[2].value, json({{"c", 3}}));
  EXPECT_EQ((*documents)[1].mark_of("b").line, 8);
}

TEST(Yaml, NothingIsNoDocument) {
  for (const char* text : {"", "\n\n", "# a comment\n", "---\n", "---\n---\n", "~", "\xef\xbb\xbf"}) {
    auto documents = parse_yaml(text);
    ASSERT_TRUE(documents.has_value()) << text;
    EXPECT_TRUE(documents->empty()) << text;
  }
}

TEST(Yaml, ByteOrderMarkAndCarriageReturnsChangeNothing) {
  auto documents = parse_yaml(
      "\xef\xbb\xbf"
      "a: 1\r\nb:\r\n- x\r\n- y\r\ntext: |\r\n  one\r\n  two\r\n");
  ASSERT_TRUE(documents.has_value()) << documents.error().message;
  EXPECT_EQ(documents->front().value["b"], json({"x", "y"}));
  EXPECT_EQ(documents->front().value["a"], 1);
  EXPECT_EQ(documents->front().mark_of("b[1]").line, 4);
}

TEST(Yaml, JsonIsYaml) {
  const json value = {{"a", {1, 2.5, "x", nullptr, true}}, {"b", {{"c", "d: e"}}}, {"path", "/"}};
  EXPECT_EQ(one(value.dump()), value);
  EXPECT_EQ(one(value.dump(4)), value);
  EXPECT_EQ(one("{\n\t\"a\":1,\n\t\"b\":[\n\t\t\"x\"\n\t]\n}"), json({{"a", 1}, {"b", {"x"}}}));
  EXPECT_EQ(one(R"({"smile":"\ud83d\ude00","slash":"\/"})"), json({{"smile", "😀"}, {"slash", "/"}}));
}

TEST(Yaml, AnchorsAndAliasesAreExpanded) {
  EXPECT_EQ(
      one("base: &b {x: 1}\nlist: [*b, *b]\nname: &n hello\nagain: *n\n"),
      json(
          {{"base", {{"x", 1}}}, {"list", {{{"x", 1}}, {{"x", 1}}}}, {"name", "hello"}, {"again", "hello"}}));
}

TEST(Yaml, AnAnchorMeansItsLatestValue) {
  EXPECT_EQ(one("a: &x 1\nb: *x\nc: &x 2\nd: *x\n"), json({{"a", 1}, {"b", 1}, {"c", 2}, {"d", 2}}));
}

TEST(Yaml, AnchorsDoNotReachTheNextDocument) { expect_failure_at("a: &x 1\n---\nb: *x\n", "3:4"); }

TEST(Yaml, AnAliasInsideOfItsAnchorIsRefused) {
  expect_failure_at("a: &x\n  b: *x\n", "2:6");
  expect_failure_at("&x [*x]", "1:5");
}

TEST(Yaml, MergeKeysGiveWhatTheMapDoesNotSay) {
  EXPECT_EQ(one("base: &b {x: 1, y: 2}\nv: {<<: *b, y: 3}\n")["v"], json({{"x", 1}, {"y", 3}}));
  EXPECT_EQ(one("base: &b {x: 1, y: 2}\nv:\n  y: 3\n  <<: *b\n")["v"], json({{"x", 1}, {"y", 3}}));
  EXPECT_EQ(one("a: &a {x: 1}\nb: &b {x: 2, z: 2}\nv: {<<: [*a, *b]}\n")["v"], json({{"x", 1}, {"z", 2}}));
  EXPECT_EQ(one("a: &a {x: 1}\nb: &b {<<: *a, z: 2}\nv: {<<: *b}\n")["v"], json({{"x", 1}, {"z", 2}}));
  EXPECT_EQ(one("v: {\"<<\": 1}")["v"], json({{"<<", 1}}));
  expect_failure_at("v: {<<: 5}", "1:9");
  expect_failure_at("v:\n  <<: [1]", "2:8");
}

TEST(Yaml, DuplicateKeysAreToldAndTheLastOneWins) {
  auto documents = parse_yaml("spec:\n  a: 1\n  b: 2\n  a: 3\nlist:\n- {x: 1, x: 2}\n");
  ASSERT_TRUE(documents.has_value());
  EXPECT_EQ(documents->front().value["spec"]["a"], 3);
  EXPECT_EQ(documents->front().duplicate_keys, (std::vector<std::string>{"spec.a", "list[0].x"}));
  EXPECT_EQ(documents->front().mark_of("spec.a").line, 4);
}

TEST(Yaml, MergedKeysAreNoDuplicates) {
  auto documents = parse_yaml("a: &a {x: 1}\nv: {<<: *a, x: 2}\n");
  ASSERT_TRUE(documents.has_value());
  EXPECT_TRUE(documents->front().duplicate_keys.empty());
}

TEST(Yaml, KeysAreTextsAsTheyAreWritten) {
  EXPECT_EQ(one("80: a\ntrue: b\n"), json({{"80", "a"}, {"true", "b"}}));
  expect_failure_at("? [a, b]\n: c\n", "1:3");
  expect_failure_at("~: c\n", "1:1");
}

TEST(Yaml, MarksSayWhereAFieldStands) {
  auto documents = parse_yaml(
      "metadata:\n  labels: {a.b/c: x}\nspec:\n  services:\n  - name: db\n    image: x\n  - name: api\n    "
      "ports:\n    - 80\n");
  ASSERT_TRUE(documents.has_value());
  const YamlDocument& document = documents->front();
  const auto expect_mark = [&](const char* path, int line, int column) {
    EXPECT_EQ(document.mark_of(path).line, line) << path;
    EXPECT_EQ(document.mark_of(path).column, column) << path;
  };
  expect_mark("", 1, 1);
  expect_mark("spec", 3, 1);
  expect_mark("spec.services", 4, 3);
  expect_mark("spec.services[0]", 5, 5);
  expect_mark("spec.services[0].image", 6, 5);
  expect_mark("spec.services[1].ports[0]", 9, 7);
  expect_mark("metadata.labels[a.b/c]", 2, 12);
  expect_mark("spec.services[1].image", 7, 5);  // what is missing is shown where its parent stands
  expect_mark("spec.services[7].readinessProbe.exec", 4, 3);
  expect_mark("metadata.annotations[x.y/z]", 1, 1);
  expect_mark("nothing.like[this]", 1, 1);
}

TEST(Yaml, MarksOfAliasedValuesPointToWhereTheyAreWritten) {
  auto documents = parse_yaml("base: &b\n  image: x\ncopy: *b\n");
  ASSERT_TRUE(documents.has_value());
  EXPECT_EQ(documents->front().mark_of("copy").line, 3);
  EXPECT_EQ(documents->front().mark_of("copy.image").line, 2);
}

TEST(Yaml, ErrorsSayWhereTheyAre) {
  expect_failure_at("a: [1, 2\n", "2:1");
  expect_failure_at("a: {b: 1\n", "2:1");
  expect_failure_at("a: \"open\nb: 2\n", "1:4");
  expect_failure_at("a: 'it''s\nb: 2\n", "1:4");
  expect_failure_at("é: grün\r\na: &x \"open\r\n", "2:4");
  expect_failure_at("a: \"\\\"", "1:7");
  expect_failure_at("a: \"", "1:4");
  expect_failure_at("a: 1\n\"b", "2:3");
  expect_failure_at("a: b: c\n", "1:5");
  expect_failure_at("a: 1\n]\n", "2:1");
  expect_failure_at("a: *nothing\n", "1:4");
  expect_failure_at("a: @x\n", "1:4");
  expect_failure_at("a: `x`\n", "1:4");
  expect_failure_at("spec:\n  a: 1\n b: 2\n", "3:2");
  expect_failure_at("a:\n  - 1\n b: 1\n", "3:2");
  expect_failure_at("- 1\nb: 2\n", "2:1");
  expect_failure_at("a: 1\n- b\n", "2:1");
  expect_failure_at("text\nb: 2\n", "2:2");
}

TEST(Yaml, WithoutAFileNameThePlaceIsInWords) {
  const auto documents = parse_yaml("a: b: c\n");
  ASSERT_FALSE(documents.has_value());
  EXPECT_TRUE(documents.error().message.starts_with("line 1, column 5: ")) << documents.error().message;
  EXPECT_EQ(documents.error().reason, Reason::BadRequest);
}

TEST(Yaml, ATabInTheIndentationIsNamed) {
  for (const char* text : {"a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n\t- x: 1\n"}) {
    EXPECT_NE(failure(text).find("a tab in the indentation"), std::string::npos) << text << "\n"
                                                                                 << failure(text);
  }
}

TEST(Yaml, ADocumentCutInTheMiddleIsNeverReadAsAnother) {
  const std::string whole = "a: \"x y\"\nb: [1, {c: 'd'}]\nlast: \"end\"\n";
  const json value = one(whole);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    auto documents = parse_yaml(std::string_view(whole).substr(0, length));
    if (!documents.has_value() || documents->empty()) continue;
    ASSERT_EQ(documents->size(), 1u);
    const json& part = documents->front().value;
    if (!part.is_object()) continue;
    for (const auto& [key, field] : part.items()) {
      EXPECT_TRUE(field.is_null() || field == value.value(key, json())) << length;
    }
  }
}

TEST(Yaml, WhatIsNotUtf8IsRefusedWithItsPlace) {
  expect_failure_at("a: 1\nb: \xff\n", "2:4");
  expect_failure_at("a: \xc3", "1:4");
  expect_failure_at("a: \xed\xa0\x80", "1:4");  // a surrogate
  expect_failure_at("a: \xc0\xaf", "1:4");      // overlong
  expect_failure_at(std::string_view("a: x\0y", 6), "1:5");
  expect_failure_at("a: \x04\nb: 2\n", "1:4");  // yaml-cpp's own end mark
  expect_failure_at("a: \x1b[31m", "1:4");
  expect_failure_at(std::string_view("\xff\xfe"
                                     "a\0",
                                     4),
                    "1:1");  // UTF-16
  EXPECT_EQ(one("a: grün 😀")["a"], "grün 😀");
}

TEST(Yaml, BytesDepthAndValuesAreLimited) {
  const std::string big = "a: " + std::string(3 * 1024 * 1024, 'x');
  EXPECT_NE(failure(big).find("larger than"), std::string::npos);
  ASSERT_FALSE(parse_yaml(big).has_value());
  EXPECT_EQ(parse_yaml(big).error().reason, Reason::RequestEntityTooLarge);
  EXPECT_EQ(one("a: " + std::string(3 * 1024 * 1024 - 3, 'x'))["a"].get<std::string>().size(),
            3u * 1024 * 1024 - 3);

  EXPECT_NE(failure(std::string(101, '[') + std::string(101, ']')).find("nested deeper"), std::string::npos);
  EXPECT_TRUE(one(std::string(100, '[') + std::string(100, ']')).is_array());
  EXPECT_NE(failure(std::string(9'000, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(failure(std::string(9'000, '{')).find("nested deeper"), std::string::npos);
  for (const std::string unit : {"[", "{", "{\"a\":", "[1,"}) {
    std::string flood;
    while (flood.size() < 3'000'000) flood += unit;
    EXPECT_NE(failure(flood).find("nested too deep"), std::string::npos) << unit;
  }
  std::string values = "[1";
  while (values.size() < 3'000'000) values += ",1";
  EXPECT_NE(failure(values).find("too many values"), std::string::npos);
  std::string dashes;
  for (int i = 0; i < 10'000; ++i) dashes += "- ";
  EXPECT_NE(failure(dashes).find("nested deeper"), std::string::npos);

  const YamlLimits few{.nodes = 10};
  EXPECT_NE(failure("[1,2,3,4,5,6,7,8,9,10]", few).find("more than 10 values"), std::string::npos);
  EXPECT_NE(failure("--- [1,2,3,4,5,6]\n--- [1,2,3,4,5,6]\n", few).find("too many values"),
            std::string::npos);
}

TEST(Yaml, AliasBombsAreDefused) {
  const YamlLimits few{.nodes = 10'000};
  std::string laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 8; ++k) laughs += ", " + before;
    laughs += "]\n";
  }
  EXPECT_NE(failure(laughs, few).find("once its aliases are expanded"), std::string::npos) << failure(laughs, few);

  std::string big_text = "a: &a " + std::string(1'000'000, 'x') + "\nlist: [*a";
  for (int i = 0; i < 1000; ++i) big_text += ", *a";
  EXPECT_NE(failure(big_text + "]").find("once its aliases are expanded"), std::string::npos);

  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(failure(deep).find("nested deeper"), std::string::npos);

  std::string merges = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    merges +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: [" + before + ", " + before + "]}\n";
  }
  EXPECT_NE(failure(merges, few).find("once its aliases are expanded"), std::string::npos) << failure(merges, few);
}

TEST(Yaml, AVeryLongKeyCostsNoMoreThanItsLength) {
  std::string text = "{\"" + std::string(1'000'000, 'k') + "\": [";
  for (int i = 0; i < 20'000; ++i) text += "1,";
  auto documents = parse_yaml(text + "1]}");
  EXPECT_TRUE(documents.has_value()) << documents.error().message.substr(0, 200);
}

}  // namespace
}  // namespace berth::crd
