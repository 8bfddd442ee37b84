#include "crd/yaml.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "crd/field_path.h"
#include "crd/yaml_events.h"
#include "crd/yaml_scalar.h"

namespace berth::crd {
namespace {

constexpr std::size_t kMaxMarkedPath = 512;
constexpr std::size_t kMaxDocuments = 10'000;

// Nodes of one document -> its value: aliases and merge keys expanded, within what is left of the budgets.
class Converter {
 public:
  Converter(const YamlLimits& limits, YamlDocument& document)
      : max_depth_(limits.depth),
        nodes_left_(limits.nodes),
        text_left_(2 * limits.bytes),
        document_(document) {}

  json convert(const YamlNode& node) {
    spend(node, node.text.size());
    switch (node.kind) {
      case YamlNode::Kind::Null:
        return nullptr;
      case YamlNode::Kind::Scalar:
        return yaml_scalar(node);
      case YamlNode::Kind::Sequence:
        return sequence(node);
      case YamlNode::Kind::Map:
        return map(node);
    }
    return nullptr;
  }

 private:
  void spend(const YamlNode& node, std::size_t text) {
    if (nodes_left_ == 0 || text_left_ < text) {
      throw YamlFailure{node.mark, "the document is too large once its aliases are expanded"};
    }
    --nodes_left_;
    text_left_ -= text;
  }

  void enter(const YamlNode& node) {
    if (++depth_ > max_depth_) {
      throw YamlFailure{node.mark, "nested deeper than " + std::to_string(max_depth_) + " levels"};
    }
  }

  json sequence(const YamlNode& node) {
    enter(node);
    json out = json::array();
    for (const YamlNode* element : node.children) {
      const std::size_t length = path_.size();
      append_item(path_, out.size());
      mark(element->mark);
      out.push_back(convert(*element));
      path_.resize(length);
    }
    --depth_;
    return out;
  }

  json map(const YamlNode& node) {
    enter(node);
    json out = json::object();
    std::vector<const YamlNode*> merged;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const YamlNode& key = *node.children[i];
      const YamlNode& value = *node.children[i + 1];
      if (key.kind == YamlNode::Kind::Scalar && key.tag == "?" && key.text == "<<") {
        merged.push_back(&value);
      } else {
        put(out, key, value, Put::Own);
      }
    }
    for (const YamlNode* value : merged) merge(out, *value);
    --depth_;
    return out;
  }

  enum class Put { Own, Merged };

  void put(json& out, const YamlNode& key, const YamlNode& value, Put put) {
    if (key.kind != YamlNode::Kind::Scalar) throw YamlFailure{key.mark, "a key must be a text"};
    spend(key, key.text.size());
    const bool known = out.contains(key.text);
    if (known && put == Put::Merged) return;
    const std::size_t length = path_.size();
    append_child(path_, key.text);
    if (known && document_.duplicate_keys.size() < kMaxDuplicateKeys)
      document_.duplicate_keys.push_back(path_);
    mark(key.mark);
    out[key.text] = convert(value);
    path_.resize(length);
  }

  void merge(json& out, const YamlNode& value) {
    if (value.kind == YamlNode::Kind::Map) return merge_map(out, value);
    if (value.kind != YamlNode::Kind::Sequence)
      throw YamlFailure{value.mark, "<< needs a map or a list of maps"};
    for (const YamlNode* element : value.children) {
      if (element->kind != YamlNode::Kind::Map)
        throw YamlFailure{element->mark, "<< needs a map or a list of maps"};
      merge_map(out, *element);
    }
  }

  // A merged map's own keys first, then what it merges itself.
  void merge_map(json& out, const YamlNode& value) {
    enter(value);
    spend(value, 0);
    std::vector<const YamlNode*> merged;
    for (std::size_t i = value.children.size() / 2; i-- > 0;) {
      const YamlNode& key = *value.children[2 * i];
      if (key.kind == YamlNode::Kind::Scalar && key.tag == "?" && key.text == "<<") {
        merged.insert(merged.begin(), value.children[2 * i + 1]);
      } else {
        put(out, key, *value.children[2 * i + 1], Put::Merged);
      }
    }
    for (const YamlNode* inner : merged) merge(out, *inner);
    --depth_;
  }

  void mark(const YAML::Mark& mark) {
    if (path_.size() <= kMaxMarkedPath) document_.marks[path_] = {mark.line + 1, mark.column + 1};
  }

