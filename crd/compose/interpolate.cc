#include "crd/compose/interpolate.h"

#include "crd/formats.h"

namespace berth::compose {
namespace {

constexpr int kDeepest = 50;
constexpr std::size_t kLongest = 1 << 20;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || crd::is_digit(c); }

std::string_view name_at(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return {};
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_part);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

class Interpolation {
 public:
  explicit Interpolation(const Lookup& lookup) : lookup_(lookup) {}

  Result<void> expand(std::string_view text, Expansion& out, int depth) {
    if (depth > kDeepest) return wrong("variables are nested deeper than " + std::to_string(kDeepest) + " levels");
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t dollar = std::min(text.find('$', at), text.size());
      out.text += text.substr(at, dollar - at);
      if (out.text.size() > kLongest) return wrong("the text is larger than 1 MiB once its variables are replaced");
      if (dollar == text.size()) break;
      const std::string_view rest = text.substr(dollar + 1);
      if (rest.starts_with('$')) {
        out.text += '$';
        at = dollar + 2;
      } else if (rest.starts_with('{')) {
        const auto length = braced(rest, out, depth);
        if (!length.has_value()) return length.error();
        at = dollar + 1 + length.value();
      } else if (const auto name = name_at(rest); !name.empty()) {
        replace(name, lookup_(name), out, true);
        at = dollar + 1 + name.size();
      } else {
        out.text += '$';
        at = dollar + 1;
      }
    }
    if (out.text.size() > kLongest) return wrong("the text is larger than 1 MiB once its variables are replaced");
    return {};
  }

 private:
  static Error wrong(std::string what) { return base::error(Reason::BadRequest, std::move(what)); }

  static void replace(std::string_view name, std::optional<std::string> value, Expansion& out, bool tell) {
    if (!value && tell) out.unset.emplace_back(name);
    const std::size_t begin = out.text.size();
    if (value) out.text += *value;
    out.spans.push_back({begin, out.text.size(), std::string(name)});
  }

  // The length of "{...}", with the braces inside it.
  static std::size_t length_of(std::string_view text) {
    int open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '{') ++open;
      if (text[i] == '}' && --open == 0) return i + 1;
    }
    return 0;
  }

  // `text` begins with '{'. How much of it belongs to the variable.
  Result<std::size_t> braced(std::string_view text, Expansion& out, int depth) {
    const std::size_t length = length_of(text);
    const auto shown = [&] { return "$" + std::string(text.substr(0, std::min<std::size_t>(length == 0 ? text.size() : length, 80))); };
    if (length == 0) return wrong("'" + shown() + "' has no closing brace (write $$ for a dollar sign)");
    const std::string_view inside = text.substr(1, length - 2);
    const std::string_view name = name_at(inside);
    std::string_view rest = inside.substr(name.size());
    const bool or_empty = rest.starts_with(':');
    if (or_empty) rest.remove_prefix(1);
    const char operation = rest.empty() ? '\0' : rest[0];
    if (name.empty() || (rest.empty() ? or_empty : std::string_view("-?+").find(operation) == std::string_view::npos)) {
      return wrong("'" + shown() + "' is no variable: ${NAME}, or with one of :- - :? ? :+ + behind the name (write $$ for a dollar sign)");
    }
    auto value = lookup_(name);
    if (operation == '\0') {
      replace(name, std::move(value), out, true);
      return length;
    }
    const bool given = value && (!or_empty || !value->empty());
    const std::string_view word = rest.substr(1);
    if (operation == '?' && !given) {
      Expansion message;
      const auto expanded = expand(word, message, depth + 1);
      if (!expanded.has_value()) return expanded.error();
      return wrong("the variable " + std::string(name) + " is required" + (message.text.empty() ? "" : ": " + message.text));
    }
    if (operation == '?' || (operation == '-' && given)) {
      replace(name, std::move(value), out, false);
      return length;
    }
    const std::size_t begin = out.text.size();
    if (operation == '-' || given) {
      Expansion inner;
      const auto expanded = expand(word, inner, depth + 1);
      if (!expanded.has_value()) return expanded.error();
      out.text += inner.text;
      out.unset.insert(out.unset.end(), inner.unset.begin(), inner.unset.end());
    }
    out.spans.push_back({begin, out.text.size(), std::string(name)});
    return length;
  }

  const Lookup& lookup_;
};

}  // namespace

Result<Expansion> interpolate(std::string_view text, const Lookup& lookup) {
  Expansion out;
  const auto expanded = Interpolation(lookup).expand(text, out, 0);
  if (!expanded.has_value()) return expanded.error();
  return out;
}

}  // namespace berth::compose
