#include "cli/follower.h"

#include <algorithm>

#include "base/backoff.h"

namespace berth::cli {

namespace {

bool worth_another_try(Reason reason) {
  switch (reason) {
    case Reason::ServiceUnavailable:
    case Reason::Timeout:
    case Reason::Expired:
    case Reason::TooManyRequests:
    case Reason::InternalError:
      return true;
    default:
      return false;
  }
}

}  // namespace

Follower::Follower(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& resource,
                   ObjectKey which)
    : executor_(executor),
      clock_(clock),
      client_(client),
      resource_(resource),
      which_(std::move(which)),
      changed_(executor),
      group_(executor, "follower") {}

void Follower::start() { group_.spawn("follow", run()); }

Task<void> Follower::run() {
  const base::Backoff backoff{std::chrono::milliseconds(50), std::chrono::seconds(3), 2.0};
  int attempt = 0;
  for (;;) {
    const auto ended = co_await follow_once();
    if (!disconnected_) attempt = 0;
    disconnected_ = ended.error().reason != Reason::Expired;
    if (!worth_another_try(ended.error().reason) || !synced_) {
      failed_ = ended.error();
      changed_.notify_all();
      co_return;
    }
    const auto pause = backoff.delay(attempt++);
    co_await clock_.sleep_for(pause);
  }
}

// Ends with an error always: a watch has no other end.
Task<Result<void>> Follower::follow_once() {
  auto listed = co_await client_.list_part(resource_, which_);
  if (!listed.has_value()) co_return listed.error();
  disconnected_ = false;
  take_list(listed.value());
  auto watcher = co_await client_.watch_part(resource_, which_, listed.value().revision);
  if (!watcher.has_value()) co_return watcher.error();
  for (;;) {
    auto event = co_await watcher.value()->next();
    if (!event.has_value()) co_return event.error();
    take_event(event.value());
  }
}

void Follower::take_list(const api::ListResult& list) {
  std::map<ObjectKey, ObjectPtr> before;
  before.swap(known_);
  for (const auto& object : list.items) {
    known_[object->key()] = object;
    const auto old = before.find(object->key());
    const bool same = old != before.end() && old->second->revision() == object->revision();
    if (old != before.end() && old->second->uid() != object->uid()) push({old->second, true, false});
    if (!same) push({object, false, false});
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [key, object] : before) push({object, true, false});
  if (!synced_) push({nullptr, false, true});
  synced_ = true;
}

void Follower::take_event(const storage::WatchEvent& event) {
  if (event.type == storage::EventType::Bookmark || !event.object) return;
  const bool deleted = event.type == storage::EventType::Deleted;
  if (deleted) {
    known_.erase(event.object->key());
  } else {
    known_[event.object->key()] = event.object;
  }
  push({event.object, deleted, false});
}

void Follower::push(Change change) {
  queue_.push_back(std::move(change));
  changed_.notify_all();
}

Task<Result<std::optional<Follower::Change>>> Follower::next(base::SteadyTime until) {
  for (;;) {
    if (!queue_.empty()) {
      std::optional<Change> change = std::move(queue_.front());
      queue_.pop_front();
      co_return change;
    }
    if (failed_) co_return *failed_;
    if (woken_ || clock_.steady_now() >= until) {
      woken_ = false;
      co_return std::optional<Change>();
    }
    if (until == base::SteadyTime::max()) {
      co_await changed_.wait();
    } else {
      co_await changed_.wait_until(clock_, until);
    }
  }
}

void Follower::wake() {
  woken_ = true;
  changed_.notify_all();
}

Task<void> Follower::stop() { co_await group_.stop(); }

}  // namespace berth::cli
