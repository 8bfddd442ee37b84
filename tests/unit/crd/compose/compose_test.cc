#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crd/compose/context.h"
#include "crd/compose/dotenv.h"
#include "crd/compose/units.h"
#include "crd/expand.h"
#include "crd/shell_quote.h"
#include "tests/unit/crd/compose/corpus.h"

namespace berth::compose {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Lookup kNothing = [](std::string_view) { return std::nullopt; };

class ComposeTest : public testing::Test {
 protected:
  ComposeTest() { files.directory = "/srv/project"; }

  Result<Conversion> run(const std::string& text) {
    files.texts["compose.yaml"] = text;
    return run();
  }
  Result<Conversion> run() {
    ConvertRequest request;
    request.load = files.request();
    request.load.files = {"compose.yaml"};
    return convert(request);
  }
  std::string refusal(const std::string& text) {
    const auto converted = run(text);
    return converted.has_value() ? "" : converted.error().message;
  }
  json service(const std::string& text) {
    const auto converted = run(text);
    EXPECT_TRUE(converted.has_value()) << (converted.has_value() ? "" : converted.error().message);
    return converted.has_value() ? converted.value().manifests.back()["spec"]["services"][0] : json();
  }

  TestFiles files;
};

TEST(Interpolate, TellsWhichVariableEachPartCameFrom) {
  const Lookup lookup = [](std::string_view name) { return name == "A" ? std::optional<std::string>("value") : std::nullopt; };
  const auto expanded = interpolate("x${A}y${B:-${A}}z$A", lookup).value();
  EXPECT_EQ(expanded.text, "xvalueyvaluezvalue");
  ASSERT_EQ(expanded.spans.size(), 3u);
  EXPECT_EQ(expanded.text.substr(expanded.spans[1].begin, expanded.spans[1].end - expanded.spans[1].begin), "value");
  EXPECT_EQ(expanded.spans[1].variable, "B");
  EXPECT_TRUE(expanded.unset.empty());
  EXPECT_THAT(interpolate("$B ${C} ${D-}", lookup).value().unset, ElementsAre("B", "C"));
}

TEST(Interpolate, RefusesWhatIsNestedTooDeepOrGrowsTooLarge) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "${A:-";
  deep += std::string(1000, '}');
  EXPECT_THAT(interpolate(deep, kNothing).error().message, HasSubstr("nested deeper than 50 levels"));
  const Lookup large = [](std::string_view) { return std::string(1 << 19, 'x'); };
  EXPECT_THAT(interpolate("$A$A$A", large).error().message, HasSubstr("larger than 1 MiB"));
}

TEST(Dotenv, ReadsWhatComposeReads) {
  const auto read =
      parse_dotenv("A=1 # one\nexport B = \"two $A\" \nC='$A'\nD:four\nE=x#y\nF=\n\n# G=7\nH=\"\\$A \\\"q\\\"\"\r\n", ".env", kNothing)
          .value();
  std::vector<std::pair<std::string, std::string>> got;
  for (const auto& each : read) got.emplace_back(each.name, each.value.value_or("(none)"));
  EXPECT_THAT(got, ElementsAre(std::pair("A", "1"), std::pair("B", "two 1"), std::pair("C", "$A"), std::pair("D", "four"),
                               std::pair("E", "x#y"), std::pair("F", ""), std::pair("H", "$A \"q\"")));
  EXPECT_EQ(read.back().line, 9);
}

TEST(Dotenv, SaysWhereItIsWrong) {
  const auto message = [](std::string_view text) { return parse_dotenv(text, ".env", kNothing).error().message; };
  EXPECT_EQ(message("A=1\nB=\"open\n"), ".env:2:3: this quote is not closed");
  EXPECT_EQ(message("A=1\n =x\n"), ".env:2:2: NAME=value is expected");
  EXPECT_EQ(message("A='x' y\n"), ".env:1:7: nothing may follow the closing quote");
  EXPECT_THAT(message("A=\"${B\"\n"), HasSubstr(".env:1:3: "));
}

TEST(Dotenv, DoublingIsRefused) {
  std::string text = "A0=xxxxxxxxxx\n";
  for (int i = 1; i < 40; ++i) text += "A" + std::to_string(i) + "=$A" + std::to_string(i - 1) + "$A" + std::to_string(i - 1) + "\n";
  EXPECT_THAT(parse_dotenv(text, ".env", kNothing).error().message, HasSubstr("larger than"));
}

