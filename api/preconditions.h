#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/registry.h"

// What must hold between a request, its body and what is stored.
namespace berth::api {

// Of a write that others overtake.
inline constexpr int kMaxAttempts = 16;

// In spec.finalizers of every Namespace: what is inside goes first. Taken off by the namespace controller.
inline constexpr std::string_view kNamespaceFinalizer = "kubernetes";

// Custom resources have a generation and want a resourceVersion in updates; core kinds do neither.
bool is_custom(const crd::ResourceInfo& resource);
bool is_namespace(const crd::ResourceInfo& resource);
// Events and Pods: what they tell of is in their namespace. One that comes late must not bring the namespace back.
bool tells_of_others(const crd::ResourceInfo& resource);

// The namespace of a create.
std::optional<Error> check_namespace(const crd::ResourceInfo& resource, const json& metadata,
                                     const std::string& ns);
// The key in the URL and the one in the body must agree; an absent namespace is filled in.
std::optional<Error> check_key(const crd::ResourceInfo& resource, json& metadata, const ObjectKey& key);
// resourceVersion and uid, where the body has them, are preconditions.
std::optional<Error> check_preconditions(const crd::ResourceInfo& resource, const json& metadata,
                                         const Object& old);
std::optional<Error> check_delete_preconditions(const crd::ResourceInfo& resource, const Object& object,
                                                const DeletePreconditions& preconditions);

}  // namespace berth::api
