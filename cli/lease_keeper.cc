#include "cli/lease_keeper.h"

#include <algorithm>

#include "cli/targets.h"

namespace berth::cli {

namespace {

api::WriteOptions write_options() {
  api::WriteOptions options;
  options.field_validation = api::FieldValidation::Strict;
  options.field_manager = "berthctl";
  return options;
}

}  // namespace

LeaseKeeper::LeaseKeeper(Session& session, ObjectPtr environment, base::Duration duration, std::string holder)
    : session_(session),
      resource_(resource_of(session.scheme, "coordination.k8s.io", "v1", "leases")),
      environment_(std::move(environment)),
      duration_(duration),
      holder_(std::move(holder)),
      group_(session.executor, "lease") {}

json LeaseKeeper::body() const {
  const auto& owner = *environment_;
  json reference = {{"apiVersion", owner.gvk().api_version()},
                    {"kind", owner.gvk().kind},
                    {"name", owner.name()},
                    {"uid", owner.uid()}};
  json spec = {{"holderIdentity", holder_},
               {"leaseDurationSeconds", std::chrono::duration_cast<std::chrono::seconds>(duration_).count()},
               {"acquireTime", acquired_},
               {"renewTime", base::format_micro_time(session_.clock.system_now())}};
  return {
      {"apiVersion", "coordination.k8s.io/v1"},
      {"kind", "Lease"},
      {"metadata", {{"name", owner.name()}, {"namespace", owner.ns()}, {"ownerReferences", json::array({reference})}}},
      {"spec", std::move(spec)}};
}

Task<Result<void>> LeaseKeeper::acquire() {
  acquired_ = base::format_micro_time(session_.clock.system_now());
  auto fresh = body();
  auto options = write_options();
  auto made = co_await session_.client.create(resource_, environment_->ns(), std::move(fresh), std::move(options));
  if (made.has_value()) co_return Result<void>();
  if (made.error().reason != Reason::AlreadyExists) co_return made.error();
  co_return co_await renew();
}

Task<Result<void>> LeaseKeeper::renew() {
  auto current = co_await session_.client.get(resource_, environment_->key());
  if (!current.has_value()) {
    if (current.error().reason != Reason::NotFound) co_return current.error();
    auto fresh = body();
    auto options = write_options();
    auto made = co_await session_.client.create(resource_, environment_->ns(), std::move(fresh), std::move(options));
    if (!made.has_value()) co_return made.error();
    co_return Result<void>();
  }
  auto renewed = body();
  renewed["metadata"]["resourceVersion"] = std::to_string(current.value()->revision());
  auto options = write_options();
  auto stored =
      co_await session_.client.replace(resource_, environment_->key(), std::move(renewed), std::move(options));
  if (!stored.has_value()) co_return stored.error();
  co_return Result<void>();
}

void LeaseKeeper::start() { group_.spawn("renew", run()); }

Task<void> LeaseKeeper::run() {
  const auto interval = duration_ / 3;
  const auto after_failure = std::min<base::Duration>(interval, std::chrono::seconds(1));
  auto pause = interval;
  for (;;) {
    co_await session_.clock.sleep_for(pause);
    const auto renewed = co_await renew();
    pause = renewed.has_value() ? interval : after_failure;
  }
}

Task<void> LeaseKeeper::stop() { co_await group_.stop(); }

Task<Result<void>> LeaseKeeper::release() {
  const api::DeletePreconditions any;
  auto removed = co_await session_.client.remove(resource_, environment_->key(), any);
  if (removed.has_value() || removed.error().reason == Reason::NotFound) co_return Result<void>();
  co_return removed.error();
}

}  // namespace berth::cli
