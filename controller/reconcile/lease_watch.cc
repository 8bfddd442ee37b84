#include "controller/reconcile/lease_watch.h"

#include "base/log.h"

namespace berth::reconcile {

LeaseWatch::LeaseWatch(Executor executor, base::Clock& clock, api::Client& client, const crd::ResourceInfo& leases,
                       runtime::Informer& environments)
    : client_(client), resource_(leases), leases_(executor, clock, client, leases), tasks_(executor, "leases") {
  leases_.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool) {
    if (on_renewal_) on_renewal_(now ? now->key() : old->key());
  });
  // A Lease has no use without its environment. The garbage collector sees to those that name it as their owner.
  environments.on_change([this](const ObjectPtr& old, const ObjectPtr& now, bool) {
    if (now || !old || !old->spec().contains("leaseDurationSeconds")) return;
    if (const auto lease = leases_.get(old->key())) tasks_.spawn("remove", remove(lease->key(), lease->uid()));
  });
}

void LeaseWatch::start() { leases_.start(); }

Task<void> LeaseWatch::stop() {
  co_await leases_.stop();
  co_await tasks_.stop();
}

std::optional<base::SystemTime> LeaseWatch::renewed(const ObjectKey& key) const {
  const auto lease = leases_.get(key);
  if (!lease) return std::nullopt;
  const auto stamp = lease->spec().find("renewTime");
  if (stamp == lease->spec().end() || !stamp->is_string()) return std::nullopt;
  return base::parse_time(stamp->get<std::string>());
}

Task<void> LeaseWatch::remove(ObjectKey key, std::string uid) {
  api::DeletePreconditions preconditions;
  preconditions.uid = std::move(uid);
  auto removed = co_await client_.remove(resource_, key, std::move(preconditions));
  if (removed.has_error() && removed.error().reason != Reason::NotFound) {
    base::log_warn("leases", "lease was not removed", {{"lease", key.str()}, {"error", removed.error().message}});
  }
}

}  // namespace berth::reconcile
