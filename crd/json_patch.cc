#include "crd/json_patch.h"

#include <charconv>
#include <vector>

#include "crd/fields.h"

namespace berth::crd {
namespace {

using Tokens = std::vector<std::string>;

Error rejected() { return base::error(Reason::Invalid, std::string(kPatchRejected)); }

Error bad_operation(const json& operation, const std::string& what) {
  return base::error(Reason::BadRequest, "invalid operation " + dump(operation) + ": " + what);
}

// RFC 6901; nullopt when it is no pointer.
std::optional<Tokens> parse_pointer(const std::string& text) {
  Tokens tokens;
  if (text.empty()) return tokens;
  if (text.front() != '/') return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      tokens.emplace_back();
      continue;
    }
    if (text[i] != '~') {
      tokens.back() += text[i];
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (next != '0' && next != '1') return std::nullopt;
    tokens.back() += next == '0' ? '~' : '/';
    ++i;
  }
  return tokens;
}

std::optional<std::size_t> parse_index(const std::string& token) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const char* end = token.data() + token.size();
  const auto [stopped, failure] = std::from_chars(token.data(), end, index);
  if (failure != std::errc() || stopped != end) return std::nullopt;
  return index;
}

json* step_into(json& value, const std::string& token) {
  if (value.is_object()) {
    const auto found = value.find(token);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array()) return nullptr;
  const auto index = parse_index(token);
  return index && *index < value.size() ? &value[*index] : nullptr;
}

// The value at the first `count` steps of `tokens`.
json* resolve(json& document, const Tokens& tokens, std::size_t count) {
  json* value = &document;
  for (std::size_t i = 0; i < count && value; ++i) value = step_into(*value, tokens[i]);
  return value;
}

// Levels of `value`, or more than `most` when there are more; every value looked at is taken off `budget`.
std::size_t depth_of(const json& value, std::size_t most, std::size_t& budget) {
  if (budget == 0) return most + 1;
  --budget;
  if (!value.is_structured() || most == 0) return 1;
  std::size_t deepest = 0;
  for (const json& part : value) {
    deepest = std::max(deepest, depth_of(part, most - 1, budget));
    if (deepest > most) break;
  }
  return deepest + 1;
}

class JsonPatcher {
 public:
  JsonPatcher(json document, const JsonPatchLimits& limits)
      : document_(std::move(document)), limits_(limits), budget_(limits.work) {}

  json take() { return std::move(document_); }

  std::optional<Error> run(const json& operation) {
    if (!operation.is_object()) return bad_operation(operation, "must be an object");
    const std::string name = text_at(operation, "op");
    const json* path = find_member(operation, "path");
    const json* value = find_member(operation, "value");
    const bool two = name == "move" || name == "copy";
    if (!two && name != "add" && name != "remove" && name != "replace" && name != "test") {
      return bad_operation(operation, "unsupported operation");
    }
    if (!path || !path->is_string()) return bad_operation(operation, "missing path");
    const auto tokens = parse_pointer(path->get_ref<const std::string&>());
    if (!tokens) return bad_operation(operation, "path is no JSON pointer");
    if (two) return carry(operation, name == "move", *tokens);
    if (name == "remove") return remove(*tokens);
    if (!value) return bad_operation(operation, "missing value");
    if (name == "test") return test(*tokens, *value);
    return name == "add" ? add(*tokens, *value) : replace(*tokens, *value);
  }

