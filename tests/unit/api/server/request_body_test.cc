#include "api/server/request_body.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

TEST(BodyMedia, TakesOnlyWhatAWebPageCannotSendUnasked) {
  EXPECT_EQ(body_media("application/json").value(), Media::Json);
  EXPECT_EQ(body_media("application/json; charset=utf-8").value(), Media::Json);
  EXPECT_EQ(body_media("application/yaml").value(), Media::Yaml);
  for (const auto* type : {"", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/merge-patch+json", "application/jsonx"}) {
    ASSERT_TRUE(body_media(type).has_error()) << type;
    EXPECT_EQ(body_media(type).error().reason, Reason::UnsupportedMediaType);
  }
}

TEST(DecodeBody, ReadsBothFormatsAndReportsDuplicates) {
  const auto from_json = decode_body(Media::Json, R"({"kind":"X","spec":{"a":1,"a":2}})", "X").value();
  EXPECT_EQ(from_json.value["spec"]["a"], 2);
  EXPECT_EQ(from_json.duplicates, std::vector<std::string>{"spec.a"});
  const auto from_yaml = decode_body(Media::Yaml, "kind: X\nspec:\n  a: 1\n  a: 2\n", "X").value();
  EXPECT_EQ(from_yaml.value, from_json.value);
  EXPECT_EQ(from_yaml.duplicates, from_json.duplicates);
}

TEST(DecodeBody, SaysWhatIsWrong) {
  for (const auto* body : {"", "{", "[]", "1", "null", "{\"a\":1} {\"b\":2}"}) {
    EXPECT_EQ(decode_body(Media::Json, body, "X").error().reason, Reason::BadRequest) << body;
  }
  for (const auto* body : {"", "- a", "a: [", "a: 1\n---\nb: 2\n", "just text"}) {
    EXPECT_EQ(decode_body(Media::Yaml, body, "X").error().reason, Reason::BadRequest) << body;
  }
}

}  // namespace
}  // namespace berth::api
