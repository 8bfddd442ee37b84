#include <gmock/gmock.h>

#include "tests/unit/api/server/server_fixture.h"

// Discovery, OpenAPI and health as a client receives them.
namespace berth::api {
namespace {

using DocumentsTest = ServerFixture;
using testing::HasSubstr;

const std::string kAggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const std::string kBeta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
const std::string kProto = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

TEST_F(DocumentsTest, AggregatedDiscoveryIsForThoseWhoAskForIt) {
  for (const auto* path : {"/api", "/apis", "/apis/"}) {
    const auto answer = send("GET", path, "", {{"Accept", kAggregated + "," + kBeta + ",application/json"}});
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.content_type, kAggregated);
    EXPECT_EQ(answer.header("Cache-Control"), "public");
    EXPECT_EQ(answer.header("Vary"), "Accept");
    EXPECT_EQ(answer.value()["kind"], "APIGroupDiscoveryList");
    EXPECT_EQ(std::count_if(answer.headers.begin(), answer.headers.end(), [](const auto& h) { return h.first == "Cache-Control"; }), 1);
  }
  EXPECT_EQ(send("GET", "/apis", "", {{"Accept", "application/json, */*"}}).value()["kind"], "APIGroupList");
  EXPECT_EQ(send("GET", "/api").value()["kind"], "APIVersions");
  EXPECT_EQ(send("GET", "/apis", "", {{"Accept", kBeta + ",application/json"}}).value()["kind"], "APIGroupList");
}

TEST_F(DocumentsTest, AggregatedDiscoveryIsOnlyAtTheTwoRoots) {
  for (const auto* path : {"/apis/berth.dev", "/apis/berth.dev/v1alpha1"}) {
    const auto answer = send("GET", path, "", {{"Accept", kAggregated + ",application/json"}});
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(answer.header("Cache-Control"), "no-cache, private");
  }
}

TEST_F(DocumentsTest, OldVersionsOfAggregatedDiscoveryAreNotAcceptable) {
  for (const auto& accept : {kBeta, std::string("application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList")}) {
    const auto answer = send("GET", "/apis", "", {{"Accept", accept}});
    EXPECT_EQ(answer.status, 406);
    EXPECT_EQ(answer.value()["reason"], "NotAcceptable");
  }
}

TEST_F(DocumentsTest, WhoHasADocumentIsNotSentItAgain) {
  for (const auto& [path, accept] : std::vector<std::pair<std::string, std::string>>{
           {"/api", kAggregated}, {"/apis", kAggregated}, {"/openapi/v3", "*/*"}, {"/openapi/v3/api/v1", "*/*"},
           {"/openapi/v2", "*/*"}, {"/openapi/v2", kProto}}) {
    const auto first = send("GET", path, "", {{"Accept", accept}});
    ASSERT_EQ(first.status, 200) << path;
    const auto again = send("GET", path, "", {{"Accept", accept}, {"If-None-Match", first.header("Etag")}});
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.header("Etag"), first.header("Etag"));
    EXPECT_EQ(again.header("Vary"), "Accept");
    EXPECT_EQ(send("GET", path, "", {{"Accept", accept}, {"If-None-Match", "\"other\""}}).status, 200);
  }
}

TEST_F(DocumentsTest, RootAndVersionAreIndented) {
  EXPECT_THAT(send("GET", "/").body, HasSubstr("{\n  \"paths\": [\n    \"/api\","));
  EXPECT_THAT(send("GET", "/version", "", {{"Accept", "application/json, */*"}}).body, HasSubstr("\n  \"major\": \"1\""));
}

TEST_F(DocumentsTest, DocumentsAreOnlyRead) {
  for (const auto* path : {"/version", "/api", "/apis", "/openapi/v2", "/openapi/v3", "/healthz", "/"}) {
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
      const auto answer = send(method, path);
      EXPECT_EQ(answer.status, 405) << method << " " << path;
      EXPECT_EQ(answer.value()["message"], "the server does not allow this method on the requested resource");
      EXPECT_EQ(answer.value()["details"], json::object());
    }
    EXPECT_EQ(send("HEAD", path).status, 200) << path;
  }
}

