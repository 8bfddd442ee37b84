#include "api/server/openapi_names.h"
#include "api/server/openapi_schemas.h"
#include "crd/core_schema.h"

namespace berth::api {

namespace {

namespace core = crd::core;

json plain_text() { return {{"type", "string"}}; }

json texts(const char* description) { return core::list_of(description, plain_text()); }

json access_spec_schema() {
  return core::object(
      "What is to be done: exactly one of resourceAttributes and nonResourceAttributes.",
      {{"resourceAttributes",
        core::object("Something done to objects.",
                     {{"group", core::text("The group of the resource; * means all.")},
                      {"name", core::text("The name of the object; empty means all.")},
                      {"namespace", core::text("The namespace; empty means all, or none for kinds that are in none.")},
                      {"resource", core::text("The resource; * means all.")},
                      {"subresource", core::text("The subresource, if it is about one.")},
                      {"verb", core::text("get, list, watch, create, update, patch, delete, deletecollection; * means all.")},
                      {"version", core::text("The version of the resource; * means all.")}})},
       {"nonResourceAttributes",
        core::object("A request for a path that is no object.",
                     {{"path", core::text("The path.")}, {"verb", core::text("The HTTP verb, in small letters.")}})}});
}

json access_status_schema() {
  return core::required(
      core::object("The answer. Set by the server.", {{"allowed", core::flag("Whether it may be done.")},
                                                      {"denied", core::flag("Whether it is forbidden for certain.")},
                                                      {"evaluationError", core::text("What went wrong while it was found out.")},
                                                      {"reason", core::text("Why.")}}),
      json::array({"allowed"}));
}

json rules_spec_schema() {
  json schema = core::object("What is asked.", json::object());
  schema["properties"]["namespace"] = core::text("The namespace that the rules are for.");
  return schema;
}

json rules_status_schema() {
  const auto rule = [](json properties) {
    json schema = core::required(core::object("One rule.", std::move(properties)), json::array({"verbs"}));
    schema.erase("description");
    return schema;
  };
  return core::required(
      core::object(
          "The answer. Set by the server.",
          {{"evaluationError", core::text("What went wrong while it was found out.")},
           {"incomplete", core::flag("Whether there may be more rules than these.")},
           {"nonResourceRules", core::list_of("What may be done to paths.", rule({{"nonResourceURLs", texts("The paths.")},
                                                                                  {"verbs", texts("The HTTP verbs.")}}))},
           {"resourceRules",
            core::list_of("What may be done to objects.", rule({{"apiGroups", texts("The groups; * means all.")},
                                                                {"resourceNames", texts("The names of objects; none means all.")},
                                                                {"resources", texts("The resources; * means all.")},
                                                                {"verbs", texts("The verbs; * means all.")}}))}}),
      json::array({"resourceRules", "nonResourceRules", "incomplete"}));
}

json subject_status_schema() {
  json schema = core::object("The answer. Set by the server.", json::object());
  schema["properties"]["userInfo"] =
      core::object("Who sent the request.",
                   {{"extra", core::map_of("What else is known of them.", core::list_of("The values.", plain_text()))},
                    {"groups", texts("The groups they are in.")},
                    {"uid", core::text("Tells them from others of the same name.")},
                    {"username", core::text("Their name.")}});
  return schema;
}

}  // namespace

json review_schema(const crd::GroupVersionKind& gvk) {
  json schema = {{"type", "object"}};
  add_type_meta(schema, "ObjectMeta", "Nothing that the answer depends on.");
  json& properties = schema["properties"];
  if (gvk.kind == "SelfSubjectAccessReview") {
    schema["description"] = "SelfSubjectAccessReview asks whether you may do one thing.";
    properties["spec"] = access_spec_schema();
    properties["status"] = access_status_schema();
  } else if (gvk.kind == "SelfSubjectRulesReview") {
    schema["description"] = "SelfSubjectRulesReview asks what you may do in a namespace.";
    properties["spec"] = rules_spec_schema();
    properties["status"] = rules_status_schema();
  } else {
    schema["description"] = gvk.kind + " asks who you are to the server.";
    properties["status"] = subject_status_schema();
  }
  if (properties.contains("spec")) schema["required"] = json::array({"spec"});
  schema["x-kubernetes-group-version-kind"] = json::array({gvk_extension(gvk)});
  return schema;
}

}  // namespace berth::api
