#include "controller/reconcile/mirror.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "base/log.h"
#include "controller/plan/names.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kInspectDeadline = std::chrono::seconds(20);
constexpr base::Duration kListedInspectDeadline = std::chrono::seconds(2);  // others wait for it
constexpr base::Duration kMirrorListDeadline = std::chrono::seconds(60);
constexpr int kInspectsOfEvents = 16;
constexpr base::Duration kOverlap = std::chrono::seconds(5);
constexpr base::Backoff kReconnect{std::chrono::milliseconds(200), std::chrono::seconds(5), 2.0};

bool attached_to(const engine::Container& container, const std::string& network_id) {
  return std::any_of(container.attachments.begin(), container.attachments.end(),
                     [&](const auto& attachment) { return attachment.network_id == network_id; });
}

// What a list shows of a container: whether the copy in hand is still right.
bool same_in_list(const engine::Container& known, const engine::Container& listed) {
  if (known.state != listed.state || known.name != listed.name) return false;
  if (!known.running()) return true;
  return known.attachments == listed.attachments;
}

}  // namespace

Mirror::Mirror(Executor executor, base::Clock& clock, engine::Engine& engine, metrics::EngineMetrics& metrics,
               MirrorOptions options)
    : clock_(clock),
      engine_(engine),
      metrics_(metrics),
      options_(std::move(options)),
      changed_(executor),
      looks_(executor, kInspectsOfEvents),
      inspects_(executor, "mirror inspects"),
      tasks_(executor, "mirror") {}

void Mirror::start() {
  tasks_.spawn("follow", run());
  tasks_.spawn("resync", resync_loop());
}

Task<void> Mirror::stop() {
  co_await tasks_.stop();
  co_await inspects_.stop();
}

Task<void> Mirror::wait_live() {
  while (!live_) co_await changed_.wait();
}

plan::Actual Mirror::actual(const std::string& uid) const {
  plan::Actual actual;
  const auto found = owned_.find(uid);
  if (found == owned_.end()) return actual;
  for (const auto& id : found->second.containers) {
    const auto& entry = containers_.at(id);
    actual.containers.push_back(entry.value);
    if (entry.unclear) actual.unclear = entry.value.name;
  }
  for (const auto& id : found->second.networks) actual.networks.push_back(networks_.at(id).value);
  return actual;
}

const engine::Container* Mirror::container(const std::string& id) const {
  const auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : &found->second.value;
}

std::map<std::string, Owner> Mirror::owners() const {
  std::map<std::string, Owner> owners;
  for (const auto& [uid, owned] : owned_) owners.emplace(uid, owned.owner);
  return owners;
}

std::vector<engine::Network> Mirror::networks() const {
  std::vector<engine::Network> networks;
  for (const auto& [id, entry] : networks_) networks.push_back(entry.value);
  return networks;
}

Mirror::Hold::Hold(Mirror& mirror, std::vector<std::string> ids) : mirror_(mirror), ids_(std::move(ids)) {
  for (const auto& id : ids_) mirror_.holds_.insert(id);
}

Mirror::Hold::~Hold() {
  for (const auto& id : ids_) mirror_.holds_.erase(mirror_.holds_.find(id));
}

// ---- following the engine

Task<void> Mirror::run() {
  for (int failures = 0;;) {
    const auto error = co_await follow();
    const bool was_live = std::exchange(live_, false);
    if (was_live || last_error_ != error.message) {
      base::log_warn("mirror", "engine lost",
                     {{"reason", base::to_string(error.reason)}, {"error", error.message}});
    }
    last_error_ = error.message;
    if (was_live) {
      failures = 0;
      lost_at_ = clock_.system_now();
    }
    metrics_.up(false);
    if (on_connection_) on_connection_(false);
    const auto pause = kReconnect.delay(failures++);
    co_await clock_.sleep_for(pause);
  }
}

Task<Error> Mirror::follow() {
  // With overlap: the engine answers a little before it subscribes. What comes twice changes nothing.
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.system_now().time_since_epoch()).count();
  const std::int64_t since = std::max<std::int64_t>(1, now - std::chrono::nanoseconds(kOverlap).count());
  auto subscribed = co_await engine_.events(since);
  if (subscribed.has_error()) co_return subscribed.error();
  auto& stream = **subscribed;
  auto listed = co_await list_all(true);
  if (listed.has_error()) co_return listed.error();
  if (was_live_) {
    metrics_.event_reconnect();
    back_at_ = clock_.system_now();
  }
  was_live_ = live_ = true;
  last_error_.clear();
  metrics_.up(true);
  base::log_info("mirror", "engine listed", {{"containers", containers_.size()}, {"networks", networks_.size()}});
  changed_.notify_all();
  if (on_connection_) on_connection_(true);
  for (;;) {
    auto event = co_await stream.next();
    if (event.has_error()) co_return event.error();
    handle(*event);
  }
}

