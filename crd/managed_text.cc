#include "crd/managed_text.h"

#include "crd/fields.h"

namespace berth::crd {
namespace {

constexpr const char* kFieldsV1 = "fieldsV1";

const std::string* text_of_fields(const json& entry) {
  const json* fields = find_member(entry, kFieldsV1);
  if (!fields || !fields->is_string()) return nullptr;
  const auto& text = fields->get_ref<const std::string&>();
  return text.starts_with('{') ? &text : nullptr;
}

template <class Append>
void append_object(std::string& out, const json& object, Append append) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : object.items()) {
    if (!first) out += ',';
    first = false;
    out += dump(json(key));
    out += ':';
    append(key, value);
  }
  out += '}';
}

void append_entry(std::string& out, const json& entry) {
  const std::string* text = text_of_fields(entry);
  if (!text) {
    out += dump(entry);
    return;
  }
  append_object(out, entry, [&](const std::string& key, const json& value) { out += key == kFieldsV1 ? *text : dump(value); });
}

void append_metadata(std::string& out, const json& metadata) {
  append_object(out, metadata, [&](const std::string& key, const json& value) {
    if (key != "managedFields" || !value.is_array()) {
      out += dump(value);
      return;
    }
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_entry(out, value[i]);
    }
    out += ']';
  });
}

}  // namespace

void compact_managed_fields(json& metadata) {
  if (!metadata.is_object()) return;
  const auto list = metadata.find("managedFields");
  if (list == metadata.end() || !list->is_array()) return;
  for (json& entry : *list) {
    if (!entry.is_object()) continue;
    const auto fields = entry.find(kFieldsV1);
    if (fields != entry.end() && fields->is_object()) *fields = dump(*fields);
  }
}

void expand_managed_fields(json& metadata) {
  if (!metadata.is_object()) return;
  const auto list = metadata.find("managedFields");
  if (list == metadata.end() || !list->is_array()) return;
  for (json& entry : *list) {
    const std::string* text = text_of_fields(entry);
    if (!text) continue;
    json fields = json::parse(*text, nullptr, false);
    if (!fields.is_discarded()) entry[kFieldsV1] = std::move(fields);
  }
}

json wire_form(json body) {
  if (const auto metadata = body.find("metadata"); metadata != body.end()) expand_managed_fields(*metadata);
  return body;
}

std::string wire_text(const json& body) {
  const json* metadata = find_member(body, "metadata");
  if (!metadata || !find_member(*metadata, "managedFields")) return dump(body);
  std::string out;
  append_object(out, body, [&](const std::string& key, const json& value) {
    if (key == "metadata") {
      out += wire_metadata_text(value);
    } else {
      out += dump(value);
    }
  });
  return out;
}

std::string wire_metadata_text(const json& metadata) {
  if (!metadata.is_object()) return dump(metadata);
  std::string out;
  append_metadata(out, metadata);
  return out;
}

}  // namespace berth::crd
