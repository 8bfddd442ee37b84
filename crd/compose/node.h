#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crd/yaml.h"

namespace berth::compose {

// Where something stands: a file of Sources, a line and a column.
struct Place {
  int file = -1;  // -1: in no file, such as a flag
  int line = 1;
  int column = 1;
};

// A part of a text that came from a variable; of nested ones the outermost.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string variable;
};

struct Member;

// A value of a compose file after interpolation. Merging keeps where every part came from.
struct Node {
  enum class Kind { Null, Bool, Number, Text, List, Map };
  enum class Tag { None, Reset, Override };
  Kind kind = Kind::Null;
  Tag tag = Tag::None;
  Place place = {};
  std::string text = {};  // of a scalar, "" for null
  std::vector<Span> spans = {};
  std::vector<Node> items;
  std::vector<Member> members;

  bool is_null() const { return kind == Kind::Null; }
  bool is_list() const { return kind == Kind::List; }
  bool is_map() const { return kind == Kind::Map; }
  bool is_scalar() const { return !is_list() && !is_map() && !is_null(); }
  // nullptr when this is no map, or the member is absent, null or reset.
  const Node* find(std::string_view name) const;
  const Member* find_member(std::string_view name) const;  // null and reset ones too
  // The same through several maps.
  const Node* at(std::initializer_list<std::string_view> path) const;
  // Of this map; made when it is absent.
  Node& member(std::string_view name, Place place);
  void erase(std::string_view name);
};

// The key stands at `place`.
struct Member {
  std::string name;
  Place place;
  Node value;
};

Node make_text(std::string text, Place place);
// Same values, wherever they stand.
bool same(const Node& a, const Node& b);
// How many values there are in it.
std::size_t size_of(const Node& node);
// Takes out what a !reset left.
void drop_resets(Node& node);

// What a value is as a person says it: "a list", "a text".
std::string_view kind_name(Node::Kind kind);

// The text of a member, "" when it is absent or no scalar.
std::string text_of(const Node& map, std::string_view name);
// true, yes and on are; every other text is not.
bool flag_of(const Node& map, std::string_view name);
std::optional<std::int64_t> integer(std::string_view text);

}  // namespace berth::compose