  std::size_t max_depth_;
  std::size_t nodes_left_;
  std::size_t text_left_;
  std::size_t depth_ = 0;
  std::string path_;
  YamlDocument& document_;
};

std::string place(std::string_view name, int line, int column) {
  const std::string at_line = std::to_string(line), at_column = std::to_string(column);
  if (name.empty()) return "line " + at_line + ", column " + at_column + ": ";
  return std::string(name) + ":" + at_line + ":" + at_column + ": ";
}

std::string_view line_at(std::string_view text, int line) {
  for (; line > 0; --line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool starts_with_tab(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first != std::string_view::npos && line[first] == '\t';
}

// yaml-cpp's words, in ours where those say more.
std::string explain(const std::string& message) {
  static const std::map<std::string_view, std::string_view> kWords = {
      {YAML::ErrorMsg::MAP_VALUE,
       "a ':' that starts no value here: quote the text, or check the indentation"},
      {YAML::ErrorMsg::END_OF_MAP,
       "this line fits into no map: check its indentation, or the line before it"},
      {YAML::ErrorMsg::END_OF_SEQ,
       "this line fits into no list: check its indentation, or the line before it"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "a '{' without its '}'"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a '[' without its ']'"},
      {YAML::ErrorMsg::FLOW_END, "a '}' or ']' that closes nothing"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote that is not closed"},
      {YAML::ErrorMsg::DOC_IN_SCALAR, "a quote that is not closed before the next document"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a '-' that starts no list here: check the indentation"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that cannot start a text: quote the text"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias has no anchor"},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation: use spaces"},
      {YAML::ErrorMsg::BAD_FILE, "nested too deep"},
  };
  const auto found = kWords.find(message);
  return found == kWords.end() ? message : std::string(found->second);
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view name, const YamlLimits& limits)
      : text_(text), name_(name), limits_(limits) {}

  Result<void> read(const std::function<void(const YamlNode&)>& each) {
    std::istringstream stream{std::string(text_)};
    try {
      YAML::Parser parser(stream);
      for (std::size_t count = 0;; ++count) {
        YamlEvents events(limits_.depth, limits_.nodes);
        if (!parser.HandleNextDocument(events)) break;
        if (count > 0) check_separated(events.start());
        if (events.last_scalar()) check_closed(*events.last_scalar());
        if (count >= kMaxDocuments) throw YamlFailure{events.start(), "too many documents"};
        if (events.root() && events.root()->kind != YamlNode::Kind::Null) each(*events.root());
      }
    } catch (const YamlFailure& failure) {
      return fail(failure.mark.line, failure.mark.column, failure.what);
    } catch (const YAML::Exception& exception) {
      const int line = std::max(0, exception.mark.line);
      if (starts_with_tab(line_at(text_, line))) return fail(line, 0, "a tab in the indentation: use spaces");
      return fail(line, std::max(0, exception.mark.column), explain(exception.msg));
    }
    return {};
  }

  Error fail(int line, int column, const std::string& what) const {
    return base::error(Reason::BadRequest, place(name_, line + 1, column + 1) + what);
  }

 private:
  // yaml-cpp takes whatever follows a document for the next one.
  void check_separated(const YAML::Mark& start) const {
    if (!line_at(text_, start.line).starts_with("---")) {
      throw YamlFailure{
          start, "this belongs to nothing before it: check the indentation, or separate documents with ---"};
    }
  }

  // yaml-cpp takes a quote that is still open at the end of the text for closed; only the last scalar can
  // have one.
  void check_closed(const YamlNode& scalar) const {
    auto at = static_cast<std::size_t>(scalar.mark.pos);
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
      at = text_.find_first_of(" \t\r\n", at);
      at = text_.find_first_not_of(" \t\r\n", at);
    }
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
    const char quote = text_[at++];
    while (true) {
      const auto end = text_.find_first_of(quote == '"' ? "\"\\" : "'", at);
      if (end == std::string_view::npos) throw YamlFailure{scalar.mark, "this quote is not closed"};
      const bool skips = text_[end] == '\\' || (quote == '\'' && text_.substr(end + 1).starts_with('\''));
      if (!skips) return;
      at = end + 2;
    }
  }

  std::string_view text_;
  std::string_view name_;
  const YamlLimits& limits_;
};

Error bad_text(std::string_view text, std::string_view name, const BadText& bad) {
  const std::string_view before = text.substr(0, bad.offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto last = before.rfind('\n');
  const auto column = 1 + bad.offset - (last == std::string_view::npos ? 0 : last + 1);
  return base::error(Reason::BadRequest,
                     place(name, static_cast<int>(line), static_cast<int>(column)) + bad.what);
}

// yaml-cpp reads the whole of an open '[' or '{' before it tells of it, so that our limits come too late: no text that is meant
// for people comes near these two, whatever it quotes.
std::optional<BadText> find_flow_flood(std::string_view text, const YamlLimits& limits) {
  constexpr std::size_t kDeepest = 10'000;
  std::size_t depth = 0, commas = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '{') {
      if (++depth > kDeepest) return BadText{i, "nested too deep"};
    } else if (c == ']' || c == '}') {
      if (depth > 0) --depth;
    } else if (c == ',' && depth > 0 && ++commas > limits.nodes) {
      return BadText{i, "too many values"};
    }
  }
  return std::nullopt;
}

}  // namespace

Mark YamlDocument::mark_of(std::string_view path) const {
  while (true) {
    const auto found = marks.find(std::string(path));
    if (found != marks.end()) return found->second;
    if (path.empty()) return {};
    const auto end = path.find_last_of(".[");
    path = path.substr(0, end == std::string_view::npos ? 0 : end);
  }
}

json yaml_scalar(const YamlNode& node) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (node.tag == "!" || node.tag == "tag:yaml.org,2002:str") return node.text;
  const bool plain = node.tag == "?" || node.tag.empty();
  const std::string_view type =
      plain ? "" : std::string_view(node.tag).substr(std::min(kCore.size(), node.tag.size()));
  if (!plain && (!node.tag.starts_with(kCore) ||
                 (type != "int" && type != "float" && type != "bool" && type != "null"))) {
    throw YamlFailure{node.mark, "the tag " + node.tag + " is not known here"};
  }
  const auto value = resolve_plain(node.text);
  if (!value) throw YamlFailure{node.mark, node.text + " has no JSON value (quote it if it is text)"};
  const bool fits = plain || (type == "int" && value->is_number_integer()) ||
                    (type == "float" && value->is_number()) || (type == "bool" && value->is_boolean()) ||
                    (type == "null" && value->is_null());
  if (!fits) throw YamlFailure{node.mark, "this is no !!" + std::string(type)};
  return *value;
}

