#include "api/storage/watch_hub.h"

#include <algorithm>
#include <list>
#include <stdexcept>

#include "crd/managed_text.h"

namespace berth::storage {

namespace {

constexpr std::size_t kRecentObjects = 64;

Error expired(Revision from, Revision horizon) {
  return base::error(Reason::Expired, "too old resource version: " + std::to_string(from) + " (" +
                                          std::to_string(horizon) + ")");
}

bool concerns(const Record& record, const std::string& resource, const std::string& ns) {
  return record.key.resource == resource && (ns.empty() || record.key.ns == ns);
}

}  // namespace

void stamp_revision(json& body, Revision revision) {
  body["metadata"]["resourceVersion"] = std::to_string(revision);
}

Result<ObjectPtr> read_stored(const Text& text, Revision revision) {
  auto object = Object::from_text(text);
  if (object.has_error() || (*object)->revision() == revision) return object;
  json body = (*object)->body();
  stamp_revision(body, revision);
  return Object::make(std::move(body));
}

struct WatchHub::Subscription {
  Subscription(Executor executor, std::string r, ObjectKey p, Revision after)
      : signal(std::move(executor)), resource(std::move(r)), part(std::move(p)), from(after) {}

  base::Signal signal;
  const std::string resource;
  const ObjectKey part;
  const Revision from;
  std::deque<RecordPtr> queue;
  std::size_t weight = 0;
  bool woken = false;
  std::optional<Error> ended;

  bool wants(const Record& record) const {
    return record.revision > from && concerns(record, resource, part.ns) && (part.name.empty() || record.key.name == part.name);
  }
  void push(const RecordPtr& record) {
    queue.push_back(record);
    weight += record->weight();
  }
  void end(Error error) {
    ended = std::move(error);
    queue.clear();
    weight = 0;
    signal.notify_all();
  }
};

// The subscriptions, and the objects of the newest changes, so that many readers of one change need not parse it again.
struct WatchHub::Shared {
  std::list<std::shared_ptr<Subscription>> subscriptions;
  std::deque<ObjectPtr> recent;

  void keep(ObjectPtr object) {
    recent.push_back(std::move(object));
    while (recent.size() > kRecentObjects) recent.pop_front();
  }
  ObjectPtr object_of(std::weak_ptr<const Object>& held, const Text& text, Revision revision) {
    if (auto object = held.lock()) return object;
    auto object = read_stored(text, revision).value();
    held = object;
    keep(object);
    return object;
  }
  ObjectPtr before(const Record& record) {
    return record.previous ? object_of(record.previous_object, record.previous, record.previous_revision) : nullptr;
  }
  WatchEvent event(const Record& record) {
    return {record.type, record.revision, record.key, object_of(record.object, record.text, record.revision), before(record)};
  }
};

class WatchHub::Reader final : public StoreWatcher {
 public:
  Reader(std::shared_ptr<Subscription> subscription, std::shared_ptr<Shared> shared)
      : subscription_(std::move(subscription)), shared_(std::move(shared)) {}
  ~Reader() override { shared_->subscriptions.remove(subscription_); }

  Task<Result<WatchEvent>> next() override {
    const auto subscription = subscription_;
    while (true) {
      auto event = poll();
      if (event) co_return std::move(*event);
      co_await subscription->signal.wait();
    }
  }

  std::optional<Result<WatchEvent>> poll() override {
    auto& s = *subscription_;
    if (s.ended) return Result<WatchEvent>(*s.ended);
    if (s.queue.empty()) return std::nullopt;
    const auto record = std::move(s.queue.front());
    s.queue.pop_front();
    s.weight -= record->weight();
    return Result<WatchEvent>(shared_->event(*record));
  }

  Task<void> wait() override {
    const auto subscription = subscription_;
    const auto idle = [&s = *subscription] { return !s.ended && s.queue.empty() && !s.woken; };
    while (idle()) co_await subscription->signal.wait();
    subscription->woken = false;
  }

  void wake() override {
    subscription_->woken = true;
    subscription_->signal.notify_all();
  }

 private:
  std::shared_ptr<Subscription> subscription_;
  std::shared_ptr<Shared> shared_;
};

WatchHub::WatchHub(Executor executor, StoreOptions options)
    : executor_(std::move(executor)), options_(options), shared_(std::make_shared<Shared>()) {}

WatchHub::~WatchHub() { close(); }

void WatchHub::publish(Record record) {
  const auto shared = std::make_shared<const Record>(std::move(record));
  if (auto object = shared->object.lock()) shared_->keep(std::move(object));
  if (auto object = shared->previous_object.lock()) shared_->keep(std::move(object));

  history_.push_back(shared);
  history_weight_ += shared->weight();
  while (history_.size() > options_.history ||
         (history_weight_ > options_.history_bytes && history_.size() > 1)) {
    drop_oldest();
  }

  for (const auto& subscription : shared_->subscriptions) {
    if (subscription->ended || !subscription->wants(*shared)) continue;
    if (subscription->queue.size() >= options_.watcher_buffer ||
        subscription->weight > 4 * options_.history_bytes) {
      subscription->end(base::error(Reason::Expired, "the watch was too slow; list again"));
      continue;
    }
    subscription->push(shared);
    subscription->signal.notify_all();
  }
}

Result<std::unique_ptr<StoreWatcher>> WatchHub::watch(const std::string& resource, const ObjectKey& part, Revision from) {
  if (from < horizon_) return expired(from, horizon_);
  auto subscription = std::make_shared<Subscription>(executor_, resource, part, from);
  shared_->subscriptions.push_back(subscription);
  for (auto it = first_after(from); it != history_.end(); ++it) {
    if (subscription->wants(**it)) subscription->push(*it);
  }
  return std::unique_ptr<StoreWatcher>(std::make_unique<Reader>(std::move(subscription), shared_));
}

Result<WatchHub::Undo> WatchHub::undo(const std::string& resource, const std::string& ns, Revision at) const {
  if (at < horizon_) return expired(at, horizon_);
  Undo undo;
  for (auto it = first_after(at); it != history_.end(); ++it) {
    if (concerns(**it, resource, ns)) undo.emplace((*it)->key, *it);
  }
  return undo;
}

ObjectPtr WatchHub::before(const Record& record) const { return shared_->before(record); }

std::deque<RecordPtr>::const_iterator WatchHub::first_after(Revision revision) const {
  return std::partition_point(history_.begin(), history_.end(),
                              [revision](const auto& record) { return record->revision <= revision; });
}

void WatchHub::forget(Revision revision) {
  while (!history_.empty() && history_.front()->revision <= revision) drop_oldest();
  horizon_ = std::max(horizon_, revision);
}

std::vector<Revision> WatchHub::take_garbage() { return std::exchange(garbage_, {}); }

void WatchHub::close() {
  for (const auto& subscription : shared_->subscriptions) {
    if (!subscription->ended) subscription->end(base::error(Reason::Cancelled, "the store is stopping"));
  }
}

void WatchHub::drop_oldest() {
  const auto& record = *history_.front();
  if (record.previous_revision != 0) garbage_.push_back(record.previous_revision);
  if (record.type == EventType::Deleted) garbage_.push_back(record.revision);
  horizon_ = record.revision;
  history_weight_ -= record.weight();
  history_.pop_front();
}

}  // namespace berth::storage
