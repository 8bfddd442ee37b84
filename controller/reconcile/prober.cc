#include "controller/reconcile/prober.h"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/log.h"
#include "controller/reconcile/log_match.h"

namespace berth::reconcile {

namespace {

using std::chrono::milliseconds;
using Kind = CheckResult::Kind;

constexpr base::Duration kFirst = milliseconds(20);
constexpr base::Duration kExecFloor = milliseconds(250);
constexpr base::Duration kSlowest = std::chrono::seconds(1);
// A service that is not ready yet is not called unready so soon: it is starting.
constexpr base::Duration kVerdictPatience = std::chrono::seconds(5);
constexpr base::Duration kTellAgain = std::chrono::seconds(10);

bool is_exec(const plan::ProbeTarget& target) { return std::holds_alternative<crd::ExecAction>(target.probe.action); }
bool is_image(const plan::ProbeTarget& target) { return std::holds_alternative<crd::ImageAction>(target.probe.action); }
const crd::LogAction* log_action(const plan::ProbeTarget& target) {
  return std::get_if<crd::LogAction>(&target.probe.action);
}

// Whether the watch over `a` can go on as the watch over `b`.
bool same_watch(const plan::ProbeTarget& a, const plan::ProbeTarget& b) {
  if (a.container_id != b.container_id || a.started_at != b.started_at) return false;
  if (a.probe.action.index() != b.probe.action.index()) return false;
  const auto* pattern = log_action(a);
  return !pattern || pattern->pattern == log_action(b)->pattern;
}

plan::Probed image_verdict(const plan::ProbeTarget& target, const std::vector<engine::Container>& containers) {
  plan::Probed probed{target.container_id, target.started_at, plan::Verdict::Unknown, ""};
  for (const auto& container : containers) {
    if (container.id != target.container_id) continue;
    if (!container.has_healthcheck) {
      probed.message = "readinessProbe.image: the image has no HEALTHCHECK";
    } else if (container.health == "healthy") {
      probed.verdict = plan::Verdict::Ready;
    } else if (container.health == "unhealthy") {
      probed.verdict = plan::Verdict::NotReady;
      probed.message = "the image's HEALTHCHECK says unhealthy";
    }
  }
  return probed;
}

}  // namespace

struct Prober::Watched {
  Watched(Executor executor, Owner o, base::SystemTime c, plan::ProbeTarget t)
      : owner(std::move(o)), created(c), target(std::move(t)), wake(std::move(executor)) {
    probed.container_id = target.container_id;
    probed.started_at = target.started_at;
  }
  Owner owner;
  base::SystemTime created;  // of the environment
  plan::ProbeTarget target;
  plan::Probed probed;
  base::SteadyTime since{};  // of this watch's beginning
  base::SteadyTime tell_from{};  // a text alone is not told before
  std::string told;
  int successes = 0;
  int failures = 0;
  bool stopped = false;
  base::Signal wake;
  std::shared_ptr<TaskGroup> reading;  // of a log: a stream ends by cancel alone
};

Prober::Prober(Executor executor, base::Clock& clock, engine::Engine& engine, ProbeTransport& transport, int exec_budget)
    : executor_(executor),
      clock_(clock),
      engine_(engine),
      exec_budget_(executor, exec_budget),
      checker_(clock, engine, transport),
      tasks_(executor, "prober") {}

void Prober::watch(const Owner& owner, base::SystemTime created, const std::vector<plan::ProbeTarget>& targets) {
  if (targets.empty() && !watched_.contains(owner.uid)) return;
  auto& services = watched_[owner.uid];
  std::erase_if(services, [&](auto& item) {
    auto& watched = *item.second;
    const auto same = std::find_if(targets.begin(), targets.end(), [&](const auto& target) {
      return target.service == item.first && same_watch(watched.target, target);
    });
    if (same != targets.end()) {
      watched.target = *same;  // thresholds and periods may have changed
      return false;
    }
    end(watched);
    return true;
  });
  for (const auto& target : targets) {
    if (services.contains(target.service)) continue;
    auto watched = std::make_shared<Watched>(executor_, owner, created, target);
    watched->since = clock_.steady_now();
    watched->tell_from = watched->since + kVerdictPatience;
    services.emplace(target.service, watched);
    if (is_image(target)) continue;  // the engine probes, its events say so
    if (log_action(target)) {
      watched->reading = std::make_shared<TaskGroup>(executor_, "prober log");
      watched->reading->spawn("probe", run_log(watched));
    } else {
      tasks_.spawn("probe", run(watched));
    }
  }
  if (services.empty()) watched_.erase(owner.uid);
}

void Prober::end(Watched& watched) {
  watched.stopped = true;
  watched.wake.notify_all();
  if (watched.reading) tasks_.spawn("retire", retire(std::move(watched.reading)));
}

// Runs to its end also when the prober stops meanwhile: a group must be empty when it goes.
Task<void> Prober::retire(std::shared_ptr<TaskGroup> reading) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await reading->stop();
}

void Prober::forget(const std::string& uid) {
  const auto found = watched_.find(uid);
  if (found == watched_.end()) return;
  const Owner owner{{}, uid};
  watch(owner, {}, {});
}

