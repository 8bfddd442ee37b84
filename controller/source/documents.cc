#include "controller/source/documents.h"

#include <array>
#include <map>

#include "controller/source/file_names.h"
#include "controller/source/source_names.h"
#include "crd/cause.h"
#include "crd/scheme.h"

namespace berth::source {

namespace {

constexpr std::string_view kKind = "TestEnvironment";
constexpr std::array kServerFields = {"uid",           "resourceVersion",   "generation",
                                      "selfLink",      "creationTimestamp", "deletionTimestamp",
                                      "managedFields", "deletionGracePeriodSeconds"};

std::string supported() {
  return "a watched directory takes " + std::string(crd::kGroup) + "/" + std::string(crd::kVersion) + " " +
         std::string(kKind);
}

SourceNames names_in(const json& metadata) {
  SourceNames names;
  const auto add = [&](const char* field, std::set<std::string>& to) {
    const auto it = metadata.find(field);
    if (it == metadata.end() || !it->is_object()) return;
    for (const auto& [name, value] : it->items()) to.insert(name);
  };
  add("labels", names.labels);
  add("annotations", names.annotations);
  return names;
}

// Checks and stamps one document; says what is wrong by add(field path, text).
template <class Add>
std::shared_ptr<Manifest> read_document(const crd::YamlDocument& document, const std::string& file, Add add) {
  const json& value = document.value;
  if (!value.is_object()) {
    add("", "a manifest is a mapping with apiVersion, kind, metadata and spec");
    return nullptr;
  }
  const auto text = [&](const json& from, const char* field, const std::string& path) -> std::string {
    const auto it = from.find(field);
    if (it == from.end() || it->is_null()) return "";
    if (it->is_string()) return it->get<std::string>();
    add(path, path + ": must be a string; put it in quotes");
    return "";
  };
  bool good = true;
  const auto wrong = [&](const std::string& path, const std::string& what) {
    add(path, what);
    good = false;
  };

  const std::string version = text(value, "apiVersion", "apiVersion");
  const std::string kind = text(value, "kind", "kind");
  if (version.empty() || kind.empty()) {
    wrong("", "apiVersion and kind are required; " + supported());
    return nullptr;
  }
  if (version != std::string(crd::kGroup) + "/" + std::string(crd::kVersion) || kind != kKind) {
    wrong("kind", version + " " + kind + " is not supported here; " + supported());
    return nullptr;
  }
  for (const auto& path : document.duplicate_keys) wrong(path, path + ": is there twice");

  const json& metadata = value.contains("metadata") ? value["metadata"] : json();
  if (!metadata.is_object()) {
    wrong("metadata", "metadata: must be a mapping with a name");
    return nullptr;
  }
  for (const char* field : {"labels", "annotations"}) {
    const auto it = metadata.find(field);
    if (it == metadata.end() || it->is_null()) continue;
    const std::string path = std::string("metadata.") + field;
    if (!it->is_object()) wrong(path, path + ": must be a mapping of strings");
  }
  const std::string name = text(metadata, "name", "metadata.name");
  const std::string ns = text(metadata, "namespace", "metadata.namespace");
  if (metadata.contains("generateName")) {
    wrong("metadata.generateName",
          "metadata.generateName: a file in a watched directory needs metadata.name, so that it means one object; "
          "generateName is for create and run");
  } else if (name.empty()) {
    wrong("metadata", "metadata.name: is required");
  }
  if (!good || name.empty()) return nullptr;

  auto manifest = std::make_shared<Manifest>();
  manifest->key = {ns.empty() ? std::string(kDefaultNamespace) : ns, name};
  manifest->file = file;
  manifest->mark = document.mark_of("");

  json body = value;
  body.erase("status");
  json& meta = body["metadata"];
  for (const char* field : kServerFields) meta.erase(field);
  meta["namespace"] = manifest->key.ns;
  if (meta.contains("labels") && meta["labels"].is_null()) meta.erase("labels");
  json annotations = json::object();
  if (meta.contains("annotations") && meta["annotations"].is_object()) annotations = meta["annotations"];
  for (const auto mark : {crd::kSourceAnnotation, crd::kSourceHashAnnotation, kSourceNamesAnnotation}) {
    annotations.erase(std::string(mark));
  }
  meta["annotations"] = annotations;
  const std::string names = source_names_text(names_in(meta));
  manifest->hash = source_mark(content_hash(crd::dump(body)), manifest->key.ns, name);
  meta["annotations"][std::string(crd::kSourceAnnotation)] = file;
  meta["annotations"][std::string(crd::kSourceHashAnnotation)] = manifest->hash;
  if (!names.empty()) meta["annotations"][std::string(kSourceNamesAnnotation)] = names;
  manifest->body = std::move(body);
  return manifest;
}

// The field path that a strict decoding error quotes: unknown field "spec.imagge". "" when there is none.
std::string quoted_field(const std::string& message) {
  const auto at = message.find("field \"");
  if (at == std::string::npos && message.starts_with("metadata.")) return message.substr(0, message.find(": "));
  if (at == std::string::npos) return "";
  const auto from = at + 7;
  const auto to = message.find('"', from);
  return to == std::string::npos ? "" : message.substr(from, to - from);
}

bool is_utf8(const std::string& text) {
  const auto back = crd::parse_json(crd::dump(json(text)));
  return back.has_value() && back->is_string() && back->get_ref<const std::string&>() == text;
}

}  // namespace

FileContent parse_file(std::string_view text, const std::string& file, std::size_t limit) {
  FileContent content;
  content.hash = content_hash(text);
  if (!is_utf8(file)) {
    content.problems.push_back(file + ":1:1: the name of this file is not UTF-8");
    return content;
  }
  crd::YamlLimits limits;
  limits.bytes = limit;
  auto documents = crd::parse_yaml(text, file, limits);
  if (!documents.has_value()) {
    content.problems.push_back(documents.error().message);
    return content;
  }
  std::map<ObjectKey, ManifestPtr> seen;
  std::size_t problems = 0;
  for (auto& document : documents.value()) {
    const auto add = [&](const std::string& path, const std::string& what) {
      if (++problems > crd::cause::kMostCauses) return;
      const crd::Mark at = document.mark_of(path);
      content.problems.push_back(file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + what);
    };
    auto manifest = read_document(document, file, add);
    if (!manifest) continue;
    const auto [first, fresh] = seen.emplace(manifest->key, manifest);
    if (!fresh) {
      add("metadata.name", "TestEnvironment " + manifest->key.str() + " is in this file twice, first at line " +
                               std::to_string(first->second->mark.line));
    }
    manifest->document = std::move(document);
    manifest->document.value = nullptr;  // the marks are what is needed later
    content.manifests.push_back(std::move(manifest));
  }
  if (problems > crd::cause::kMostCauses) {
    content.problems.push_back(file + ": " + crd::cause::and_more(problems - crd::cause::kMostCauses).message);
  }
  if (!content.good()) content.manifests.clear();
  return content;
}

std::string explain(const Manifest& manifest, const Error& error) {
  if (error.causes.empty()) return manifest.place(quoted_field(error.message)) + ": " + error.message;
  std::string text;
  std::size_t told = 0;
  for (const auto& cause : error.causes) {
    if (!text.empty()) text += "\n";
    if (told++ == crd::cause::kMostCauses && error.causes.size() > told) {
      return text + crd::cause::and_more(error.causes.size() - crd::cause::kMostCauses).message;
    }
    text += manifest.place(cause.field) + ": " + (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  }
  return text;
}

}  // namespace berth::source
