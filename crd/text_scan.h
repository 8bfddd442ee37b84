#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

// Single values out of the compact JSON that dump() and wire_text() write, without making the tree of it all: one pass over the bytes.
// Keys that are looked for need no escapes. Pure. Of text that is no such JSON they say nullopt or some part of it, and never look
// beyond its end: who must know whether it is JSON parses it.
namespace berth::crd {

// Where the value that begins at `at` ends. npos: nowhere.
std::size_t end_of_value(std::string_view text, std::size_t at);

struct TextMember {
  std::string_view text;  // "key":value
  std::string_view key;   // as it is written
  std::string_view value;
};
// Calls see(member) for each member of the object `text` until it says false. Whether all were seen and `text` ends with the object.
bool each_member(std::string_view text, const std::function<bool(const TextMember&)>& see);

// The text of the value that is reached through the members `path` of the object `text`. nullopt: one of them is absent.
std::optional<std::string_view> find_text(std::string_view text, std::initializer_list<std::string_view> path);

// The text of the object `text` without its member `key`. nullopt: it is not the text of one object.
std::optional<std::string> text_without(std::string_view text, std::string_view key);

}  // namespace berth::crd
