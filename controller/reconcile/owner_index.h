#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "crd/scheme.h"

namespace berth::reconcile {

// One entry of metadata.ownerReferences.
struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool blocks = false;  // blockOwnerDeletion
  bool operator==(const OwnerReference&) const = default;
};
std::vector<OwnerReference> owner_references(const Object& object);

// What the garbage collector does for an object before it goes: nothing, removes its dependents, or frees them.
enum class Collecting { No, Foreground, Orphan };
Collecting collecting(const Object& object);

// Who belongs to whom, by uid. Knows only objects that have an owner and those that wait for the garbage collector: the others cost
// nothing. Pure.
class OwnerIndex {
 public:
  struct Node {
    const crd::ResourceInfo* resource = nullptr;
    ObjectKey key;
    std::vector<OwnerReference> owners;
    Collecting collecting = Collecting::No;
    bool deleting = false;
  };

  // Returns whether the collector should look at the object: it is new here, or its owners or its deletion changed.
  bool put(const crd::ResourceInfo& resource, const Object& object);
  void erase(const std::string& uid);
  void clear(const crd::ResourceInfo& resource);
  // nullptr when it is not known. Valid until the next change.
  const Node* find(const std::string& uid) const;
  // Of those that name `owner`: their uids.
  std::vector<std::string> dependents(const std::string& owner) const;
  std::vector<std::string> all() const;

 private:
  std::map<std::string, Node> nodes_;
  std::map<std::string, std::set<std::string>> dependents_;
};

}  // namespace berth::reconcile
