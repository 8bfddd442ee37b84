#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "api/proto/proto.h"
#include "api/server/openapi_meta.h"
#include "api/server/openapi_names.h"
#include "api/server/openapi_operations.h"
#include "api/server/openapi_schemas.h"
#include "api/server/openapi_v2.h"
#include "api/server/openapi_v3.h"

namespace berth::api {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const crd::Scheme& scheme() {
  static const auto kScheme = crd::Scheme::builtin();
  return kScheme;
}

const json& v3(const std::string& group = "berth.dev", const std::string& version = "v1alpha1") {
  static std::map<std::string, json> documents;
  auto& document = documents[group];
  if (document.is_null()) document = openapi_v3(scheme(), {group, version});
  return document;
}

const json& v2() {
  static const json kDocument = openapi_v2(scheme());
  return kDocument;
}

// What a Kubernetes API server of 1.36 publishes for a custom resource of the same names, without its descriptions.
const json& recorded() {
  static const json kRecorded = json::parse(std::ifstream(BERTH_SOURCE_DIR "/tests/data/openapi/kube-apiserver-1.36.json"));
  return kRecorded;
}

json without_descriptions(const json& schema) {
  json out = schema;
  if (out.is_object()) {
    const auto description = out.find("description");
    if (description != out.end() && description->is_string()) out.erase(description);
  }
  if (out.is_structured()) {
    for (json& inner : out) inner = without_descriptions(inner);
  }
  return out;
}

using FieldVisitor = std::function<void(const std::string& path, const json& property)>;

// Every field that explain would show, by its path, with the references resolved.
void visit_fields(const json& document, const json& schema, const std::string& path, const FieldVisitor& visit) {
  if (schema.contains("allOf")) return visit_fields(document, schema["allOf"][0], path, visit);
  if (schema.contains("$ref")) {
    const auto name = schema["$ref"].get<std::string>();
    return visit_fields(document, document.at(json::json_pointer(name.substr(1))), path, visit);
  }
  if (schema.contains("items")) return visit_fields(document, schema["items"], path + "[]", visit);
  if (!schema.contains("properties")) return;
  for (const auto& [name, property] : schema["properties"].items()) {
    visit(path + "." + name, property);
    visit_fields(document, property, path + "." + name, visit);
  }
}

void visit_values(const json& value, const std::function<void(const json&)>& visit) {
  visit(value);
  if (value.is_structured()) {
    for (const json& inner : value) visit_values(inner, visit);
  }
}

void expect_references_resolve(const json& document) {
  visit_values(document, [&document](const json& value) {
    if (!value.is_object() || !value.contains("$ref")) return;
    const std::string ref = value["$ref"];
    ASSERT_TRUE(ref.starts_with("#/")) << ref;
    EXPECT_TRUE(document.contains(json::json_pointer(ref.substr(1)))) << ref;
  });
}

std::vector<json> all_v3() {
  std::vector<json> all;
  for (const auto& version : group_versions(scheme())) all.push_back(openapi_v3(scheme(), version));
  return all;
}

TEST(OpenApiV3, MetaSchemasAreThoseOfKubernetes) {
  const json ours = without_descriptions(meta_schemas());
  for (const auto& [name, schema] : recorded()["schemas"].items()) EXPECT_EQ(ours.value(name, json()), schema) << name;
}

TEST(OpenApiV3, OperationsAreThoseOfACustomResource) {
  for (const auto& [path, operations] : recorded()["operations"].items()) {
    for (const auto& [method, wanted] : operations.items()) {
      const json operation = v3()["paths"].value(path, json::object()).value(method, json::object());
      ASSERT_TRUE(operation.contains("operationId")) << path << " " << method;
      EXPECT_EQ(operation["operationId"], wanted["operationId"]);
      EXPECT_EQ(operation["tags"], wanted["tags"]);
      EXPECT_EQ(operation["x-kubernetes-action"], wanted["action"]) << path;
      EXPECT_EQ(operation["x-kubernetes-group-version-kind"], wanted["gvk"]) << path;
      std::set<std::string> parameters;
      const json list = operation.value("parameters", json::array());
      for (const json& parameter : list) parameters.insert(parameter["name"]);
      const json wanted_parameters = wanted["parameters"];
      for (const json& name : wanted_parameters) EXPECT_TRUE(parameters.contains(name)) << path << " " << method << " " << name;
      for (const auto& [code, types] : wanted["answers"].items()) {
        std::vector<std::string> ours;
        const json contents = operation["responses"][code].value("content", json::object());
        for (const auto& [type, content] : contents.items()) ours.push_back(type);
        EXPECT_EQ(json(ours), types) << path << " " << method << " " << code;
      }
      if (wanted["body"].empty()) continue;
      std::vector<std::string> body;
      for (const auto& [type, content] : operation["requestBody"]["content"].items()) body.push_back(type);
      EXPECT_EQ(json(body), wanted["body"]) << path << " " << method;
    }
  }
}

TEST(OpenApiV3, EveryReferenceResolves) {
  for (const json& document : all_v3()) expect_references_resolve(document);
}

TEST(OpenApiV3, EveryFieldOfBerthsKindIsDescribed) {
  std::set<std::string> seen;
  const json& schema = v3()["components"]["schemas"]["dev.berth.v1alpha1.TestEnvironment"];
  visit_fields(v3(), schema, "", [&seen](const std::string& path, const json& property) {
    seen.insert(path);
    EXPECT_TRUE(property.contains("description")) << path;
  });
  EXPECT_THAT(schema["description"].get<std::string>(), HasSubstr("isolated environment"));
  for (const auto* path : {".metadata.managedFields[].fieldsV1", ".metadata.ownerReferences[].uid",
                           ".spec.services[].ports[].containerPort", ".status.conditions[].lastTransitionTime"}) {
    EXPECT_THAT(seen, Contains(path));
  }
}

TEST(OpenApiV3, NothingOfOursLeaks) {
  auto documents = all_v3();
  documents.push_back(v2());
  for (const json& document : documents) EXPECT_THAT(crd::dump(document), Not(HasSubstr("x-berth")));
}

TEST(OpenApiV3, SaysWhatIntOrStringIs) {
  bool found = false;
  visit_values(v3()["components"], [&found](const json& value) {
    if (!value.is_object() || !value.value("x-kubernetes-int-or-string", false)) return;
    found = true;
    EXPECT_EQ(value["anyOf"], json::parse(R"([{"type":"integer"},{"type":"string"}])"));
  });
  EXPECT_TRUE(found);
}

TEST(OpenApiV3, OnlyKindsOfKubernetesTakeStrategicPatchesAndProtobuf) {
  const json berth = v3()["paths"]["/apis/berth.dev/v1alpha1/namespaces/{namespace}/testenvironments/{name}"];
  EXPECT_FALSE(berth["patch"]["requestBody"]["content"].contains("application/strategic-merge-patch+json"));
  EXPECT_FALSE(berth["put"]["requestBody"]["content"].contains("application/vnd.kubernetes.protobuf"));
  const json core = v3("", "v1")["paths"]["/api/v1/namespaces/{name}"];
  EXPECT_TRUE(core["patch"]["requestBody"]["content"].contains("application/strategic-merge-patch+json"));
  EXPECT_TRUE(core["put"]["requestBody"]["content"].contains("application/vnd.kubernetes.protobuf"));
}

TEST(OpenApiV3, EveryKindThatCanBePatchedHasItsFieldValidation) {
  for (const auto& resource : scheme().resources()) {
    if (!resource.allows("patch")) continue;
    bool found = false;
    for (const auto& [path, operations] : v3(resource.gvk.group, resource.gvk.version)["paths"].items()) {
      if (!operations.contains("patch") || operations["patch"]["x-kubernetes-group-version-kind"]["kind"] != resource.gvk.kind) continue;
      found = true;
      std::set<std::string> names;
      for (const json& parameter : operations["patch"]["parameters"]) names.insert(parameter["name"]);
      EXPECT_EQ(names, (std::set<std::string>{"dryRun", "fieldManager", "fieldValidation", "force"})) << path;
    }
    EXPECT_TRUE(found) << resource.gvk.kind;
  }
}

TEST(OpenApiV3, OnlyVerbsThatAKindAllowsHaveOperations) {
  ServedResource pods;
  pods.gvk = {"", "v1", "Pod"};
  pods.plural = "pods";
  pods.namespaced = true;
  pods.verbs = {"get", "list", "watch"};
  pods.subresources = {{"log", "Pod", {"get"}}, {"exec", "PodExecOptions", {"create", "get"}}};
  json paths = json::object();
  add_paths(pods, paths);
  const auto methods = [&paths](const std::string& path) {
    std::set<std::string> names;
    for (const auto& [key, value] : paths[path].items()) names.insert(key);
    return names;
  };
  const std::string item = "/api/v1/namespaces/{namespace}/pods/{name}";
  EXPECT_EQ(methods("/api/v1/pods"), (std::set<std::string>{"get", "parameters"}));
  EXPECT_EQ(methods("/api/v1/namespaces/{namespace}/pods"), (std::set<std::string>{"get", "parameters"}));
  EXPECT_EQ(methods(item), (std::set<std::string>{"get", "parameters"}));
  EXPECT_EQ(methods(item + "/log"), (std::set<std::string>{"get", "parameters"}));
  EXPECT_EQ(methods(item + "/exec"), (std::set<std::string>{"get", "post", "parameters"}));
  EXPECT_EQ(paths[item + "/log"]["get"]["operationId"], "readCoreV1NamespacedPodLog");
  EXPECT_EQ(paths[item + "/exec"]["post"]["operationId"], "connectPostCoreV1NamespacedPodExec");
  EXPECT_EQ(paths[item + "/exec"]["post"]["x-kubernetes-action"], "connect");
  EXPECT_EQ(paths[item + "/exec"]["post"]["x-kubernetes-group-version-kind"]["kind"], "PodExecOptions");
}

TEST(OpenApiV3, OperationIdsAreUnique) {
  std::set<std::string> ids;
  for (const json& document : all_v3()) {
    visit_values(document["paths"], [&ids](const json& value) {
      if (!value.is_object() || !value.contains("operationId")) return;
      EXPECT_TRUE(ids.insert(value["operationId"]).second) << value["operationId"];
    });
  }
}

TEST(OpenApiV3, KindsOfKubernetesSayNothingOfNull) {
  visit_values(v3("", "v1")["components"], [](const json& value) {
    if (value.is_object()) {
      EXPECT_FALSE(value.contains("nullable"));
    }
  });
}

TEST(OpenApiV2, EveryReferenceResolves) { expect_references_resolve(v2()); }

TEST(OpenApiV2, LeavesOutWhatItCannotSay) {
  visit_values(v2()["definitions"], [](const json& value) {
    if (!value.is_object() || value.contains("properties")) return;
    for (const auto* keyword : {"nullable", "anyOf", "oneOf", "allOf"}) EXPECT_FALSE(value.contains(keyword)) << value;
    if (value.value("x-kubernetes-int-or-string", false) || value.value("x-kubernetes-preserve-unknown-fields", false)) {
      EXPECT_FALSE(value.contains("type")) << value;
    }
  });
}

// The published form of one kind, from the structural schema of a custom resource.
TEST(OpenApiV2, LowersASchemaAsKubernetesDoes) {
  crd::ResourceInfo kind;
  kind.gvk = {"berth.dev", "v1alpha1", "Thing"};
  kind.plural = "things";
  kind.schema = json::parse(R"({"type":"object","properties":{"spec":{"type":"object","required":["n","image"],"properties":{
    "n":{"type":"string","nullable":true,"description":"N"},
    "image":{"type":"string","maxLength":255,"pattern":"^a"},
    "config":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}},
    "replicas":{"type":"integer","format":"int32","default":1,"minimum":0,"x-berth-unsupported":true},
    "env":{"type":"object","additionalProperties":{"type":"string"}},
    "weight":{"x-kubernetes-int-or-string":true}}}}})");
  crd::Scheme one;
  one.add(kind);
  const json spec = openapi_v2(one)["definitions"]["dev.berth.v1alpha1.Thing"]["properties"]["spec"];
  EXPECT_EQ(spec, json::parse(R"({"type":"object","required":["image"],"properties":{
    "n":{"description":"N"},
    "image":{"type":"string","maxLength":255,"pattern":"^a"},
    "config":{"x-kubernetes-preserve-unknown-fields":true},
    "replicas":{"type":"integer","format":"int32","minimum":0},
    "env":{"type":"object","additionalProperties":{"type":"string"}},
    "weight":{"x-kubernetes-int-or-string":true}}})"));
}