Task<void> Mirror::resync_loop() {
  for (std::uint64_t round = 0;; ++round) {
    // Jitter without a random source: a tenth around the period, another one each time.
    const auto pause = options_.resync * (90 + static_cast<int>(round * 7 % 20)) / 100;
    co_await clock_.sleep_for(pause);
    if (!live_) continue;
    auto listed = co_await list_all(false);
    if (listed.has_error()) {
      base::log_warn("mirror", "resync failed", {{"error", listed.error().message}});
      // A list never waits: an engine that does not answer it sends no events either, and is looked for anew.
      if (listed.error().reason == Reason::EngineUnavailable) engine_.drop_event_streams();
    }
  }
}

Task<Result<void>> Mirror::list_all(bool inspect_everything) {
  const auto before = epoch_;
  const auto deadline = base::Deadline::after(clock_.steady_now(), kMirrorListDeadline);
  auto labels = filter();
  auto networks = co_await engine_.list_networks(labels, deadline);
  if (networks.has_error()) co_return networks.error();
  auto containers = co_await engine_.list_containers(labels, deadline);
  if (containers.has_error()) co_return containers.error();

  std::set<std::string> seen;
  std::vector<engine::Container> unclear;
  for (auto& network : *networks) {
    seen.insert(network.id);
    if (!networks_.contains(network.id) && !changed_since(network.id, before)) put(std::move(network));
  }
  for (const auto& listed : *containers) {
    seen.insert(listed.id);
    const auto known = containers_.find(listed.id);
    const bool is_known = known != containers_.end() && !known->second.unclear;
    if (held(listed.id) || changed_since(listed.id, before)) continue;
    if (inspect_everything || !is_known || !same_in_list(known->second.value, listed)) unclear.push_back(listed);
  }
  std::vector<std::string> gone;
  for (const auto& [id, entry] : containers_) {
    if (!seen.contains(id) && entry.epoch <= before) gone.push_back(id);
  }
  for (const auto& id : gone) drop_container(id);
  gone.clear();
  for (const auto& [id, entry] : networks_) {
    if (!seen.contains(id) && entry.epoch <= before) gone.push_back(id);
  }
  for (const auto& id : gone) drop_network(id);
  co_return co_await inspect_all(std::move(unclear));
}

Task<Result<void>> Mirror::inspect_all(std::vector<engine::Container> listed) {
  std::size_t next = 0;
  TaskGroup group(tasks_.executor(), "mirror list");
  const auto workers = std::min<std::size_t>(listed.size(), static_cast<std::size_t>(options_.parallel_inspects));
  const auto all = std::make_shared<const std::vector<engine::Container>>(std::move(listed));
  for (std::size_t i = 0; i < workers; ++i) group.spawn("inspect", inspect_some(all, next));
  std::exception_ptr interrupted;
  try {
    co_await group.join();
  } catch (...) {
    interrupted = std::current_exception();
  }
  if (interrupted) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state();
    co_await group.stop();
    std::rethrow_exception(interrupted);
  }
  co_return Result<void>();
}

// A container that cannot be inspected now (its lock is held, it is sick) is asked again with more patience, beside the others.
Task<void> Mirror::inspect_some(std::shared_ptr<const std::vector<engine::Container>> listed, std::size_t& next) {
  while (next < listed->size()) {
    const auto& container = (*listed)[next++];
    auto inspected = co_await refresh(container.id, kListedInspectDeadline);
    if (inspected.has_value() || inspected.error().reason == Reason::NotFound) continue;
    base::log_warn("mirror", "inspect failed", {{"container", container.id}, {"error", inspected.error().message}});
    refresh_soon(container.id);
    put_unclear(container);
  }
}

void Mirror::refresh_soon(const std::string& id) {
  const auto [place, is_new] = refreshing_.try_emplace(id, false);
  if (is_new) {
    inspects_.spawn("inspect", refresh_task(id));
  } else {
    place->second = true;
  }
}

Task<void> Mirror::refresh_task(std::string id) {
  struct Forget {
    std::map<std::string, bool>& map;
    const std::string& id;
    ~Forget() { map.erase(id); }
  } forget{refreshing_, id};
  do {
    refreshing_[id] = false;
    std::string anybody;
    const base::SystemTime no_matter{};
    const auto ticket = co_await looks_.acquire(std::move(anybody), no_matter);
    auto inspected = co_await refresh(id);
    if (inspected.has_error() && inspected.error().reason != Reason::NotFound) co_return;
  } while (refreshing_[id]);
}

Task<Result<engine::Container>> Mirror::refresh(std::string id) { return refresh(std::move(id), kInspectDeadline); }

Task<Result<engine::Container>> Mirror::refresh(std::string id, base::Duration patience) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    const auto before = epoch_;
    const auto deadline = base::Deadline::after(clock_.steady_now(), patience);
    auto inspected = co_await engine_.inspect_container(id, deadline);
    if (inspected.has_error()) {
      if (inspected.error().reason == Reason::NotFound) drop_container(id);
      co_return inspected.error();
    }
    if (attempt < kAttempts && changed_since(inspected->id, before)) continue;
    put(*inspected);
    co_return inspected;
  }
}

