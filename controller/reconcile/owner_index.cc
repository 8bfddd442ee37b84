#include "controller/reconcile/owner_index.h"

#include "crd/fields.h"

namespace berth::reconcile {

std::vector<OwnerReference> owner_references(const Object& object) {
  std::vector<OwnerReference> references;
  const json entries = object.find({"metadata", "ownerReferences"});
  if (!entries.is_array()) return references;
  for (const json& entry : entries) {
    references.push_back({crd::text_at(entry, "apiVersion"), crd::text_at(entry, "kind"), crd::text_at(entry, "name"),
                          crd::text_at(entry, "uid"), crd::flag_at(entry, "blockOwnerDeletion")});
  }
  return references;
}

Collecting collecting(const Object& object) {
  if (!object.deleting()) return Collecting::No;
  if (object.has_finalizer("foregroundDeletion")) return Collecting::Foreground;
  return object.has_finalizer("orphan") ? Collecting::Orphan : Collecting::No;
}

bool OwnerIndex::put(const crd::ResourceInfo& resource, const Object& object) {
  Node next{&resource, object.key(), owner_references(object), collecting(object), object.deleting()};
  if (next.owners.empty() && next.collecting == Collecting::No) {
    erase(object.uid());
    return false;
  }
  const auto found = nodes_.find(object.uid());
  if (found != nodes_.end()) {
    const auto& old = found->second;
    if (old.owners == next.owners && old.collecting == next.collecting && old.deleting == next.deleting) return false;
    erase(object.uid());
  }
  for (const auto& owner : next.owners) dependents_[owner.uid].insert(object.uid());
  nodes_[object.uid()] = std::move(next);
  return true;
}

void OwnerIndex::erase(const std::string& uid) {
  const auto found = nodes_.find(uid);
  if (found == nodes_.end()) return;
  for (const auto& owner : found->second.owners) {
    const auto entry = dependents_.find(owner.uid);
    if (entry == dependents_.end()) continue;
    entry->second.erase(uid);
    if (entry->second.empty()) dependents_.erase(entry);
  }
  nodes_.erase(found);
}

void OwnerIndex::clear(const crd::ResourceInfo& resource) {
  for (const auto& uid : all()) {
    if (nodes_.at(uid).resource == &resource) erase(uid);
  }
}

const OwnerIndex::Node* OwnerIndex::find(const std::string& uid) const {
  const auto found = nodes_.find(uid);
  return found == nodes_.end() ? nullptr : &found->second;
}

std::vector<std::string> OwnerIndex::dependents(const std::string& owner) const {
  const auto found = dependents_.find(owner);
  if (found == dependents_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<std::string> OwnerIndex::all() const {
  std::vector<std::string> uids;
  uids.reserve(nodes_.size());
  for (const auto& [uid, node] : nodes_) uids.push_back(uid);
  return uids;
}

}  // namespace berth::reconcile
