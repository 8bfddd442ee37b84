#include "api/server/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "api/server/served_resources.h"

namespace berth::api {
namespace {

using testing::Contains;
using testing::ElementsAre;

const crd::Scheme& scheme() {
  static const auto kScheme = crd::Scheme::builtin();
  return kScheme;
}

// A scheme whose kinds are those of the recordings.
crd::Scheme recorded_scheme() {
  crd::Scheme out;
  crd::ResourceInfo host;
  host.gvk = {"berth.dev", "v1alpha1", "DockerHost"};
  host.plural = "dockerhosts";
  host.singular = "dockerhost";
  host.short_names = {"host"};
  host.categories = {"berth"};
  host.namespaced = false;
  host.has_status = true;
  out.add(host);
  crd::ResourceInfo pod;
  pod.gvk = {"", "v1", "Pod"};
  pod.plural = "pods";
  pod.singular = "pod";
  pod.short_names = {"po"};
  pod.categories = {"all"};
  pod.has_status = true;
  pod.verbs = {"get", "list", "watch"};
  pod.subresources = {{"log", "Pod", {"get"}}, {"exec", "PodExecOptions", {"create", "get"}}};
  out.add(pod);
  return out;
}

json row(const json& list, const std::string& key, const std::string& name) {
  for (const json& one : list) {
    if (one[key] == name) return one;
  }
  return nullptr;
}

std::set<std::string> words(const json& list) { return list.get<std::set<std::string>>(); }

TEST(Discovery, ListsAResourceAndItsPartsAsKubernetesDoes) {
  const auto made = recorded_scheme();
  const json list = api_resource_list(made, "", "v1");
  EXPECT_EQ(list["kind"], "APIResourceList");
  EXPECT_EQ(list["groupVersion"], "v1");
  const json wanted = json::parse(R"([
    {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list","watch"],
     "shortNames":["po"],"categories":["all"]},
    {"name":"pods/exec","singularName":"","namespaced":true,"kind":"PodExecOptions","verbs":["create","get"]},
    {"name":"pods/log","singularName":"","namespaced":true,"kind":"Pod","verbs":["get"]},
    {"name":"pods/status","singularName":"","namespaced":true,"kind":"Pod","verbs":["get","patch","update"]}])");
  EXPECT_EQ(list["resources"], wanted);
}

TEST(Discovery, ResourcesHaveAllVerbsUnlessTheySayOtherwise) {
  const json hosts = api_resource_list(recorded_scheme(), "berth.dev", "v1alpha1")["resources"][0];
  EXPECT_EQ(words(hosts["verbs"]),
            (std::set<std::string>{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}));
}

TEST(Discovery, AggregatesWhatTheLegacyDocumentsSay) {
  const auto made = recorded_scheme();
  const json core = aggregated_discovery(made, true);
  EXPECT_EQ(core["apiVersion"], "apidiscovery.k8s.io/v2");
  EXPECT_EQ(core["items"].size(), 1u);
  EXPECT_EQ(core["items"][0]["metadata"], json::object());
  const json version = core["items"][0]["versions"][0];
  EXPECT_EQ(version["freshness"], "Current");
  const json wanted = json::parse(R"({"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced",
    "singularResource":"pod","verbs":["get","list","watch"],"shortNames":["po"],"categories":["all"],"subresources":[
    {"subresource":"exec","responseKind":{"group":"","version":"v1","kind":"PodExecOptions"},"verbs":["create","get"]},
    {"subresource":"log","responseKind":{"group":"","version":"v1","kind":"Pod"},"verbs":["get"]},
    {"subresource":"status","responseKind":{"group":"","version":"v1","kind":"Pod"},"verbs":["get","patch","update"]}]})");
  EXPECT_EQ(version["resources"], json::array({wanted}));

  const json groups = aggregated_discovery(made, false)["items"];
  std::vector<std::string> names;
  for (const json& group : groups) names.push_back(group["metadata"]["name"]);
  EXPECT_THAT(names, ElementsAre("authentication.k8s.io", "authorization.k8s.io", "berth.dev"));
  EXPECT_EQ(groups[2]["versions"][0]["resources"][0]["scope"], "Cluster");
}