Task<Result<plan::Actual>> Mirror::relist(std::string uid) {
  const auto before = epoch_;
  const auto deadline = base::Deadline::after(clock_.steady_now(), kMirrorListDeadline);
  auto labels = filter();
  labels.push_back(std::string(plan::kUidLabel) + "=" + uid);
  auto networks = co_await engine_.list_networks(labels, deadline);
  if (networks.has_error()) co_return networks.error();
  auto containers = co_await engine_.list_containers(labels, deadline);
  if (containers.has_error()) co_return containers.error();
  std::set<std::string> seen;
  for (auto& network : *networks) {
    seen.insert(network.id);
    put(std::move(network));
  }
  for (const auto& listed : *containers) {
    seen.insert(listed.id);
    if (changed_since(listed.id, before)) continue;
    auto inspected = co_await refresh(listed.id);
    if (inspected.has_error() && inspected.error().reason != Reason::NotFound) co_return inspected.error();
  }
  const auto known = actual(uid);
  for (const auto& container : known.containers) {
    if (!seen.contains(container.id) && !changed_since(container.id, before)) drop_container(container.id);
  }
  for (const auto& network : known.networks) {
    if (!seen.contains(network.id) && !changed_since(network.id, before)) drop_network(network.id);
  }
  co_return actual(uid);
}

// ---- the copy

void Mirror::put(engine::Container container) { enter(std::move(container), false); }

void Mirror::put_unclear(engine::Container listed) {
  const auto known = containers_.find(listed.id);
  if (known == containers_.end() || known->second.unclear) enter(std::move(listed), true);
}

void Mirror::enter(engine::Container container, bool unclear) {
  const auto owner = owner_of(container.labels, options_.instance);
  if (!owner) return;
  const auto id = container.id;
  const auto known = containers_.find(id);
  if (known != containers_.end()) {
    auto& entry = known->second;
    const bool was_unclear = std::exchange(entry.unclear, unclear);
    const auto old = std::exchange(entry.value, std::move(container));
    entry.epoch = ++epoch_;
    if (!was_unclear) detect_drift(old, entry.value);
  } else {
    containers_.emplace(id, ContainerEntry{std::move(container), ++epoch_, false, unclear});
  }
  auto& owned = owned_[owner->uid];
  owned.owner = *owner;
  owned.containers.insert(id);
  notify(*owner);
}

void Mirror::put(engine::Network network) {
  const auto owner = owner_of(network.labels, options_.instance);
  if (!owner) return;
  const auto id = network.id;
  networks_[id] = NetworkEntry{std::move(network), ++epoch_};
  auto& owned = owned_[owner->uid];
  owned.owner = *owner;
  owned.networks.insert(id);
  notify(*owner);
}

void Mirror::drop_container(const std::string& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  const auto gone = std::move(found->second.value);
  containers_.erase(found);
  ++epoch_;
  const auto owner = owner_of(gone.labels, options_.instance).value_or(Owner{});
  owned_[owner.uid].containers.erase(id);
  forget_owned(owner.uid);
  if (!held(id)) {
    report({"container_removed", owner, service_of(gone.labels), gone.name, gone.exit_code});
  }
  notify(owner);
}

void Mirror::drop_network(const std::string& id) {
  const auto found = networks_.find(id);
  if (found == networks_.end()) return;
  const auto gone = std::move(found->second.value);
  networks_.erase(found);
  ++epoch_;
  const auto owner = owner_of(gone.labels, options_.instance).value_or(Owner{});
  owned_[owner.uid].networks.erase(id);
  forget_owned(owner.uid);
  if (!held(id)) report({"network_removed", owner, "", gone.name, 0});
  notify(owner);
}

void Mirror::forget_owned(const std::string& uid) {
  const auto found = owned_.find(uid);
  if (found != owned_.end() && found->second.containers.empty() && found->second.networks.empty()) owned_.erase(found);
}

void Mirror::detect_drift(const engine::Container& old, const engine::Container& now) {
  if (held(now.id) || !old.running()) return;
  const auto owner = owner_of(now.labels, options_.instance).value_or(Owner{});
  const auto service = service_of(now.labels);
  if (now.state == engine::ContainerState::Exited || now.state == engine::ContainerState::Dead) {
    report({"container_died", owner, service, now.name, now.exit_code});
    return;
  }
  if (!now.running() || now.started_at != old.started_at) return;
  for (const auto& attachment : old.attachments) {
    if (attachment.network_id.empty() || held(attachment.network_id)) continue;
    if (networks_.contains(attachment.network_id) && !attached_to(now, attachment.network_id)) {
      report({"network_disconnected", owner, service, now.name, 0});
    }
  }
}

bool Mirror::changed_since(const std::string& id, std::uint64_t epoch) const {
  if (const auto found = containers_.find(id); found != containers_.end()) return found->second.epoch > epoch;
  if (const auto found = networks_.find(id); found != networks_.end()) return found->second.epoch > epoch;
  return false;
}

void Mirror::report(const Drift& drift) const {
  if (on_drift_) on_drift_(drift);
}

void Mirror::notify(const Owner& owner) const {
  if (on_change_) on_change_(owner);
}

std::vector<std::string> Mirror::filter() const {
  return {std::string(plan::kInstanceLabel) + "=" + options_.instance};
}

}  // namespace berth::reconcile
