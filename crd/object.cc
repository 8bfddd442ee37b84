#include "crd/object.h"

#include <algorithm>
#include <charconv>

#include "crd/field_path.h"
#include "crd/fields.h"
#include "crd/managed_text.h"
#include "crd/text_scan.h"

namespace berth::crd {
namespace {

const json& empty_object() {
  static const json kEmpty = json::object();
  return kEmpty;
}

Error wrong_type(std::string_view path, std::string_view expected, const json& found) {
  return base::error(Reason::BadRequest,
                     std::string(path) + ": must be " + std::string(expected) + ", not " +
                         (found.is_object() ? "an object" : std::string(found.type_name())));
}

// Absent and null leave `out` alone.
std::optional<Error> read(const json& metadata, std::string_view key, std::string& out) {
  const json* value = member(metadata, key);
  if (!value) return std::nullopt;
  if (!value->is_string()) return wrong_type(child("metadata", key), "a string", *value);
  out = value->get<std::string>();
  return std::nullopt;
}

std::optional<Error> read(const json& metadata, std::string_view key, std::optional<base::SystemTime>& out) {
  std::string text;
  if (auto error = read(metadata, key, text)) return error;
  if (text.empty()) return std::nullopt;
  out = base::parse_time(text);
  if (out) return std::nullopt;
  return base::error(Reason::BadRequest,
                     child("metadata", key) + ": must be a time like 2026-01-31T12:00:00Z");
}

std::optional<Error> check_string_map(const json& metadata, std::string_view key) {
  const json* value = member(metadata, key);
  if (!value) return std::nullopt;
  const std::string path = child("metadata", key);
  if (!value->is_object()) return wrong_type(path, "a map of strings", *value);
  for (const auto& [name, text] : value->items()) {
    if (!text.is_string()) return wrong_type(child(path, name), "a string (quote it)", text);
  }
  return std::nullopt;
}

std::optional<Error> check_string_list(const json& metadata, std::string_view key) {
  const json* value = member(metadata, key);
  if (!value) return std::nullopt;
  const std::string path = child("metadata", key);
  if (!value->is_array()) return wrong_type(path, "a list of strings", *value);
  for (std::size_t i = 0; i < value->size(); ++i) {
    if (!(*value)[i].is_string()) return wrong_type(item(path, i), "a string", (*value)[i]);
  }
  return std::nullopt;
}

std::string string_in_map(const json& body, std::string_view map, std::string_view key) {
  const json* strings = member(body.at("metadata"), map);
  const json* value = strings ? member(*strings, key) : nullptr;
  return value ? value->get<std::string>() : "";
}

// What read_core() reads of the object `text`; discarded when it is none.
json head_of(std::string_view text) {
  std::string head;
  const bool whole = each_member(text, [&](const TextMember& member) {
    if (member.key != "apiVersion" && member.key != "kind" && member.key != "metadata") return true;
    const auto slim = member.key == "metadata" ? text_without(member.value, "managedFields") : std::nullopt;
    head += head.empty() ? "{" : ",";
    head.append("\"").append(member.key).append("\":").append(slim ? *slim : member.value);
    return true;
  });
  return whole ? json::parse(head.empty() ? "{}" : head + "}", nullptr, false) : json(json::value_t::discarded);
}

}  // namespace

GroupVersionKind parse_api_version(std::string_view api_version, std::string_view kind) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)),
          std::string(kind)};
}