TEST(OpenApiV2, NamesTheFieldsOfObjectsThatMayHaveOthers) {
  const json pod = v2()["definitions"]["io.k8s.api.core.v1.Pod"]["properties"]["spec"];
  EXPECT_TRUE(pod["properties"]["containers"]["items"]["properties"].contains("image"));
}

TEST(OpenApiV2, ShowsTheSameFieldsAsV3) {
  const auto fields = [](const json& document, const json& schema) {
    std::set<std::string> paths;
    visit_fields(document, schema, "", [&paths](const std::string& path, const json& property) {
      EXPECT_TRUE(property.contains("description")) << path;
      paths.insert(path);
    });
    return paths;
  };
  for (const auto& resource : scheme().resources()) {
    const auto name = schema_name(resource.gvk);
    const auto& document = v3(resource.gvk.group, resource.gvk.version);
    EXPECT_EQ(fields(v2(), v2()["definitions"][name]), fields(document, document["components"]["schemas"][name])) << name;
  }
}

TEST(OpenApiV2, ReferencesStandBesideDescriptions) {
  const json metadata = v2()["definitions"]["dev.berth.v1alpha1.TestEnvironment"]["properties"]["metadata"];
  EXPECT_EQ(metadata["$ref"], "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  EXPECT_TRUE(metadata.contains("description"));
}

TEST(OpenApiV2, OperationsHaveTheirBodyAsAParameter) {
  const json patch = v2()["paths"]["/apis/berth.dev/v1alpha1/namespaces/{namespace}/testenvironments/{name}"]["patch"];
  EXPECT_EQ(patch["consumes"], json({"application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"}));
  EXPECT_EQ(patch["parameters"][0]["in"], "body");
  EXPECT_EQ(patch["parameters"][1]["name"], "dryRun");
  EXPECT_EQ(patch["parameters"][1]["type"], "string");
  EXPECT_EQ(patch["x-kubernetes-group-version-kind"]["kind"], "TestEnvironment");
  EXPECT_FALSE(patch.contains("requestBody"));
  EXPECT_EQ(patch["responses"]["200"]["schema"]["$ref"], "#/definitions/dev.berth.v1alpha1.TestEnvironment");
}

// Clients index definitions by kind and refuse a document where two have the same.
TEST(OpenApiV2, EveryKindIsDefinedOnce) {
  std::set<std::string> kinds;
  for (const auto& [name, schema] : v2()["definitions"].items()) {
    const json own = schema.value("x-kubernetes-group-version-kind", json::array());
    for (const json& kind : own) {
      EXPECT_TRUE(kinds.insert(crd::dump(kind)).second) << name;
    }
  }
  EXPECT_THAT(kinds, Contains(R"({"group":"berth.dev","kind":"DeleteOptions","version":"v1alpha1"})"));
}

TEST(OpenApiV2, MessageNamesWhatIsAnObjectInJson) {
  const json document = json::parse(R"({"swagger":"2.0","info":{"title":"berth","version":"v0"},
    "paths":{"/x":{"parameters":[{"name":"name","in":"path","required":true,"type":"string"}],
      "patch":{"description":"d","operationId":"patchX","consumes":["a/b"],"tags":["t"],
      "parameters":[{"name":"body","in":"body","schema":{"type":"object"}},
        {"name":"force","in":"query","type":"boolean","uniqueItems":true}],
      "responses":{"200":{"description":"OK","schema":{"$ref":"#/definitions/X"}}},
      "x-kubernetes-group-version-kind":{"group":"g","kind":"X","version":"v1"}}}},
    "definitions":{"X":{"type":"object","required":["a"],"properties":{
      "a":{"type":"array","items":{"type":"string","enum":["p","q"]},"maxItems":3},
      "m":{"type":"object","additionalProperties":{"type":"string"}}},
      "x-kubernetes-group-version-kind":[{"group":"g","kind":"X","version":"v1"}]}}})");
  const json wanted = json::parse(R"({"swagger":"2.0","info":{"title":"berth","version":"v0"},
    "paths":{"path":[{"name":"/x","value":{
      "parameters":[{"parameter":{"non_body_parameter":{"path_parameter_sub_schema":
        {"name":"name","in":"path","required":true,"type":"string"}}}}],
      "patch":{"description":"d","operation_id":"patchX","consumes":["a/b"],"tags":["t"],
      "parameters":[{"parameter":{"body_parameter":{"name":"body","in":"body","schema":{"type":{"value":["object"]}}}}},
        {"parameter":{"non_body_parameter":{"query_parameter_sub_schema":
          {"name":"force","in":"query","type":"boolean","unique_items":true}}}}],
      "responses":{"response_code":[{"name":"200","value":{"response":{"description":"OK",
        "schema":{"schema":{"_ref":"#/definitions/X"}}}}}]},
      "vendor_extension":[{"name":"x-kubernetes-group-version-kind",
        "value":{"yaml":"{\"group\":\"g\",\"kind\":\"X\",\"version\":\"v1\"}"}}]}}}]},
    "definitions":{"additional_properties":[{"name":"X","value":{
      "type":{"value":["object"]},"required":["a"],
      "properties":{"additional_properties":[
        {"name":"a","value":{"type":{"value":["array"]},"max_items":3,
          "items":{"schema":[{"type":{"value":["string"]},"enum":[{"yaml":"\"p\""},{"yaml":"\"q\""}]}]}}},
        {"name":"m","value":{"type":{"value":["object"]},"additional_properties":{"schema":{"type":{"value":["string"]}}}}}]},
      "vendor_extension":[{"name":"x-kubernetes-group-version-kind",
        "value":{"yaml":"[{\"group\":\"g\",\"kind\":\"X\",\"version\":\"v1\"}]"}}]}}]}})");
  EXPECT_EQ(openapi_v2_message(document), wanted);
}

TEST(OpenApiV2, AllOfItCanBeEncoded) {
  std::string bytes;
  ASSERT_NO_THROW(bytes = proto::encode("openapi.v2.Document", openapi_v2_message(v2())));
  EXPECT_THAT(bytes, HasSubstr("dev.berth.v1alpha1.TestEnvironment"));
}

}  // namespace
}  // namespace berth::api
