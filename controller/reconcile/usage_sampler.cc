#include "controller/reconcile/usage_sampler.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "base/task_group.h"
#include "controller/reconcile/service_container.h"
#include "crd/fields.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kBetweenLooks = std::chrono::seconds(1);
constexpr base::Duration kOldest = std::chrono::minutes(2);
constexpr base::Duration kLookTime = std::chrono::seconds(10);
constexpr std::size_t kLooksAtOnce = 8;

bool makes_a_rate(const engine::ContainerStats& before, const engine::ContainerStats& now) {
  return before.read != base::SystemTime{} && now.read - before.read >= kBetweenLooks / 2 && now.cpu_nanos >= before.cpu_nanos;
}

}  // namespace

UsageSampler::Targets UsageSampler::targets_of(const std::vector<ObjectPtr>& environments) const {
  Targets targets;
  for (const auto& environment : environments) {
    for (const auto& service : crd::array_at(environment->spec(), "services")) {
      Target target{environment->ns(), environment->name(), crd::text_at(service, "name"), "", 0, std::nullopt, std::nullopt, std::nullopt};
      const auto container = service_container(host_.mirror, environment->uid(), target.service);
      if (container && container->running()) {
        target.container_id = container->id;
        target.nano_cpus = container->nano_cpus;
        const auto known = last_.find(container->id);
        if (known != last_.end()) target.before = known->second;
      }
      targets.push_back(std::move(target));
    }
  }
  return targets;
}

Task<void> UsageSampler::look_at_some(Targets& targets, bool only_new, std::size_t& next) {
  while (next < targets.size()) {
    auto& target = targets[next++];
    if (target.container_id.empty() || target.failure) continue;
    if (only_new && target.before && makes_a_rate(*target.before, *target.now)) continue;
    const auto deadline = base::Deadline::after(clock_.steady_now(), kLookTime);
    auto stats = co_await host_.engine.stats(target.container_id, deadline);
    const bool gone = stats.has_error() ? stats.error().reason == Reason::NotFound : stats->read == base::SystemTime{};
    if (gone) {
      target.container_id.clear();  // it has ended meanwhile
    } else if (stats.has_error()) {
      target.failure = stats.error();
    } else {
      if (only_new) target.before = target.now;
      target.now = *stats;
    }
  }
}

Task<void> UsageSampler::look(Targets& targets, bool only_new) {
  std::size_t next = 0;
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group(executor, "usage");
  for (std::size_t i = 0; i < std::min(kLooksAtOnce, targets.size()); ++i) {
    group.spawn("look", look_at_some(targets, only_new, next));
  }
  std::exception_ptr cancelled;
  try {
    co_await group.join();
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state();
    co_await group.stop();
    std::rethrow_exception(cancelled);
  }
}

void UsageSampler::remember(const Targets& targets) {
  const auto oldest = clock_.system_now() - kOldest;
  std::erase_if(last_, [&](const auto& known) { return known.second.read < oldest; });
  for (const auto& target : targets) {
    if (!target.container_id.empty() && target.now) last_[target.container_id] = *target.now;
  }
}

Task<Result<json>> UsageSampler::usage(std::vector<ObjectPtr> environments) {
  auto targets = targets_of(environments);
  bool only_new = false;
  co_await look(targets, only_new);
  const auto failed = std::find_if(targets.begin(), targets.end(), [](const Target& target) { return target.failure.has_value(); });
  const bool any = std::any_of(targets.begin(), targets.end(), [](const Target& target) { return target.now.has_value(); });
  if (failed != targets.end() && !any) co_return *failed->failure;
  const bool again = std::any_of(targets.begin(), targets.end(), [](const Target& target) {
    return !target.container_id.empty() && !target.failure && !(target.before && makes_a_rate(*target.before, *target.now));
  });
  if (again) {
    co_await clock_.sleep_for(kBetweenLooks);
    only_new = true;
    co_await look(targets, only_new);
  }
  remember(targets);
  json items = json::array();
  for (const auto& target : targets) items.push_back(item(target));
  json out = {{"items", std::move(items)}};
  co_return Result<json>(boost::system::in_place_value, std::move(out));
}

json UsageSampler::item(const Target& target) {
  json out = {{"namespace", target.ns}, {"environment", target.environment}, {"service", target.service}};
  if (target.failure) out["error"] = target.failure->message;
  out["running"] = !target.container_id.empty() && target.now.has_value();
  if (!out["running"].get<bool>()) return out;
  const auto& now = *target.now;
  std::int64_t rate = 0;
  double window = 0;
  if (target.before && now.read > target.before->read && now.cpu_nanos >= target.before->cpu_nanos) {
    window = std::chrono::duration<double>(now.read - target.before->read).count();
    rate = static_cast<std::int64_t>(static_cast<double>(now.cpu_nanos - target.before->cpu_nanos) / window);
  }
  out["containerID"] = target.container_id;
  out["timestamp"] = base::format_micro_time(now.read);
  out["windowSeconds"] = window;
  out["cpu"] = {{"nanoCores", rate}, {"limitNanoCores", target.nano_cpus}};
  out["memory"] = {{"bytes", now.memory_bytes}, {"limitBytes", now.memory_limit}};
  out["network"] = {{"receivedBytes", now.received_bytes}, {"sentBytes", now.sent_bytes}};
  out["blockIO"] = {{"readBytes", now.read_bytes}, {"writtenBytes", now.written_bytes}};
  out["pids"] = now.pids;
  return out;
}

}  // namespace berth::reconcile
