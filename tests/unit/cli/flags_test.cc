#include "cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace berth::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Bound {
  std::string output;
  std::vector<std::string> files;
  std::vector<std::string> names;
  std::vector<std::string> command;
  bool wait = true;
  bool watch = false;
  base::Duration timeout = std::chrono::seconds(5);
  std::optional<int> tail;
  Flags flags{"BERTH_TEST_"};
  std::map<std::string, std::string> environment;

  Bound() {
    flags.choice("--output,-o", {"yaml", "json"}, "format", &output);
    flags.list("--file,-f", "FILE", "files", &files);
    flags.toggle("--wait", "wait", &wait);
    flags.toggle("--watch,-w", "watch", &watch);
    flags.duration("--timeout", "how long", &timeout);
    flags.number("--tail", "N", "lines", &tail);
    flags.argument({"NAME", "the name", 0, 0, Completes::Nothing, &names});
  }
  Result<ParsedFlags> parse(std::vector<std::string> arguments) {
    return parse_flags(flags, std::move(arguments), [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    });
  }
};

TEST(Flags, TakesValuesInEverySpelling) {
  Bound b;
  ASSERT_TRUE(
      b.parse({"-ojson", "-f", "a", "x", "--file=b", "y", "-f-", "--timeout", "1m30s", "--tail=7", "-w"}).has_value());
  EXPECT_EQ(b.output, "json");
  EXPECT_THAT(b.files, ElementsAre("a", "b", "-"));
  EXPECT_THAT(b.names, ElementsAre("x", "y"));
  EXPECT_EQ(b.timeout, std::chrono::seconds(90));
  EXPECT_EQ(b.tail, 7);
  EXPECT_TRUE(b.watch);
}

TEST(Flags, ADashAloneIsAValue) {
  Bound b;
  ASSERT_TRUE(b.parse({"-f", "-"}).has_value());
  EXPECT_THAT(b.files, ElementsAre("-"));
}

TEST(Flags, ASwitchCanBeTurnedOff) {
  Bound b;
  ASSERT_TRUE(b.parse({"--wait=false"}).has_value());
  EXPECT_FALSE(b.wait);
}

TEST(Flags, AFlagBeatsItsVariableAndTheVariableBeatsTheDefault) {
  Bound b;
  b.environment = {{"BERTH_TEST_OUTPUT", "yaml"}, {"BERTH_TEST_TIMEOUT", "7"}, {"BERTH_TEST_WAIT", "false"}};
  const auto parsed = b.parse({"-o", "json"});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(b.output, "json");
  EXPECT_EQ(b.timeout, std::chrono::seconds(7));
  EXPECT_FALSE(b.wait);
  EXPECT_THAT(parsed.value().given, ElementsAre("output", "wait", "timeout"));
}

TEST(Flags, ABadValueNamesTheFlagOrTheVariableAndWhatWouldBeRight) {
  Bound b;
  EXPECT_THAT(b.parse({"-o", "xml"}).error().message, HasSubstr("--output: invalid value \"xml\": one of yaml, json"));
  EXPECT_THAT(b.parse({"--timeout", "soon"}).error().message, HasSubstr("--timeout: invalid value \"soon\""));
  EXPECT_THAT(b.parse({"--tail", "1x"}).error().message, HasSubstr("--tail"));
  b.environment = {{"BERTH_TEST_TIMEOUT", "-1"}};
  EXPECT_THAT(b.parse({}).error().message, HasSubstr("BERTH_TEST_TIMEOUT: invalid value \"-1\""));
}

TEST(Flags, AnUnknownFlagOrAMissingValueIsRefused) {
  Bound b;
  EXPECT_THAT(b.parse({"--nope"}).error().message, HasSubstr("--nope"));
  EXPECT_THAT(b.parse({"--timeout"}).error().message, HasSubstr("--timeout"));
  EXPECT_THAT(b.parse({"-o", "json", "-o", "yaml"}).error().message, HasSubstr("--output is given 2 times"));
}

TEST(Flags, TheTailIsTakenAsItIs) {
  Bound b;
  b.flags.tail("CMD", "what to run", &b.command);
  ASSERT_TRUE(b.parse({"-w", "--", "psql", "-o", "--", "--help"}).has_value());
  EXPECT_THAT(b.command, ElementsAre("psql", "-o", "--", "--help"));
}

TEST(Flags, WithoutATailTwoDashesEndTheFlags) {
  Bound b;
  ASSERT_TRUE(b.parse({"--", "-x"}).has_value());
  EXPECT_THAT(b.names, ElementsAre("-x"));
}

TEST(Flags, HelpWinsOverWhatIsWrong) {
  Bound b;
  const auto parsed = b.parse({"--help", "--nope"});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed.value().help);
}

TEST(Flags, TooFewAndTooManyArgumentsAreRefused) {
  Bound b;
  Flags flags("X_");
  std::vector<std::string> one;
  flags.argument({"ENV", "the environment's name", 1, 1, Completes::Nothing, &one});
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  EXPECT_THAT(parse_flags(flags, {}, none).error().message, HasSubstr("ENV is missing"));
  EXPECT_THAT(parse_flags(flags, {"a", "b"}, none).error().message, HasSubstr("unexpected argument \"b\""));
}

}  // namespace
}  // namespace berth::cli
