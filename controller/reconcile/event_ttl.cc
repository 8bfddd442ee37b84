#include "controller/reconcile/event_ttl.h"

#include <algorithm>

#include "base/log.h"
#include "crd/fields.h"

namespace berth::reconcile {

namespace {

constexpr std::size_t kRemovedAtOnce = 256;
constexpr base::Duration kPauseAfterTrouble = std::chrono::seconds(10);

void take_later(base::SystemTime& time, const std::string& stamp) {
  if (const auto parsed = base::parse_time(stamp)) time = std::max(time, *parsed);
}

// When an Event that was there before was written last, as far as it says.
base::SystemTime last_written(const Object& event, base::SystemTime now) {
  base::SystemTime time = event.creation_time();
  take_later(time, crd::text_at(event.body(), "lastTimestamp"));
  take_later(time, crd::text_at(event.body(), "eventTime"));
  take_later(time, crd::text_at(crd::object_at(event.body(), "series"), "lastObservedTime"));
  return std::min(time, now);
}

}  // namespace

EventTtl::EventTtl(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed, EventTtlOptions options)
    : clock_(clock),
      registry_(registry),
      events_(*registry.scheme().find("", "v1", "events")),
      options_(options),
      changed_(executor),
      removals_(executor, "event removals"),
      tasks_(executor, "event ttl") {
  feed.on_change([this](const ObjectFeed::Change& change) {
    if (&change.resource == &events_) changed(change);
  });
  feed.on_gap([this](const crd::ResourceInfo& resource) {
    if (&resource != &events_) return;
    written_.clear();
    oldest_.clear();
  });
}

void EventTtl::start() { tasks_.spawn("expire", run()); }

Task<void> EventTtl::stop() {
  co_await tasks_.stop();
  co_await removals_.stop();
}

void EventTtl::changed(const ObjectFeed::Change& change) {
  const Object& event = change.now ? *change.now : *change.old;
  if (!change.now) return note(event.key(), nullptr);
  const auto now = clock_.system_now();
  const Written written{change.initial ? last_written(event, now) : now, event.revision()};
  note(event.key(), &written);
}

void EventTtl::note(const ObjectKey& key, const Written* written) {
  if (const auto found = written_.find(key); found != written_.end()) {
    oldest_.erase({found->second.time, key});
    written_.erase(found);
  }
  if (!written) return;
  written_[key] = *written;
  oldest_.emplace(written->time, key);
  if (written_.size() == 1 || written_.size() > options_.most) changed_.notify_all();
}

bool EventTtl::is_due(base::SystemTime written) const {
  return written_.size() > options_.most || written + options_.keep <= clock_.system_now();
}

Task<void> EventTtl::run() {
  for (;;) {
    while (oldest_.empty()) co_await changed_.wait();
    const auto first = oldest_.begin()->first;
    if (!is_due(first)) {
      const auto due = clock_.steady_now() + (first + options_.keep - clock_.system_now());
      co_await changed_.wait_until(clock_, due);
      continue;
    }
    failures_ = 0;
    for (std::size_t i = 0; i < kRemovedAtOnce && !oldest_.empty() && is_due(oldest_.begin()->first); ++i) {
      const ObjectKey key = oldest_.begin()->second;
      const auto revision = written_.at(key).revision;
      note(key, nullptr);
      removals_.spawn("remove", remove(key, revision));
    }
    co_await removals_.join();
    if (failures_ > 0) co_await clock_.sleep_for(kPauseAfterTrouble);
  }
}

Task<void> EventTtl::remove(ObjectKey key, std::uint64_t revision) {
  api::DeletePreconditions preconditions;
  preconditions.revision = revision;
  auto removed = co_await registry_.remove(events_, key, std::move(preconditions));
  // Missing, or written meanwhile: the feed tells.
  if (removed.has_value() || removed.error().reason == Reason::NotFound || removed.error().reason == Reason::Conflict) co_return;
  ++failures_;
  base::log_warn("events", "event was not removed", {{"event", key.str()}, {"error", removed.error().message}});
  if (written_.contains(key)) co_return;  // written meanwhile, the feed was quicker
  const Written again{clock_.system_now() - options_.keep, revision};
  note(key, &again);
}

}  // namespace berth::reconcile
