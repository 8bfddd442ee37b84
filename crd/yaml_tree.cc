#include <set>

#include "crd/yaml.h"
#include "crd/yaml_events.h"

namespace berth::crd {
namespace {

bool is_merge_key(const YamlNode& key) { return key.kind == YamlNode::Kind::Scalar && key.tag == "?" && key.text == "<<"; }

bool is_own_tag(const std::string& tag) { return tag.size() > 1 && tag[0] == '!' && tag[1] != '!'; }

Mark mark_of(const YamlNode& node) { return {node.mark.line + 1, node.mark.column + 1}; }

// Nodes of one document -> its tree, within what is left of the budgets.
class TreeBuilder {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : max_depth_(limits.depth), nodes_left_(limits.nodes), text_left_(2 * limits.bytes) {}

  YamlTree build(const YamlNode& node) {
    spend(node);
    YamlTree tree;
    tree.mark = mark_of(node);
    if (is_own_tag(node.tag)) tree.tag = node.tag;
    switch (node.kind) {
      case YamlNode::Kind::Null:
        break;
      case YamlNode::Kind::Scalar:
        tree.scalar = tree.tag.empty() ? yaml_scalar(node) : json(node.text);
        break;
      case YamlNode::Kind::Sequence:
        list(tree, node);
        break;
      case YamlNode::Kind::Map:
        map(tree, node);
        break;
    }
    return tree;
  }

 private:
  void spend(const YamlNode& node) {
    if (nodes_left_ == 0 || text_left_ < node.text.size()) {
      throw YamlFailure{node.mark, "the document is too large once its aliases are expanded"};
    }
    --nodes_left_;
    text_left_ -= node.text.size();
  }

  void enter(const YamlNode& node) {
    if (++depth_ > max_depth_) {
      throw YamlFailure{node.mark, "nested deeper than " + std::to_string(max_depth_) + " levels"};
    }
  }

  void list(YamlTree& tree, const YamlNode& node) {
    enter(node);
    tree.kind = YamlTree::Kind::List;
    tree.items.reserve(node.children.size());
    for (const YamlNode* child : node.children) tree.items.push_back(build(*child));
    --depth_;
  }

  void map(YamlTree& tree, const YamlNode& node) {
    tree.kind = YamlTree::Kind::Map;
    std::set<std::string, std::less<>> known;
    add(tree, node, known);
  }

  // The map's own members, then those of what it merges, nearest first; of one name the first counts.
  void add(YamlTree& tree, const YamlNode& node, std::set<std::string, std::less<>>& known) {
    enter(node);
    std::set<std::string_view> here;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const YamlNode& key = *node.children[i];
      if (is_merge_key(key)) continue;
      if (key.kind != YamlNode::Kind::Scalar) throw YamlFailure{key.mark, "a key must be a text"};
      spend(key);
      if (!here.insert(key.text).second) throw YamlFailure{key.mark, key.text + ": duplicate key"};
      if (!known.insert(key.text).second) continue;
      tree.keys.push_back({key.text, mark_of(key)});
      tree.items.push_back(build(*node.children[i + 1]));
    }
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      if (is_merge_key(*node.children[i])) merge(tree, *node.children[i + 1], known);
    }
    --depth_;
  }

  void merge(YamlTree& tree, const YamlNode& value, std::set<std::string, std::less<>>& known) {
    spend(value);
    if (value.kind == YamlNode::Kind::Map) return add(tree, value, known);
    if (value.kind != YamlNode::Kind::Sequence) throw YamlFailure{value.mark, "<< needs a map or a list of maps"};
    for (const YamlNode* element : value.children) {
      if (element->kind != YamlNode::Kind::Map) throw YamlFailure{element->mark, "<< needs a map or a list of maps"};
      add(tree, *element, known);
    }
  }

  std::size_t max_depth_;
  std::size_t nodes_left_;
  std::size_t text_left_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<std::vector<YamlTree>> parse_yaml_trees(std::string_view text, std::string_view name, const YamlLimits& limits) {
  std::vector<YamlTree> trees;
  const auto read = read_yaml(text, name, limits, [&](const YamlNode& root) { trees.push_back(TreeBuilder(limits).build(root)); });
  if (!read.has_value()) return read.error();
  return trees;
}

}  // namespace berth::crd
