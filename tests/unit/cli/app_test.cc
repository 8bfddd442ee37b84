#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace berth::cli {
namespace {

using testing::HasSubstr;

Getenv environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(CommandLine, FlagsOfEveryCommandStandBeforeOrBehindTheCommand) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"-n", "ci", "--server", "unix:///s", "get", "te"},
        {"get", "te", "-n", "ci", "--server=unix:///s"}}) {
    const auto parsed = parse_command_line(line, environment({}));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed.value().ns, "ci");
    EXPECT_TRUE(parsed.value().ns_given);
    EXPECT_EQ(parsed.value().connection.server, "unix:///s");
    EXPECT_EQ(parsed.value().command->help().name, "get");
  }
}

TEST(CommandLine, EveryFlagOfEveryCommandHasAVariable) {
  const auto parsed = parse_command_line({"get"}, environment({{"BERTH_SERVER", "http://127.0.0.1:1"},
                                                               {"BERTH_NAMESPACE", "ci"},
                                                               {"BERTH_TOKEN_FILE", "/t"},
                                                               {"BERTH_DATA_DIR", "/d"}}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed.value().connection.server, "http://127.0.0.1:1");
  EXPECT_EQ(parsed.value().connection.token_file, "/t");
  EXPECT_EQ(parsed.value().connection.data_dir, "/d");
  EXPECT_EQ(parsed.value().ns, "ci");
  EXPECT_FALSE(parsed.value().ns_given);
  const auto wrong = parse_command_line({"get"}, environment({{"BERTH_GET_OUTPUT", "xml"}}));
  EXPECT_THAT(wrong.error().message, HasSubstr("BERTH_GET_OUTPUT"));
  EXPECT_TRUE(parse_command_line({"apply"}, environment({{"BERTH_GET_OUTPUT", "xml"}})).has_value());
}

TEST(CommandLine, AWrongCommandIsNamedWithTheOneThatWasMeant) {
  EXPECT_THAT(parse_command_line({"delte", "x"}, environment({})).error().message, HasSubstr("did you mean delete?"));
  EXPECT_THAT(parse_command_line({}, environment({})).error().message, HasSubstr("a command is missing"));
  EXPECT_THAT(parse_command_line({"get", "--wach"}, environment({})).error().message, HasSubstr("berthctl get --help"));
  EXPECT_THAT(parse_command_line({"-n", "Not_A_Label", "get"}, environment({})).error().message,
              HasSubstr("--namespace"));
}

TEST(CommandLine, HelpAndVersionNeedNothing) {
  EXPECT_THAT(parse_command_line({"--help"}, environment({})).value().text, HasSubstr("Commands:"));
  EXPECT_THAT(parse_command_line({"help"}, environment({})).value().text, HasSubstr("Commands:"));
  EXPECT_THAT(parse_command_line({"--version"}, environment({})).value().text, HasSubstr("berthctl "));
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"run", "--help"}, {"help", "run"}, {"-h", "run"}}) {
    const auto parsed = parse_command_line(line, environment({}));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_FALSE(parsed.value().text.empty());
    EXPECT_FALSE(parsed.value().command);
  }
  EXPECT_THAT(parse_command_line({"help", "run"}, environment({})).value().text, HasSubstr("Examples:"));
}

TEST(CommandLine, RunTakesTheCommandAsItIs) {
  const auto parsed = parse_command_line({"run", "-f", "x.yaml", "--", "sh", "-c", "echo --help"}, environment({}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed.value().command->help().name, "run");
}

TEST(Advice, SaysHowToReachTheServer) {
  Connection connection;
  connection.endpoint = http::parse_endpoint("http://127.0.0.1:6440", 0).value();
  connection.why = "the default";
  connection.no_token = "/d/admin.token: Permission denied";
  const auto refused = base::error(Reason::ServiceUnavailable, connection.endpoint.str() + ": connection refused");
  EXPECT_THAT(advice(refused, connection), HasSubstr("--server"));
  EXPECT_THAT(advice(base::error(Reason::Unauthorized, "no"), connection),
              HasSubstr("/d/admin.token: Permission denied"));
  connection.token = "x";
  EXPECT_THAT(advice(base::error(Reason::Unauthorized, "no"), connection), HasSubstr("not the one"));
  EXPECT_EQ(advice(base::error(Reason::NotFound, "x"), connection), "");
}

TEST(ErrorText, IsSafeForATerminal) {
  EXPECT_EQ(error_text(base::error(Reason::NotFound, "x\x1b[2J\n"), "do y"), "berthctl: error: x\\x1b[2J\ndo y\n");
}

}  // namespace
}  // namespace berth::cli
