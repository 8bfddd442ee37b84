#pragma once

#include <map>
#include <string>

#include "base/time.h"
#include "crd/scheme.h"

namespace berth::reconcile {

// What is left in a namespace that is being emptied.
struct NamespaceContent {
  std::map<std::string, std::size_t> kinds;       // "testenvironments.berth.dev" -> how many
  std::map<std::string, std::size_t> finalizers;  // by how many they are held
  std::string failure;                            // what could not be deleted, and why; "" when all could
  bool empty() const { return kinds.empty(); }
};
void count_content(NamespaceContent& content, const crd::ResourceInfo& resource, const Object& object);

// The status of a terminating namespace, with the conditions and words of Kubernetes. Pure.
json terminating_status(const json& status, const NamespaceContent& content, base::SystemTime now);

}  // namespace berth::reconcile
