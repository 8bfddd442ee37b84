#include "crd/scheme.h"

#include <gtest/gtest.h>

#include "crd/schema.h"

namespace berth::crd {
namespace {

TEST(Scheme, EveryBuiltinKindIsAStructuralSchema) {
  const Scheme scheme = Scheme::builtin();
  for (const ResourceInfo& info : scheme.resources()) {
    EXPECT_EQ(check_structural(info.schema), std::vector<std::string>{}) << info.plural;
    EXPECT_FALSE(info.columns.empty()) << info.plural;
  }
}

TEST(Scheme, TestEnvironmentIsWhatItsDefinitionSays) {
  const Scheme scheme = Scheme::builtin();
  const ResourceInfo* info = scheme.find("berth.dev", "v1alpha1", "testenvironments");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->gvk, (GroupVersionKind{"berth.dev", "v1alpha1", "TestEnvironment"}));
  EXPECT_EQ(info->singular, "testenvironment");
  EXPECT_EQ(info->short_names, (std::vector<std::string>{"te", "env"}));
  EXPECT_EQ(info->categories, (std::vector<std::string>{"all", "berth"}));
  EXPECT_TRUE(info->namespaced);
  EXPECT_TRUE(info->has_status);
  EXPECT_EQ(info->finalizers, std::vector<std::string>{"berth.dev/engine"});
  EXPECT_TRUE(info->rules);
  EXPECT_EQ(info->group_resource(), "testenvironments.berth.dev");
  ASSERT_GE(info->columns.size(), 3u);
  EXPECT_EQ(info->selectable_fields, (std::vector<std::string>{"status.phase", "status.hostName"}));
  EXPECT_EQ(info->columns[1].name, "Ready");
  EXPECT_EQ(info->columns[1].json_path, ".status.readyServices");
}

TEST(Scheme, KindsAreFoundByEveryNameAPersonTypes) {
  const Scheme scheme = Scheme::builtin();
  for (const char* name : {"testenvironments", "testenvironment", "TestEnvironment", "te", "env", "ENV",
                           "testenvironments.berth.dev", "testenvironments.v1alpha1.berth.dev"}) {
    const ResourceInfo* info = scheme.find_name(name);
    ASSERT_NE(info, nullptr) << name;
    EXPECT_EQ(info->gvk.kind, "TestEnvironment") << name;
  }
  EXPECT_EQ(scheme.find_name("ns")->gvk.kind, "Namespace");
  EXPECT_EQ(scheme.find_name("ev")->gvk.kind, "Event");
  EXPECT_EQ(scheme.find_name("leases")->gvk.group, "coordination.k8s.io");
  EXPECT_EQ(scheme.find_name("po")->gvk.kind, "Pod");
  EXPECT_EQ(scheme.find_name("quota")->gvk.kind, "ResourceQuota");
  EXPECT_EQ(scheme.find_name("nodes"), nullptr);
  EXPECT_EQ(scheme.find_name(""), nullptr);
  EXPECT_EQ(scheme.find_kind({"", "v1", "Node"}), nullptr);
  EXPECT_EQ(scheme.find("", "v1", "testenvironments"), nullptr);
}

// Everything that a person can read with `kubectl explain`.
void expect_described(const json& schema, const std::string& path) {
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, property] : properties.items()) {
    const std::string inner = path + "." + name;
    if (inner == ".metadata") continue;
    EXPECT_TRUE(property.contains("description")) << inner;
    expect_described(property, inner);
    if (property.contains("items")) expect_described(property["items"], inner + "[]");
  }
}

TEST(Scheme, EveryFieldHasADescription) {
  const Scheme scheme = Scheme::builtin();
  for (const ResourceInfo& info : scheme.resources()) {
    SCOPED_TRACE(info.plural);
    EXPECT_TRUE(info.schema.contains("description"));
    expect_described(info.schema, "");
  }
}

TEST(Scheme, PodsAndServicesAreForReading) {
  const Scheme scheme = Scheme::builtin();
  for (const char* name : {"pods", "services"}) {
    EXPECT_TRUE(scheme.find_name(name)->allows("watch")) << name;
    for (const char* verb : {"create", "update", "patch", "delete", "deletecollection"}) {
      EXPECT_FALSE(scheme.find_name(name)->allows(verb)) << name << " " << verb;
    }
  }
  EXPECT_FALSE(scheme.find_name("namespaces")->allows("deletecollection"));
}

TEST(Scheme, ANewNamespaceIsActive) {
  json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "ci"}}}};
  apply_defaults(Scheme::builtin().find_name("ns")->schema, object);
  EXPECT_EQ(object["status"]["phase"], "Active");
}

json definition() {
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", "things.example.org"}}},
          {"spec",
           {{"group", "example.org"},
            {"scope", "Cluster"},
            {"names", {{"plural", "things"}, {"singular", "thing"}, {"kind", "Thing"}}},
            {"versions", json::array({{{"name", "v1"},
                                       {"served", true},
                                       {"storage", true},
                                       {"schema", {{"openAPIV3Schema", {{"type", "object"}}}}}}})}}}};
}

TEST(CustomResourceDefinition, IsReadWithoutTheOptionalParts) {
  const auto info = parse_custom_resource_definition(definition());
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_FALSE(info->namespaced);
  EXPECT_FALSE(info->has_status);
  EXPECT_TRUE(info->columns.empty());
}

TEST(CustomResourceDefinition, NamesEveryFieldThatIsWrong) {
  const auto fields = [](const json& crd) {
    const auto info = parse_custom_resource_definition(crd);
    std::set<std::string> out;
    if (!info.has_value()) {
      EXPECT_EQ(info.error().reason, Reason::Invalid);
      for (const Cause& cause : info.error().causes) out.insert(cause.field);
    }
    return out;
  };
  json crd = definition();
  crd["spec"]["scope"] = "Galaxy";
  EXPECT_EQ(fields(crd), std::set<std::string>{"spec.scope"});
  crd = definition();
  crd["spec"].erase("group");
  EXPECT_TRUE(fields(crd).contains("spec.group"));
  crd = definition();
  crd["metadata"]["name"] = "other.example.org";
  EXPECT_EQ(fields(crd), std::set<std::string>{"metadata.name"});
  crd = definition();
  crd["spec"]["versions"][0]["served"] = false;
  EXPECT_EQ(fields(crd), std::set<std::string>{"spec.versions"});
  crd = definition();
  crd["spec"]["versions"].push_back(crd["spec"]["versions"][0]);
  EXPECT_TRUE(fields(crd).contains("spec.versions[1]"));
  crd = definition();
  crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["a"] = json::object();
  EXPECT_EQ(fields(crd), std::set<std::string>{"spec.versions[0].schema.openAPIV3Schema"});
  EXPECT_FALSE(fields(json::object()).empty());
  EXPECT_FALSE(parse_custom_resource_definition(json::array()).has_value());
}

}  // namespace
}  // namespace berth::crd
