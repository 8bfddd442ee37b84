#include "api/server/openapi_operations.h"

#include <algorithm>

#include "api/server/openapi_names.h"
#include "api/server/openapi_parameters.h"

namespace berth::api {

namespace {

constexpr Parameter kPretty = {"pretty", "string",
                               "true: the answer is indented. So it is for browsers, curl and wget anyway, unless this is false."};

bool has(const std::vector<std::string>& verbs, std::string_view verb) {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

json parameters(std::span<const Parameter> list) {
  json out = json::array();
  for (const auto& parameter : list) out.push_back(query_parameter(parameter));
  return out;
}

json content(const std::vector<std::string>& types, const json& schema) {
  json out = json::object();
  for (const auto& type : types) out[type] = {{"schema", schema}};
  return out;
}

const std::vector<std::string>& answer_types() {
  static const std::vector<std::string> kTypes = {"application/json", "application/yaml"};
  return kTypes;
}

std::vector<std::string> body_types(std::string_view group) {
  auto types = answer_types();
  if (is_builtin_group(group)) types.emplace_back("application/vnd.kubernetes.protobuf");
  return types;
}

// Makes the operations of one resource.
class Operations {
 public:
  explicit Operations(const ServedResource& resource)
      : resource_(resource),
        object_(schema_ref(schema_name(resource.gvk))),
        list_(schema_ref(schema_name(list_kind(resource.gvk)))),
        scope_(resource.namespaced ? "Namespaced" : "") {}

  json collection() const;
  json item() const;
  json all_namespaces() const;
  json status(const crd::Subresource& part) const;
  json stream(const crd::Subresource& part) const;

 private:
  json operation(const std::string& id_verb, const std::string& id_rest, const std::string& description, const std::string& action,
                 std::span<const Parameter> params) const;
  void answers(json& operation, const json& schema, const std::vector<std::string>& codes) const;
  void body(json& operation, const json& schema, const std::vector<std::string>& types, bool required) const;
  json shared_parameters(bool of_one) const;
  json list(const std::string& id_rest) const;
  json update(const std::string& id_rest, const std::string& what) const;
  json patch(const std::string& id_rest, const std::string& what) const;
  json remove() const;

  const ServedResource& resource_;
  const json object_;
  const json list_;
  const std::string scope_;
};

json Operations::operation(const std::string& id_verb, const std::string& id_rest, const std::string& description,
                           const std::string& action, std::span<const Parameter> params) const {
  json out = {{"tags", json::array({operation_tag(resource_.gvk)})},
              {"description", description},
              {"operationId", id_verb + operation_word(resource_.gvk) + id_rest},
              {"responses", {{"401", {{"description", "Unauthorized"}}}}},
              {"x-kubernetes-action", action},
              {"x-kubernetes-group-version-kind", gvk_extension(resource_.gvk)}};
  if (!params.empty()) out["parameters"] = parameters(params);
  return out;
}

void Operations::answers(json& operation, const json& schema, const std::vector<std::string>& codes) const {
  for (const auto& code : codes) {
    const auto* text = code == "200" ? "OK" : code == "201" ? "Created" : "Accepted";
    operation["responses"][code] = {{"description", text}, {"content", content(answer_types(), schema)}};
  }
}

void Operations::body(json& operation, const json& schema, const std::vector<std::string>& types, bool required) const {
  operation["requestBody"] = {{"content", content(types, schema)}};
  if (required) operation["requestBody"]["required"] = true;
}

json Operations::shared_parameters(bool of_one) const {
  json out = json::array();
  if (of_one) out.push_back(path_parameter("name", "The name of the " + resource_.gvk.kind + "."));
  if (resource_.namespaced) out.push_back(path_parameter("namespace", "The namespace."));
  out.push_back(query_parameter(kPretty));
  return out;
}

json Operations::list(const std::string& id_rest) const {
  json out = operation("list", id_rest, "list or watch objects of kind " + resource_.gvk.kind, "list", list_parameters());
  answers(out, list_, {"200"});
  return out;
}

json Operations::update(const std::string& id_rest, const std::string& what) const {
  json out = operation("replace", id_rest, "replace " + what, "put", write_parameters());
  answers(out, object_, {"200", "201"});
  body(out, object_, body_types(resource_.gvk.group), true);
  return out;
}

json Operations::patch(const std::string& id_rest, const std::string& what) const {
  json out = operation("patch", id_rest, "partially update " + what, "patch", patch_parameters());
  answers(out, object_, {"200"});
  body(out, meta_ref("Patch"), patch_types(resource_.gvk.group), true);
  return out;
}

json Operations::remove() const {
  const auto& kind = resource_.gvk.kind;
  json out = operation("delete", scope_ + kind, "delete a " + kind, "delete", delete_parameters());
  answers(out, meta_ref("Status"), {"200", "202"});
  body(out, meta_ref("DeleteOptions"), body_types(resource_.gvk.group), false);
  return out;
}

json Operations::collection() const {
  const auto& kind = resource_.gvk.kind;
  json path = {{"parameters", shared_parameters(false)}};
  if (has(resource_.verbs, "list")) path["get"] = list(scope_ + kind);
  if (has(resource_.verbs, "create")) {
    path["post"] = operation("create", scope_ + kind, "create a " + kind, "post", write_parameters());
    answers(path["post"], object_, {"200", "201", "202"});
    body(path["post"], object_, body_types(resource_.gvk.group), true);
  }
  if (has(resource_.verbs, "deletecollection")) {
    path["delete"] = operation("delete", "Collection" + scope_ + kind, "delete collection of " + kind, "deletecollection",
                               list_parameters());
    for (const auto& parameter : delete_parameters()) path["delete"]["parameters"].push_back(query_parameter(parameter));
    answers(path["delete"], meta_ref("Status"), {"200"});
    body(path["delete"], meta_ref("DeleteOptions"), body_types(resource_.gvk.group), false);
  }
  return path;
}

json Operations::item() const {
  const auto& kind = resource_.gvk.kind;
  const auto what = "the specified " + kind;
  json path = {{"parameters", shared_parameters(true)}};
  if (has(resource_.verbs, "get")) {
    path["get"] = operation("read", scope_ + kind, "read " + what, "get", get_parameters());
    answers(path["get"], object_, {"200"});
  }
  if (has(resource_.verbs, "update")) path["put"] = update(scope_ + kind, what);
  if (has(resource_.verbs, "patch")) path["patch"] = patch(scope_ + kind, what);
  if (has(resource_.verbs, "delete")) path["delete"] = remove();
  return path;
}

json Operations::all_namespaces() const {
  json path = {{"parameters", json::array({query_parameter(kPretty)})}};
  path["get"] = list(resource_.gvk.kind + "ForAllNamespaces");
  return path;
}

json Operations::status(const crd::Subresource& part) const {
  const auto rest = scope_ + resource_.gvk.kind + capitalized(part.name);
  const auto what = part.name + " of the specified " + resource_.gvk.kind;
  json path = {{"parameters", shared_parameters(true)}};
  if (has(part.verbs, "get")) {
    path["get"] = operation("read", rest, "read " + what, "get", get_parameters());
    answers(path["get"], object_, {"200"});
  }
  if (has(part.verbs, "update")) path["put"] = update(rest, what);
  if (has(part.verbs, "patch")) path["patch"] = patch(rest, what);
  return path;
}

// What answers with bytes or takes the connection over.
json Operations::stream(const crd::Subresource& part) const {
  const bool reads = part.kind == resource_.gvk.kind && part.verbs == std::vector<std::string>{"get"};
  const auto rest = scope_ + resource_.gvk.kind + capitalized(part.name);
  const auto what = (reads ? "read " : "connect to ") + part.name + " of the specified " + resource_.gvk.kind;
  json path = {{"parameters", shared_parameters(true)}};
  for (const auto& verb : part.verbs) {
    const std::string method = verb == "create" ? "post" : "get";
    auto made = operation(reads ? "read" : "connect" + capitalized(method), rest, what, reads ? "get" : "connect",
                          stream_parameters(resource_.gvk.kind, part.name));
    made["responses"]["200"] = {{"description", "OK"}, {"content", content({"text/plain"}, {{"type", "string"}})}};
    made["x-kubernetes-group-version-kind"]["kind"] = part.kind;
    path[method] = std::move(made);
  }
  return path;
}

}  // namespace

std::vector<std::string> patch_types(std::string_view group) {
  std::vector<std::string> types = {"application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"};
  if (is_builtin_group(group)) types.emplace_back("application/strategic-merge-patch+json");
  return types;
}

void add_paths(const ServedResource& resource, json& paths) {
  const Operations operations(resource);
  const auto version = GroupVersion{resource.gvk.group, resource.gvk.version}.str();
  const std::string root = (resource.gvk.group.empty() ? "/api/" : "/apis/") + version;
  const std::string collection = root + (resource.namespaced ? "/namespaces/{namespace}/" : "/") + resource.plural;
  const std::string item = collection + "/{name}";
  const auto add = [&paths](const std::string& path, json operations_of_path) {
    if (operations_of_path.size() > 1) paths[path] = std::move(operations_of_path);  // more than its parameters
  };
  add(collection, operations.collection());
  add(item, operations.item());
  if (resource.namespaced && has(resource.verbs, "list")) add(root + "/" + resource.plural, operations.all_namespaces());
  for (const auto& part : resource.subresources) {
    const bool of_object = has(part.verbs, "update") || has(part.verbs, "patch") || part.name == "status";
    add(item + "/" + part.name, of_object ? operations.status(part) : operations.stream(part));
  }
}

}  // namespace berth::api
