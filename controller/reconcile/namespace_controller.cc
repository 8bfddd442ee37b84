#include "controller/reconcile/namespace_controller.h"

#include "controller/reconcile/status_write.h"
#include "crd/fields.h"

namespace berth::reconcile {

namespace {

using runtime::Outcome;

constexpr base::Backoff kNamespaceBackoff{std::chrono::milliseconds(10), std::chrono::seconds(30), 2.0};

}  // namespace

NamespaceController::NamespaceController(Executor executor, base::Clock& clock, api::Registry& registry,
                                         ObjectFeed& feed, metrics::RuntimeMetrics& metrics)
    : clock_(clock),
      registry_(registry),
      namespaces_(*registry.scheme().find("", "v1", "namespaces")),
      queue_(executor, clock, metrics, kNamespaceBackoff),
      controller_(executor, clock, kName, queue_, *this, metrics, kWorkers) {
  feed.on_change([this](const ObjectFeed::Change& change) { changed(change); });
  feed.on_gap([this](const crd::ResourceInfo&) {
    for (const auto& name : terminating_) queue_.add({"", name});
  });
}

void NamespaceController::start() { controller_.start(); }

Task<void> NamespaceController::stop() { co_await controller_.stop(); }

void NamespaceController::changed(const ObjectFeed::Change& change) {
  const Object& object = change.now ? *change.now : *change.old;
  if (&change.resource == &namespaces_) {
    if (!change.now) {
      terminating_.erase(object.name());
    } else if (!object.deleting()) {
      terminating_.erase(object.name());  // another one of that name, should its deletion have been missed
    } else if (terminating_.insert(object.name()).second) {
      queue_.add(object.key());
    }
    return;
  }
  if (terminating_.empty() || !terminating_.contains(object.ns())) return;
  const auto finalizers = [](const ObjectPtr& state) { return crd::array_at(state->body().at("metadata"), "finalizers"); };
  if (!change.now || !change.old || finalizers(change.old) != finalizers(change.now)) queue_.add({"", object.ns()});
}

Task<Result<Outcome>> NamespaceController::reconcile(ObjectKey key, runtime::ReconcileContext) {
  const auto found = registry_.get(namespaces_, key);
  if (found.has_error() || !(*found)->deleting()) co_return Outcome{};
  ObjectPtr ns = *found;
  if (crd::array_at(ns->spec(), "finalizers").empty()) co_return Outcome{};  // others hold it
  const bool shown = !crd::array_at(ns->status(), "conditions").empty();
  auto content = co_await empty(key.name);
  auto told = co_await show(ns, content);
  if (told.has_error()) co_return told.error();
  // A create that found the namespace Active may still be on its way to the disk. It was committed before the deletion could be seen,
  // and so before the first of these writes: after that it can be seen.
  if (!shown) content = co_await empty(key.name);
  if (!content.failure.empty()) co_return base::error(Reason::InternalError, content.failure);
  if (!content.empty()) co_return Outcome{};
  json body = {{"metadata", {{"name", ns->name()}, {"uid", ns->uid()}}}, {"spec", json::object()}};
  api::WriteOptions options;
  options.actor = api::Actor::System;
  auto done = co_await registry_.finalize_namespace(ns->name(), std::move(body), std::move(options));
  if (done.has_error() && done.error().reason != Reason::NotFound) co_return done.error();
  co_return Outcome{};
}

// Deletes what is in the namespace; what is left of it.
Task<NamespaceContent> NamespaceController::empty(std::string ns) {
  std::string failure;
  for (const auto& resource : registry_.scheme().resources()) {
    // What only berth writes goes with its owner.
    if (!resource.namespaced || !resource.allows("delete")) continue;
    const auto listed = registry_.list(resource, ns);
    for (const auto& object : listed.items) {
      if (object->deleting()) continue;
      api::DeletePreconditions preconditions;
      preconditions.uid = object->uid();
      auto removed = co_await registry_.remove(resource, object->key(), std::move(preconditions), false, api::Propagation::Background);
      const bool gone = removed.has_value() || removed.error().reason == Reason::NotFound || removed.error().reason == Reason::Conflict;
      if (!gone && failure.empty()) failure = resource.plural + " " + object->name() + ": " + removed.error().message;
    }
  }
  NamespaceContent content;
  content.failure = std::move(failure);
  for (const auto& resource : registry_.scheme().resources()) {
    if (!resource.namespaced) continue;
    for (const auto& object : registry_.list(resource, ns).items) count_content(content, resource, *object);
  }
  co_return content;
}

Task<Result<void>> NamespaceController::show(ObjectPtr ns, NamespaceContent content) {
  json status = terminating_status(ns->status(), content, clock_.system_now());
  co_return co_await write_status(registry_, namespaces_, std::move(ns), std::move(status));
}

}  // namespace berth::reconcile
