#include "api/server/text_frame.h"

#include "crd/yaml.h"

namespace berth::api {

namespace {

constexpr int kPrettyIndent = 2;

// `value` with its line end.
std::string styled_value(const json& value, TextStyle style) {
  if (style == TextStyle::Yaml) return crd::to_yaml(value);
  return crd::dump(value, style == TextStyle::Pretty ? kPrettyIndent : -1) + "\n";
}

json without_items(json frame) {
  for (auto& member : frame) {
    if (member == json::array({TextFrame::kItems})) member = json::array();
  }
  return frame;
}

// Every line of `text` behind `first` or `other`; without the last line end.
void append_lines(std::string& out, std::string_view text, const std::string& first, const std::string& other) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  out += first;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    if (start > 0) {
      out += '\n';
      if (end > start) out += other;
    }
    out += text.substr(start, end - start);
    start = end + 1;
  }
}

}  // namespace

TextFrame::TextFrame(const json& frame, TextStyle style) : style_(style), empty_(styled_value(without_items(frame), style)) {
  const auto text = styled_value(frame, style);
  const auto marker = text.find(kItems);
  auto from = marker - 1;
  auto to = marker + std::string_view(kItems).size() + 1;
  if (style != TextStyle::Compact) {
    from = text.rfind('\n', marker) + 1;
    to = text.find('\n', marker);
    indent_ = text.substr(from, text.find_first_not_of(' ', from) - from);
  }
  begin_ = text.substr(0, from);
  end_ = text.substr(to);
}

void TextFrame::add(std::string& out, std::string_view item) {
  const bool first = !any_;
  any_ = true;
  if (first) out += begin_;
  switch (style_) {
    case TextStyle::Compact:
      if (!first) out += ',';
      out += item;
      break;
    case TextStyle::Pretty:
      if (!first) out += ",\n";
      append_lines(out, styled_value(json::parse(item), style_), indent_, indent_);
      break;
    case TextStyle::Yaml:
      if (!first) out += '\n';
      append_lines(out, styled_value(json::parse(item), style_), indent_ + "- ", indent_ + "  ");
      break;
  }
}

std::string styled(std::string compact, TextStyle style) {
  if (style != TextStyle::Compact) return styled_value(json::parse(compact), style);
  compact += '\n';
  return compact;
}

}  // namespace berth::api
