#include "api/server/json_path.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crd/fields.h"

namespace berth::api {

namespace {

constexpr std::size_t kLongestPath = 1024;
constexpr int kDeepestFilter = 4;
constexpr std::size_t kMostPlaces = 10'000;  // at which a path may look at once; lists of lists multiply them
constexpr std::string_view kOperators[] = {"==", "!=", "<=", ">=", "<", ">"};

// A value, or what a path finds in the item that is looked at.
struct FilterOperand {
  json literal;
  std::optional<JsonPath> path;

  const json* value(const json& item) const {
    if (!path) return &literal;
    const auto found = path->find(item);
    return found.empty() ? nullptr : found.front();
  }
};

struct FilterTest {
  FilterOperand left;
  std::string_view comparison;  // "": left exists
  FilterOperand right;

  bool accepts(const json& item) const {
    const json* a = left.value(item);
    if (comparison.empty() || !a) return a != nullptr;
    const json* b = right.value(item);
    if (!b) return false;
    if (comparison == "==") return *a == *b;
    if (comparison == "!=") return *a != *b;
    const bool comparable = (a->is_number() && b->is_number()) || (a->is_string() && b->is_string());
    if (!comparable) return false;
    if (comparison == "<") return *a < *b;
    if (comparison == "<=") return *a <= *b;
    if (comparison == ">") return *a > *b;
    return *a >= *b;
  }
};

}  // namespace

struct JsonPath::Step {
  enum class Kind { Names, Indices, Slice, All, Filter };
  Kind kind = Kind::Names;
  std::vector<std::string> names;
  std::vector<std::int64_t> indices;
  std::optional<std::int64_t> from, to;
  FilterTest test;

  void apply(const json& value, std::vector<const json*>& out) const {
    switch (kind) {
      case Kind::Names:
        for (const auto& name : names) {
          if (const json* found = crd::find_member(value, name)) out.push_back(found);
        }
        return;
      case Kind::Indices:
        for (const auto index : indices) {
          const auto place = index < 0 ? index + size_of(value) : index;
          if (place >= 0 && place < size_of(value)) out.push_back(&value[static_cast<std::size_t>(place)]);
        }
        return;
      case Kind::Slice: return slice(value, out);
      case Kind::All:
      case Kind::Filter:
        if (!value.is_array() && !value.is_object()) return;
        for (const json& item : value) {
          if (kind == Kind::All || test.accepts(item)) out.push_back(&item);
        }
    }
  }

 private:
  static std::int64_t size_of(const json& value) { return value.is_array() ? static_cast<std::int64_t>(value.size()) : 0; }
  void slice(const json& value, std::vector<const json*>& out) const {
    const auto size = size_of(value);
    const auto place = [size](std::int64_t index) { return std::clamp<std::int64_t>(index < 0 ? index + size : index, 0, size); };
    const auto end = place(to.value_or(size));
    for (auto i = place(from.value_or(0)); i < end; ++i) out.push_back(&value[static_cast<std::size_t>(i)]);
  }
};

class JsonPathParser {
 public:
  JsonPathParser(std::string_view text, std::size_t& at, int depth) : text_(text), at_(at), depth_(depth) {}

  // To the end, or in a filter to where the path ends.
  Result<JsonPath> parse() {
    JsonPath path;
    while (at_ < text_.size()) {
      auto step = std::make_shared<JsonPath::Step>();
      if (peek() == '.') {
        if (auto read = dotted(*step); !read) return read.error();
      } else if (peek() == '[') {
        if (auto read = bracketed(*step); !read) return read.error();
      } else if (depth_ > 0) {
        return path;
      } else {
        return wrong("expected '.' or '['");
      }
      path.steps_.push_back(std::move(step));
    }
    return path;
  }

 private:
  using Step = JsonPath::Step;

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (peek() == ' ') ++at_;
  }
  Error wrong(const std::string& what) const {
    return base::error(Reason::Invalid, "JSONPath " + crd::dump(std::string(text_)) + ": " + what + ", at character " +
                                            std::to_string(at_ + 1));
  }

