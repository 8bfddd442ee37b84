#include "crd/compose/keys.h"

#include <map>
#include <memory>

#include "crd/compose/key_tables.h"

namespace berth::compose {
namespace {

// The table as a tree: by the parts of a path.
struct KeyTree {
  const Key* key = nullptr;
  std::map<std::string, std::unique_ptr<KeyTree>, std::less<>> children;  // "*" for any name, "[]" for elements

  const KeyTree* find(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : found->second.get();
  }
};

void plant(KeyTree& root, const Key& key) {
  KeyTree* at = &root;
  const auto step = [&](std::string_view name) {
    auto& child = at->children[std::string(name)];
    if (!child) child = std::make_unique<KeyTree>();
    at = child.get();
  };
  for (std::string_view rest = key.path; !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    std::string_view part = rest.substr(0, dot);
    const bool list = part.ends_with("[]");
    if (list) part.remove_suffix(2);
    step(part);
    if (list) step("[]");
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  at->key = &key;
}

const KeyTree& key_tree() {
  static const KeyTree kTree = [] {
    KeyTree root;
    for (const Key& key : keys()) plant(root, key);
    return root;
  }();
  return kTree;
}

bool says_nothing(const Node& node) {
  if (node.is_null() || (node.is_list() && node.items.empty()) || (node.is_map() && node.members.empty())) return true;
  return node.kind == Node::Kind::Bool && node.text == "false";
}

class KeyCheck {
 public:
  explicit KeyCheck(Report& report) : report_(report) {}

  void map(const Node& node, const KeyTree& tree, const std::string& path, bool quiet) {
    const KeyTree* any = tree.find("*");
    for (const Member& member : node.members) {
      const std::string child = path.empty() ? member.name : path + "." + member.name;
      const KeyTree* known = any ? any : tree.find(member.name);
      if (known) {
        value(member.value, member.place, *known, child, quiet);
      } else if (!member.name.starts_with("x-")) {
        report_.error(member.place, child + ": unknown key");
      }
    }
  }

 private:
  void value(const Node& node, Place place, const KeyTree& tree, const std::string& path, bool quiet) {
    if (tree.key && !fits(node, tree.key->types)) {
      return report_.error(place, path + ": " + expected(tree.key->types) + " is expected here, not " + std::string(kind_name(node.kind)));
    }
    if (tree.key && tree.key->remark.starts_with('!') && !quiet && !says_nothing(node)) {
      report_.loss(place, path + ": " + std::string(tree.key->remark.substr(1)) + ": dropped");
      quiet = true;
    }
    if (!tree.key && !node.is_null() && !node.is_map()) {
      return report_.error(place, path + ": a map is expected here, not " + std::string(kind_name(node.kind)));
    }
    if (node.is_map()) {
      if (has_free_keys(tree)) {
        free_map(node, path);
      } else {
        map(node, tree, path, quiet);
      }
    } else if (node.is_list()) {
      elements(node, tree.find("[]"), path, quiet);
    }
  }

  // A map whose keys are the writer's own, such as environment.
  static bool has_free_keys(const KeyTree& tree) {
    return tree.children.empty() || (tree.children.size() == 1 && tree.children.contains("[]"));
  }

  // Texts, except where a name may have several (extra_hosts, options of a provider).
  void free_map(const Node& node, const std::string& path) {
    const bool lists = path.ends_with(".extra_hosts") || path.ends_with(".options");
    for (const Member& member : node.members) {
      if (member.value.is_map() || (member.value.is_list() && !lists)) {
        report_.error(member.place,
                      path + "." + member.name + ": a text is expected here, not " + std::string(kind_name(member.value.kind)));
      }
    }
  }

  void elements(const Node& node, const KeyTree* tree, const std::string& path, bool quiet) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      const std::string child = path + "[" + std::to_string(i) + "]";
      if (item.is_list() || (item.is_map() && !tree)) {
        report_.error(item.place, child + ": a text is expected here, not " + std::string(kind_name(item.kind)));
      } else if (item.is_map()) {
        map(item, *tree, child, quiet);
      }
    }
  }

  static bool fits(const Node& node, std::string_view types) {
    const auto has = [&](char type) { return types.find(type) != std::string_view::npos; };
    switch (node.kind) {
      case Node::Kind::Null:
        return true;
      case Node::Kind::Bool:
        return has('b');
      case Node::Kind::Number:
        return has('n');
      case Node::Kind::Text:
        return has('t') || (has('b') && is_flag(node.text)) || (has('n') && integer(node.text));
      case Node::Kind::List:
        return has('l');
      case Node::Kind::Map:
        return has('m');
    }
    return false;
  }

  static bool is_flag(std::string_view text) {
    constexpr std::string_view kFlags[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(std::begin(kFlags), std::end(kFlags), lower) != std::end(kFlags);
  }

  static std::string expected(std::string_view types) {
    std::string out;
    for (const char type : types) {
      const Node::Kind kind = type == 't'   ? Node::Kind::Text
                              : type == 'n' ? Node::Kind::Number
                              : type == 'b' ? Node::Kind::Bool
                              : type == 'l' ? Node::Kind::List
                                            : Node::Kind::Map;
      out += (out.empty() ? "" : " or ") + std::string(kind_name(kind));
    }
    return out;
  }

  Report& report_;
};

}  // namespace

std::span<const Key> keys() {
  static const std::vector<Key> kKeys = [] {
    std::vector<Key> all(project_keys().begin(), project_keys().end());
    all.insert(all.end(), service_keys().begin(), service_keys().end());
    return all;
  }();
  return kKeys;
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::Converted:
      return "converted";
    case Outcome::Build:
      return "build hint";
    case Outcome::Noted:
      return "changed, with a note";
    case Outcome::Warned:
      return "warning";
    case Outcome::Ignored:
      return "ignored";
  }
  return "";
}

void check_keys(const Node& root, Report& report, bool quiet) { KeyCheck(report).map(root, key_tree(), "", quiet); }

}  // namespace berth::compose
