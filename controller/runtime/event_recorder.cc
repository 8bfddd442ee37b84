#include "controller/runtime/event_recorder.h"

#include <cstdio>
#include <utility>

#include "base/log.h"

namespace berth::runtime {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kRememberedEntries = 4096;
constexpr base::Duration kGather = std::chrono::milliseconds(50);  // so that one transaction stores many

std::string event_name(const std::string& object, base::SystemTime now, std::uint64_t serial) {
  char suffix[40];
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  std::snprintf(suffix, sizeof suffix, ".%llx", static_cast<unsigned long long>(nanos) + serial);
  return object.substr(0, 200) + suffix;
}

}  // namespace

EventRecorder::EventRecorder(Executor executor, base::Clock& clock, api::Client& client,
                             const crd::ResourceInfo& events, std::string component)
    : clock_(clock),
      client_(client),
      resource_(events),
      component_(std::move(component)),
      changed_(executor),
      writes_(executor, "event writes"),
      tasks_(executor, "event recorder") {}

void EventRecorder::start() {
  tasks_.spawn("write", write_loop());
}

Task<void> EventRecorder::stop() {
  const auto deadline = clock_.steady_now() + std::chrono::seconds(1);
  while (!pending_.empty() && clock_.steady_now() < deadline) {
    const auto soon = clock_.steady_now() + kGather;
    co_await clock_.sleep_until(soon);
  }
  co_await tasks_.stop();
  co_await writes_.stop();
}

void EventRecorder::emit(const ObjectPtr& about, bool warning, std::string reason, std::string message) {
  base::log(warning ? base::LogLevel::Warn : base::LogLevel::Info, "event", message,
            {{"reason", reason}, {"object", about ? about->key().str() : std::string()}});
  if (!about) return;
  const auto now = clock_.system_now();
  Identity identity{about->uid(), std::move(reason), std::move(message), warning};
  auto found = entries_.find(identity);
  if (found == entries_.end()) {
    if (pending_.size() >= kPendingLimit) {
      ++dropped_;
      return;
    }
    Entry entry;
    entry.key.ns = about->ns().empty() ? "default" : about->ns();
    entry.key.name = event_name(about->name(), now, names_++);
    entry.involved = {{"apiVersion", about->gvk().api_version()},
                      {"kind", about->gvk().kind},
                      {"name", about->name()},
                      {"uid", about->uid()},
                      {"resourceVersion", std::to_string(about->revision())}};
    if (!about->ns().empty()) entry.involved["namespace"] = about->ns();
    entry.first = now;
    found = entries_.emplace(identity, std::move(entry)).first;
  }
  auto& entry = found->second;
  ++entry.count;
  entry.last = now;
  if (std::exchange(entry.pending, true)) return;
  pending_.push_back(std::move(identity));
  changed_.notify_all();
}

Task<void> EventRecorder::write_loop() {
  for (;;) {
    while (pending_.empty()) co_await changed_.wait();
    co_await clock_.sleep_for(kGather);
    for (std::size_t i = 0; i < kBatch && !pending_.empty(); ++i) {
      auto identity = std::move(pending_.front());
      pending_.pop_front();
      entries_.at(identity).pending = false;
      writes_.spawn("event", write(std::move(identity)));
    }
    co_await writes_.join();
    forget_old();
  }
}

Task<void> EventRecorder::write(Identity identity) {
  const Entry entry = entries_.at(identity);
  auto stored = co_await store(identity, entry);
  if (stored.has_value()) {
    const auto found = entries_.find(identity);
    if (found != entries_.end()) found->second.written = entry.count;
  } else {
    ++dropped_;
    // Its namespace is going, or gone.
    const bool expected = stored.error().reason == Reason::Forbidden || stored.error().reason == Reason::NotFound;
    base::log(expected ? base::LogLevel::Debug : base::LogLevel::Warn, "event", "event was not stored",
                   {{"event", entry.key.str()}, {"reason", base::to_string(stored.error().reason)}, {"error", stored.error().message}});
  }
}

Task<Result<void>> EventRecorder::store(const Identity& identity, Entry entry) {
  api::WriteOptions options;
  options.actor = api::Actor::System;
  options.field_manager = component_;
  json event = body(identity, entry);
  if (entry.written > 0) {
    auto current = co_await client_.get(resource_, entry.key);
    if (current.has_value()) {
      event["metadata"] = (*current)->body().at("metadata");
      auto replaced = co_await client_.replace(resource_, entry.key, std::move(event), std::move(options));
      if (replaced.has_error()) co_return replaced.error();
      co_return Result<void>();
    }
    if (current.error().reason != Reason::NotFound) co_return current.error();
  }
  auto created = co_await client_.create(resource_, entry.key.ns, std::move(event), std::move(options));
  if (created.has_error()) co_return created.error();
  co_return Result<void>();
}

json EventRecorder::body(const Identity& identity, const Entry& entry) const {
  return {{"apiVersion", "v1"},
          {"kind", "Event"},
          {"metadata", {{"name", entry.key.name}, {"namespace", entry.key.ns}}},
          {"involvedObject", entry.involved},
          {"reason", identity.reason},
          {"message", identity.message},
          {"type", identity.warning ? "Warning" : "Normal"},
          {"source", {{"component", component_}}},
          {"reportingComponent", component_},
          {"firstTimestamp", base::format_time(entry.first)},
          {"lastTimestamp", base::format_time(entry.last)},
          {"count", entry.count}};
}

void EventRecorder::forget_old() {
  const auto oldest = clock_.system_now() - kKeep;
  const bool full = entries_.size() > kRememberedEntries;
  std::erase_if(entries_, [&](const auto& item) {
    return !item.second.pending && (full || item.second.last < oldest);
  });
}

}  // namespace berth::runtime
