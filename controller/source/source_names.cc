#include "controller/source/source_names.h"

namespace berth::source {

namespace {

std::set<std::string> texts(const json& body, const char* field) {
  std::set<std::string> result;
  const auto it = body.find(field);
  if (it == body.end() || !it->is_array()) return result;
  for (const json& text : *it) {
    if (text.is_string()) result.insert(text.get<std::string>());
  }
  return result;
}

}  // namespace

std::string source_names_text(const SourceNames& names) {
  json body = json::object();
  if (!names.labels.empty()) body["labels"] = names.labels;
  if (!names.annotations.empty()) body["annotations"] = names.annotations;
  return body.empty() ? "" : crd::dump(body);
}

SourceNames parse_source_names(std::string_view text) {
  const auto body = crd::parse_json(text);
  if (!body.has_value() || !body->is_object()) return {};
  return {texts(*body, "labels"), texts(*body, "annotations")};
}

}  // namespace berth::source
