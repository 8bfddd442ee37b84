#include <cmath>
#include <limits>

#include "base/time.h"
#include "crd/cause.h"
#include "crd/field_path.h"
#include "crd/fields.h"
#include "crd/pattern.h"
#include "crd/schema.h"

namespace berth::crd {
namespace {

// Compiled once per thread and pattern; the patterns are those of the schemas, so there are few.
const Pattern* compiled(const std::string& expression) {
  thread_local std::map<std::string, std::optional<Pattern>> cache;
  auto [it, fresh] = cache.try_emplace(expression);
  if (fresh) {
    if (auto pattern = Pattern::compile(expression)) it->second = *pattern;
  }
  return it->second ? &*it->second : nullptr;
}

bool is_integral(const json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::trunc(number) == number && std::abs(number) <= 9007199254740992.0;
}

std::string_view json_type_of(const json& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return is_integral(value) ? "integer" : "number";
  return "null";
}

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string number_text(const json& number) {
  return is_integral(number) ? dump(number.get<std::int64_t>()) : dump(number);
}

class Validator {
 public:
  std::vector<Cause> take() {
    if (more_ > 0) causes_.push_back(cause::and_more(more_));
    return std::move(causes_);
  }

  void check(const json& schema, const json& value, const std::string& path, bool root) {
    if (flag_at(schema, "x-berth-unsupported")) return add(cause::not_supported_yet(path));
    if (value.is_null() && flag_at(schema, "nullable")) return;
    if (!check_type(schema, value, path)) return;
    check_enum(schema, value, path);
    if (value.is_string())
      check_string(schema, value, path);
    else if (value.is_number())
      check_number(schema, value, path);
    else if (value.is_array())
      check_array(schema, value, path);
    else if (value.is_object())
      check_object(schema, value, path, root);
  }

 private:
  void add(Cause cause) {
    if (causes_.size() < cause::kMostCauses) return causes_.push_back(std::move(cause));
    ++more_;
  }

  void add_in_body(const std::string& path, const json& value, const std::string& what) {
    add(cause::invalid(path, value, path + " in body " + what));
  }

  void add_type(const std::string& path, std::string_view expected, std::string_view found) {
    add(cause::type_invalid(
        path, found, path + " in body must be of type " + std::string(expected) + ": " + dump(json(found))));
  }

  bool check_type(const json& schema, const json& value, const std::string& path) {
    const std::string_view found = json_type_of(value);
    if (flag_at(schema, "x-kubernetes-int-or-string")) {
      if (found == "integer" || found == "string") return true;
      add_type(path, "integer,string", found);
      return false;
    }
    const std::string expected = text_at(schema, "type");
    if (expected.empty() || expected == found || (expected == "number" && found == "integer")) return true;
    if (expected == "integer" && found == "number") {
      const std::string format = text_at(schema, "format");
      add_type(path, format.empty() ? expected : format, "float64");
    } else {
      add_type(path, expected, found);
    }
    return false;
  }

  void check_enum(const json& schema, const json& value, const std::string& path) {
    const json* names = find_member(schema, "enum");
    if (names && std::find(names->begin(), names->end(), value) == names->end()) {
      add(cause::not_supported(path, value, *names));
    }
  }

  void check_string(const json& schema, const json& value, const std::string& path) {
    const auto& string = value.get_ref<const std::string&>();
    if (const json* most = find_member(schema, "maxLength");
        most && code_points(string) > most->get<std::size_t>()) {
      return add(cause::too_long(path, most->get<std::size_t>()));
    }
    if (const json* least = find_member(schema, "minLength");
        least && code_points(string) < least->get<std::size_t>()) {
      add_in_body(path, value, "should be at least " + dump(*least) + " chars long");
    }
    if (const std::string expression = text_at(schema, "pattern"); !expression.empty()) {
      const Pattern* pattern = compiled(expression);
      if (!pattern || !pattern->found_in(string))
        add_in_body(path, value, "should match '" + expression + "'");
    }
    if (text_at(schema, "format") == "date-time" && !base::parse_time(string)) {
      add(cause::type_invalid(path, value, path + " in body must be of type date-time: " + dump(value)));
    }
  }

