#include "crd/yaml.h"
#include "crd/yaml_scalar.h"

namespace berth::crd {
namespace {

constexpr std::size_t kSimpleKey = 256;

// JSON's escapes are YAML's; what YAML calls unprintable is escaped too.
std::string quoted(const std::string& text) {
  const std::string json_text = dump(json(text));
  std::string out;
  out.reserve(json_text.size());
  for (std::size_t i = 0; i < json_text.size(); ++i) {
    const auto byte = [&](std::size_t k) {
      return i + k < json_text.size() ? static_cast<unsigned char>(json_text[i + k]) : 0;
    };
    const unsigned char c = byte(0);
    if (c == 0x7f) {
      out += "\\u007f";
    } else if (c == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) {
      constexpr char kHex[] = "0123456789abcdef";
      out.append("\\u00") += kHex[byte(1) >> 4];
      out += kHex[byte(1) & 0xf];
      ++i;
    } else if (c == 0xe2 && byte(1) == 0x80 && (byte(2) == 0xa8 || byte(2) == 0xa9)) {
      out += byte(2) == 0xa8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == 0xef && byte(1) == 0xbb && byte(2) == 0xbf) {
      out += "\\ufeff";
      i += 2;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

// Text of several lines that every reader gets back as it is from a literal block.
bool fits_block(const std::string& text) {
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  return has("\n") && !is_space(text.front()) && !text.ends_with("\n\n") && !text.ends_with(' ') &&
         !text.ends_with('\t') && !has(" \n") && !has("\t\n") && !has("\n\t");
}

bool is_plain_text(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\n' || byte == '\t' || (byte >= 0x20 && byte < 0x7f);
  });
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  // Behind "key:" or "-", or at the start of the document.
  void value(const json& value, std::size_t indent) {
    if (value.is_object() && !value.empty()) return map(value, indent);
    if (value.is_array() && !value.empty()) return list(value, indent);
    scalar(value, indent);
    out_ += '\n';
  }

 private:
  static bool is_nested(const json& value) { return value.is_structured() && !value.empty(); }

  void scalar(const json& value, std::size_t indent) {
    if (!value.is_string()) {
      out_ += dump(value);
      return;
    }
    const auto& text = value.get_ref<const std::string&>();
    if (is_safe_plain(text)) {
      out_ += text;
    } else if (is_plain_text(text) && fits_block(text)) {
      block(text, indent);
    } else {
      out_ += quoted(text);
    }
  }

  void block(const std::string& text, std::size_t indent) {
    out_ += text.back() == '\n' ? "|" : "|-";
    const std::string_view body(text.data(), text.size() - (text.back() == '\n' ? 1 : 0));
    for (std::size_t start = 0; start <= body.size();) {
      const std::size_t end = std::min(body.find('\n', start), body.size());
      out_ += '\n';
      if (end > start)
        out_.append(std::max<std::size_t>(indent, 2), ' ').append(body.substr(start, end - start));
      start = end + 1;
    }
  }

  void map(const json& value, std::size_t indent) {
    bool first = true;
    for (const auto& [key, field] : value.items()) {
      if (!first || at_line_start()) pad(indent);
      first = false;
      if (key.size() > kSimpleKey) {
        out_.append("? ").append(quoted(key)) += '\n';
        pad(indent);
      } else {
        out_ += is_safe_plain(key) ? key : quoted(key);
      }
      out_ += ':';
      if (is_nested(field)) {
        out_ += '\n';
        this->value(field, field.is_array() ? indent : indent + 2);
      } else {
        out_ += ' ';
        this->value(field, indent + 2);
      }
    }
  }

  void list(const json& value, std::size_t indent) {
    bool first = true;
    for (const json& element : value) {
      if (!first || at_line_start()) pad(indent);
      first = false;
      out_ += "- ";
      this->value(element, indent + 2);
    }
  }

  bool at_line_start() const { return out_.empty() || out_.back() == '\n'; }
  void pad(std::size_t indent) { out_.append(indent, ' '); }

  std::string out_;
};

}  // namespace

std::string to_yaml(const json& value) {
  Writer writer;
  writer.value(value, 0);
  return writer.take();
}

}  // namespace berth::crd
