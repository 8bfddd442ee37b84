#include "controller/runtime/informer.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/log.h"

namespace berth::runtime {

namespace {

// How many deletions are remembered, so that a late answer of one's own write does not bring an object back.
constexpr std::size_t kRememberedDeletions = 1024;
constexpr std::size_t kToldAtOnce = 64;
constexpr base::Backoff kRelist{std::chrono::milliseconds(100), std::chrono::seconds(10), 2.0};

}  // namespace

Informer::Informer(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource)
    : clock_(clock), client_(client), resource_(resource), changed_(executor), tasks_(executor, "informer") {}

void Informer::on_change(Handler handler) { handlers_.push_back(std::move(handler)); }

void Informer::start() { tasks_.spawn(resource_.plural, run()); }

Task<void> Informer::synced() {
  while (!synced_) co_await changed_.wait();
}

Task<void> Informer::stop() { co_await tasks_.stop(); }

ObjectPtr Informer::get(const ObjectKey& key) const {
  const auto found = cache_.find(key);
  return found == cache_.end() ? nullptr : found->second.get();
}

std::vector<ObjectPtr> Informer::list() const {
  std::vector<ObjectPtr> objects;
  objects.reserve(cache_.size());
  for (const auto& [key, object] : cache_) objects.push_back(object.get());
  return objects;
}

void Informer::observe(const ObjectPtr& object) {
  if (!object) return;
  const auto gone = gone_.find(object->key());
  if (gone != gone_.end() && object->revision() <= gone->second) return;
  apply(object->key(), object, object->revision(), false);
}

Task<void> Informer::run() {
  int failures = 0;
  for (;;) {
    const auto error = co_await list_and_watch(failures);
    const bool expired = error.reason == Reason::Expired;
    if (!expired) {
      base::log_warn("informer", "list or watch failed",
                     {{"resource", resource_.plural}, {"reason", base::to_string(error.reason)}, {"error", error.message}});
    }
    const auto pause = kRelist.delay(failures++);
    co_await clock_.sleep_for(pause);
  }
}

Task<Error> Informer::list_and_watch(int& failures) {
  std::string everywhere;
  auto listed = co_await client_.list(resource_, everywhere);
  if (listed.has_error()) co_return listed.error();
  const auto revision = listed->revision;
  co_await replace_all(std::move(*listed));
  auto watched = co_await client_.watch(resource_, everywhere, revision);
  if (watched.has_error()) co_return watched.error();
  auto& watcher = **watched;
  for (;;) {
    auto event = co_await watcher.next();
    if (event.has_error()) co_return event.error();
    failures = 0;
    const ObjectKey key{event->key.ns, event->key.name};
    if (event->type == storage::EventType::Deleted) {
      apply(key, nullptr, event->revision, false);
    } else if (event->type != storage::EventType::Bookmark) {
      apply(key, event->object, event->revision, false);
    }
  }
}

// Handlers see one object at a time: the rest stays unread. After a number of them others have their turn.
Task<void> Informer::replace_all(api::ListResult listed) {
  const bool initial = !synced_;
  std::map<ObjectKey, KeptObject> fresh;
  for (auto& object : listed.items) {
    fresh.emplace(object->key(), KeptObject(object));
    object.reset();
  }
  std::vector<ObjectKey> missing;
  for (const auto& [key, object] : cache_) {
    if (!fresh.contains(key) && object.revision() <= listed.revision) missing.push_back(key);
  }
  for (const auto& key : missing) apply(key, nullptr, listed.revision, initial);
  std::size_t told = 0;
  for (const auto& [key, object] : fresh) {
    if (++told % kToldAtOnce == 0) co_await turns_.take();
    apply(key, object.get(), object.revision(), initial);
  }
  synced_ = true;
  changed_.notify_all();
}

void Informer::apply(const ObjectKey& key, ObjectPtr now, std::uint64_t revision, bool initial) {
  const auto found = cache_.find(key);
  const ObjectPtr old = found == cache_.end() ? nullptr : found->second.get();
  if (old && old->revision() >= revision && (now || old->revision() > revision)) return;
  if (now) {
    cache_[key] = KeptObject(now);
    gone_.erase(key);
  } else {
    remember_gone(key, revision);
    if (!old) return;
    cache_.erase(key);
  }
  for (const auto& handler : handlers_) handler(old, now, initial);
}

void Informer::remember_gone(const ObjectKey& key, std::uint64_t revision) {
  gone_[key] = revision;
  if (gone_.size() <= kRememberedDeletions) return;
  const auto oldest = std::min_element(gone_.begin(), gone_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  gone_.erase(oldest);
}

}  // namespace berth::runtime
