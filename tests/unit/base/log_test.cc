#include "base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace berth::base {
namespace {

class Log : public testing::Test {
 protected:
  void TearDown() override { log_setup(LogFormat::Text, LogLevel::Info); }
  static std::string line(LogFormat format, std::string_view message, LogFields fields) {
    log_setup(format, LogLevel::Info);
    testing::internal::CaptureStderr();
    log_info("test", message, fields);
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, TextQuotesOnlyWhatNeedsIt) {
  const std::string text = line(LogFormat::Text, "container started", {{"env", "ci/x"}, {"why", "a b"}, {"n", 3}, {"ok", true}});
  EXPECT_EQ(text.substr(24), " INFO  test: container started env=ci/x why=\"a b\" n=3 ok=true\n");
}

TEST_F(Log, JsonSurvivesControlCharactersAndInvalidUtf8) {
  const std::string text = line(LogFormat::Json, "a\nb", {{"raw", std::string("x\xff\x01\"\xc3\xa9\xed\xa0\x80")}, {"pi", 0.5}});
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto value = nlohmann::json::parse(text);
  EXPECT_EQ(value["msg"], "a\nb");
  EXPECT_EQ(value["raw"], "x\xEF\xBF\xBD\x01\"\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(value["pi"], 0.5);
  EXPECT_EQ(value["level"], "INFO");
}

TEST_F(Log, BelowTheLevelNothingIsWritten) {
  log_setup(LogFormat::Text, LogLevel::Warn);
  testing::internal::CaptureStderr();
  log_info("test", "unseen");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Log, RefusesUnknownNames) {
  LogLevel level = LogLevel::Error;
  LogFormat format = LogFormat::Json;
  EXPECT_FALSE(parse_log_level("loud", level));
  EXPECT_FALSE(parse_log_format("xml", format));
  EXPECT_EQ(level, LogLevel::Error);
  EXPECT_TRUE(parse_log_level("debug", level));
  EXPECT_EQ(level, LogLevel::Debug);
}

}  // namespace
}  // namespace berth::base
