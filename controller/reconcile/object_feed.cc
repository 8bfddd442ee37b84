#include "controller/reconcile/object_feed.h"

#include "base/backoff.h"
#include "base/log.h"

namespace berth::reconcile {

namespace {

constexpr base::Backoff kFeedBackoff{std::chrono::milliseconds(10), std::chrono::seconds(10), 2.0};

}  // namespace

ObjectFeed::ObjectFeed(Executor executor, base::Clock& clock, api::Registry& registry)
    : clock_(clock), registry_(registry), tasks_(std::move(executor), "object feed") {}

void ObjectFeed::on_change(Handler handler) { handlers_.push_back(std::move(handler)); }

void ObjectFeed::on_gap(std::function<void(const crd::ResourceInfo&)> handler) { gap_handlers_.push_back(std::move(handler)); }

void ObjectFeed::start() {
  for (const auto& resource : registry_.scheme().resources()) {
    tasks_.spawn(resource.plural, follow(resource, begin(resource)));
  }
}

Task<void> ObjectFeed::stop() { co_await tasks_.stop(); }

void ObjectFeed::tell(const Change& change) const {
  for (const auto& handler : handlers_) handler(change);
}

std::unique_ptr<api::Watcher> ObjectFeed::begin(const crd::ResourceInfo& resource) {
  auto listed = registry_.list(resource, "");
  for (auto& object : listed.items) {
    tell({resource, nullptr, object, true});
    object.reset();  // one at a time: what was read goes again
  }
  auto watcher = registry_.watch(resource, "", listed.revision);
  if (watcher.has_error()) return nullptr;
  return std::move(*watcher);
}

Task<void> ObjectFeed::follow(const crd::ResourceInfo& resource, std::unique_ptr<api::Watcher> watcher) {
  int failures = 0;
  for (;;) {
    while (watcher) {
      auto event = co_await watcher->next();
      if (event.has_error()) {
        if (event.error().reason == Reason::Cancelled) co_return;
        base::log_warn("object feed", "changes were missed", {{"resource", resource.plural}, {"error", event.error().message}});
        break;
      }
      failures = 0;
      const bool gone = event->type == storage::EventType::Deleted;
      if (event->type == storage::EventType::Bookmark) continue;
      tell({resource, event->previous, gone ? nullptr : event->object, false});
    }
    const auto pause = kFeedBackoff.delay(failures++);
    co_await clock_.sleep_for(pause);
    for (const auto& handler : gap_handlers_) handler(resource);
    watcher = begin(resource);
  }
}

}  // namespace berth::reconcile
