#include "api/server/request_body.h"

#include <gtest/gtest.h>

#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using namespace std::string_literals;

// What kubectl 1.36 sent for `kubectl create ns pb1` (recorded).
const std::string kNamespaceBytes =
    "k8s\0\n\x0f\n\x02v1\x12\tNamespace\x12\x1b\n\x13\n\x03pb1\x12\0\x1a\0\"\0*\0002\0008\0B\0\x12\0\x1a\x02\n\0\x1a\0\"\0"s;
const std::string kUnknownFormat =
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, "
    "application/vnd.kubernetes.protobuf";

http::ServerRequest with_type(const char* type, std::string body = {}) {
  http::ServerRequest request;
  request.method = "POST";
  request.headers = {{"Authorization", "Bearer secret"}};
  if (type) request.headers.emplace_back("Content-Type", type);
  request.body = std::move(body);
  return request;
}

TEST(BodyFormat, ReadsTheContentType) {
  EXPECT_EQ(body_format(with_type("application/json")).value(), BodyFormat::Json);
  EXPECT_EQ(body_format(with_type("application/json; charset=utf-8")).value(), BodyFormat::Json);
  EXPECT_EQ(body_format(with_type("Application/YAML")).value(), BodyFormat::Yaml);
  EXPECT_EQ(body_format(with_type("application/vnd.kubernetes.protobuf")).value(), BodyFormat::Protobuf);
  for (const auto* type : {"text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/merge-patch+json", "application/jsonx", "*/*"}) {
    const auto format = body_format(with_type(type));
    ASSERT_TRUE(format.has_error()) << type;
    EXPECT_EQ(format.error().reason, Reason::UnsupportedMediaType);
    EXPECT_EQ(format.error().message, kUnknownFormat);
  }
}

TEST(BodyFormat, IsJsonWithoutATypeUnlessAWebPageMayHaveSentIt) {
  EXPECT_EQ(body_format(with_type(nullptr)).value(), BodyFormat::Json);
  EXPECT_EQ(body_format(with_type(" ")).value(), BodyFormat::Json);
  auto request = with_type("");
  request.headers = {};
  EXPECT_TRUE(body_format(request).has_error());
  request.headers = {{"Authorization", "Basic YTpi"}};
  EXPECT_TRUE(body_format(request).has_error());
  request.headers = {};
  request.over_unix_socket = true;
  EXPECT_EQ(body_format(request).value(), BodyFormat::Json);
}

TEST(DecodeBody, ReadsEveryFormatAndReportsDuplicates) {
  const auto from_json = decode_body(BodyFormat::Json, R"({"kind":"X","spec":{"a":1,"a":2}})", "X").value();
  EXPECT_EQ(from_json.value["spec"]["a"], 2);
  EXPECT_EQ(from_json.duplicates, std::vector<std::string>{"spec.a"});
  const auto from_yaml = decode_body(BodyFormat::Yaml, "kind: X\nspec:\n  a: 1\n  a: 2\n", "X").value();
  EXPECT_EQ(from_yaml.value, from_json.value);
  EXPECT_EQ(from_yaml.duplicates, from_json.duplicates);
  const auto from_protobuf = decode_body(BodyFormat::Protobuf, kNamespaceBytes, "Namespace").value();
  EXPECT_EQ(from_protobuf.value["metadata"], json({{"name", "pb1"}}));
  EXPECT_TRUE(from_protobuf.duplicates.empty());
}

TEST(DecodeBody, SaysWhatIsWrong) {
  for (const auto* body : {"", "{", "[]", "1", "null", "{\"a\":1} {\"b\":2}"}) {
    EXPECT_EQ(decode_body(BodyFormat::Json, body, "X").error().reason, Reason::BadRequest) << body;
  }
  for (const auto* body : {"", "- a", "a: [", "a: 1\n---\nb: 2\n", "just text"}) {
    EXPECT_EQ(decode_body(BodyFormat::Yaml, body, "X").error().reason, Reason::BadRequest) << body;
  }
  const auto error = decode_body(BodyFormat::Protobuf, "xx", "X").error();
  EXPECT_EQ(error.reason, Reason::BadRequest);
  EXPECT_EQ(error.message, "the object provided is unrecognized (must be of type X): couldn't get version/kind; protobuf: the body "
                           "does not begin with 6b 38 73 00 (\"k8s\" and a zero byte)");
}

TEST(DeleteBody, IsAbsentOrOfAnyFormat) {
  EXPECT_TRUE(read_delete_body(with_type(nullptr)).value().is_null());
  EXPECT_EQ(read_delete_body(with_type(nullptr, R"({"dryRun":["All"]})")).value()["dryRun"], json::array({"All"}));
  const auto options = "k8s\0\n\x13\n\x02v1\x12\rDeleteOptions\x12\x05*\003All"s;
  EXPECT_EQ(read_delete_body(with_type("application/vnd.kubernetes.protobuf", options)).value()["dryRun"], json::array({"All"}));
  EXPECT_TRUE(read_delete_body(with_type("text/plain", "{}")).has_error());
}

using ServedBodies = ServerFixture;

TEST_F(ServedBodies, CoreKindsTakeProtobufAndCustomOnesDoNot) {
  const http::Headers protobuf = {{"Content-Type", "application/vnd.kubernetes.protobuf"}};
  const auto created = send("POST", "/api/v1/namespaces", kNamespaceBytes, protobuf);
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.value()["metadata"]["name"], "pb1");
  const auto refused = send("POST", "/apis/berth.dev/v1alpha1/namespaces/default/testenvironments", kNamespaceBytes, protobuf);
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(refused.value()["message"], kUnknownFormat);
}

}  // namespace
}  // namespace berth::api
