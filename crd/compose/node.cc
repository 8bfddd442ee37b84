#include "crd/compose/node.h"

#include <charconv>

namespace berth::compose {

const Member* Node::find_member(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

const Node* Node::find(std::string_view name) const {
  const Member* found = find_member(name);
  return found && !found->value.is_null() && found->value.tag != Tag::Reset ? &found->value : nullptr;
}

const Node* Node::at(std::initializer_list<std::string_view> path) const {
  const Node* node = this;
  for (const auto name : path) {
    node = node->find(name);
    if (!node) return nullptr;
  }
  return node;
}

Node& Node::member(std::string_view name, Place place) {
  for (Member& member : members) {
    if (member.name == name) return member.value;
  }
  kind = Kind::Map;
  return members.emplace_back(Member{std::string(name), place, Node{.place = place}}).value;
}

void Node::erase(std::string_view name) {
  std::erase_if(members, [&](const Member& member) { return member.name == name; });
}

Node make_text(std::string text, Place place) { return Node{.kind = Node::Kind::Text, .place = place, .text = std::move(text)}; }

bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() || a.members.size() != b.members.size()) {
    return false;
  }
  if (!std::equal(a.items.begin(), a.items.end(), b.items.begin(), same)) return false;
  return std::all_of(a.members.begin(), a.members.end(), [&](const Member& member) {
    const Member* other = b.find_member(member.name);
    return other && same(member.value, other->value);
  });
}

std::size_t size_of(const Node& node) {
  std::size_t size = 1;
  for (const Node& item : node.items) size += size_of(item);
  for (const Member& member : node.members) size += size_of(member.value);
  return size;
}

void drop_resets(Node& node) {
  std::erase_if(node.items, [](const Node& item) { return item.tag == Node::Tag::Reset; });
  std::erase_if(node.members, [](const Member& member) { return member.value.tag == Node::Tag::Reset; });
  for (Node& item : node.items) drop_resets(item);
  for (Member& member : node.members) drop_resets(member.value);
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::Null:
      return "nothing";
    case Node::Kind::Bool:
      return "true or false";
    case Node::Kind::Number:
      return "a number";
    case Node::Kind::Text:
      return "a text";
    case Node::Kind::List:
      return "a list";
    case Node::Kind::Map:
      return "a map";
  }
  return "";
}

std::string text_of(const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  return node && node->is_scalar() ? node->text : "";
}

bool flag_of(const Node& map, std::string_view name) {
  std::string text = text_of(map, name);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text == "true" || text == "yes" || text == "on" || text == "y" || text == "1";
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace berth::compose
