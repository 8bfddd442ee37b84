#include "api/errors.h"

#include "crd/cause.h"
#include "crd/object.h"

namespace berth::api {

namespace {

std::string named(std::string_view what, std::string_view name) {
  return std::string(what) + " " + crd::dump(std::string(name));
}

}  // namespace

std::string group_kind(const crd::GroupVersionKind& gvk) {
  return gvk.group.empty() ? gvk.kind : gvk.kind + "." + gvk.group;
}

Error bad_request(std::string message) { return base::error(Reason::BadRequest, std::move(message)); }

Error not_found(const crd::ResourceInfo& resource, std::string_view name) {
  return base::error(Reason::NotFound, named(resource.group_resource(), name) + " not found");
}

Error already_exists(const crd::ResourceInfo& resource, std::string_view name) {
  return base::error(Reason::AlreadyExists, named(resource.group_resource(), name) + " already exists");
}

Error conflict(const crd::ResourceInfo& resource, std::string_view name, std::string_view why) {
  return base::error(Reason::Conflict, "Operation cannot be fulfilled on " +
                                           named(resource.group_resource(), name) + ": " + std::string(why));
}

Error stale(const crd::ResourceInfo& resource, std::string_view name) {
  return conflict(
      resource, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Error forbidden(const crd::ResourceInfo& resource, std::string_view name, std::string_view why) {
  return base::error(Reason::Forbidden,
                     named(resource.group_resource(), name) + " is forbidden: " + std::string(why));
}

Error namespace_terminating(const crd::ResourceInfo& resource, std::string_view name, const std::string& ns) {
  auto error = forbidden(resource, name, "unable to create new content in namespace " + ns + " because it is being terminated");
  error.causes.push_back({"NamespaceTerminating", "namespace " + ns + " is being terminated", "metadata.namespace"});
  return error;
}

Error invalid(std::string_view what, std::string_view name, std::vector<Cause> causes) {
  if (causes.size() > crd::cause::kMostCauses + 1) {
    const auto more = causes.size() - crd::cause::kMostCauses;
    causes.resize(crd::cause::kMostCauses);
    causes.push_back(crd::cause::and_more(more));
  }
  std::string text;
  for (const auto& cause : causes) {
    if (!text.empty()) text += ", ";
    text += (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  }
  if (causes.size() != 1) text = "[" + text + "]";
  return Error{Reason::Invalid, named(what, name) + " is invalid: " + text, std::move(causes)};
}

Error invalid(const crd::ResourceInfo& resource, std::string_view name, std::vector<Cause> causes) {
  return invalid(group_kind(resource.gvk), name, std::move(causes));
}

Error revision_required(const crd::ResourceInfo& resource, std::string_view name) {
  return invalid(resource.group_resource(), name,
                 {crd::cause::invalid("metadata.resourceVersion", 0, "must be specified for an update")});
}

Error invalid_patch(const std::string& patched, const std::string& why) {
  constexpr std::size_t kMostBytes = 16 * 1024;
  const std::string shown = patched.size() > kMostBytes ? patched.substr(0, kMostBytes) + " ..." : patched;
  return invalid("", "", {{"FieldValueInvalid", "Invalid value: " + crd::dump(shown) + ": " + why, "patch"}});
}

}  // namespace berth::api
