#include "api/server/media.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

TEST(Negotiation, TakesTheFirstTypeThatBerthCanWrite) {
  for (const auto* accept : {"", "*/*", "application/*", "application/json", "application/json;stream=watch", "Application/JSON",
                             "application/vnd.kubernetes.protobuf,application/json", "text/html,application/xhtml+xml,*/*;q=0.8",
                             "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                             "application/yaml;q=0.5, application/json"}) {
    EXPECT_EQ(negotiate(accept, false).value(), Media::Json) << accept;
  }
  for (const auto* accept : {"application/yaml", "application/yaml, application/json", "application/json;q=0.1,application/yaml;q=0.2"}) {
    EXPECT_EQ(negotiate(accept, false).value(), Media::Yaml) << accept;
  }
}

TEST(Negotiation, RefusesWhatItCannotWrite) {
  for (const auto* accept : {"text/html", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf",
                             "application/json;q=0", ",", ";"}) {
    ASSERT_TRUE(negotiate(accept, false).has_error()) << accept;
    EXPECT_EQ(negotiate(accept, false).error().reason, Reason::NotAcceptable);
  }
  EXPECT_TRUE(negotiate("application/yaml", true).has_error());
}

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