 private:
  std::optional<Error> add(const Tokens& tokens, json value) {
    if (auto error = check_depth(tokens, value)) return error;
    if (tokens.empty()) {
      document_ = std::move(value);
      return std::nullopt;
    }
    json* parent = resolve(document_, tokens, tokens.size() - 1);
    if (!parent || !parent->is_structured()) return rejected();
    const std::string& last = tokens.back();
    if (parent->is_object()) {
      (*parent)[last] = std::move(value);
      return std::nullopt;
    }
    const auto index = last == "-" ? std::optional<std::size_t>(parent->size()) : parse_index(last);
    if (!index || *index > parent->size()) return rejected();
    if (auto error = spend(parent->size() - *index)) return error;
    parent->insert(parent->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return std::nullopt;
  }

  std::optional<Error> remove(const Tokens& tokens) {
    if (tokens.empty()) return rejected();
    json* parent = resolve(document_, tokens, tokens.size() - 1);
    if (!parent || !step_into(*parent, tokens.back())) return rejected();
    if (parent->is_object()) {
      parent->erase(tokens.back());
      return std::nullopt;
    }
    const std::size_t index = *parse_index(tokens.back());
    if (auto error = spend(parent->size() - index)) return error;
    parent->erase(index);
    return std::nullopt;
  }

  std::optional<Error> replace(const Tokens& tokens, const json& value) {
    if (auto error = check_depth(tokens, value)) return error;
    json* there = resolve(document_, tokens, tokens.size());
    if (!there) return rejected();
    *there = value;
    return std::nullopt;
  }

  std::optional<Error> test(const Tokens& tokens, const json& value) {
    json* there = resolve(document_, tokens, tokens.size());
    if (there ? *there == value : value.is_null() && resolve(document_, tokens, tokens.size() - 1)) return std::nullopt;
    return rejected();
  }

  std::optional<Error> carry(const json& operation, bool move, const Tokens& to) {
    const json* from = find_member(operation, "from");
    if (!from || !from->is_string()) return bad_operation(operation, "missing from");
    const auto source = parse_pointer(from->get_ref<const std::string&>());
    if (!source) return bad_operation(operation, "from is no JSON pointer");
    json* there = resolve(document_, *source, source->size());
    if (!there) return rejected();
    if (!move) {
      copied_ += dump(*there).size();
      if (copied_ > limits_.copied_bytes) {
        return base::error(Reason::RequestEntityTooLarge,
                           "the copy operations of the patch would add more than " + std::to_string(limits_.copied_bytes) + " bytes");
      }
      return add(to, *there);
    }
    if (*source == to) return std::nullopt;
    // Into itself.
    if (source->size() < to.size() && std::equal(source->begin(), source->end(), to.begin())) return rejected();
    json value = std::move(*there);
    if (auto error = remove(*source)) return error;
    return add(to, std::move(value));
  }

  std::optional<Error> check_depth(const Tokens& tokens, const json& value) {
    const std::size_t most = limits_.depth > tokens.size() ? limits_.depth - tokens.size() : 0;
    if (depth_of(value, most, budget_) <= most) return std::nullopt;
    if (budget_ == 0) return too_much();
    return base::error(Reason::BadRequest,
                       "the patched object is nested too deeply: at most " + std::to_string(limits_.depth) + " levels");
  }

  std::optional<Error> spend(std::size_t work) {
    if (work > budget_) return too_much();
    budget_ -= work;
    return std::nullopt;
  }
  Error too_much() const {
    return base::error(Reason::RequestEntityTooLarge,
                       "the patch moves too much: at most " + std::to_string(limits_.work) + " values");
  }

  json document_;
  const JsonPatchLimits& limits_;
  std::size_t copied_ = 0;
  std::size_t budget_;
};

}  // namespace

Result<json> apply_json_patch(json document, const json& patch, const JsonPatchLimits& limits) {
  if (!patch.is_array()) {
    return base::error(Reason::BadRequest, "error decoding patch: json: cannot unmarshal " + std::string(patch.type_name()) +
                                               " into Go value of type []handlers.jsonPatchOp");
  }
  if (patch.size() > limits.operations) {
    return base::error(Reason::RequestEntityTooLarge, "The allowed maximum operations in a JSON patch is " +
                                                          std::to_string(limits.operations) + ", got " +
                                                          std::to_string(patch.size()));
  }
  JsonPatcher patcher(std::move(document), limits);
  for (const json& operation : patch) {
    if (auto error = patcher.run(operation)) return *error;
  }
  return Result<json>(boost::system::in_place_value, patcher.take());
}

}  // namespace berth::crd
