#include "controller/reconcile/quota_controller.h"

#include "controller/reconcile/status_write.h"

namespace berth::reconcile {

namespace {

using runtime::Outcome;

constexpr base::Backoff kQuotaBackoff{std::chrono::milliseconds(10), std::chrono::seconds(30), 2.0};

}  // namespace

QuotaController::QuotaController(Executor executor, base::Clock& clock, api::Registry& registry, ObjectFeed& feed,
                                 metrics::RuntimeMetrics& metrics)
    : registry_(registry),
      quotas_(*registry.scheme().find("", "v1", "resourcequotas")),
      queue_(executor, clock, metrics, kQuotaBackoff),
      controller_(executor, clock, kName, queue_, *this, metrics, kWorkers) {
  feed.on_change([this](const ObjectFeed::Change& change) { changed(change); });
  feed.on_gap([this](const crd::ResourceInfo&) {
    for (const auto& [ns, names] : by_namespace_) {
      for (const auto& name : names) queue_.add({ns, name});
    }
  });
}

void QuotaController::start() { controller_.start(); }

Task<void> QuotaController::stop() { co_await controller_.stop(); }

void QuotaController::changed(const ObjectFeed::Change& change) {
  const Object& object = change.now ? *change.now : *change.old;
  if (&change.resource == &quotas_) {
    auto& names = by_namespace_[object.ns()];
    if (change.now) {
      names.insert(object.name());
      queue_.add(object.key());
    } else {
      names.erase(object.name());
    }
  }
  const auto quotas = by_namespace_.find(object.ns());
  if (quotas == by_namespace_.end()) return;
  if (quotas->second.empty()) {
    by_namespace_.erase(quotas);
    return;
  }
  // What an object takes is in its spec.
  if (change.now && change.old && change.now->generation() == change.old->generation()) return;
  for (const auto& name : quotas->second) queue_.add({object.ns(), name});
}

Task<Result<Outcome>> QuotaController::reconcile(ObjectKey key, runtime::ReconcileContext) {
  const auto found = registry_.get(quotas_, key);
  if (found.has_error()) co_return Outcome{};
  const ObjectPtr quota = *found;
  json status = api::quota_status(quota->body(), registry_.quotas().used(key.ns, api::hard_of(quota->body())));
  auto written = co_await write_status(registry_, quotas_, quota, std::move(status));
  if (written.has_error()) co_return written.error();
  co_return Outcome{};
}

}  // namespace berth::reconcile
