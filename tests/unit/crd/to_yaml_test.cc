#include <gtest/gtest.h>

#include <random>

#include "crd/yaml.h"

namespace berth::crd {
namespace {

TEST(ToYaml, LooksLikeKubectl) {
  const json value = {
      {"apiVersion", "berth.dev/v1alpha1"},
      {"spec", {{"services", {{{"name", "db"}, {"command", {"a", "-c"}}}, {{"name", "api"}}}}}},
      {"empty", json::object()},
      {"none", json::array()},
      {"text", "one\ntwo\n"}};
  EXPECT_EQ(to_yaml(value),
            "apiVersion: berth.dev/v1alpha1\n"
            "empty: {}\n"
            "none: []\n"
            "spec:\n"
            "  services:\n"
            "  - command:\n"
            "    - a\n"
            "    - -c\n"
            "    name: db\n"
            "  - name: api\n"
            "text: |\n"
            "  one\n"
            "  two\n");
}

TEST(ToYaml, QuotesOnlyWhatAReaderWouldTakeForSomethingElse) {
  const auto shown = [](const char* text) { return to_yaml(json(text)); };
  for (const char* plain :
       {"hello", "a b", "postgres:16", "127.0.0.1:30000", "-U", "a#b", "/etc/x", "1.2.3"}) {
    EXPECT_EQ(shown(plain), std::string(plain) + "\n");
  }
  for (const char* quoted : {"",           "5",
                             "5432",       "true",
                             "null",       "~",
                             "yes",        "off",
                             "y",          "1e3",
                             "0x1",        "- a",
                             "-",          "a: b",
                             "a #b",       "a:",
                             " a",         "a ",
                             "{a}",        "[a]",
                             "*a",         "&a",
                             "!a",         "%a",
                             "@a",         "`a`",
                             "'a'",        "\"a\"",
                             "#a",         "|",
                             ">",          "---",
                             "--- a",      "...",
                             "<<",         "=",
                             "2026-01-31", "2026-01-31T10:00:00Z",
                             "12:30",      ".5",
                             "a\tb",       "\x7f",
                             "grün"}) {
    EXPECT_EQ(shown(quoted)[0], '"') << quoted;
  }
}

TEST(ToYaml, ScalarsStandAlone) {
  EXPECT_EQ(to_yaml(nullptr), "null\n");
  EXPECT_EQ(to_yaml(true), "true\n");
  EXPECT_EQ(to_yaml(-5), "-5\n");
  EXPECT_EQ(to_yaml(1.5), "1.5\n");
}

std::string some_text(std::mt19937& random) {
  static const std::vector<std::string> kParts = {
      "a",   "b",  " ",    "  ",   "\n",     "\n\n",   "\t",     ":",
      ": ",  "#",  " #",   "-",    "- ",     "'",      "\"",     "\\",
      "{",   "}",  "[",    "]",    ",",      "&",      "*",      "!",
      "|",   ">",  "%",    "@",    "`",      "?",      "0",      "1",
      "e",   ".",  "x",    "true", "null",   "~",      "yes",    "é",
      "😀",   "\r", "\x7f", "\x01", "\u0085", "\u2028", "\ufeff", "---",
      "...", "<<", "=",    "/",    "_",      "+",      "$(A)",   std::string("\0", 1)};
  std::string text;
  for (auto count = random() % 6; count > 0; --count) text += kParts[random() % kParts.size()];
  return text;
}

json some_value(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random()) - 0x7fffffff;
    case 3:
      return static_cast<double>(random()) / 7.0;
    case 4:
    case 5:
      return some_text(random);
    case 6: {
      json list = json::array();
      for (auto count = random() % 4; count > 0; --count) list.push_back(some_value(random, depth - 1));
      return list;
    }
    default: {
      json map = json::object();
      for (auto count = random() % 4; count > 0; --count)
        map[some_text(random)] = some_value(random, depth - 1);
      return map;
    }
  }
}

TEST(ToYaml, ReadsBackAsTheSameValue) {
  std::mt19937 random(20261123);
  for (int i = 0; i < 5'000; ++i) {
    const json value = {{"v", some_value(random, 4)}};
    const std::string text = to_yaml(value);
    auto documents = parse_yaml(text);
    ASSERT_TRUE(documents.has_value()) << documents.error().message << "\n" << text << "\n" << dump(value);
    ASSERT_EQ(documents->size(), 1u) << text;
    ASSERT_EQ(documents->front().value, value) << text << "\n" << dump(value);
  }
}

TEST(ToYaml, LongKeysReadBack) {
  const std::string key(2000, 'k');
  const json value = {{"m", {{key, {{"a", 1}}}, {key + "2", "x"}, {key + "3", {1, 2}}}}};
  auto documents = parse_yaml(to_yaml(value));
  ASSERT_TRUE(documents.has_value()) << documents.error().message;
  EXPECT_EQ(documents->front().value, value);
}

}  // namespace
}  // namespace berth::crd
