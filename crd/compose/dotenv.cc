#include "crd/compose/dotenv.h"

#include "crd/formats.h"

namespace berth::compose {
namespace {

constexpr std::size_t kMostAssignments = 10'000;
constexpr std::size_t kMostDotenvText = 16 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || crd::is_digit(c) || c == '_' || c == '.' || c == '-' || c == '[' || c == ']';
}

class DotenvReader {
 public:
  DotenvReader(std::string_view text, std::string_view name, const Lookup& lookup) : text_(text), name_(name), lookup_(lookup) {}

  Result<std::vector<Assignment>> read() {
    while (skip_blank()) {
      if (out_.size() >= kMostAssignments) return fail("more than " + std::to_string(kMostAssignments) + " variables");
      const auto read = assignment();
      if (!read.has_value()) return read.error();
    }
    return std::move(out_);
  }

 private:
  Error fail(const std::string& what) const { return fail_at(at_, what); }
  Error fail_at(std::size_t at, const std::string& what) const {
    const std::string_view before = text_.substr(0, at);
    const auto last = before.rfind('\n');
    const auto column = 1 + at - (last == std::string_view::npos ? 0 : last + 1);
    return base::error(Reason::BadRequest,
                       std::string(name_) + ":" + std::to_string(line_of(at)) + ":" + std::to_string(column) + ": " + what);
  }

  int line_of(std::size_t at) const { return line_ + lines_between(counted_, at); }

  int lines_between(std::size_t from, std::size_t to) const {
    const std::string_view part = text_.substr(from, to - from);
    return static_cast<int>(std::count(part.begin(), part.end(), '\n'));
  }

  // Whether anything is left behind blank lines and comments.
  bool skip_blank() {
    while (at_ < text_.size()) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      if (at_ == text_.size() || text_[at_] != '#') break;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
    return at_ < text_.size();
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool at_line_end() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }

  Result<void> assignment() {
    line_ += lines_between(counted_, at_);
    counted_ = at_;
    if (text_.substr(at_).starts_with("export ")) {
      at_ += 7;
      skip_spaces();
    }
    const std::size_t name_at = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    Assignment assignment{std::string(text_.substr(name_at, at_ - name_at)), std::nullopt, line_};
    skip_spaces();
    if (assignment.name.empty() || (!at_line_end() && text_[at_] != '=' && text_[at_] != ':' && text_[at_] != '#')) {
      return fail("NAME=value is expected");
    }
    if (at_line_end() || text_[at_] == '#') {
      assignment.value = lookup_(assignment.name);
      return keep(std::move(assignment));
    }
    ++at_;
    skip_spaces();
    auto value = this->value();
    if (!value.has_value()) return value.error();
    assignment.value = std::move(*value);
    return keep(std::move(assignment));
  }

  Result<void> keep(Assignment assignment) {
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (assignment.value) {
      total_ += assignment.value->size();
      if (total_ > kMostDotenvText) return fail("the values together are larger than 16 MiB");
      known_[assignment.name] = *assignment.value;
    }
    out_.push_back(std::move(assignment));
    return {};
  }

  Result<std::string> value() {
    const std::size_t start = at_;
    if (!at_line_end() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted(text_[at_]);
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view line = text_.substr(at_, end - at_);
    for (std::size_t hash = line.find('#'); hash != std::string_view::npos; hash = line.find('#', hash + 1)) {
      if (hash == 0 || line[hash - 1] == ' ' || line[hash - 1] == '\t') {
        line = line.substr(0, hash);
        break;
      }
    }
    at_ = end;
    return expanded(trimmed(line), start);
  }

  Result<std::string> quoted(char quote) {
    const std::size_t start = at_++;
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
        append_escape(value, text_[at_ + 1]);
        at_ += 2;
      } else {
        value += text_[at_++];
      }
    }
    if (at_ >= text_.size()) return fail_at(start, "this quote is not closed");
    ++at_;
    skip_spaces();
    if (!at_line_end() && text_[at_] != '#') return fail("nothing may follow the closing quote");
    if (quote == '\'') return value;
    return expanded(value, start);
  }

  static void append_escape(std::string& value, char c) {
    switch (c) {
      case 'n':
        value += '\n';
        return;
      case 'r':
        value += '\r';
        return;
      case 't':
        value += '\t';
        return;
      case '$':
        value += "$$";
        return;
      case '"':
      case '\\':
        value += c;
        return;
      default:
        value += '\\';
        value += c;
    }
  }

  Result<std::string> expanded(std::string_view text, std::size_t start) const {
    const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
      if (auto outer = lookup_(name)) return outer;
      const auto found = known_.find(name);
      if (found == known_.end()) return std::nullopt;
      return found->second;
    };
    auto result = interpolate(text, lookup);
    if (!result.has_value()) return fail_at(start, result.error().message);
    return std::move(result.value().text);
  }

  std::string_view text_;
  std::string_view name_;
  const Lookup& lookup_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // up to here line_ is counted
  int line_ = 1;
  std::size_t total_ = 0;
  std::vector<Assignment> out_;
  std::map<std::string, std::string, std::less<>> known_;
};

Result<std::vector<Assignment>> parse_raw(std::string_view text, std::string_view name, const Lookup& lookup) {
  std::vector<Assignment> out;
  int line = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view each = text.substr(start, end - start);
    start = end + 1;
    ++line;
    if (each.ends_with('\r')) each.remove_suffix(1);
    while (!each.empty() && (each[0] == ' ' || each[0] == '\t')) each.remove_prefix(1);
    if (each.empty() || each[0] == '#') continue;
    const auto equals = each.find('=');
    const std::string key(each.substr(0, equals));
    if (key.empty() || key.find_first_of(" \t") != std::string::npos || out.size() >= kMostAssignments) {
      return base::error(Reason::BadRequest, std::string(name) + ":" + std::to_string(line) + ":1: NAME=value is expected");
    }
    if (equals == std::string_view::npos) {
      out.push_back({key, lookup(key), line});
    } else {
      out.push_back({key, std::string(each.substr(equals + 1)), line});
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Assignment>> parse_dotenv(std::string_view text, std::string_view name, const Lookup& lookup, bool raw) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  constexpr std::size_t kLongest = 3 << 20;
  if (text.size() > kLongest) {
    return base::error(Reason::RequestEntityTooLarge, std::string(name) + ":1:1: larger than " + std::to_string(kLongest) + " bytes");
  }
  if (raw) return parse_raw(text, name, lookup);
  return DotenvReader(text, name, lookup).read();
}

}  // namespace berth::compose
