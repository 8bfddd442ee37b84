#include "controller/reconcile/garbage_collector.h"

#include <algorithm>

#include "crd/fields.h"

namespace berth::reconcile {

namespace {

using runtime::Outcome;
using runtime::WorkQueue;

constexpr base::Backoff kCollectorBackoff{std::chrono::milliseconds(10), std::chrono::seconds(30), 2.0};
constexpr base::Duration kLookAgain = std::chrono::milliseconds(10);

void drop_owners(json& references, const std::vector<std::string>& owners) {
  json kept = json::array();
  for (const json& reference : references) {
    if (std::find(owners.begin(), owners.end(), crd::text_at(reference, "uid")) == owners.end()) kept.push_back(reference);
  }
  references = std::move(kept);
}

void unblock_owners(json& references) {
  for (json& reference : references) {
    if (reference.contains("blockOwnerDeletion")) reference["blockOwnerDeletion"] = false;
  }
}

}  // namespace

GarbageCollector::GarbageCollector(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed,
                                   metrics::RuntimeMetrics& metrics)
    : registry_(registry),
      queue_(executor, clock, metrics, kCollectorBackoff),
      controller_(executor, clock, kName, queue_, *this, metrics, kWorkers) {
  feed.on_change([this](const ObjectFeed::Change& change) { changed(change); });
  feed.on_gap([this](const crd::ResourceInfo& resource) {
    // An owner may have gone unseen.
    for (const auto& uid : index_.all()) look_at(uid, WorkQueue::kResyncPriority);
    index_.clear(resource);
  });
}

void GarbageCollector::start() { controller_.start(); }

Task<void> GarbageCollector::stop() { co_await controller_.stop(); }

// Whoever may have something to do after the change is looked at.
void GarbageCollector::changed(const ObjectFeed::Change& change) {
  const Object& object = change.now ? *change.now : *change.old;
  const auto* known = index_.find(object.uid());
  auto owners = known ? known->owners : std::vector<OwnerReference>();
  bool news = true;
  if (change.now) {
    news = index_.put(change.resource, object);
    if (news) look_at(object.uid(), change.initial ? WorkQueue::kResyncPriority : 0);
  } else {
    index_.erase(object.uid());
    for (const auto& uid : index_.dependents(object.uid())) look_at(uid);
  }
  if (!news && index_.find(object.uid())) return;
  // Owners that wait for it.
  for (const auto& owner : owners) {
    const auto* node = index_.find(owner.uid);
    if (node && node->collecting != Collecting::No) look_at(owner.uid);
  }
}

// As it is stored now.
GarbageCollector::OwnerState GarbageCollector::state_of(const OwnerReference& owner, const OwnerIndex::Node& dependent) const {
  const auto gvk = crd::parse_api_version(owner.api_version, owner.kind);
  const auto& kinds = registry_.scheme().resources();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const auto& info) { return info.gvk.group == gvk.group && info.gvk.kind == gvk.kind; });
  if (kind == kinds.end()) return OwnerState::Unknown;
  if (kind->namespaced && !dependent.resource->namespaced) return OwnerState::Unknown;
  const auto object = registry_.get(*kind, {kind->namespaced ? dependent.key.ns : "", owner.name});
  if (object.has_error() || (*object)->uid() != owner.uid) return OwnerState::Absent;
  return collecting(**object) == Collecting::Foreground ? OwnerState::Collecting : OwnerState::Present;
}

bool GarbageCollector::belongs(const OwnerIndex::Node& dependent, const OwnerIndex::Node& owner) const {
  return !owner.resource->namespaced || (dependent.resource->namespaced && dependent.key.ns == owner.key.ns);
}

Task<Result<Outcome>> GarbageCollector::reconcile(ObjectKey key, runtime::ReconcileContext) {
  const auto uid = key.name;
  const auto* found = index_.find(uid);
  if (!found) co_return Outcome{};
  OwnerIndex::Node node = *found;
  switch (node.collecting) {
    case Collecting::Foreground: co_return co_await collect_dependents(std::move(node), uid);
    case Collecting::Orphan: co_return co_await orphan_dependents(std::move(node), uid);
    case Collecting::No: break;
  }
  if (node.deleting) co_return Outcome{};
  co_return co_await collect(std::move(node), uid);
}

// As they are stored now: the index may not have heard of the newest. Looks at every object that could be one.
std::vector<GarbageCollector::Dependent> GarbageCollector::stored_dependents(const OwnerIndex::Node& owner,
                                                                             const std::string& uid) const {
  std::vector<Dependent> dependents;
  for (const auto& resource : registry_.scheme().resources()) {
    if (owner.resource->namespaced && !resource.namespaced) continue;
    const auto listed = registry_.list(resource, owner.resource->namespaced ? owner.key.ns : "");
    for (const auto& object : listed.items) {
      if (object->bytes().find(uid) == std::string::npos) continue;
      for (const auto& reference : owner_references(*object)) {
        if (reference.uid == uid) dependents.push_back({&resource, object, reference.blocks});
      }
    }
  }
  return dependents;
}

