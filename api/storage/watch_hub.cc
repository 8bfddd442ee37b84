#include "api/storage/watch_hub.h"

#include <algorithm>
#include <stdexcept>

namespace berth::storage {

namespace {

constexpr std::size_t kRecentObjects = 64;

Error expired(Revision from, Revision horizon) {
  return base::error(Reason::Expired, "too old resource version: " + std::to_string(from) + " (" +
                                          std::to_string(horizon) + ")");
}

ObjectPtr object_of(const std::weak_ptr<const Object>& held, const Text& text, Revision revision) {
  if (auto object = held.lock()) return object;
  return parse_stored(*text, revision);
}

}  // namespace

void stamp_revision(json& body, Revision revision) {
  body["metadata"]["resourceVersion"] = std::to_string(revision);
}

ObjectPtr parse_stored(const std::string& text, Revision revision) {
  json body = json::parse(text);
  stamp_revision(body, revision);
  return Object::make(std::move(body)).value();
}

WatchEvent Record::event() const {
  WatchEvent event;
  event.type = type;
  event.revision = revision;
  event.key = key;
  event.object = object_of(object, text, revision);
  if (previous) event.previous = object_of(previous_object, previous, previous_revision);
  return event;
}

struct WatchHub::Subscription {
  Subscription(Executor executor, std::string r, std::string n, Revision after)
      : signal(std::move(executor)), resource(std::move(r)), ns(std::move(n)), from(after) {}

  base::Signal signal;
  const std::string resource;
  const std::string ns;
  const Revision from;
  std::deque<std::shared_ptr<const Record>> queue;
  std::size_t weight = 0;
  std::optional<Error> ended;

  bool wants(const Record& record) const {
    return record.revision > from && record.key.resource == resource && (ns.empty() || record.key.ns == ns);
  }
  void push(const std::shared_ptr<const Record>& record) {
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

class WatchHub::Reader final : public Watcher {
 public:
  using Subscriptions = std::list<std::shared_ptr<Subscription>>;
  Reader(std::shared_ptr<Subscription> subscription, std::weak_ptr<Subscriptions> all)
      : subscription_(std::move(subscription)), all_(std::move(all)) {}
  ~Reader() override {
    if (auto all = all_.lock()) all->remove(subscription_);
  }

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
    return Result<WatchEvent>(record->event());
  }

 private:
  std::shared_ptr<Subscription> subscription_;
  std::weak_ptr<Subscriptions> all_;
};

WatchHub::WatchHub(Executor executor, StoreOptions options)
    : executor_(std::move(executor)),
      options_(options),
      subscriptions_(std::make_shared<std::list<std::shared_ptr<Subscription>>>()) {}

WatchHub::~WatchHub() { close(); }

void WatchHub::publish(Record record) {
  const auto shared = std::make_shared<const Record>(std::move(record));
  if (auto object = shared->object.lock()) recent_.push_back(std::move(object));
  if (auto object = shared->previous_object.lock()) recent_.push_back(std::move(object));
  while (recent_.size() > kRecentObjects) recent_.pop_front();

  history_.push_back(shared);
  history_weight_ += shared->weight();
  while (history_.size() > options_.history ||
         (history_weight_ > options_.history_bytes && history_.size() > 1)) {
    drop_oldest();
  }

  for (const auto& subscription : *subscriptions_) {
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

Result<std::unique_ptr<Watcher>> WatchHub::watch(const std::string& resource, const std::string& ns,
                                                 Revision from) {
  if (from < horizon_) return expired(from, horizon_);
  auto subscription = std::make_shared<Subscription>(executor_, resource, ns, from);
  subscriptions_->push_back(subscription);
  const auto first = std::partition_point(history_.begin(), history_.end(),
                                          [from](const auto& record) { return record->revision <= from; });
  for (auto it = first; it != history_.end(); ++it) {
    if (subscription->wants(**it)) subscription->push(*it);
  }
  return std::unique_ptr<Watcher>(std::make_unique<Reader>(std::move(subscription), subscriptions_));
}

void WatchHub::forget(Revision revision) {
  while (!history_.empty() && history_.front()->revision <= revision) drop_oldest();
  horizon_ = std::max(horizon_, revision);
}

std::vector<Revision> WatchHub::take_garbage() { return std::exchange(garbage_, {}); }

void WatchHub::close() {
  for (const auto& subscription : *subscriptions_) {
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
