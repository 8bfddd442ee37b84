#include <algorithm>
#include <charconv>
#include <optional>

#include "api/server/selector.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/label_rules.h"

namespace berth::api {

namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;

struct LabelToken {
  enum class Kind { End, Identifier, Symbol, Unknown };
  Kind kind = Kind::End;
  std::string_view text;
  bool is(std::string_view symbol) const { return kind == Kind::Symbol && text == symbol; }
};

bool is_selector_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_selector_symbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

class LabelLexer {
 public:
  explicit LabelLexer(std::string_view text) : rest_(text) {}

  const LabelToken& peek() {
    if (!ahead_) ahead_ = scan();
    return *ahead_;
  }
  LabelToken take() {
    const auto token = peek();
    ahead_.reset();
    return token;
  }

 private:
  LabelToken scan() {
    while (!rest_.empty() && is_selector_blank(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return {};
    if (is_selector_symbol(rest_.front())) {
      const bool doubled = rest_.starts_with("==") || rest_.starts_with("!=");
      return cut(LabelToken::Kind::Symbol, doubled ? 2 : 1);
    }
    std::size_t length = 0;
    while (length < rest_.size() && !is_selector_blank(rest_[length]) && !is_selector_symbol(rest_[length])) ++length;
    return cut(LabelToken::Kind::Identifier, length);
  }
  LabelToken cut(LabelToken::Kind kind, std::size_t length) {
    const LabelToken token{kind, rest_.substr(0, length)};
    rest_.remove_prefix(length);
    return token;
  }

  std::string_view rest_;
  std::optional<LabelToken> ahead_;
};

Error label_error(const std::string& text) { return base::error(Reason::BadRequest, text); }
Error bad_requirement(const std::string& text) { return label_error("unable to parse requirement: " + text); }
std::string found_but(const LabelToken& token, const char* expected) {
  return "found '" + std::string(token.text) + "', expected: " + expected;
}
Error bad_label(const std::string& field, const json& value, const std::vector<std::string>& complaints) {
  std::string all;
  for (const auto& complaint : complaints) all += (all.empty() ? "" : "; ") + complaint;
  return bad_requirement(field + ": " + crd::cause::invalid(field, value, all).message);
}

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : lexer_(text) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> requirements;
    while (true) {
      const auto first = lexer_.peek();
      if (first.kind == LabelToken::Kind::End) return requirements;
      if (!starts_requirement(first)) return label_error(found_but(first, "!, identifier, or 'end of string'"));
      auto requirement = parse_requirement();
      if (!requirement) return requirement.error();
      requirements.push_back(std::move(*requirement));
      const auto separator = lexer_.take();
      if (separator.kind == LabelToken::Kind::End) return requirements;
      if (!separator.is(",")) return label_error(found_but(separator, "',' or 'end of string'"));
      if (!starts_requirement(lexer_.peek())) return label_error(found_but(lexer_.peek(), "identifier after ','"));
    }
  }

 private:
  static bool starts_requirement(const LabelToken& token) {
    return token.kind == LabelToken::Kind::Identifier || token.is("!");
  }
  static bool ends_requirement(const LabelToken& token) { return token.kind == LabelToken::Kind::End || token.is(","); }

  Result<Requirement> parse_requirement() {
    Requirement requirement;
    auto token = lexer_.take();
    const bool negated = token.is("!");
    if (negated) token = lexer_.take();
    if (token.kind != LabelToken::Kind::Identifier) return bad_requirement(found_but(token, "identifier"));
    requirement.key = token.text;
    if (const auto errors = crd::qualified_name_errors(token.text); !errors.empty()) {
      return bad_label("<nil>", requirement.key, errors);
    }
    if (negated) {
      requirement.op = Operator::Missing;
      return requirement;
    }
    if (ends_requirement(lexer_.peek())) return requirement;
    return parse_comparison(std::move(requirement));
  }

