#include "crd/text_scan.h"

namespace berth::crd {
namespace {

constexpr auto kNowhere = std::string_view::npos;

// `at` is that of the opening quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return kNowhere;
}

// The member of an object that begins at `at`.
std::optional<TextMember> member_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  const auto colon = end_of_string(text, at);
  if (colon == kNowhere || colon >= text.size() || text[colon] != ':') return std::nullopt;
  const auto end = end_of_value(text, colon + 1);
  if (end == kNowhere) return std::nullopt;
  return TextMember{text.substr(at, end - at), text.substr(at + 1, colon - at - 2), text.substr(colon + 1, end - colon - 1)};
}

}  // namespace

std::size_t end_of_value(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    switch (text[at]) {
      case '"':
        at = end_of_string(text, at);
        if (at == kNowhere || depth == 0) return at;
        --at;
        break;
      case '{':
      case '[': ++depth; break;
      case '}':
      case ']':
        if (depth == 0) return at;  // of a number or a word before it
        if (--depth == 0) return at + 1;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default: break;
    }
  }
  return kNowhere;
}

bool each_member(std::string_view text, const std::function<bool(const TextMember&)>& see) {
  if (!text.starts_with('{')) return false;
  if (text == "{}") return true;
  for (std::size_t at = 1;; ++at) {
    const auto member = member_at(text, at);
    if (!member || !see(*member)) return false;
    at += member->text.size();
    if (at >= text.size() || (text[at] != ',' && text[at] != '}')) return false;
    if (text[at] == '}') return at + 1 == text.size();
  }
}

std::optional<std::string_view> find_text(std::string_view text, std::initializer_list<std::string_view> path) {
  for (const auto key : path) {
    std::optional<std::string_view> found;
    each_member(text, [&](const TextMember& member) {
      if (member.key == key) found = member.value;
      return !found;
    });
    if (!found) return std::nullopt;
    text = *found;
  }
  return text;
}

std::optional<std::string> text_without(std::string_view text, std::string_view key) {
  std::string out = "{";
  const bool whole = each_member(text, [&](const TextMember& member) {
    if (member.key == key) return true;
    if (out.size() > 1) out += ',';
    out += member.text;
    return true;
  });
  if (!whole) return std::nullopt;
  return out + '}';
}

}  // namespace berth::crd