TEST_F(DocumentsTest, HealthHasSingleChecksAndLists) {
  EXPECT_EQ(send("GET", "/healthz/ping").body, "ok");
  EXPECT_EQ(send("GET", "/livez/nope").status, 404);
  EXPECT_EQ(send("GET", "/healthz/a/b").status, 404);
  const auto verbose = send("GET", "/readyz?verbose");
  EXPECT_EQ(verbose.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(verbose.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(verbose.body, "[+]ping ok\n[+]store ok\n[+]controllers ok\nreadyz check passed\n");
  EXPECT_THAT(send("GET", "/livez?verbose").body, HasSubstr("livez check passed"));
  ready = false;
  EXPECT_EQ(send("GET", "/readyz/controllers").status, 503);
  EXPECT_EQ(send("GET", "/readyz?exclude=controllers").status, 200);
}

TEST_F(DocumentsTest, OpenApiV3IsFoundByItsIndex) {
  const auto index = send("GET", "/openapi/v3", "", {{"Accept", "application/json, */*"}});
  EXPECT_EQ(index.content_type, "application/json");
  EXPECT_EQ(index.header("Cache-Control"), "no-cache, private");
  const json paths = index.value()["paths"];
  for (const auto* name : {"api/v1", "apis/berth.dev/v1alpha1", "apis/authorization.k8s.io/v1"}) {
    const std::string url = paths[name]["serverRelativeURL"];
    const auto document = send("GET", url + "&timeout=32s", "", {{"Accept", "application/json"}});
    EXPECT_EQ(document.status, 200) << url;
    EXPECT_EQ(document.header("Cache-Control"), "public, immutable");
    EXPECT_THAT(document.header("Expires"), testing::EndsWith(" GMT"));
    EXPECT_EQ(document.header("Etag"), '"' + url.substr(url.find('=') + 1) + '"');
    EXPECT_EQ(document.value()["openapi"], "3.0.0");
  }
}

TEST_F(DocumentsTest, OpenApiV3SendsThoseWithAnOldHashToTheNewOne) {
  const auto answer = send("GET", "/openapi/v3/apis/berth.dev/v1alpha1?hash=00");
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer.body, "");
  const auto plain = send("GET", "/openapi/v3/apis/berth.dev/v1alpha1");
  EXPECT_EQ(plain.header("Cache-Control"), "no-cache, private");
  auto hash = plain.header("Etag");
  std::erase(hash, '"');
  EXPECT_EQ(answer.header("Location"), "/openapi/v3/apis/berth.dev/v1alpha1?hash=" + hash);
}

TEST_F(DocumentsTest, OpenApiHasNothingOfWhatIsNotServed) {
  for (const auto* path : {"/openapi/v3/apis/nope/v1", "/openapi/v3/api/v2", "/openapi/v3/api", "/openapi", "/openapi/v4",
                           "/openapi/v2/api", "/swagger.json", "/swagger-2.0.0.pb-v1"}) {
    const auto answer = send("GET", path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.value()["reason"], "NotFound");
  }
}

TEST_F(DocumentsTest, OpenApiV2IsJsonOrProtobuf) {
  for (const auto* accept : {"application/json", "*/*", ""}) {
    const auto answer = send("GET", "/openapi/v2", "", {{"Accept", accept}});
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(answer.value()["swagger"], "2.0");
  }
  for (const auto& accept : {std::string("application/com.github.proto-openapi.spec.v2@v1.0+protobuf"), kProto}) {
    const auto answer = send("GET", "/openapi/v2", "", {{"Accept", accept}});
    EXPECT_EQ(answer.content_type, kProto);
    EXPECT_THAT(answer.body, testing::StartsWith(std::string("\x0a\x03") + "2.0\x12"));
  }
}

TEST_F(DocumentsTest, OpenApiIsNoPage) {
  for (const auto* path : {"/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"}) {
    const auto answer = send("GET", path, "", {{"Accept", "text/html"}});
    EXPECT_EQ(answer.status, 406);
    EXPECT_EQ(answer.body, "");
  }
}

TEST_F(DocumentsTest, NeedTheTokenUnlessTheySayNothing) {
  for (const auto* path : {"/api", "/apis", "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1", "/"}) {
    auto stranger = request("GET", path, "", {{"Host", "127.0.0.1:1"}});
    stranger->over_unix_socket = false;
    EXPECT_EQ(send(stranger).status, 401) << path;
  }
  for (const auto* path : {"/healthz/ping", "/readyz/controllers", "/livez", "/version"}) {
    auto stranger = request("GET", path, "", {{"Host", "127.0.0.1:1"}});
    stranger->over_unix_socket = false;
    EXPECT_EQ(send(stranger).status, 200) << path;
  }
}

}  // namespace
}  // namespace berth::api