std::map<std::string, plan::Probed> Prober::verdicts(const std::string& uid,
                                                     const std::vector<engine::Container>& containers) const {
  std::map<std::string, plan::Probed> verdicts;
  const auto found = watched_.find(uid);
  if (found == watched_.end()) return verdicts;
  for (const auto& [service, watched] : found->second) {
    verdicts[service] = is_image(watched->target) ? image_verdict(watched->target, containers) : watched->probed;
  }
  return verdicts;
}

std::size_t Prober::watching() const {
  std::size_t count = 0;
  for (const auto& [uid, services] : watched_) count += services.size();
  return count;
}

Task<void> Prober::stop() {
  std::vector<std::shared_ptr<TaskGroup>> readings;
  for (const auto& [uid, services] : std::exchange(watched_, {})) {
    for (const auto& [service, watched] : services) {
      if (watched->reading) readings.push_back(std::move(watched->reading));
    }
  }
  co_await tasks_.stop();
  for (const auto& reading : readings) co_await reading->stop();
}

Task<void> Prober::run(WatchedPtr watched) {
  const auto since_start = clock_.system_now() - watched->target.started_at;
  const auto first = std::max<base::Duration>(watched->target.probe.initial_delay, kFirst) - since_start;
  auto next = clock_.steady_now() + std::max<base::Duration>(first, base::Duration(0));
  while (!watched->stopped) {
    if (clock_.steady_now() < next) {
      co_await watched->wake.wait_until(clock_, next);
      continue;
    }
    FairLimiter::Ticket ticket;
    if (is_exec(watched->target)) {
      auto ns = watched->owner.key.ns;
      ticket = co_await exec_budget_.acquire(std::move(ns), watched->created);
      if (watched->stopped) break;
    }
    auto target = watched->target;
    const auto result = co_await checker_.check(std::move(target));
    ticket.release();
    if (watched->stopped) break;
    judge(*watched, result);
    next = clock_.steady_now() + pause(*watched);
  }
}

// Ten looks per time that went by: what takes long is asked seldom, and the delay that the asking adds stays below a tenth.
base::Duration Prober::pause(const Watched& watched) const {
  const auto& probe = watched.target.probe;
  if (watched.probed.verdict == plan::Verdict::Ready && watched.failures == 0) return probe.period;
  const auto floor = is_exec(watched.target) ? kExecFloor : kFirst;
  const auto waited = clock_.steady_now() - watched.since;
  return std::clamp<base::Duration>(waited / 10, floor, kSlowest);
}

void Prober::judge(Watched& watched, const CheckResult& result) {
  const auto& probe = watched.target.probe;
  const bool was_ready = watched.probed.verdict == plan::Verdict::Ready;
  if (result.kind == Kind::Inconclusive) {
    if (!was_ready) set_message(watched, result.message);
    return;
  }
  if (result.kind == Kind::Success) {
    watched.failures = 0;
    if (++watched.successes >= probe.success_threshold) set_verdict(watched, plan::Verdict::Ready, "");
    return;
  }
  watched.successes = 0;
  ++watched.failures;
  const bool starting = watched.probed.verdict == plan::Verdict::Unknown && clock_.steady_now() - watched.since < kVerdictPatience;
  if (starting || watched.failures < probe.failure_threshold) {
    if (!was_ready) set_message(watched, result.message);
    return;
  }
  set_verdict(watched, plan::Verdict::NotReady, result.message);
}

void Prober::set_verdict(Watched& watched, plan::Verdict verdict, std::string message) {
  const bool changed = std::exchange(watched.probed.verdict, verdict) != verdict;
  if (!changed) return set_message(watched, std::move(message));
  watched.probed.message = std::move(message);
  tell(watched);
}

void Prober::set_message(Watched& watched, std::string message) {
  watched.probed.message = std::move(message);
  if (watched.probed.message != watched.told && clock_.steady_now() >= watched.tell_from) tell(watched);
}

void Prober::tell(Watched& watched) {
  watched.told = watched.probed.message;
  watched.tell_from = clock_.steady_now() + kTellAgain;
  if (on_verdict_) on_verdict_(watched.owner);
}

Task<void> Prober::run_log(WatchedPtr watched) {
  const auto from = watched->target.log_from;
  LogMatch match(log_action(watched->target)->pattern, from);
  for (int failures = 0; !watched->stopped; ++failures) {
    engine::LogOptions options;
    options.follow = true;
    options.timestamps = true;
    if (from) options.since_seconds = std::chrono::floor<std::chrono::seconds>(*from).time_since_epoch().count();
    const auto deadline = base::Deadline::after(clock_.steady_now(), std::chrono::seconds(10));
    auto opened = co_await engine_.logs(watched->target.container_id, std::move(options), deadline);
    if (opened.has_value()) {
      match.restart();
      for (bool open = true; open && !watched->stopped;) {
        auto chunk = co_await (*opened)->next();
        open = chunk.has_value() && *chunk;
        if (open && match.feed(**chunk)) {
          set_verdict(*watched, plan::Verdict::Ready, "");
          co_return;
        }
      }
      set_message(*watched, "no line of the log matches the pattern yet");
    } else {
      set_message(*watched, opened.error().message);
    }
    const auto again = clock_.steady_now() + std::chrono::seconds(std::min(failures + 1, 10));
    co_await watched->wake.wait_until(clock_, again);
  }
}

}  // namespace berth::reconcile
