#include "api/preconditions.h"

#include "api/errors.h"

namespace berth::api {

bool is_custom(const crd::ResourceInfo& resource) { return resource.gvk.group == crd::kGroup; }

bool is_namespace(const crd::ResourceInfo& resource) {
  return resource.gvk.group.empty() && resource.gvk.kind == "Namespace";
}

bool tells_of_others(const crd::ResourceInfo& resource) {
  return resource.gvk.group.empty() && (resource.gvk.kind == "Event" || resource.gvk.kind == "Pod");
}

std::optional<Error> check_namespace(const crd::ResourceInfo& resource, const json& metadata,
                                     const std::string& ns) {
  const auto given = metadata.value("namespace", "");
  if (resource.namespaced && ns.empty())
    return bad_request("an empty namespace may not be set during creation");
  if (!given.empty() && given != ns) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  return std::nullopt;
}

std::optional<Error> check_key(const crd::ResourceInfo& resource, json& metadata, const ObjectKey& key) {
  const auto name = metadata.value("name", "");
  if (name.empty()) {
    return bad_request("the name of the object (" + key.name +
                       " based on URL) was undeterminable: name must be provided");
  }
  if (name != key.name) {
    return bad_request("the name of the object (" + name + ") does not match the name on the URL (" +
                       key.name + ")");
  }
  if (auto error = check_namespace(resource, metadata, key.ns)) return error;
  if (resource.namespaced) metadata["namespace"] = key.ns;
  return std::nullopt;
}

std::optional<Error> check_preconditions(const crd::ResourceInfo& resource, const json& metadata,
                                         const Object& old) {
  const auto uid = metadata.value("uid", "");
  if (!uid.empty() && uid != old.uid()) {
    return conflict(
        resource, old.name(),
        "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + old.uid());
  }
  const auto revision = metadata.value("resourceVersion", "");
  if (revision.empty()) return std::nullopt;
  if (revision.find_first_not_of("0123456789") != std::string::npos || revision.size() > 19) {
    return bad_request("metadata.resourceVersion: parsing " + crd::dump(revision) + ": invalid syntax");
  }
  if (revision != std::to_string(old.revision())) return stale(resource, old.name());
  return std::nullopt;
}

std::optional<Error> check_delete_preconditions(const crd::ResourceInfo& resource, const Object& object,
                                                const DeletePreconditions& preconditions) {
  const auto refuse = [&](const std::string& what, const std::string& wanted, const std::string& found,
                          const std::string& hint) {
    return base::error(Reason::Conflict, "Operation cannot be fulfilled on " + group_kind(resource.gvk) +
                                             " " + crd::dump(object.name()) + ": the " + what +
                                             " in the precondition (" + wanted + ") does not match the " +
                                             what + " in record (" + found + "). " + hint);
  };
  if (preconditions.uid && *preconditions.uid != object.uid()) {
    return refuse("UID", *preconditions.uid, object.uid(),
                  "The object might have been deleted and then recreated");
  }
  if (preconditions.revision && *preconditions.revision != object.revision()) {
    return refuse("ResourceVersion", std::to_string(*preconditions.revision),
                  std::to_string(object.revision()), "The object might have been modified");
  }
  return std::nullopt;
}

}  // namespace berth::api
