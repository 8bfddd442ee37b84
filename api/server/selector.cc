#include "api/server/selector.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace berth::api {

namespace {

// Splits at commas that are not inside parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] != ',' || depth > 0) continue;
    terms.push_back(base::trimmed(text.substr(start, i - start)));
    start = i + 1;
  }
  terms.push_back(base::trimmed(text.substr(start)));
  return terms;
}

bool is_label_text(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

bool is_key(std::string_view text) { return !text.empty() && text.size() <= 317 && is_label_text(text, "-_./"); }
bool is_value(std::string_view text) { return text.size() <= 63 && is_label_text(text, "-_."); }

Error bad_requirement(std::string_view term, std::string_view what) {
  return base::error(Reason::BadRequest,
                     "unable to parse requirement: \"" + std::string(term) + "\": " + std::string(what));
}

// "x,y" of "in (x,y)".
Result<std::vector<std::string>> parse_values(std::string_view term, std::string_view text) {
  text = base::trimmed(text);
  if (!text.starts_with('(') || !text.ends_with(')')) return bad_requirement(term, "expected: '(' and ')'");
  std::vector<std::string> values;
  for (const auto value : split_terms(text.substr(1, text.size() - 2))) {
    if (!is_value(value)) return bad_requirement(term, "not a label value: \"" + std::string(value) + "\"");
    values.emplace_back(value);
  }
  return values;
}

}  // namespace

Result<LabelSelector::Requirement> LabelSelector::parse_requirement(std::string_view term) {
  using Operator = Requirement::Operator;
  Requirement requirement;
  const auto equals = term.find('=');
  if (equals != std::string_view::npos) {
    const bool negated = equals > 0 && term[equals - 1] == '!';
    const auto after = term.substr(equals + (term.substr(equals).starts_with("==") ? 2 : 1));
    requirement.key = base::trimmed(term.substr(0, negated ? equals - 1 : equals));
    requirement.op = negated ? Operator::NotIn : Operator::In;
    requirement.values = {std::string(base::trimmed(after))};
    if (!is_value(requirement.values.front())) return bad_requirement(term, "not a label value");
  } else if (term.starts_with('!')) {
    requirement.key = base::trimmed(term.substr(1));
    requirement.op = Operator::Missing;
  } else if (const auto blank = term.find_first_of(" \t("); blank != std::string_view::npos) {
    requirement.key = term.substr(0, blank);
    auto rest = base::trimmed(term.substr(blank));
    const bool negated = rest.starts_with("notin");
    if (!negated && !rest.starts_with("in")) return bad_requirement(term, "expected: '=', '!=', 'in', 'notin'");
    requirement.op = negated ? Operator::NotIn : Operator::In;
    auto values = parse_values(term, rest.substr(negated ? 5 : 2));
    if (!values) return values.error();
    requirement.values = std::move(*values);
  } else {
    requirement.key = term;
  }
  if (!is_key(requirement.key)) return bad_requirement(term, "expected: identifier");
  return requirement;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (base::trimmed(text).empty()) return selector;
  for (const auto term : split_terms(text)) {
    auto requirement = parse_requirement(term);
    if (!requirement) return requirement.error();
    selector.requirements_.push_back(std::move(*requirement));
  }
  return selector;
}

bool LabelSelector::matches(const Object& object) const {
  const auto metadata = object.body().find("metadata");
  const json* labels = nullptr;
  if (metadata != object.body().end() && metadata->is_object() && metadata->contains("labels")) {
    labels = &metadata->at("labels");
  }
  return std::all_of(requirements_.begin(), requirements_.end(), [labels](const Requirement& requirement) {
    const bool present = labels && labels->is_object() && labels->contains(requirement.key);
    const auto in_values = [&] {
      const auto& value = labels->at(requirement.key);
      return value.is_string() && std::find(requirement.values.begin(), requirement.values.end(),
                                            value.get_ref<const std::string&>()) != requirement.values.end();
    };
    switch (requirement.op) {
      case Requirement::Operator::Exists: return present;
      case Requirement::Operator::Missing: return !present;
      case Requirement::Operator::In: return present && in_values();
      case Requirement::Operator::NotIn: return !present || !in_values();
    }
    return false;
  });
}

namespace {

bool is_supported(const crd::ResourceInfo& resource, const std::string& field) {
  static const std::set<std::string> all = {"metadata.name", "metadata.namespace"};
  static const std::set<std::string> events = {
      "involvedObject.kind", "involvedObject.namespace",       "involvedObject.name",      "involvedObject.uid",
      "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
      "type",                "source",                         "reportingComponent"};
  static const std::set<std::string> namespaces = {"name", "status.phase"};
  if (all.contains(field)) return true;
  if (!resource.gvk.group.empty()) return false;
  if (resource.plural == "events") return events.contains(field);
  return resource.plural == "namespaces" && namespaces.contains(field);
}

std::vector<std::string> path_of(std::string_view field) {
  if (field == "source") return {"source", "component"};
  if (field == "name") return {"metadata", "name"};
  std::vector<std::string> path;
  for (std::size_t start = 0; start <= field.size();) {
    const auto dot = std::min(field.find('.', start), field.size());
    path.emplace_back(field.substr(start, dot - start));
    start = dot + 1;
  }
  return path;
}

std::string value_at(const json& body, const std::vector<std::string>& path) {
  const json* value = &body;
  for (const auto& key : path) {
    if (!value->is_object()) return {};
    const auto found = value->find(key);
    if (found == value->end()) return {};
    value = &*found;
  }
  return value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(const crd::ResourceInfo& resource, std::string_view text) {
  FieldSelector selector;
  if (base::trimmed(text).empty()) return selector;
  for (const auto term : split_terms(text)) {
    if (term.empty()) continue;
    const auto equals = term.find('=');
    if (equals == std::string_view::npos) {
      return base::error(Reason::BadRequest, "invalid selector: '" + std::string(text) + "'; can't understand '" +
                                                 std::string(term) + "'");
    }
    const bool negated = equals > 0 && term[equals - 1] == '!';
    const std::string field(base::trimmed(term.substr(0, negated ? equals - 1 : equals)));
    if (!is_supported(resource, field)) return base::error(Reason::BadRequest, "field label not supported: " + field);
    const auto value = term.substr(equals + (term.substr(equals).starts_with("==") ? 2 : 1));
    selector.terms_.push_back({path_of(field), std::string(base::trimmed(value)), !negated});
  }
  return selector;
}

bool FieldSelector::matches(const Object& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&object](const Term& term) {
    return (value_at(object.body(), term.path) == term.value) == term.equal;
  });
}

}  // namespace berth::api
