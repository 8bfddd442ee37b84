#include "cli/json_path.h"

#include <charconv>

#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

using Found = std::vector<const json*>;

Found children(const Found& from, std::string_view name) {
  Found result;
  for (const json* value : from) {
    if (!value->is_object()) continue;
    const auto found = value->find(name);
    if (found != value->end()) result.push_back(&*found);
  }
  return result;
}

Found all_items(const Found& from) {
  Found result;
  for (const json* value : from) {
    if (!value->is_array() && !value->is_object()) continue;
    for (const auto& item : *value) result.push_back(&item);
  }
  return result;
}

Found nth(const Found& from, int index) {
  Found result;
  for (const json* value : from) {
    if (!value->is_array()) continue;
    const int size = static_cast<int>(value->size());
    const int place = index < 0 ? size + index : index;
    if (place >= 0 && place < size) result.push_back(&(*value)[static_cast<std::size_t>(place)]);
  }
  return result;
}

// `condition` is @.type=="Ready".
Found filtered(const Found& from, std::string_view condition) {
  const auto equal = condition.find("==");
  if (!condition.starts_with('@') || equal == std::string_view::npos) return {};
  auto path = condition.substr(1, equal - 1);
  auto wanted = condition.substr(equal + 2);
  while (path.ends_with(' ')) path.remove_suffix(1);
  while (wanted.starts_with(' ')) wanted.remove_prefix(1);
  if (wanted.size() >= 2 && (wanted.front() == '"' || wanted.front() == '\'')) {
    wanted = wanted.substr(1, wanted.size() - 2);
  }
  Found result;
  for (const json* item : all_items(from)) {
    const auto found = json_path(*item, path);
    if (!found.empty() && text(*found.front()) == wanted) result.push_back(item);
  }
  return result;
}

Found in_brackets(const Found& from, std::string_view inside) {
  if (inside == "*") return all_items(from);
  if (inside.size() >= 2 && (inside.front() == '\'' || inside.front() == '"')) {
    return children(from, inside.substr(1, inside.size() - 2));
  }
  if (inside.starts_with("?(") && inside.ends_with(')')) return filtered(from, inside.substr(2, inside.size() - 3));
  int index = 0;
  const auto [end, ec] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  if (ec != std::errc() || end != inside.data() + inside.size()) return {};
  return nth(from, index);
}

std::size_t closing_bracket(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ']') {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string take_name(std::string_view& path) {
  std::string name;
  std::size_t i = 0;
  for (; i < path.size() && path[i] != '.' && path[i] != '['; ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) ++i;
    name += path[i];
  }
  path.remove_prefix(i);
  return name;
}

}  // namespace

std::vector<const json*> json_path(const json& value, std::string_view path) {
  if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
  if (path.starts_with('$')) path.remove_prefix(1);
  Found found{&value};
  while (!path.empty() && !found.empty()) {
    if (path.front() == '[') {
      const auto end = closing_bracket(path);
      if (end == std::string_view::npos) return {};
      found = in_brackets(found, path.substr(1, end - 1));
      path.remove_prefix(end + 1);
      continue;
    }
    if (path.front() == '.') path.remove_prefix(1);
    const auto name = take_name(path);
    if (!name.empty()) found = name == "*" ? all_items(found) : children(found, name);
  }
  return found;
}

std::string json_path_text(const json& value, std::string_view path) {
  std::vector<std::string> parts;
  for (const json* found : json_path(value, path)) parts.push_back(text(*found));
  return join(parts, ",");
}

}  // namespace berth::cli
