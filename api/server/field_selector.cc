#include <algorithm>
#include <map>
#include <set>

#include "api/server/selector.h"
#include "base/text.h"
#include "crd/fields.h"
#include "crd/quoted.h"

namespace berth::api {

namespace {

using FieldNames = std::set<std::string, std::less<>>;

// Of the kinds of Kubernetes, besides metadata.name and metadata.namespace.
const FieldNames& core_field_names(const crd::ResourceInfo& resource) {
  static const FieldNames kNone;
  static const std::map<std::string, FieldNames, std::less<>> kNames = {
      {"events",
       {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "type", "source",
        "reportingComponent"}},
      {"namespaces", {"name", "status.phase"}},
      {"secrets", {"type"}},
      {"services", {"spec.clusterIP", "spec.type"}},
      {"pods",
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName"}}};
  const auto found = resource.gvk.group.empty() ? kNames.find(resource.plural) : kNames.end();
  return found == kNames.end() ? kNone : found->second;
}

bool is_selectable(const crd::ResourceInfo& resource, const std::string& field) {
  const auto& declared = resource.selectable_fields;
  return field == "metadata.name" || field == "metadata.namespace" || core_field_names(resource).contains(field) ||
         std::find(declared.begin(), declared.end(), field) != declared.end();
}

std::vector<std::string> field_path(std::string_view field) {
  if (field == "source") return {"source", "component"};
  if (field == "name") return {"metadata", "name"};
  const auto names = base::split(field, '.');
  return {names.begin(), names.end()};
}

bool is_name(const std::vector<std::string>& path) { return path.size() == 2 && path[0] == "metadata" && path[1] == "name"; }

std::string field_text(const json& body, const std::vector<std::string>& path) {
  const json* value = &body;
  for (const auto& key : path) {
    value = crd::find_member(*value, key);
    if (!value) return {};
  }
  if (value->is_string()) return value->get<std::string>();
  return value->is_boolean() || value->is_number() ? crd::dump(*value) : std::string();
}

// What an object's text must have somewhere when a field of it is `value`; "" when that is not known (escapes).
std::string text_within(const std::string& value) {
  std::string quoted;
  crd::append_quoted(quoted, value);
  return quoted.size() == value.size() + 2 ? value : "";
}

// At commas that no backslash precedes.
std::vector<std::string_view> split_fields(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(std::min(start, text.size())));
  return terms;
}

Result<std::string> unescape_field(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\';
    if (escape && (i + 1 == text.size() || std::string_view("\\,=").find(text[i + 1]) == std::string_view::npos)) {
      return base::error(Reason::BadRequest,
                         "invalid field selector: invalid escape sequence: " + std::string(text.substr(i, 2)));
    }
    if (escape) {
      ++i;
    } else if (text[i] == '=') {
      return base::error(Reason::BadRequest, "invalid field selector: unescaped character in value: =");
    }
    value += text[i];
  }
  return value;
}

struct FieldTerm {
  std::string_view field;
  std::string_view value;
  bool equal = true;
  bool known = false;  // has an operator
};

FieldTerm split_operator(std::string_view term) {
  for (std::size_t i = 0; i < term.size(); ++i) {
    const auto rest = term.substr(i);
    if (rest.starts_with("!=")) return {term.substr(0, i), rest.substr(2), false, true};
    if (rest.starts_with("==")) return {term.substr(0, i), rest.substr(2), true, true};
    if (rest.starts_with("=")) return {term.substr(0, i), rest.substr(1), true, true};
  }
  return {};
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(const crd::ResourceInfo& resource, std::string_view text) {
  FieldSelector selector;
  for (const auto term : split_fields(text)) {
    if (term.empty()) continue;
    const auto parts = split_operator(term);
    if (!parts.known) {
      return base::error(Reason::BadRequest, "invalid selector: '" + std::string(text) + "'; can't understand '" +
                                                 std::string(term) + "'");
    }
    auto value = unescape_field(parts.value);
    if (!value) return value.error();
    const std::string field(parts.field);
    if (!is_selectable(resource, field)) return base::error(Reason::BadRequest, "field label not supported: " + field);
    auto in_text = parts.equal ? text_within(*value) : std::string();
    selector.terms_.push_back({field_path(field), std::move(*value), parts.equal, std::move(in_text)});
  }
  return selector;
}

std::string FieldSelector::name() const {
  const auto named = std::find_if(terms_.begin(), terms_.end(), [](const Term& term) { return term.equal && is_name(term.path); });
  return named == terms_.end() ? "" : named->value;
}

// Who waits for one object sends its name: that is known without reading the body.
std::string FieldSelector::text_of(const Object& object, const Term& term) {
  if (is_name(term.path)) return object.name();
  if (term.path == std::vector<std::string>{"metadata", "namespace"}) return object.ns();
  return field_text(object.body(), term.path);
}

bool FieldSelector::matches(const Object& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&object](const Term& term) {
    if (!term.in_text.empty() && object.bytes().find(term.in_text) == std::string::npos) return false;
    return (text_of(object, term) == term.value) == term.equal;
  });
}

}  // namespace berth::api
