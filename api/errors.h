#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crd/scheme.h"

// The errors of a Kubernetes API server for custom resources, with its texts.
namespace berth::api {

// BadRequest, in the words given.
Error bad_request(std::string message);
// testenvironments.berth.dev "web" not found
Error not_found(const crd::ResourceInfo& resource, std::string_view name);
// testenvironments.berth.dev "web" already exists
Error already_exists(const crd::ResourceInfo& resource, std::string_view name);
// Operation cannot be fulfilled on testenvironments.berth.dev "web": <why>
Error conflict(const crd::ResourceInfo& resource, std::string_view name, std::string_view why);
// The conflict of a stale resourceVersion, which clients know by its text.
Error stale(const crd::ResourceInfo& resource, std::string_view name);
// testenvironments.berth.dev "web" is forbidden: <why>
Error forbidden(const crd::ResourceInfo& resource, std::string_view name, std::string_view why);
// The Forbidden of a create in a namespace that is going, with its cause.
Error namespace_terminating(const crd::ResourceInfo& resource, std::string_view name, const std::string& ns);
// TestEnvironment.berth.dev "web" is invalid: <cause>, or [<cause>, <cause>]. `what` is a kind or a resource
// with its group.
Error invalid(std::string_view what, std::string_view name, std::vector<Cause> causes);
Error invalid(const crd::ResourceInfo& resource, std::string_view name, std::vector<Cause> causes);

// testenvironments.berth.dev "web" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update
Error revision_required(const crd::ResourceInfo& resource, std::string_view name);
// A patch whose result is not what a strict reading takes: "" is invalid: patch: Invalid value: "<the patched object>": <why>
Error invalid_patch(const std::string& patched, const std::string& why);

// "TestEnvironment.berth.dev", "Namespace".
std::string group_kind(const crd::GroupVersionKind& gvk);

}  // namespace berth::api
