#include "controller/reconcile/reaper.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "controller/plan/names.h"

namespace berth::reconcile {

namespace {

plan::Action removal(plan::ActionKind kind, std::string id) {
  plan::Action action;
  action.kind = kind;
  action.cause = "orphan";
  action.reason = "no TestEnvironment wants it";
  (kind == plan::ActionKind::RemoveNetwork ? action.network_id : action.container_id) = std::move(id);
  return action;
}

json describe(const Owner& owner, const char* kind, const std::string& name, const std::string& id) {
  return {{"kind", kind}, {"name", name}, {"id", id}, {"namespace", owner.key.ns}, {"environment", owner.key.name}, {"uid", owner.uid}};
}

// The latest that any of them was made for; 0 where none says so.
std::uint64_t revision_of(const plan::Actual& objects) {
  std::uint64_t latest = 0;
  const auto see = [&](const engine::Labels& labels) {
    const auto text = plan::label(labels, plan::kRevisionLabel);
    std::uint64_t revision = 0;
    std::from_chars(text.data(), text.data() + text.size(), revision);
    latest = std::max(latest, revision);
  };
  for (const auto& container : objects.containers) see(container.labels);
  for (const auto& network : objects.networks) see(network.labels);
  return latest;
}

}  // namespace

Reaper::Reaper(Executor executor, base::Clock& clock, Host& host, runtime::Informer& environments, EmitEvent emit,
               ReaperOptions options)
    : clock_(clock),
      host_(host),
      environments_(environments),
      runner_(host, std::move(emit)),
      options_(std::move(options)),
      changed_(executor),
      tasks_(executor, "reaper") {}

void Reaper::start() {
  if (!options_.state_file.empty()) state_ = load_reaper_state(options_.state_file);
  const auto before = state_;
  if (options_.store_epoch != state_.store) {
    state_.store = options_.store_epoch;
    state_.unseen = true;
  }
  state_.opened = std::min(state_.opened, options_.store_revision);
  if (state_ != before) save();  // the engine may not answer before a restart, and the store is known and has been written then
  tasks_.spawn("run", run());
}

void Reaper::look_soon() { changed_.notify_all(); }

Task<void> Reaper::stop() { co_await tasks_.stop(); }

Task<void> Reaper::run() {
  co_await environments_.synced();
  co_await host_.wait_ready();
  bool first = true;
  for (;;) {
    if (host_.ready()) {
      co_await look(first);
      first = false;
    }
    const auto pause = first_seen_.empty() || state_.held ? options_.period : options_.grace;
    const auto next = clock_.steady_now() + pause;
    co_await changed_.wait_until(clock_, next);
  }
}

std::vector<Reaper::Orphan> Reaper::orphans() const {
  std::vector<Orphan> found;
  for (const auto& [uid, owner] : host_.mirror.owners()) {
    const auto object = environments_.get(owner.key);
    if (object && object->uid() == uid) continue;
    found.push_back({owner, host_.mirror.actual(uid)});
  }
  return found;
}

void Reaper::count(const std::vector<Orphan>& orphans) const {
  int containers = 0;
  int networks = 0;
  for (const auto& orphan : orphans) {
    containers += static_cast<int>(orphan.objects.containers.size());
    networks += static_cast<int>(orphan.objects.networks.size());
  }
  host_.metrics.orphans("container", containers);
  host_.metrics.orphans("network", networks);
}

// A hold begins with the first look at what a new store, or one that was put back, does not know, and ends when nothing of it is left.
void Reaper::hold_if_unseen(const std::vector<Orphan>& found) {
  const auto before = state_;
  const bool is_old = std::any_of(found.begin(), found.end(), [&](const Orphan& orphan) {
    return !state_.adopted.contains(orphan.owner.uid) && revision_of(orphan.objects) > state_.opened;
  });
  if (state_.unseen || is_old) state_.held = true;
  state_.unseen = false;
  state_.opened = kNoRevision;
  if (found.empty()) state_.held = false;
  if (state_ != before) save();
}

Task<void> Reaper::look(bool first) {
  auto found = orphans();
  hold_if_unseen(found);
  count(found);
  if (state_.held) {
    base::log_warn("reaper", "objects of environments that the store does not know are kept: berthctl reap --yes removes them, "
                             "berthctl adopt keeps them",
                   {{"environments", found.size()}});
    co_return;
  }
  std::map<std::string, base::SteadyTime> seen;
  const auto now = clock_.steady_now();
  for (auto& orphan : found) {
    const auto uid = orphan.owner.uid;
    if (state_.adopted.contains(uid)) continue;
    const auto since = first_seen_.contains(uid) ? first_seen_.at(uid) : now;
    if (first || now - since >= options_.grace) {
      co_await remove(std::move(orphan));
    } else {
      seen.emplace(uid, since);
    }
  }
  first_seen_ = std::move(seen);
  count(orphans());
}

Task<std::vector<std::pair<std::string, Error>>> Reaper::remove(Orphan orphan) {
  std::vector<std::pair<std::string, Error>> failures;
  const Subject subject{nullptr, orphan.owner, {}};
  for (const auto& container : orphan.objects.containers) {
    base::log_info("reaper", "removing orphan container", {{"container", container.name}, {"env", orphan.owner.key.str()}});
    auto action = removal(plan::ActionKind::RemoveContainer, container.id);
    auto removed = co_await runner_.run(subject, std::move(action));
    if (removed.has_value()) {
      host_.metrics.orphan_removed("container");
    } else {
      failures.emplace_back(container.name, removed.error());
    }
  }
  for (const auto& network : orphan.objects.networks) {
    base::log_info("reaper", "removing orphan network", {{"network", network.name}, {"env", orphan.owner.key.str()}});
    auto action = removal(plan::ActionKind::RemoveNetwork, network.id);
    auto removed = co_await runner_.run(subject, std::move(action));
    if (removed.has_value()) {
      host_.metrics.orphan_removed("network");
    } else {
      failures.emplace_back(network.name, removed.error());
    }
  }
  for (const auto& [name, error] : failures) {
    host_.metrics.cleanup_failure(std::string(base::to_string(error.reason)));
    base::log_warn("reaper", "orphan was not removed", {{"name", name}, {"error", error.message}});
  }
  if (failures.empty() && on_removed_) on_removed_(orphan.owner.uid);
  co_return failures;
}

Task<Result<json>> Reaper::reap(bool confirm, bool adopt) {
  if (!host_.ready()) co_return base::error(Reason::EngineUnavailable, "the engine does not answer: " + host_.mirror.last_error());
  auto found = orphans();
  json answer = {{"orphans", json::array()}, {"failures", json::array()}, {"held", state_.held}, {"removed", 0}};
  for (const auto& orphan : found) {
    for (const auto& container : orphan.objects.containers) {
      answer["orphans"].push_back(describe(orphan.owner, "container", container.name, container.id));
    }
    for (const auto& network : orphan.objects.networks) {
      answer["orphans"].push_back(describe(orphan.owner, "network", network.name, network.id));
    }
  }
  if (!confirm && !adopt) co_return Result<json>(boost::system::in_place_value, std::move(answer));

  state_ = {.store = state_.store};
  if (adopt) {
    for (const auto& orphan : found) state_.adopted.insert(orphan.owner.uid);
  } else {
    for (auto& orphan : found) {
      const auto failures = co_await remove(std::move(orphan));
      for (const auto& [name, error] : failures) answer["failures"].push_back({{"name", name}, {"message", error.message}});
    }
    answer["removed"] = answer["orphans"].size() - answer["failures"].size();
  }
  answer["held"] = state_.held;
  save();
  count(orphans());
  co_return Result<json>(boost::system::in_place_value, std::move(answer));
}

void Reaper::save() const {
  if (!options_.state_file.empty()) save_reaper_state(options_.state_file, state_);
}

}  // namespace berth::reconcile
