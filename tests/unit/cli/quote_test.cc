#include "cli/quote.h"

#include <gtest/gtest.h>

#include "crd/shell_quote.h"

namespace berth::cli {
namespace {

TEST(ShellQuote, LeavesPlainWordsAndQuotesEverythingElse) {
  EXPECT_EQ(crd::shell_quote("30000"), "30000");
  EXPECT_EQ(crd::shell_quote("127.0.0.1:30000"), "127.0.0.1:30000");
  EXPECT_EQ(crd::shell_quote(""), "''");
  EXPECT_EQ(crd::shell_quote("a b"), "'a b'");
  EXPECT_EQ(crd::shell_quote("$(rm -rf /)`x`"), "'$(rm -rf /)`x`'");
  EXPECT_EQ(crd::shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(crd::shell_quote("a\nb"), "'a\nb'");
  EXPECT_EQ(crd::shell_quote("~"), "'~'");
}

TEST(DotenvQuote, NeverLetsAReaderExpandAnything) {
  EXPECT_EQ(dotenv_quote("30000"), "30000");
  EXPECT_EQ(dotenv_quote("a $b"), "'a $b'");
  EXPECT_EQ(dotenv_quote("it's $x\n"), "\"it's \\$x\\n\"");
  EXPECT_EQ(dotenv_quote("a\\b\"c"), "\"a\\\\b\\\"c\"");
  EXPECT_EQ(dotenv_quote(""), "''");
  EXPECT_EQ(dotenv_quote("a#b"), "'a#b'");
}

TEST(GithubLine, ChoosesADelimiterThatTheValueDoesNotHold) {
  EXPECT_EQ(github_line("A", "1"), "A=1\n");
  EXPECT_EQ(github_line("A", "x\ny"), "A<<BERTH_END\nx\ny\nBERTH_END\n");
  EXPECT_EQ(github_line("A", "x\nBERTH_END"), "A<<BERTH_END_1\nx\nBERTH_END\nBERTH_END_1\n");
}

TEST(FormatVariables, PrintsEachFormat) {
  const Variables variables{{"B", "two words"}, {"A", "1"}};
  EXPECT_EQ(format_variables(variables, VariableFormat::Shell), "export A=1\nexport B='two words'\n");
  EXPECT_EQ(format_variables(variables, VariableFormat::Dotenv), "A=1\nB='two words'\n");
  EXPECT_EQ(format_variables(variables, VariableFormat::Json), "{\n  \"A\": \"1\",\n  \"B\": \"two words\"\n}\n");
  EXPECT_EQ(format_variables({}, VariableFormat::Json), "{}\n");
}

}  // namespace
}  // namespace berth::cli
