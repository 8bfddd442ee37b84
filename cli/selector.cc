#include "cli/selector.h"

#include <algorithm>

#include "base/text.h"
#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

// Commas inside parentheses belong to a set.
std::vector<std::string_view> split_requirements(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] != ',' || depth > 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

bool is_label_key(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), good);
}

Error wrong_selector(std::string_view part) {
  return base::error(Reason::BadRequest, "\"" + printable(part) +
                                             "\" is no label selector: key=value, key!=value, key, !key, "
                                             "key in (a,b) or key notin (a,b) is expected");
}

}  // namespace

Result<Selector::Requirement> Selector::parse_requirement(std::string_view text) {
  Requirement requirement;
  const auto finish = [&](std::string_view key, Operator op, std::vector<std::string> values) -> Result<Requirement> {
    key = base::trimmed(key);
    if (!is_label_key(key)) return wrong_selector(text);
    return Requirement{std::string(key), op, std::move(values)};
  };
  if (text.front() == '!') return finish(text.substr(1), Operator::Absent, {});
  if (text.back() == ')') {
    const auto open = text.find('(');
    if (open == std::string_view::npos) return wrong_selector(text);
    const auto head = base::trimmed(text.substr(0, open));
    std::vector<std::string> values;
    for (const auto& value : split(text.substr(open + 1, text.size() - open - 2), ',')) {
      values.emplace_back(base::trimmed(value));
    }
    if (head.ends_with(" notin")) return finish(head.substr(0, head.size() - 6), Operator::NotIn, std::move(values));
    if (head.ends_with(" in")) return finish(head.substr(0, head.size() - 3), Operator::In, std::move(values));
    return wrong_selector(text);
  }
  const auto equal = text.find('=');
  if (equal == std::string_view::npos) return finish(text, Operator::Exists, {});
  auto value = text.substr(equal + 1);
  if (value.starts_with('=')) value.remove_prefix(1);
  value = base::trimmed(value);
  if (!value.empty() && !is_label_key(value)) return wrong_selector(text);
  const bool negated = equal > 0 && text[equal - 1] == '!';
  return finish(text.substr(0, negated ? equal - 1 : equal), negated ? Operator::NotIn : Operator::In,
                {std::string(value)});
}

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  if (base::trimmed(text).empty()) return selector;
  for (const auto part : split_requirements(text)) {
    const auto clean = base::trimmed(part);
    if (clean.empty()) return wrong_selector(text);
    auto requirement = parse_requirement(clean);
    if (!requirement.has_value()) return requirement.error();
    selector.requirements_.push_back(std::move(requirement).value());
  }
  return selector;
}

bool Selector::matches(const Object& object) const {
  const auto& labels = at(object.body(), {"metadata", "labels"});
  for (const auto& requirement : requirements_) {
    const bool present = labels.is_object() && labels.contains(requirement.key);
    const auto value = present ? text(labels.at(requirement.key)) : std::string();
    const auto& values = requirement.values;
    const bool listed = present && std::find(values.begin(), values.end(), value) != values.end();
    bool holds = false;
    switch (requirement.op) {
      case Operator::In:
        holds = listed;
        break;
      case Operator::NotIn:
        holds = !listed;
        break;
      case Operator::Exists:
        holds = present;
        break;
      case Operator::Absent:
        holds = !present;
        break;
    }
    if (!holds) return false;
  }
  return true;
}

}  // namespace berth::cli
