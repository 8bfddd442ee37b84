#include <gmock/gmock.h>

#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {
namespace {

using testing::HasSubstr;

struct DeleteTest : ServerFixture {
  const std::string maps = "/api/v1/namespaces/ci/configmaps";

  json map(const std::string& name, const json& labels = json::object()) {
    const json body = {{"metadata", {{"name", name}, {"labels", labels}}}, {"data", {{"a", "b"}}}};
    const auto made = send("POST", maps, crd::dump(body));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.value();
  }
  std::string names() {
    std::string out;
    const auto listed = send("GET", maps).value();
    for (const auto& item : listed["items"]) out += item["metadata"]["name"].get<std::string>() + " ";
    return out;
  }
};

TEST_F(DeleteTest, PoliciesAreFinalizersAndAnotherPolicySwapsThem) {
  const auto made = map("web");
  auto waiting = send("DELETE", maps + "/web", R"({"propagationPolicy":"Foreground"})").value();
  EXPECT_EQ(waiting["metadata"]["finalizers"], json::array({"foregroundDeletion"}));
  EXPECT_EQ(waiting["metadata"]["deletionGracePeriodSeconds"], 0);
  EXPECT_EQ(send("DELETE", maps + "/web").value(), waiting);
  const auto gone = send("DELETE", maps + "/web", R"({"propagationPolicy":"Background"})").value();
  EXPECT_EQ(gone["status"], "Success");
  EXPECT_EQ(gone["details"],
            json({{"name", "web"}, {"kind", "configmaps"}, {"uid", made["metadata"]["uid"]}}));
  EXPECT_EQ(send("GET", maps + "/web").status, 404);
}

TEST_F(DeleteTest, ABodyReplacesTheQuery) {
  map("web");
  const auto dry = send("DELETE", maps + "/web?propagationPolicy=Foreground&dryRun=All").value();
  EXPECT_EQ(dry["metadata"]["finalizers"], json::array({"foregroundDeletion"}));
  EXPECT_EQ(names(), "web ");
  EXPECT_EQ(send("DELETE", maps + "/web?dryRun=All", R"({"kind":"DeleteOptions","apiVersion":"v1","frob":1})")
                .value()["status"],
            "Success");
  EXPECT_EQ(names(), "");
}

TEST_F(DeleteTest, PreconditionsNameTheKind) {
  create("web");
  const auto refused =
      send("DELETE", std::string(kEnvironments) + "/web", R"({"preconditions":{"uid":"nope"}})").value();
  EXPECT_EQ(refused["code"], 409);
  EXPECT_EQ(refused["details"], json({{"name", "web"}, {"group", "berth.dev"}, {"kind", "TestEnvironment"}}));
}

TEST_F(DeleteTest, ACollectionGoesByItsSelectors) {
  map("a", {{"app", "web"}});
  map("b", {{"app", "web"}});
  map("c");
  EXPECT_EQ(send("DELETE", maps + "?labelSelector=app%3Dweb&limit=1&dryRun=All").value()["items"].size(), 1u);
  EXPECT_EQ(names(), "a b c ");
  const auto list =
      send("DELETE", maps + "?labelSelector=app%3Dweb", R"({"kind":"DeleteOptions","apiVersion":"v1"})")
          .value();
  EXPECT_EQ(list["kind"], "ConfigMapList");
  EXPECT_EQ(list["apiVersion"], "v1");
  ASSERT_EQ(list["items"].size(), 2u);
  EXPECT_EQ(list["items"][0]["metadata"]["name"], "a");
  EXPECT_EQ(names(), "c ");
  EXPECT_EQ(send("DELETE", maps + "?fieldSelector=metadata.name%3Dnone").value()["items"], json::array());
  EXPECT_EQ(send("DELETE", maps + "?labelSelector=a%20b").status, 400);
  EXPECT_EQ(send("DELETE", "/api/v1/configmaps").status, 405);
  EXPECT_EQ(send("DELETE", maps).value()["items"].size(), 1u);
  EXPECT_EQ(names(), "");
}

TEST_F(DeleteTest, KindsForReadingTakeNoWrites) {
  const auto pods = std::string("/api/v1/namespaces/ci/pods");
  const auto refused = send("POST", pods, R"({"metadata":{"name":"p"}})");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.value()["message"], "create is not supported on resources of kind \"pods\"");
  EXPECT_EQ(refused.value()["reason"], "MethodNotAllowed");
  for (const char* method : {"PUT", "PATCH", "DELETE"})
    EXPECT_EQ(send(method, pods + "/p", "{}").status, 405) << method;
  EXPECT_EQ(send("DELETE", pods).status, 405);
  EXPECT_EQ(send("POST", "/api/v1/namespaces/ci/services", "{}").status, 405);
  EXPECT_EQ(
      send("GET", "/api/v1/services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue").value()["items"],
      json::array());
  EXPECT_EQ(send("DELETE", "/api/v1/namespaces").status, 405);
}