TEST(Discovery, ShowsTheSelfReviewsThoughNoneIsStored) {
  const json list = api_resource_list(scheme(), "authorization.k8s.io", "v1");
  const json wanted = json::parse(R"([
    {"name":"selfsubjectaccessreviews","singularName":"selfsubjectaccessreview","namespaced":false,
     "kind":"SelfSubjectAccessReview","verbs":["create"]},
    {"name":"selfsubjectrulesreviews","singularName":"selfsubjectrulesreview","namespaced":false,
     "kind":"SelfSubjectRulesReview","verbs":["create"]}])");
  EXPECT_EQ(list["resources"], wanted);
  const json who = api_resource_list(scheme(), "authentication.k8s.io", "v1")["resources"];
  EXPECT_EQ(who[0]["kind"], "SelfSubjectReview");
}

TEST(Discovery, BerthsKindHasItsPartsAndNames) {
  const json list = api_resource_list(scheme(), "berth.dev", "v1alpha1")["resources"];
  const json kind = row(list, "name", "testenvironments");
  EXPECT_EQ(kind["singularName"], "testenvironment");
  EXPECT_THAT(words(kind["shortNames"]), Contains("te"));
  EXPECT_EQ(words(kind["categories"]), (std::set<std::string>{"all", "berth"}));
  EXPECT_EQ(words(row(list, "name", "testenvironments/status")["verbs"]), (std::set<std::string>{"get", "patch", "update"}));
  EXPECT_EQ(row(list, "name", "testenvironments/log")["verbs"], json::array({"get"}));
  EXPECT_EQ(row(list, "name", "testenvironments/attach")["verbs"], json::array({"create"}));
}

TEST(Discovery, GroupsAreInTheSameOrderEverywhere) {
  std::vector<std::string> legacy;
  std::vector<std::string> aggregated;
  const json groups = api_group_list(scheme())["groups"];
  for (const json& group : groups) legacy.push_back(group["name"]);
  const json items = aggregated_discovery(scheme(), false)["items"];
  for (const json& item : items) aggregated.push_back(item["metadata"]["name"]);
  EXPECT_EQ(legacy, aggregated);
  EXPECT_EQ(legacy.back(), "berth.dev");
  for (const json& group : groups) {
    EXPECT_EQ(group["preferredVersion"], group["versions"][0]);
    EXPECT_EQ(api_group(scheme(), group["name"])["versions"], group["versions"]);
  }
}

TEST(Discovery, RootNamesEveryVersionAndCheck) {
  const auto paths = root_paths(scheme(), {"readyz/ping"})["paths"].get<std::vector<std::string>>();
  for (const auto* path : {"/api", "/api/v1", "/apis", "/apis/", "/apis/berth.dev", "/apis/berth.dev/v1alpha1", "/openapi/v2",
                           "/openapi/v3", "/readyz/ping", "/version", "/apis/authorization.k8s.io/v1"}) {
    EXPECT_THAT(paths, Contains(path));
  }
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST(Discovery, VersionIsSemanticWhateverBerthsIs) {
  const std::regex semantic(R"(v1\.36\.[0-9]+\+berth\.[0-9A-Za-z.-]+)");
  for (const auto* version : {"1.2.3", "0.1.0~rc1+dirty", "main branch"}) {
    const json info = version_info(version);
    EXPECT_TRUE(std::regex_match(info["gitVersion"].get<std::string>(), semantic)) << info;
    EXPECT_EQ(info["berthVersion"], version);
  }
  const json info = version_info("1");
  for (const auto* field : {"emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor", "platform"}) {
    EXPECT_TRUE(info[field].is_string()) << field;
  }
}

TEST(ServedResources, TellsKubernetesOwnGroupsFromOthers) {
  for (const auto* group : {"", "apps", "coordination.k8s.io", "rbac.authorization.k8s.io"}) EXPECT_TRUE(is_builtin_group(group)) << group;
  for (const auto* group : {"berth.dev", "k8s.io.example.com", "argoproj.io"}) EXPECT_FALSE(is_builtin_group(group)) << group;
}

TEST(ServedResources, AreNoneForAVersionThatIsNotServed) {
  EXPECT_TRUE(served_resources(scheme(), "berth.dev", "v9").empty());
  EXPECT_FALSE(serves_version(scheme(), "authorization.k8s.io", "v2"));
  EXPECT_TRUE(serves_group(scheme(), "authorization.k8s.io"));
  EXPECT_EQ(find_virtual("authorization.k8s.io", "v1", "subjectaccessreviews"), nullptr);
}

}  // namespace
}  // namespace berth::api