Result<std::shared_ptr<Object::Core>> Object::read_core(const json& body) {
  if (!body.is_object())
    return wrong_type("the document", "an object with apiVersion, kind and metadata", body);
  std::string api_version, kind, revision;
  for (auto [key, out] : {std::pair{"apiVersion", &api_version}, std::pair{"kind", &kind}}) {
    const json* value = member(body, key);
    if (!value) return base::error(Reason::BadRequest, std::string(key) + ": Required value");
    if (!value->is_string()) return wrong_type(key, "a string", *value);
    *out = value->get<std::string>();
    if (out->empty()) return base::error(Reason::BadRequest, std::string(key) + ": Required value");
  }
  const json* metadata = member(body, "metadata");
  if (!metadata) return base::error(Reason::BadRequest, "metadata: Required value");
  if (!metadata->is_object()) return wrong_type("metadata", "an object", *metadata);

  auto core = std::make_shared<Core>();
  core->gvk = parse_api_version(api_version, kind);
  if (auto error = read(*metadata, "name", core->key.name)) return *error;
  if (auto error = read(*metadata, "namespace", core->key.ns)) return *error;
  if (auto error = read(*metadata, "uid", core->uid)) return *error;
  if (auto error = read(*metadata, "resourceVersion", revision)) return *error;
  if (!revision.empty()) {
    const char* end = revision.data() + revision.size();
    auto [stopped, failure] = std::from_chars(revision.data(), end, core->revision);
    if (failure != std::errc() || stopped != end) {
      return base::error(Reason::BadRequest, "metadata.resourceVersion: Invalid value: " + dump(revision) +
                                                 ": must be a number as the server gave it");
    }
  }
  if (const json* generation = member(*metadata, "generation")) {
    if (!generation->is_number_integer()) return wrong_type("metadata.generation", "an integer", *generation);
    core->generation = generation->get<std::int64_t>();
  }
  std::optional<base::SystemTime> created;
  if (auto error = read(*metadata, "creationTimestamp", created)) return *error;
  if (auto error = read(*metadata, "deletionTimestamp", core->deletion_time)) return *error;
  core->creation_time = created.value_or(base::SystemTime{});
  if (auto error = check_string_map(*metadata, "labels")) return *error;
  if (auto error = check_string_map(*metadata, "annotations")) return *error;
  if (auto error = check_string_list(*metadata, "finalizers")) return *error;
  if (const json* labels = member(*metadata, "labels")) {
    for (const auto& [name, value] : labels->items()) core->labels.emplace_back(name, value.get<std::string>());
  }
  return core;
}

Result<ObjectPtr> Object::make(json body, Text text) {
  auto read = read_core(body);
  if (read.has_error()) return read.error();
  auto& core = read.value();
  compact_managed_fields(body["metadata"]);
  core->text = std::move(text);
  const std::shared_ptr<Object> object(new Object(core));
  object->body_ = std::move(body);
  object->read_ = true;
  core->awake = object;
  return ObjectPtr(object);
}

Result<ObjectPtr> Object::from_text(Text text) {
  const auto head = head_of(*text);
  if (head.is_discarded()) return base::error(Reason::BadRequest, "is not the text of an object");
  auto read = read_core(head);
  if (read.has_error()) return read.error();
  auto& core = read.value();
  core->text = std::move(text);
  const ObjectPtr object(new Object(core));
  core->awake = object;
  return object;
}

const json& Object::parse() const {
  body_ = parse_wire_text(*core_->text);
  read_ = true;
  return body_;
}

KeptObject::KeptObject(const ObjectPtr& object) {
  if (!object) return;
  object->text();
  core_ = object->core_;
}

ObjectPtr KeptObject::get() const {
  if (!core_) return nullptr;
  if (auto awake = core_->awake.lock()) return awake;
  const ObjectPtr object(new Object(core_));
  core_->awake = object;
  return object;
}

bool Object::has_finalizer(std::string_view finalizer) const {
  const json* finalizers = member(body().at("metadata"), "finalizers");
  return finalizers && std::find(finalizers->begin(), finalizers->end(), finalizer) != finalizers->end();
}

const std::string* Object::find_label(std::string_view key) const {
  const auto& all = core_->labels;
  const auto found = std::lower_bound(all.begin(), all.end(), key, [](const auto& label, std::string_view k) { return label.first < k; });
  return found != all.end() && found->first == key ? &found->second : nullptr;
}

std::string Object::label(std::string_view key) const {
  const std::string* value = find_label(key);
  return value ? *value : "";
}

std::string Object::annotation(std::string_view key) const {
  if (!read_ && core_->text->find(key) == std::string::npos) return "";  // spares reading the text
  return string_in_map(body(), "annotations", key);
}

json Object::find(std::initializer_list<std::string_view> path) const {
  if (!read_) {
    const auto text = find_text(*core_->text, path);
    return text ? json::parse(*text, nullptr, false) : json();
  }
  const json* value = &body_;
  for (const auto key : path) {
    if ((value = find_member(*value, key)) == nullptr) return nullptr;
  }
  return *value;
}

const json& Object::spec() const {
  const json* spec = member(body(), "spec");
  return spec && spec->is_object() ? *spec : empty_object();
}

const json& Object::status() const {
  const json* status = member(body(), "status");
  return status && status->is_object() ? *status : empty_object();
}

const Text& Object::text() const {
  if (!core_->text) core_->text = std::make_shared<const std::string>(wire_text(body_));
  return core_->text;
}

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace berth::crd