  void check_number(const json& schema, const json& value, const std::string& path) {
    if (!in_format(text_at(schema, "format"), value)) {
      return add_in_body(path, value, "must be of type integer with format " + text_at(schema, "format"));
    }
    const json* least = find_member(schema, "minimum");
    if (least && (flag_at(schema, "exclusiveMinimum") ? !is_less(*least, value) : is_less(value, *least))) {
      add_in_body(path, value, bound("greater", flag_at(schema, "exclusiveMinimum"), *least));
    }
    const json* most = find_member(schema, "maximum");
    if (most && (flag_at(schema, "exclusiveMaximum") ? !is_less(value, *most) : is_less(*most, value))) {
      add_in_body(path, value, bound("less", flag_at(schema, "exclusiveMaximum"), *most));
    }
  }

  // json's own comparison takes large unsigned numbers for negative ones.
  static bool is_less(const json& a, const json& b) {
    const auto too_large = [](const json& number) {
      return number.is_number_unsigned() &&
             number.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    };
    if (too_large(a) != too_large(b) && a.is_number_integer() && b.is_number_integer()) return too_large(b);
    return a < b;
  }

  static std::string bound(std::string_view relation, bool exclusive, const json& limit) {
    return "should be " + std::string(relation) + " than " + (exclusive ? "" : "or equal to ") +
           number_text(limit);
  }

  static bool in_format(const std::string& format, const json& value) {
    constexpr std::int64_t kMax32 = std::numeric_limits<std::int32_t>::max();
    if (format == "int32") {
      if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMax32);
      return value >= json(-kMax32 - 1) && value <= json(kMax32);
    }
    if (format == "int64" && value.is_number_unsigned()) {
      return value.get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    }
    return true;
  }

  void check_array(const json& schema, const json& value, const std::string& path) {
    const json* most = find_member(schema, "maxItems");
    if (most && value.size() > most->get<std::size_t>()) {
      return add(cause::too_many(path, value.size(), most->get<std::size_t>()));
    }
    const json* least = find_member(schema, "minItems");
    if (least && value.size() < least->get<std::size_t>()) {
      add_in_body(path, value.size(), "should have at least " + dump(*least) + " items");
    }
    if (const json* items = find_member(schema, "items")) {
      for (std::size_t i = 0; i < value.size(); ++i) check(*items, value[i], item(path, i), false);
    }
    check_list_type(schema, value, path);
  }

  void check_list_type(const json& schema, const json& value, const std::string& path) {
    const std::string type = text_at(schema, "x-kubernetes-list-type");
    if (type != "set" && type != "map") return;
    std::set<json> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      json key = value[i];
      if (type == "map") {
        key = json::object();
        for (const json& name : schema.at("x-kubernetes-list-map-keys")) {
          const json* part =
              value[i].is_object() ? find_member(value[i], name.get_ref<const std::string&>()) : nullptr;
          if (part) key[name.get_ref<const std::string&>()] = *part;
        }
        if (key.empty()) continue;
      }
      if (!seen.insert(key).second) add(cause::duplicate(item(path, i), key));
    }
  }

  void check_object(const json& schema, const json& value, const std::string& path, bool root) {
    const json* most = find_member(schema, "maxProperties");
    if (most && value.size() > most->get<std::size_t>()) {
      return add(cause::too_many(path, value.size(), most->get<std::size_t>()));
    }
    const json* least = find_member(schema, "minProperties");
    if (least && value.size() < least->get<std::size_t>()) {
      add_in_body(path, value.size(), "should have at least " + dump(*least) + " properties");
    }
    if (const json* required = find_member(schema, "required")) {
      for (const json& name : *required) {
        if (!value.contains(name.get_ref<const std::string&>())) {
          add(cause::required(child(path, name.get_ref<const std::string&>())));
        }
      }
    }
    const json* properties = find_member(schema, "properties");
    const json* additional = find_member(schema, "additionalProperties");
    for (const auto& [key, field] : value.items()) {
      if (root && (key == "metadata" || key == "apiVersion" || key == "kind")) continue;
      const json* known = properties ? find_member(*properties, key) : nullptr;
      if (!known && additional && additional->is_object()) known = additional;
      if (known) check(*known, field, child(path, key), false);
    }
  }

  std::vector<Cause> causes_;
  std::size_t more_ = 0;
};

}  // namespace

std::vector<Cause> validate(const json& schema, const json& value) {
  Validator validator;
  validator.check(schema, value, "", true);
  return validator.take();
}

}  // namespace berth::crd