  Result<Requirement> parse_comparison(Requirement requirement) {
    const auto token = lexer_.take();
    const bool in = token.kind == LabelToken::Kind::Identifier && token.text == "in";
    const bool not_in = token.kind == LabelToken::Kind::Identifier && token.text == "notin";
    if (token.is("=") || token.is("==") || in) {
      requirement.op = Operator::In;
    } else if (token.is("!=") || not_in) {
      requirement.op = Operator::NotIn;
    } else if (token.is(">") || token.is("<")) {
      requirement.op = token.is(">") ? Operator::Greater : Operator::Less;
    } else {
      return bad_requirement(found_but(token, "in, notin, =, ==, !=, gt, lt"));
    }
    auto values = in || not_in ? parse_set() : parse_value();
    if (!values) return values.error();
    requirement.values = std::move(*values);
    return checked(std::move(requirement));
  }

  // What is behind "=", perhaps nothing.
  Result<std::vector<std::string>> parse_value() {
    if (ends_requirement(lexer_.peek())) return std::vector<std::string>{""};
    const auto token = lexer_.take();
    if (token.kind != LabelToken::Kind::Identifier) return bad_requirement(found_but(token, "identifier"));
    return std::vector<std::string>{std::string(token.text)};
  }

  // "(x,y)"; a place between commas that is empty is the value "".
  Result<std::vector<std::string>> parse_set() {
    const auto open = lexer_.take();
    if (!open.is("(")) return bad_requirement("found '" + std::string(open.text) + "' expected: '('");
    std::vector<std::string> values;
    if (lexer_.peek().is(")")) {
      lexer_.take();
      return values;
    }
    while (true) {
      std::string value;
      if (lexer_.peek().kind == LabelToken::Kind::Identifier) value = lexer_.take().text;
      values.push_back(std::move(value));
      const auto token = lexer_.take();
      if (token.is(")")) return values;
      if (!token.is(",")) return bad_requirement(found_but(token, "',' or ')'"));
    }
  }

  static Result<Requirement> checked(Requirement requirement) {
    if (requirement.values.empty()) {
      return bad_label("values", json::array(), {"for 'in', 'notin' operators, values set can't be empty"});
    }
    for (std::size_t i = 0; i < requirement.values.size(); ++i) {
      const auto& value = requirement.values[i];
      if (const auto errors = crd::label_value_errors(value); !errors.empty()) {
        return bad_label("values[" + std::to_string(i) + "][" + requirement.key + "]", value, errors);
      }
    }
    if (requirement.op == Operator::Greater || requirement.op == Operator::Less) {
      const auto& text = requirement.values.front();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), requirement.bound);
      if (error != std::errc() || end != text.data() + text.size()) {
        return bad_label("values[0]", text, {"for 'Gt', 'Lt' operators, the value must be an integer"});
      }
    }
    return requirement;
  }

  LabelLexer lexer_;
};

std::optional<std::int64_t> integer_label(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (text.empty()) return selector;
  auto requirements = LabelParser(text).parse();
  if (!requirements) return requirements.error();
  selector.requirements_ = std::move(*requirements);
  return selector;
}

bool LabelSelector::Requirement::met_by(const std::string* value) const {
  const auto listed = [&] { return std::find(values.begin(), values.end(), *value) != values.end(); };
  switch (op) {
    case Operator::Exists: return value != nullptr;
    case Operator::Missing: return value == nullptr;
    case Operator::In: return value && listed();
    case Operator::NotIn: return !value || !listed();
    case Operator::Greater:
    case Operator::Less: {
      const auto number = value ? integer_label(*value) : std::nullopt;
      return number && (op == Operator::Greater ? *number > bound : *number < bound);
    }
  }
  return false;
}

bool LabelSelector::matches(const Object& object) const {
  if (requirements_.empty()) return true;
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&object](const Requirement& requirement) { return requirement.met_by(object.find_label(requirement.key)); });
}

}  // namespace berth::api
