#include "api/object_meta.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "api/preconditions.h"
#include "crd/cause.h"
#include "crd/field_path.h"
#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/label_rules.h"

namespace berth::api {

namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t kMaxAnnotationBytes = 256 * 1024;

const std::set<std::string, std::less<>> kFields = {"name",
                                                    "generateName",
                                                    "namespace",
                                                    "selfLink",
                                                    "uid",
                                                    "resourceVersion",
                                                    "generation",
                                                    "labels",
                                                    "creationTimestamp",
                                                    "deletionTimestamp",
                                                    "annotations",
                                                    "ownerReferences",
                                                    "finalizers",
                                                    "managedFields",
                                                    "deletionGracePeriodSeconds"};
const std::set<std::string, std::less<>> kOwnerFields = {"apiVersion", "kind",       "name",
                                                         "uid",        "controller", "blockOwnerDeletion"};

constexpr std::string_view kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
// The member, or null.
const json& value_at(const json& object, const char* key) {
  static const json kNull;
  const json* found = crd::find_member(object, key);
  return found ? *found : kNull;
}

void add_invalid(std::vector<Cause>& causes, const std::string& field, const std::string& value,
                 const Texts& errors) {
  for (const auto& error : errors) causes.push_back(crd::cause::invalid(field, value, error));
}

void check_name(const crd::ResourceInfo& resource, const json& metadata, std::vector<Cause>& causes) {
  const auto name = metadata.value("name", "");
  if (name.empty()) {
    causes.push_back(crd::cause::required("metadata.name", "name or generateName is required"));
    return;
  }
  const bool is_label = is_namespace(resource);
  const std::size_t limit = is_label ? 63 : 253;
  if (name.size() > limit) {
    causes.push_back(crd::cause::invalid("metadata.name", name,
                                         "must be no more than " + std::to_string(limit) + " bytes"));
  } else if (is_label && !crd::is_dns_label(name)) {
    causes.push_back(crd::cause::invalid("metadata.name", name, kLabelRule));
  } else if (!crd::is_dns_subdomain(name)) {
    causes.push_back(crd::cause::invalid("metadata.name", name, crd::kSubdomainRule));
  }
}

void check_labels(const json& metadata, std::vector<Cause>& causes) {
  for (const auto& [key, value] : value_at(metadata, "labels").items()) {
    add_invalid(causes, "metadata.labels", key, crd::qualified_name_errors(key));
    const auto text = value.get<std::string>();
    add_invalid(causes, "metadata.labels", text, crd::label_value_errors(text));
  }
}

void check_annotations(const json& metadata, std::vector<Cause>& causes) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : value_at(metadata, "annotations").items()) {
    std::string lower = key;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    add_invalid(causes, "metadata.annotations", key, crd::qualified_name_errors(lower));
    bytes += key.size() + value.get_ref<const std::string&>().size();
  }
  if (bytes > kMaxAnnotationBytes) {
    causes.push_back(crd::cause::too_long("metadata.annotations", kMaxAnnotationBytes));
  }
}

void check_finalizers(const json& metadata, std::vector<Cause>& causes) {
  for (const auto& finalizer : finalizers_of(metadata)) {
    auto errors = crd::qualified_name_errors(finalizer);
    const bool standard =
        finalizer == "orphan" || finalizer == "foregroundDeletion" || finalizer == "kubernetes";
    if (errors.empty() && !standard && finalizer.find('/') == std::string::npos) {
      errors.emplace_back("name is neither a standard finalizer name nor is it fully qualified");
    }
    add_invalid(causes, "metadata.finalizers", finalizer, errors);
  }
}

void check_owners(const json& metadata, std::vector<Cause>& causes) {
  const std::string path = "metadata.ownerReferences";
  const json& owners = value_at(metadata, "ownerReferences");
  if (owners.is_null()) return;
  if (!owners.is_array()) {
    causes.push_back(crd::cause::invalid(path, owners, "must be a list"));
    return;
  }
  std::string controller;
  for (const json& owner : owners) {
    if (!owner.is_object()) {
      causes.push_back(crd::cause::invalid(path, owner, "must be an object"));
      return;
    }
    for (const char* field : {"apiVersion", "kind", "name", "uid"}) {
      const json& value = value_at(owner, field);
      if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
        causes.push_back(crd::cause::invalid(
            crd::child(path, field), value.is_null() ? json("") : value,
            value.is_null() || value.is_string() ? "must not be empty" : "must be a string"));
        return;
      }
    }
    if (value_at(owner, "controller") != json(true)) continue;
    const auto name = owner["kind"].get<std::string>() + "/" + owner["name"].get<std::string>();
    if (!controller.empty()) {
      causes.push_back(
          crd::cause::invalid(path, owners,
                              "Only one reference can have Controller set to true. Found \"true\" in "
                              "references for " +
                                  controller + " and " + name));
      return;
    }
    controller = name;
  }
}