// The owner goes when nothing is left that blocks it. Dependents that do not block go after it.
Task<Result<Outcome>> GarbageCollector::collect_dependents(OwnerIndex::Node node, std::string uid) {
  bool blocked = false;
  for (const auto& dependent : index_.dependents(uid)) {
    const auto* found = index_.find(dependent);
    const bool blocks = belongs(*found, node) && std::any_of(found->owners.begin(), found->owners.end(), [&](const auto& owner) {
                          return owner.uid == uid && owner.blocks;
                        });
    blocked = blocked || blocks;
    if (blocks && !found->deleting) look_at(dependent);
  }
  if (blocked) co_return Outcome{};
  for (const auto& dependent : stored_dependents(node, uid)) blocked = blocked || dependent.blocks;
  if (blocked) co_return Outcome{kLookAgain};
  std::string finalizer = "foregroundDeletion";
  auto done = co_await registry_.remove_finalizer(*node.resource, node.key, uid, std::move(finalizer));
  if (done.has_error()) co_return done.error();
  co_return Outcome{};
}

Task<Result<Outcome>> GarbageCollector::orphan_dependents(OwnerIndex::Node node, std::string uid) {
  const auto dependents = stored_dependents(node, uid);
  for (const auto& dependent : dependents) {
    const std::function<void(json&)> drop = [uid](json& references) { drop_owners(references, {uid}); };
    auto freed = co_await registry_.change_owners(*dependent.resource, dependent.object->key(), dependent.object->uid(), drop);
    if (freed.has_error()) co_return freed.error();
  }
  if (!dependents.empty()) co_return Outcome{base::Duration::zero()};  // until a look finds none
  std::string finalizer = "orphan";
  auto done = co_await registry_.remove_finalizer(*node.resource, node.key, uid, std::move(finalizer));
  if (done.has_error()) co_return done.error();
  co_return Outcome{};
}

// An object goes when none of its owners is there to stay; while one is, it loses the others.
Task<Result<Outcome>> GarbageCollector::collect(OwnerIndex::Node node, std::string uid) {
  std::vector<std::string> lost;
  bool kept = false, waited_for = false;
  for (const auto& owner : node.owners) {
    const auto state = state_of(owner, node);
    kept = kept || state == OwnerState::Present || state == OwnerState::Unknown;
    waited_for = waited_for || state == OwnerState::Collecting;
    if (state == OwnerState::Absent || state == OwnerState::Collecting) lost.push_back(owner.uid);
  }
  if (lost.empty()) co_return Outcome{};
  if (kept) {
    const std::function<void(json&)> drop = [lost](json& references) { drop_owners(references, lost); };
    auto changed = co_await registry_.change_owners(*node.resource, node.key, uid, drop);
    if (changed.has_error()) co_return changed.error();
    co_return Outcome{};
  }
  const auto dependents = index_.dependents(uid);
  if (!waited_for || dependents.empty()) co_return co_await remove(std::move(node), uid, api::Propagation::Default);
  // In a circle each would wait for the other.
  const bool circle = std::any_of(dependents.begin(), dependents.end(), [&](const auto& dependent) {
    const auto* found = index_.find(dependent);
    return found && found->collecting == Collecting::Foreground;
  });
  if (circle) {
    const std::function<void(json&)> unblock = unblock_owners;
    auto unblocked = co_await registry_.change_owners(*node.resource, node.key, uid, unblock);
    if (unblocked.has_error()) co_return unblocked.error();
  }
  co_return co_await remove(std::move(node), uid, api::Propagation::Foreground);
}

Task<Result<Outcome>> GarbageCollector::remove(OwnerIndex::Node node, std::string uid, api::Propagation propagation) {
  const auto now = registry_.get(*node.resource, node.key);
  if (now.has_error() || (*now)->uid() != uid) co_return Outcome{};
  api::DeletePreconditions preconditions;
  preconditions.uid = uid;
  preconditions.revision = (*now)->revision();  // its owners may have changed
  auto removed = co_await registry_.remove(*node.resource, node.key, std::move(preconditions), false, propagation);
  if (removed.has_value() || removed.error().reason == Reason::NotFound) co_return Outcome{};
  if (removed.error().reason == Reason::Conflict) co_return Outcome{kLookAgain};
  co_return removed.error();
}

}  // namespace berth::reconcile
