#include "crd/cause.h"
#include "crd/field_path.h"
#include "crd/formats.h"
#include "crd/schema.h"
#include "crd/scheme.h"

namespace berth::crd {
namespace {

constexpr std::string_view kUnsupportedPrefix = "Not supported yet.";

// Reads one definition; every `read` leaves its causes behind and answers something empty.
class DefinitionReader {
 public:
  Result<ResourceInfo> read(const json& definition) {
    ResourceInfo info;
    if (text(definition, "", "apiVersion") != "apiextensions.k8s.io/v1") {
      add(cause::invalid("apiVersion", definition.value("apiVersion", json()),
                         "must be apiextensions.k8s.io/v1"));
    }
    if (text(definition, "", "kind") != "CustomResourceDefinition") {
      add(cause::invalid("kind", definition.value("kind", json()), "must be CustomResourceDefinition"));
    }
    const json& spec = object(definition, "", "spec");
    read_names(spec, info);
    const json* version = served_version(spec);
    if (version) read_version(*version, info);
    const std::string name = text(object(definition, "", "metadata"), "metadata", "name");
    if (causes_.empty() && name != info.group_resource()) {
      add(cause::invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
    }
    if (!causes_.empty()) return failure();
    return info;
  }

 private:
  void read_names(const json& spec, ResourceInfo& info) {
    info.gvk.group = text(spec, "spec", "group");
    if (!is_dns_subdomain(info.gvk.group))
      add(cause::invalid("spec.group", info.gvk.group, "must be a DNS subdomain"));
    const std::string scope = text(spec, "spec", "scope");
    if (scope != "Namespaced" && scope != "Cluster") {
      add(cause::not_supported("spec.scope", scope, json{"Cluster", "Namespaced"}));
    }
    info.namespaced = scope == "Namespaced";
    const json& names = object(spec, "spec", "names");
    info.plural = text(names, "spec.names", "plural");
    info.gvk.kind = text(names, "spec.names", "kind");
    info.singular = text(names, "spec.names", "singular");
    info.short_names = texts(names, "spec.names", "shortNames");
    info.categories = texts(names, "spec.names", "categories");
  }

  const json* served_version(const json& spec) {
    const json& versions = list(spec, "spec", "versions");
    const json* served = nullptr;
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if (!versions[i].is_object() || versions[i].value("served", json()) != true) continue;
      if (served) {
        add(cause::forbidden(item("spec.versions", i), "only one version may be served"));
        return nullptr;
      }
      served = &versions[i];
      version_path_ = item("spec.versions", i);
    }
    if (!served) add(cause::required("spec.versions", "a served version"));
    return served;
  }

  void read_version(const json& version, ResourceInfo& info) {
    info.gvk.version = text(version, version_path_, "name");
    info.has_status = version.contains("subresources") && version.at("subresources").contains("status");
    const json& schema = object(version, version_path_, "schema");
    info.schema = object(schema, child(version_path_, "schema"), "openAPIV3Schema");
    mark_unsupported(info.schema);
    for (const std::string& error : check_structural(info.schema)) {
      add(cause::invalid(child(child(version_path_, "schema"), "openAPIV3Schema"), json::object(), error));
    }
    if (version.contains("additionalPrinterColumns")) read_columns(version, info);
    if (version.contains("selectableFields")) read_selectable_fields(version, info);
  }

  void read_selectable_fields(const json& version, ResourceInfo& info) {
    const json& fields = list(version, version_path_, "selectableFields");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string path = item(child(version_path_, "selectableFields"), i);
      const std::string field = fields[i].is_object() ? text(fields[i], path, "jsonPath") : std::string();
      if (field.size() < 2 || field.front() != '.') {
        add(cause::invalid(child(path, "jsonPath"), field, "must be a path like .status.phase"));
      } else {
        info.selectable_fields.push_back(field.substr(1));
      }
    }
  }

  void read_columns(const json& version, ResourceInfo& info) {
    const json& columns = list(version, version_path_, "additionalPrinterColumns");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string path = item(child(version_path_, "additionalPrinterColumns"), i);
      const json& column = columns[i];
      if (!column.is_object()) {
        add(cause::type_invalid(path, column, "must be an object"));
        continue;
      }
      PrinterColumn out;
      out.name = text(column, path, "name");
      out.type = text(column, path, "type");
      out.json_path = text(column, path, "jsonPath");
      if (column.contains("description")) out.description = text(column, path, "description");
      const json priority = column.value("priority", json(0));
      if (priority.is_number_integer()) out.priority = priority.get<int>();
      info.columns.push_back(std::move(out));
    }
  }

  // A description is the one place for this mark that every API server accepts.
  static void mark_unsupported(json& schema) {
    if (!schema.is_object()) return;
    const auto description = schema.find("description");
    if (description != schema.end() && description->is_string() &&
        description->get_ref<const std::string&>().starts_with(kUnsupportedPrefix)) {
      schema["x-berth-unsupported"] = true;
    }
    for (const char* keyword : {"items", "additionalProperties"}) {
      if (auto inner = schema.find(keyword); inner != schema.end()) mark_unsupported(*inner);
    }
    if (auto properties = schema.find("properties"); properties != schema.end() && properties->is_object()) {
      for (json& property : *properties) mark_unsupported(property);
    }
  }

  const json& object(const json& parent, const std::string& path, const char* key) {
    static const json kEmpty = json::object();
    auto it = parent.find(key);
    if (it != parent.end() && it->is_object()) return *it;
    add(cause::required(child(path, key)));
    return kEmpty;
  }

  const json& list(const json& parent, const std::string& path, const char* key) {
    static const json kEmpty = json::array();
    auto it = parent.find(key);
    if (it != parent.end() && it->is_array()) return *it;
    add(cause::required(child(path, key)));
    return kEmpty;
  }

  std::string text(const json& parent, const std::string& path, const char* key) {
    auto it = parent.find(key);
    if (it != parent.end() && it->is_string() && !it->get_ref<const std::string&>().empty())
      return it->get<std::string>();
    add(cause::required(child(path, key)));
    return "";
  }

  std::vector<std::string> texts(const json& parent, const std::string& path, const char* key) {
    std::vector<std::string> out;
    if (!parent.contains(key)) return out;
    for (const json& element : list(parent, path, key)) {
      if (element.is_string())
        out.push_back(element.get<std::string>());
      else
        add(cause::type_invalid(child(path, key), element, "must be a string"));
    }
    return out;
  }

  void add(Cause cause) { causes_.push_back(std::move(cause)); }

  Error failure() {
    Error error = base::error(Reason::Invalid, "CustomResourceDefinition is invalid");
    for (const Cause& cause : causes_) error.message += "; " + cause.field + ": " + cause.message;
    error.causes = std::move(causes_);
    return error;
  }

  std::vector<Cause> causes_;
  std::string version_path_;
};

}  // namespace

Result<ResourceInfo> parse_custom_resource_definition(const json& crd) {
  if (!crd.is_object()) return base::error(Reason::Invalid, "CustomResourceDefinition: must be an object");
  return DefinitionReader().read(crd);
}

}  // namespace berth::crd
