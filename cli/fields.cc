#include "cli/fields.h"

namespace berth::cli {

const json& at(const json& value, std::initializer_list<std::string_view> path) {
  static const json kNull;
  const json* here = &value;
  for (const auto step : path) {
    if (!here->is_object()) return kNull;
    const auto found = here->find(step);
    if (found == here->end()) return kNull;
    here = &*found;
  }
  return *here;
}

std::string text(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get_ref<const std::string&>();
  return crd::dump(value);
}

std::int64_t number_at(const json& value, std::initializer_list<std::string_view> path, std::int64_t fallback) {
  const json& found = at(value, path);
  return found.is_number_integer() ? found.get<std::int64_t>() : fallback;
}

const json& items(const json& value) {
  static const json kEmpty = json::array();
  return value.is_array() ? value : kEmpty;
}

}  // namespace berth::cli
