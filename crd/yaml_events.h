#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "crd/yaml.h"

namespace berth::crd {

// One node as it is written; an alias is the same node again. Lives as long as its YamlEvents.
struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Map };
  Kind kind = Kind::Null;
  YAML::Mark mark;
  std::string tag = {};                        // "?" plain, "!" quoted, otherwise the explicit one
  std::string text = {};                       // of a scalar
  std::vector<const YamlNode*> children = {};  // of a map: key, value, key, value
  bool open = false;                           // its end was not seen yet
};

// What is wrong with a document, and where. Thrown through yaml-cpp, caught by parse_yaml.
struct YamlFailure {
  YAML::Mark mark;
  std::string what;
};

// Gathers the nodes of one document from yaml-cpp's events. Throws YamlFailure past the limits.
class YamlEvents : public YAML::EventHandler {
 public:
  YamlEvents(std::size_t depth, std::size_t nodes) : max_depth_(depth), max_nodes_(nodes) {}

  const YamlNode* root() const { return root_; }
  YAML::Mark start() const { return start_; }
  // The scalar that was met last; nullptr when there was none.
  const YamlNode* last_scalar() const { return last_scalar_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void open(YamlNode& node, const std::string& tag);
  void close();
  void attach(const YamlNode* node);

  std::size_t max_depth_;
  std::size_t max_nodes_;
  std::deque<YamlNode> nodes_;
  std::vector<YamlNode*> anchors_;  // by anchor id
  std::vector<YamlNode*> open_;
  const YamlNode* root_ = nullptr;
  const YamlNode* last_scalar_ = nullptr;
  YAML::Mark start_;
};

// Hands each document of `text` that is not empty to `each`, which may throw YamlFailure. What is wrong with the text as a whole is
// refused before. Errors: as parse_yaml.
Result<void> read_yaml(std::string_view text, std::string_view name, const YamlLimits& limits,
                       const std::function<void(const YamlNode&)>& each);

// What a scalar means; throws YamlFailure for a tag that is not known or does not fit.
json yaml_scalar(const YamlNode& node);

}  // namespace berth::crd