Result<void> read_yaml(std::string_view text, std::string_view name, const YamlLimits& limits,
                       const std::function<void(const YamlNode&)>& each) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.size() > limits.bytes) {
    return base::error(Reason::RequestEntityTooLarge,
                       place(name, 1, 1) + "larger than " + std::to_string(limits.bytes) + " bytes");
  }
  if (const auto bad = find_bad_text(text)) return bad_text(text, name, *bad);
  if (const auto bad = find_flow_flood(text, limits)) return bad_text(text, name, *bad);
  return Reader(text, name, limits).read(each);
}

Result<std::vector<YamlDocument>> parse_yaml(std::string_view text, std::string_view name,
                                             const YamlLimits& limits) {
  std::vector<YamlDocument> documents;
  std::size_t nodes = 0;
  const auto read = read_yaml(text, name, limits, [&](const YamlNode& root) {
    YamlDocument& document = documents.emplace_back();
    document.marks[""] = {root.mark.line + 1, root.mark.column + 1};
    document.value = Converter(limits, document).convert(root);
    nodes += document.marks.size();
    if (nodes > limits.nodes) throw YamlFailure{root.mark, "the documents together have too many values"};
    if (document.value.is_null()) documents.pop_back();
  });
  if (read.has_value()) return documents;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool unread = text.size() > limits.bytes || find_bad_text(text) || find_flow_flood(text, limits);
  if (unread || first == std::string_view::npos || text[first] != '{') return read.error();
  // JSON that YAML cannot read, such as "\ud83d\ude00".
  std::vector<std::string> duplicates;
  auto value = parse_json(text, &duplicates);
  if (!value.has_value()) return read.error();
  std::vector<YamlDocument> out(1);
  out[0].value = std::move(*value);
  out[0].duplicate_keys = std::move(duplicates);
  return out;
}

}  // namespace berth::crd