  Result<void> dotted(Step& step) {
    ++at_;
    if (skip("*")) {
      step.kind = Step::Kind::All;
      return {};
    }
    std::string name;
    while (at_ < text_.size() && std::string_view(".[]()=!<> ").find(peek()) == std::string_view::npos) {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (name.empty()) return wrong("expected a name");
    step.names.push_back(std::move(name));
    return {};
  }

  Result<void> bracketed(Step& step) {
    ++at_;
    if (skip("*")) {
      step.kind = Step::Kind::All;
    } else if (skip("?(")) {
      step.kind = Step::Kind::Filter;
      if (auto read = filter(step.test); !read) return read;
      skip_blanks();
      if (!skip(")")) return wrong("expected ')'");
    } else if (peek() == '\'' || peek() == '"') {
      if (auto read = quoted_names(step); !read) return read;
    } else if (auto read = numbers(step); !read) {
      return read;
    }
    if (!skip("]")) return wrong("expected ']'");
    return {};
  }

  Result<void> quoted_names(Step& step) {
    do {
      skip_blanks();
      auto name = quoted();
      if (!name) return name.error();
      step.names.push_back(std::move(*name));
      skip_blanks();
    } while (skip(","));
    return {};
  }

  Result<std::string> quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return wrong("expected a quoted name");
    std::string name;
    for (++at_; at_ < text_.size() && peek() != quote; ++at_) {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_];
    }
    if (at_ == text_.size()) return wrong("the quote has no end");
    ++at_;
    return name;
  }

  std::optional<std::int64_t> number() {
    std::int64_t value = 0;
    const auto rest = text_.substr(at_);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || value > 1'000'000'000 || value < -1'000'000'000) return std::nullopt;
    at_ += static_cast<std::size_t>(end - rest.data());
    return value;
  }

  Result<void> numbers(Step& step) {
    const auto first = number();
    if (skip(":")) {
      step.kind = Step::Kind::Slice;
      step.from = first;
      step.to = number();
      return {};
    }
    if (!first) return wrong("expected an index, a slice, '*', a quoted name or a filter");
    step.kind = Step::Kind::Indices;
    step.indices.push_back(*first);
    while (skip(",")) {
      const auto next = number();
      if (!next) return wrong("expected an index");
      step.indices.push_back(*next);
    }
    return {};
  }

  Result<void> filter(FilterTest& test) {
    if (depth_ >= kDeepestFilter) return wrong("filters are nested too deeply");
    if (auto read = operand(test.left); !read) return read;
    skip_blanks();
    const auto* known = std::find_if(std::begin(kOperators), std::end(kOperators), [this](auto op) { return skip(op); });
    if (known == std::end(kOperators)) {
      return test.left.path ? Result<void>() : Result<void>(wrong("expected a path or a comparison"));
    }
    test.comparison = *known;
    return operand(test.right);
  }

  Result<void> operand(FilterOperand& out) {
    skip_blanks();
    if (skip("@")) {
      auto path = JsonPathParser(text_, at_, depth_ + 1).parse();
      if (!path) return path.error();
      out.path = std::move(*path);
      return {};
    }
    if (peek() == '\'' || peek() == '"') {
      auto text = quoted();
      if (!text) return text.error();
      out.literal = std::move(*text);
      return {};
    }
    const auto end = std::min(text_.find_first_of(" )=!<>", at_), text_.size());
    out.literal = json::parse(text_.substr(at_, end - at_), nullptr, false);
    if (!out.literal.is_primitive() || out.literal.is_discarded()) return wrong("expected a value");
    at_ = end;
    return {};
  }

  const std::string_view text_;
  std::size_t& at_;
  const int depth_;
};

Result<JsonPath> JsonPath::parse(std::string_view text) {
  if (text.size() > kLongestPath) return base::error(Reason::Invalid, "JSONPath: longer than 1024 characters");
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  std::size_t at = 0;
  return JsonPathParser(text, at, 0).parse();
}

std::vector<const json*> JsonPath::find(const json& value) const {
  std::vector<const json*> found{&value};
  for (const auto& step : steps_) {
    std::vector<const json*> next;
    for (const json* place : found) step->apply(*place, next);
    if (next.size() > kMostPlaces) next.resize(kMostPlaces);
    found = std::move(next);
    if (found.empty()) break;
  }
  return found;
}

}  // namespace berth::api