TEST_F(DeleteTest, ANamespaceIsTerminatingUntilItIsFinalized) {
  map("a");
  const auto going = send("DELETE", "/api/v1/namespaces/ci", R"({"propagationPolicy":"Background"})").value();
  EXPECT_EQ(going["status"]["phase"], "Terminating");
  EXPECT_TRUE(going["metadata"].contains("deletionTimestamp"));
  EXPECT_FALSE(going["metadata"].contains("deletionGracePeriodSeconds"));
  const auto late = send("POST", maps, R"({"metadata":{"name":"late"}})").value();
  EXPECT_EQ(late["code"], 403);
  EXPECT_EQ(late["message"],
            "configmaps \"late\" is forbidden: unable to create new content in namespace ci because it is "
            "being terminated");
  EXPECT_EQ(late["details"]["causes"],
            json::parse(R"([{"reason":"NamespaceTerminating","message":"namespace ci is being terminated",
                                                        "field":"metadata.namespace"}])"));
  auto finalized = going;
  finalized["spec"] = json::object();
  EXPECT_EQ(send("POST", "/api/v1/namespaces/ci/finalize", crd::dump(finalized)).status, 405);
  EXPECT_EQ(send("PUT", "/api/v1/namespaces/ci/finalize", crd::dump(finalized)).status, 200);
  EXPECT_EQ(send("GET", "/api/v1/namespaces/ci").status, 404);
  EXPECT_EQ(send("PUT", maps + "/a/finalize", "{}").status, 404);
}

TEST_F(DeleteTest, SecretsShowNoStringData) {
  const auto made =
      send("POST", "/api/v1/namespaces/ci/secrets", R"({"metadata":{"name":"s"},"stringData":{"a":"b"}})")
          .value();
  EXPECT_EQ(made["data"]["a"], "Yg==");
  EXPECT_FALSE(made.contains("stringData"));
  const auto bad =
      send("POST", "/api/v1/namespaces/ci/secrets", R"({"metadata":{"name":"s"},"data":{"a":"?"}})");
  EXPECT_EQ(bad.status, 400);
}

TEST_F(DeleteTest, EventsMustBeInTheNamespaceOfTheirObject) {
  const auto refused =
      send(
          "POST", "/api/v1/namespaces/default/events",
          R"({"metadata":{"name":"x1"},"involvedObject":{"kind":"TestEnvironment","namespace":"other","name":"web"}})")
          .value();
  EXPECT_EQ(refused["message"],
            "Event \"x1\" is invalid: involvedObject.namespace: Invalid value: \"other\": does not match "
            "event.namespace");
  EXPECT_EQ(refused["details"]["kind"], "Event");
  const auto nowhere =
      send(
          "POST", "/api/v1/namespaces/nons/events",
          R"({"metadata":{"name":"x1"},"involvedObject":{"kind":"TestEnvironment","namespace":"nons","name":"web"}})")
          .value();
  EXPECT_EQ(nowhere["message"], "namespaces \"nons\" not found");
  EXPECT_EQ(nowhere["details"], json({{"name", "nons"}, {"kind", "namespaces"}}));
}

}  // namespace
}  // namespace berth::api
