#include "api/server/review.h"

#include <gtest/gtest.h>

#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using namespace std::string_literals;

Route route_of(const std::string& group, const std::string& plural) {
  Route route;
  route.group = group;
  route.version = "v1";
  route.name = plural;
  return route;
}
Route access_reviews() { return route_of("authorization.k8s.io", "selfsubjectaccessreviews"); }
Route rules_reviews() { return route_of("authorization.k8s.io", "selfsubjectrulesreviews"); }
Route self_reviews() { return route_of("authentication.k8s.io", "selfsubjectreviews"); }

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

class Reviews : public ServerFixture {
 public:
  Received review(const Route& route, std::string body, http::Headers headers = {}, std::string method = "POST",
                  const std::string& query = "") {
    const auto asked = request(std::move(method), "/apis/x" + query, std::move(body), std::move(headers));
    Received received;
    Reply reply(*asked, received, api_metrics, clock);
    fakes::run_task(io, clock, serve_review(*asked, route, clock, reply));
    return received;
  }
  Received protobuf(const Route& route, std::string_view hex) {
    return review(route, from_hex(hex), {{"Content-Type", "application/vnd.kubernetes.protobuf"},
                                         {"Accept", "application/vnd.kubernetes.protobuf,application/json"}});
  }
};

// kubectl 1.20 auth can-i create te (recorded).
TEST_F(Reviews, AllowEverything) {
  const auto answer = review(access_reviews(),
                             R"({"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1",
    "metadata":{"creationTimestamp":null},
    "spec":{"resourceAttributes":{"namespace":"default","verb":"create","group":"berth.dev","resource":"testenvironments"}},
    "status":{"allowed":false}})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.value(), json::parse(R"({"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},
    "spec":{"resourceAttributes":{"namespace":"default","verb":"create","group":"berth.dev","resource":"testenvironments"}},
    "status":{"allowed":true}})"));
}

// kubectl 1.36 auth can-i create te, auth can-i get /metrics (recorded).
TEST_F(Reviews, ReadProtobufAndAnswerJson) {
  auto answer = protobuf(access_reviews(),
                         "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365"
                         "73735265766965771254"
                         "0a100a0012001a0022002a0032003800420012360a340a0764656661756c7412066372656174651a0962657274682e64"
                         "657622002a10746573"
                         "74656e7669726f6e6d656e747332003a001a08080012001a0020001a002200");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.value()["spec"]["resourceAttributes"]["verb"], "create");
  EXPECT_EQ(answer.value()["status"], json({{"allowed", true}}));
  answer = protobuf(access_reviews(),
                    "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365"
                    "7373526576696577122f0a10"
                    "0a0012001a0022002a003200380042001211120f0a082f6d65747269637312036765741a08080012001a0020001a002200");
  EXPECT_EQ(answer.value()["status"], json({{"allowed", true}})) << answer.body;
}

TEST_F(Reviews, AskForExactlyOneKindOfAttributes) {
  auto answer = review(access_reviews(), "{}");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.value()["message"],
            "SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of "
            "nonResourceAttributes or resourceAttributes must be specified");
  EXPECT_EQ(answer.value()["details"]["kind"], "SelfSubjectAccessReview");
  EXPECT_EQ(answer.value()["details"]["group"], "authorization.k8s.io");
  answer = review(access_reviews(), R"({"spec":{"resourceAttributes":{},"nonResourceAttributes":{"path":"/"}}})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.value()["message"],
            "SelfSubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.nonResourceAttributes: Invalid value: {\"path\":\"/\"}: "
            "cannot be specified in combination with resourceAttributes");
  EXPECT_EQ(review(access_reviews(), R"({"spec":{"resourceAttributes":null,"nonResourceAttributes":{}}})").status, 201);
}

// kubectl 1.36 auth can-i --list (recorded).
TEST_F(Reviews, ListTheRules) {
  auto answer = protobuf(rules_reviews(),
                         "6b3873000a310a17617574686f72697a6174696f6e2e6b38732e696f2f7631121653656c665375626a65637452756c65"
                         "7352657669657712230a"
                         "100a0012001a0022002a0032003800420012090a0764656661756c741a04180022001a002200");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.value(), json::parse(R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","metadata":{},
    "spec":{"namespace":"default"},"status":{"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}],
    "nonResourceRules":[{"verbs":["*"],"nonResourceURLs":["*"]}],"incomplete":false}})"));
  answer = review(rules_reviews(), R"({"spec":{}})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.value()["message"], "no namespace on request");
}

// kubectl 1.36 auth whoami (recorded).
TEST_F(Reviews, SayWhoAsks) {
  const auto answer = protobuf(self_reviews(),
                               "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576"
                               "696577121a0a100a"
                               "0012001a0022002a0032003800420012060a040a0012001a002200");
  EXPECT_EQ(answer.status, 201) << answer.body;
  json expected = json::parse(R"({"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1",
    "status":{"userInfo":{"username":"admin","groups":["system:masters","system:authenticated"]}}})");
  expected["metadata"]["creationTimestamp"] = base::format_time(clock.system_now());
  EXPECT_EQ(answer.value(), expected);
}

TEST_F(Reviews, AreOnlyCreated) {
  for (const auto* method : {"GET", "PUT", "PATCH", "DELETE"}) {
    const auto answer = review(access_reviews(), "", {}, method);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.value()["message"],
              "only create is supported on resources of kind \"selfsubjectaccessreviews.authorization.k8s.io\"");
    EXPECT_EQ(answer.value()["details"]["kind"], "selfsubjectaccessreviews");
  }
}

TEST_F(Reviews, CheckOptionsTypesAndFormats) {
  const auto body = R"({"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}})"s;
  EXPECT_EQ(review(access_reviews(), body, {}, "POST", "?dryRun=All").status, 201);
  const auto dry = review(access_reviews(), body, {}, "POST", "?dryRun=Some");
  EXPECT_EQ(dry.status, 422);
  EXPECT_EQ(dry.value()["details"]["kind"], "CreateOptions");
  EXPECT_EQ(review(access_reviews(), body, {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(review(access_reviews(), body, {{"Accept", "text/html"}}).status, 406);
  EXPECT_EQ(review(access_reviews(), "{").status, 400);
  EXPECT_EQ(review(access_reviews(), R"({"kind":"SelfSubjectReview"})").value()["message"],
            "the kind in the data (SelfSubjectReview) does not match the expected kind (SelfSubjectAccessReview)");
  EXPECT_EQ(review(access_reviews(), R"({"apiVersion":"authorization.k8s.io/v1beta1"})").value()["message"],
            "the API version in the data (authorization.k8s.io/v1beta1) does not match the expected API version (authorization.k8s.io/v1)");
  EXPECT_EQ(review(access_reviews(), R"({"kind":7})").status, 400);
  EXPECT_EQ(review(route_of("authorization.k8s.io", "selfsubjectreviews"), body).status, 404);
}

}  // namespace
}  // namespace berth::api
