#include "crd/yaml_events.h"

namespace berth::crd {

void YamlEvents::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  attach(&add(YamlNode::Kind::Null, mark, anchor));
}

void YamlEvents::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const YamlNode* node = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
  if (!node) throw YamlFailure{mark, "this alias has no anchor"};
  if (node->open) throw YamlFailure{mark, "this alias stands inside of what it refers to"};
  attach(node);
}

void YamlEvents::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                          const std::string& text) {
  YamlNode& node = add(YamlNode::Kind::Scalar, mark, anchor);
  node.tag = tag;
  node.text = text;
  last_scalar_ = &node;
  attach(&node);
}

void YamlEvents::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                 YAML::EmitterStyle::value) {
  open(add(YamlNode::Kind::Sequence, mark, anchor), tag);
}

void YamlEvents::OnSequenceEnd() { close(); }

void YamlEvents::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                            YAML::EmitterStyle::value) {
  open(add(YamlNode::Kind::Map, mark, anchor), tag);
}

void YamlEvents::OnMapEnd() { close(); }

YamlNode& YamlEvents::add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (nodes_.size() >= max_nodes_) {
    throw YamlFailure{mark, "the document has more than " + std::to_string(max_nodes_) + " values"};
  }
  YamlNode& node = nodes_.emplace_back(YamlNode{.kind = kind, .mark = mark});
  if (anchor != YAML::NullAnchor) {
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
    anchors_[anchor] = &node;
  }
  return node;
}

void YamlEvents::open(YamlNode& node, const std::string& tag) {
  if (open_.size() >= max_depth_) {
    throw YamlFailure{node.mark, "nested deeper than " + std::to_string(max_depth_) + " levels"};
  }
  node.tag = tag;
  node.open = true;
  attach(&node);
  open_.push_back(&node);
}

void YamlEvents::close() {
  open_.back()->open = false;
  open_.pop_back();
}

void YamlEvents::attach(const YamlNode* node) {
  if (open_.empty()) {
    root_ = node;
  } else {
    open_.back()->children.push_back(node);
  }
}

}  // namespace berth::crd
