#include "controller/runtime/workqueue.h"

#include <algorithm>
#include <tuple>

#include "base/turns.h"

namespace berth::runtime {

namespace {

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct WorkQueue::Impl {
  // A key that waits. While its key is being processed it is in neither order.
  struct Item {
    int priority = 0;
    base::SteadyTime when{};  // when it is ready
    std::uint64_t arrival = 0;
  };
  using ReadyOrder = std::set<std::tuple<int, std::uint64_t, ObjectKey>>;  // -priority, arrival
  using DelayedOrder = std::set<std::pair<base::SteadyTime, ObjectKey>>;

  Impl(Executor executor, base::Clock& c, metrics::RuntimeMetrics& m, base::Backoff b)
      : clock(c), metrics(m), backoff(b), changed(std::move(executor)) {}

  base::Clock& clock;
  metrics::RuntimeMetrics& metrics;
  base::Backoff backoff;
  std::map<ObjectKey, Item> items;
  ReadyOrder ready;
  DelayedOrder delayed;
  std::map<ObjectKey, base::SteadyTime> processing;  // since when
  std::map<ObjectKey, int> failures;
  std::uint64_t next_arrival = 0;
  bool timekeeper = false;  // one getter sleeps until the first delayed key; the others wait for a notice
  bool closed = false;
  base::Signal changed;
  base::Turns turns;
  std::size_t queueing = 0;  // getters that wait for their turn, one for each ready key at most

  void unlink(const ObjectKey& key, const Item& item) {
    ready.erase({-item.priority, item.arrival, key});
    delayed.erase({item.when, key});
  }

  void link(const ObjectKey& key, const Item& item, base::SteadyTime now) {
    if (processing.contains(key)) return;
    if (item.when <= now) {
      ready.insert({-item.priority, item.arrival, key});
    } else {
      delayed.insert({item.when, key});
    }
  }

  void add(const ObjectKey& key, base::Duration delay, int priority) {
    if (closed) return;
    const auto now = clock.steady_now();
    const auto when = now + std::max(delay, base::Duration(0));
    const auto [place, is_new] = items.try_emplace(key, Item{priority, when, next_arrival});
    auto& item = place->second;
    if (is_new) {
      ++next_arrival;
      metrics.queue_add();
    } else {
      unlink(key, item);
      item.priority = std::max(item.priority, priority);
      item.when = std::min(item.when, when);
    }
    link(key, item, now);
    metrics.queue_depth(ready.size());
    changed.notify_all();
  }

  void promote(base::SteadyTime now) {
    while (!delayed.empty() && delayed.begin()->first <= now) {
      const auto key = delayed.begin()->second;
      delayed.erase(delayed.begin());
      auto& item = items.at(key);
      item.arrival = next_arrival++;
      ready.insert({-item.priority, item.arrival, key});
    }
  }

  ObjectKey take(base::SteadyTime now) {
    const auto key = std::get<ObjectKey>(*ready.begin());
    ready.erase(ready.begin());
    metrics.queue_wait(seconds(now - items.at(key).when));
    items.erase(key);
    processing.emplace(key, now);
    metrics.queue_depth(ready.size());
    return key;
  }
};

namespace {

// Counts a getter as one that waits for its turn; wakes the others when it is cancelled meanwhile.
struct Queueing {
  Queueing(std::size_t& c, base::Signal& signal) : count(c), others(signal) { ++count; }
  ~Queueing() {
    --count;
    if (!over) others.notify_all();
  }
  Queueing(const Queueing&) = delete;
  Queueing& operator=(const Queueing&) = delete;
  std::size_t& count;
  base::Signal& others;
  bool over = false;
};

// Marks one getter as the one that watches the time; wakes the others when it stops doing so.
struct Watch {
  Watch(bool& flag, base::Signal& signal) : taken(flag), others(signal) { taken = true; }
  ~Watch() {
    taken = false;
    others.notify_all();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  bool& taken;
  base::Signal& others;
};

}  // namespace

WorkQueue::WorkQueue(Executor executor, base::Clock& clock, metrics::RuntimeMetrics& metrics, base::Backoff backoff)
    : impl_(std::make_unique<Impl>(std::move(executor), clock, metrics, backoff)) {}

WorkQueue::~WorkQueue() = default;

void WorkQueue::add(ObjectKey key, int priority) { impl_->add(key, base::Duration(0), priority); }

void WorkQueue::add_after(ObjectKey key, base::Duration delay, int priority) { impl_->add(key, delay, priority); }

void WorkQueue::add_rate_limited(ObjectKey key) {
  if (impl_->closed) return;
  const int attempt = impl_->failures[key]++;
  impl_->metrics.queue_retry();
  impl_->add(key, impl_->backoff.delay(attempt), 0);
}

void WorkQueue::forget(const ObjectKey& key) { impl_->failures.erase(key); }

int WorkQueue::retries(const ObjectKey& key) const {
  const auto found = impl_->failures.find(key);
  return found == impl_->failures.end() ? 0 : found->second;
}

Task<std::optional<ObjectKey>> WorkQueue::get() {
  bool turn = false;
  while (!impl_->closed) {
    const auto now = impl_->clock.steady_now();
    impl_->promote(now);
    if (turn && !impl_->ready.empty()) co_return impl_->take(now);
    if (impl_->queueing < impl_->ready.size()) {
      Queueing queueing(impl_->queueing, impl_->changed);
      co_await impl_->turns.take();
      queueing.over = true;
      turn = true;
      continue;
    }
    turn = false;
    if (impl_->timekeeper || impl_->delayed.empty()) {
      co_await impl_->changed.wait();
    } else {
      Watch watch(impl_->timekeeper, impl_->changed);
      const auto when = impl_->delayed.begin()->first;
      co_await impl_->changed.wait_until(impl_->clock, when);
    }
  }
  co_return std::nullopt;
}

void WorkQueue::done(const ObjectKey& key) {
  const auto now = impl_->clock.steady_now();
  const auto started = impl_->processing.find(key);
  if (started == impl_->processing.end()) return;
  impl_->metrics.queue_work(seconds(now - started->second));
  impl_->processing.erase(started);
  const auto again = impl_->items.find(key);
  if (again == impl_->items.end() || impl_->closed) return;
  impl_->link(key, again->second, now);
  impl_->metrics.queue_depth(impl_->ready.size());
  impl_->changed.notify_all();
}

void WorkQueue::shut_down() {
  impl_->closed = true;
  impl_->items.clear();
  impl_->ready.clear();
  impl_->delayed.clear();
  impl_->metrics.queue_depth(0);
  impl_->changed.notify_all();
}

std::size_t WorkQueue::depth() const {
  const auto now = impl_->clock.steady_now();
  const auto due = std::count_if(impl_->delayed.begin(), impl_->delayed.end(),
                                 [now](const auto& entry) { return entry.first <= now; });
  return impl_->ready.size() + static_cast<std::size_t>(due);
}

void WorkQueue::report_unfinished() {
  const auto now = impl_->clock.steady_now();
  base::Duration sum{0};
  base::Duration longest{0};
  for (const auto& [key, since] : impl_->processing) {
    sum += now - since;
    longest = std::max<base::Duration>(longest, now - since);
  }
  impl_->metrics.queue_unfinished(seconds(sum), seconds(longest));
}

}  // namespace berth::runtime
