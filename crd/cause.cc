#include "crd/cause.h"

namespace berth::crd::cause {
namespace {

constexpr std::size_t kShown = 256;

std::string shown(const json& value) {
  std::string text = dump(value);
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace

Cause required(std::string field, std::string_view detail) {
  return {"FieldValueRequired", with_detail("Required value", detail), std::move(field)};
}

Cause invalid(std::string field, const json& value, std::string_view detail) {
  return {"FieldValueInvalid", with_detail("Invalid value: " + shown(value), detail), std::move(field)};
}

Cause type_invalid(std::string field, const json& value, std::string_view detail) {
  return {"FieldValueTypeInvalid", with_detail("Invalid value: " + shown(value), detail), std::move(field)};
}

Cause not_supported(std::string field, const json& value, const json& supported) {
  std::string names;
  for (const json& name : supported) names += (names.empty() ? "" : ", ") + dump(name);
  return {"FieldValueNotSupported", "Unsupported value: " + shown(value) + ": supported values: " + names,
          std::move(field)};
}

Cause not_supported_yet(std::string field) {
  return {"FieldValueNotSupported", "not supported yet", std::move(field)};
}

Cause duplicate(std::string field, const json& value) {
  return {"FieldValueDuplicate", "Duplicate value: " + shown(value), std::move(field)};
}

Cause forbidden(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", with_detail("Forbidden", detail), std::move(field)};
}

Cause not_found(std::string field, const json& value, std::string_view detail) {
  return {"FieldValueNotFound", with_detail("Not found: " + shown(value), detail), std::move(field)};
}

Cause too_long(std::string field, std::size_t limit) {
  return {"FieldValueTooLong", "Too long: may not be more than " + std::to_string(limit) + " bytes",
          std::move(field)};
}

Cause and_more(std::size_t count) { return {"FieldValueInvalid", "and " + std::to_string(count) + " more", ""}; }

Cause too_many(std::string field, std::size_t count, std::size_t limit) {
  return {"FieldValueTooMany",
          "Too many: " + std::to_string(count) + ": must have at most " + std::to_string(limit) + " items",
          std::move(field)};
}

}  // namespace berth::crd::cause
