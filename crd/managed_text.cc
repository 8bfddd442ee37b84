#include "crd/managed_text.h"

#include "crd/fields.h"
#include "crd/quoted.h"
#include "crd/text_scan.h"

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

// `text` with the sets of its managers as strings; "" when it has none, or not where they are expected: no member of any kind that
// is written before metadata has such a list.
std::string with_quoted_fields(std::string_view text) {
  constexpr std::string_view kList = "\"managedFields\":[";
  constexpr std::string_view kFields = "\"fieldsV1\":";
  const auto list = text.find(kList);
  if (list == std::string_view::npos) return "";
  const auto list_end = end_of_value(text, list + kList.size() - 1);
  if (list_end == std::string_view::npos) return "";
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  std::size_t done = 0;
  for (auto at = text.find(kFields, list); at < list_end; at = text.find(kFields, done)) {
    const auto begin = at + kFields.size();
    const auto end = text[begin] == '{' ? end_of_value(text, begin) : std::string_view::npos;
    if (end == std::string_view::npos) return "";
    out.append(text.substr(done, begin - done));
    append_quoted(out, text.substr(begin, end - begin));
    done = end;
  }
  out.append(text.substr(done));
  return out;
}

}  // namespace

json parse_wire_text(const std::string& text) {
  if (const std::string quoted = with_quoted_fields(text); !quoted.empty()) {
    json body = json::parse(quoted, nullptr, false);
    const json* metadata = body.is_object() ? find_member(body, "metadata") : nullptr;
    if (metadata && find_member(*metadata, "managedFields")) return body;
  }
  json body = json::parse(text);
  if (const auto metadata = body.find("metadata"); metadata != body.end()) compact_managed_fields(*metadata);
  return body;
}

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