bool contains(const Texts& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

std::vector<std::string> finalizers_of(const json& metadata) {
  const json& list = value_at(metadata, "finalizers");
  return list.is_array() ? list.get<Texts>() : Texts{};
}

bool is_held(const crd::ResourceInfo& resource, const json& body) {
  if (!finalizers_of(body.at("metadata")).empty()) return true;
  return is_namespace(resource) && !crd::array_at(crd::object_at(body, "spec"), "finalizers").empty();
}

std::vector<std::string> prune_metadata(json& metadata) {
  Texts unknown;
  for (auto it = metadata.begin(); it != metadata.end();) {
    const bool known = kFields.contains(it.key());
    if (!known) unknown.push_back(crd::child("metadata", it.key()));
    const bool dropped = !known || it->is_null() || it.key() == "selfLink" || it.key() == "managedFields";
    it = dropped ? metadata.erase(it) : std::next(it);
  }
  const auto owners = metadata.find("ownerReferences");
  if (owners == metadata.end() || !owners->is_array()) return unknown;
  for (std::size_t i = 0; i < owners->size(); ++i) {
    json& owner = (*owners)[i];
    if (!owner.is_object()) continue;
    for (auto it = owner.begin(); it != owner.end();) {
      const bool known = kOwnerFields.contains(it.key());
      if (!known) unknown.push_back(crd::child(crd::item("metadata.ownerReferences", i), it.key()));
      it = known ? std::next(it) : owner.erase(it);
    }
  }
  return unknown;
}

std::vector<Cause> validate_metadata(const crd::ResourceInfo& resource, const json& metadata) {
  std::vector<Cause> causes;
  check_name(resource, metadata, causes);
  check_labels(metadata, causes);
  check_annotations(metadata, causes);
  check_owners(metadata, causes);
  check_finalizers(metadata, causes);
  return causes;
}

std::vector<Cause> validate_metadata_update(const json& metadata, const json& old) {
  std::vector<Cause> causes;
  const json& deletion = value_at(metadata, "deletionTimestamp");
  if (deletion != value_at(old, "deletionTimestamp")) {
    causes.push_back(crd::cause::invalid("metadata.deletionTimestamp", deletion, "field is immutable"));
  }
  if (value_at(old, "deletionTimestamp").is_null()) return causes;
  const auto before = finalizers_of(old);
  std::string added;
  for (const auto& finalizer : finalizers_of(metadata)) {
    if (contains(before, finalizer)) continue;
    added += (added.empty() ? "" : ", ") + crd::dump(finalizer);
  }
  if (!added.empty()) {
    causes.push_back(
        crd::cause::forbidden("metadata.finalizers",
                              "no new finalizers can be added if the object is being deleted, found new "
                              "finalizers []string{" +
                                  added + "}"));
  }
  return causes;
}

std::vector<Cause> settle_finalizers(json& metadata, const std::vector<std::string>& kept, Actor actor) {
  if (actor == Actor::System && metadata.contains("finalizers")) return {};
  std::vector<Cause> causes;
  Texts wanted;
  for (auto& finalizer : finalizers_of(metadata)) {
    if (contains(wanted, finalizer)) continue;
    if (finalizer == crd::kEngineFinalizer && !contains(kept, finalizer)) {
      causes.push_back(
          crd::cause::forbidden("metadata.finalizers", crd::dump(finalizer) + " is written by berth alone"));
    }
    wanted.push_back(std::move(finalizer));
  }
  if (contains(kept, crd::kEngineFinalizer) && !contains(wanted, crd::kEngineFinalizer)) {
    wanted.emplace_back(crd::kEngineFinalizer);
  }
  metadata.erase("finalizers");
  if (!wanted.empty()) metadata["finalizers"] = wanted;
  return causes;
}

}  // namespace berth::api