TEST(Units, ReadDurationsSizesAndWords) {
  EXPECT_EQ(parse_duration("1m30s"), 90'000);
  EXPECT_EQ(parse_duration("1.5h"), 5'400'000);
  EXPECT_EQ(parse_duration("10us"), 1);
  EXPECT_EQ(parse_duration("10"), std::nullopt);
  EXPECT_EQ(parse_duration("s"), std::nullopt);
  EXPECT_EQ(whole_seconds(1), 1);
  EXPECT_EQ(whole_seconds(1001), 2);
  EXPECT_EQ(parse_size("1.5gb"), 1610612736);
  EXPECT_EQ(parse_size("64M"), 64 << 20);
  EXPECT_EQ(parse_size("7x"), std::nullopt);
  EXPECT_EQ(quantity(64 << 20), "64Mi");
  EXPECT_EQ(quantity(1000), "1000");
  EXPECT_THAT(*split_words(R"(a "b c" 'd "e' f\ g "" "h\"i")"), ElementsAre("a", "b c", "d \"e", "f g", "", "h\"i"));
  EXPECT_EQ(split_words("it's"), std::nullopt);
  EXPECT_EQ(crd::shell_quote("it's"), "'it'\\''s'");
}

// Whatever a compose file says, berth's own expansion gives it back.
TEST(EscapeReferences, IsUndoneByTheExpansion) {
  const auto all = [](std::string_view) { return std::optional<std::string>("expanded"); };
  for (const std::string text : {"$(A)", "$$(A)", "$$$(A)", "$", "$$", "$$$", "a$b", "$(A", "$()", "$$$$(A)$(B)", "x$(A)$$"}) {
    EXPECT_EQ(crd::expand(escape_references(text), all), text) << text;
  }
}

TEST_F(ComposeTest, LargeFilesAndAliasBombsAreRefused) {
  EXPECT_THAT(refusal("services:\n" + std::string(10 << 20, '#')), HasSubstr("compose.yaml:1:1: larger than"));
  std::string bomb = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(refusal(bomb + "services: {a: {image: a}}\n"), HasSubstr("too large once its aliases are expanded"));
  std::string deep = "services: ";
  for (int i = 0; i < 200; ++i) deep += "{a: ";
  EXPECT_THAT(refusal(deep + "x" + std::string(200, '}')), HasSubstr("nested deeper than 100 levels"));
}

TEST_F(ComposeTest, ExtendingMayNotGrowWithoutEnd) {
  // Each service extends one that is large.
  std::string text = "services:\n  big:\n    image: a\n    labels:\n";
  for (int i = 0; i < 20'000; ++i) text += "      l" + std::to_string(i) + ": x\n";
  for (int i = 0; i < 100; ++i) text += "  s" + std::to_string(i) + ": {extends: big}\n";
  EXPECT_THAT(refusal(text), HasSubstr("have too many values"));
}

TEST_F(ComposeTest, ManyIncludesAreRefused) {
  std::string text = "include: [";
  for (int i = 0; i < 300; ++i) {
    const std::string name = "f" + std::to_string(i) + ".yaml";
    files.texts[name] = "services: {s" + std::to_string(i) + ": {image: a}}\n";
    text += (i == 0 ? "" : ", ") + name;
  }
  EXPECT_THAT(refusal(text + "]\n"), HasSubstr("more than 200 files"));
}

TEST_F(ComposeTest, ManyPortsAreRefusedBeforeTheyAreMade) {
  std::string text = "services:\n  a:\n    image: a\n    ports:\n";
  for (int i = 1; i < 3000; ++i) text += "      - \"" + std::to_string(i) + "-" + std::to_string(i + 900) + ":1-901\"\n";
  EXPECT_EQ(refusal(text), "compose.yaml:6:9: a service with more than 1000 ports");
}

TEST_F(ComposeTest, LargeValuesOfVariablesAreCountedTogether) {
  files.variables["BIG"] = std::string(900'000, 'x');
  std::string text = "services:\n  a:\n    image: a\n    environment:\n";
  for (int i = 0; i < 100; ++i) text += "      V" + std::to_string(i) + ": $BIG\n";
  EXPECT_THAT(refusal(text), HasSubstr("larger than 32 MiB"));
}

TEST_F(ComposeTest, AnUnsetVariableIsTold) {
  const auto converted = run("services: {a: {image: 'a:$TAG'}}\n");
  EXPECT_THAT(converted.error().message, HasSubstr("is no image"));
  EXPECT_THAT(run("services: {a: {image: a, environment: {X: $TAG}}}\n").value().notices,
              ElementsAre("compose.yaml:1:43: warning: the variable TAG is not set: it is replaced by nothing"));
}

TEST_F(ComposeTest, TheNameOfTheProject) {
  const auto name = [&](const std::string& text) { return run(text).value().manifests.back()["metadata"]["name"].get<std::string>(); };
  EXPECT_EQ(name("services: {a: {image: a}}\n"), "project");
  EXPECT_EQ(name("name: My_App\nservices: {a: {image: a}}\n"), "my-app");
  files.variables["COMPOSE_PROJECT_NAME"] = "from-shell";
  EXPECT_EQ(name("name: my-app\nservices: {a: {image: a}}\n"), "from-shell");
}

TEST_F(ComposeTest, BinaryConfigsAreBase64) {
  files.texts["logo"] = std::string("\x89PNG\0\xff", 6);
  const auto body = service("services: {a: {image: a, configs: [logo]}}\nconfigs: {logo: {file: logo}}\n");
  EXPECT_EQ(body["files"][0]["base64"], "iVBORwD/");
  EXPECT_FALSE(body["files"][0].contains("content"));
}

TEST_F(ComposeTest, IsToldFromManifests) {
  EXPECT_TRUE(is_compose("x-a: 1\nservices: {a: {ports: !reset []}}\n"));
  EXPECT_TRUE(is_compose("include: [a.yaml]\n"));
  EXPECT_FALSE(is_compose("kind: TestEnvironment\nservices: {}\n"));
  EXPECT_FALSE(is_compose("spec: {services: []}\n"));
  EXPECT_FALSE(is_compose("- services\n"));
  EXPECT_FALSE(is_compose("services: [\n"));
}

// Whatever a file lacks or has too much of, it is converted or refused.
TEST_F(ComposeTest, CutFilesAreConvertedOrRefused) {
  for (const auto& name : corpus_cases()) {
    const std::string whole = read_text(corpus_root() / name / "compose.yaml");
    for (std::size_t length = 0; length < whole.size(); length += 13) {
      const auto converted = run(whole.substr(0, length));
      if (!converted.has_value()) {
        EXPECT_FALSE(converted.error().message.empty()) << name << " " << length;
      } else {
        EXPECT_FALSE(converted.value().manifests.empty());
      }
    }
  }
}

}  // namespace
}  // namespace berth::compose
