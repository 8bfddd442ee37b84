#include <algorithm>

#include "controller/plan/names.h"
#include "controller/reconcile/action_runner.h"

namespace berth::reconcile {

namespace {

constexpr base::Duration kCreationPatience = std::chrono::seconds(10);
constexpr base::Duration kCreationPoll = std::chrono::milliseconds(200);

}  // namespace

Task<Result<void>> ActionRunner::create_network(Subject subject, plan::Action action) {
  if (!action.network) co_return base::error(Reason::InternalError, "CreateNetwork without a network spec");
  const auto spec = *action.network;
  auto copy = spec;
  auto created = co_await create_network_once(subject, std::move(copy));
  if (created.has_error()) {
    copy = spec;
    auto error = created.error();
    co_return co_await settle_network(std::move(subject), std::move(copy), std::move(error));
  }
  engine::Network network;
  network.id = *created;
  network.name = spec.name;
  network.driver = "bridge";
  network.labels = spec.labels;
  network.subnets = {spec.subnet};
  if (!spec.subnet_ipv6.empty()) network.subnets.push_back(spec.subnet_ipv6);
  network.internal = spec.internal;
  network.created = host_.clock.system_now();
  host_.mirror.put(std::move(network));
  emit_(subject.object, false, "NetworkCreated", "Created network " + spec.name + " (" + spec.subnet + ")");
  co_return Result<void>();
}

Task<Result<std::string>> ActionRunner::create_network_once(Subject subject, engine::NetworkSpec spec) {
  const auto ns = subject.owner.key.ns;
  const auto age = subject.created;
  auto ticket = co_await host_.networking.acquire(ns, age);
  const auto deadline = within(kCallDeadline);
  const auto begun = host_.clock.steady_now();
  auto created = co_await host_.engine.create_network(std::move(spec), deadline);
  if (created.has_value()) host_.networking.succeeded("create", begun);
  co_return created;
}

// Perhaps it is there: made by a call whose answer was lost, or still being made by one of a berthd that died. The engine takes a
// subnet when it begins and lists the network when it ends: a subnet that no listed network has is waited for.
Task<Result<void>> ActionRunner::settle_network(Subject subject, engine::NetworkSpec spec, Error failure) {
  const auto reason = failure.reason;
  if (reason != Reason::SubnetConflict && reason != Reason::NameConflict && reason != Reason::EngineUnavailable) co_return failure;
  const auto until = host_.clock.steady_now() + kCreationPatience;
  for (;;) {
    auto uid = subject.owner.uid;
    auto listed = co_await host_.mirror.relist(std::move(uid));
    if (listed.has_error()) co_return listed.error();
    const auto& networks = listed->networks;
    if (std::any_of(networks.begin(), networks.end(), [&](const auto& network) { return network.name == spec.name; })) {
      co_return Result<void>();
    }
    if (reason != Reason::SubnetConflict) co_return failure;
    auto taken = co_await host_.is_taken(spec.subnet);
    if (taken.has_error()) co_return taken.error();
    if (*taken || host_.clock.steady_now() >= until) break;
    if (subject.unchanged && !subject.unchanged()) co_return base::error(Reason::Cancelled, "the environment has changed");
    co_await host_.clock.sleep_for(kCreationPoll);
  }
  failure.message = "subnet " + spec.subnet + " is in use: " + failure.message;
  co_return failure;
}

Task<Result<void>> ActionRunner::remove_network(Subject subject, plan::Action action) {
  const auto id = action.network_id;
  Mirror::Hold hold(host_.mirror, {id});
  const auto ns = subject.owner.key.ns;
  const auto age = subject.created;
  auto ticket = co_await host_.networking.acquire(ns, age);
  auto deadline = within(kCallDeadline);
  const auto begun = host_.clock.steady_now();
  auto removed = co_await host_.engine.remove_network(id, deadline);
  if (removed.has_value()) host_.networking.succeeded("remove", begun);
  if (removed.has_error() && removed.error().reason == Reason::NetworkInUse) {
    auto network_id = id;
    auto cleared = co_await disconnect_all(subject, std::move(network_id));
    if (cleared.has_error()) co_return cleared.error();
    deadline = within(kCallDeadline);
    removed = co_await host_.engine.remove_network(id, deadline);
  }
  if (removed.has_error() && removed.error().reason != Reason::NotFound) co_return removed.error();
  host_.mirror.drop_network(id);
  host_.metrics.cleanup_object("network", cleanup_cause(action.cause));
  co_return Result<void>();
}

// A container from outside (a CI job that joined) loses this network and is left alone otherwise.
Task<Result<void>> ActionRunner::disconnect_all(Subject subject, std::string network_id) {
  const auto deadline = within(kCallDeadline);
  auto network = co_await host_.engine.inspect_network(network_id, deadline);
  if (network.has_error()) {
    if (network.error().reason == Reason::NotFound) co_return Result<void>();
    co_return network.error();
  }
  const auto endpoints = network->endpoints;
  for (const auto& endpoint : endpoints) {
    // What is left of a container that is gone: the engine knows it by its name only.
    const bool ghost = endpoint.container_id.starts_with("ep-");
    const bool foreign = !ghost && !host_.mirror.container(endpoint.container_id);
    const auto limit = within(kCallDeadline);
    const auto which = ghost ? endpoint.name : endpoint.container_id;
    auto gone = co_await host_.engine.disconnect_network(network_id, which, true, limit);
    if (gone.has_error() && gone.error().reason != Reason::NotFound) co_return gone.error();
    if (!foreign) continue;
    host_.metrics.foreign_disconnected();
    emit_(subject.object, true, "ForeignDisconnected",
          "Disconnected container " + endpoint.name + " from network " + network->name + ", which is being removed");
  }
  co_return Result<void>();
}

Task<Result<void>> ActionRunner::connect_container(Subject subject, plan::Action action) {
  const auto id = action.container_id;
  Mirror::Hold hold(host_.mirror, {id});
  for (const auto& attachment : action.detach) {
    // By name: the engine keeps the attachment under it, and the network with this id may be gone.
    const auto network = attachment.network_name.empty() ? attachment.network_id : attachment.network_name;
    const auto deadline = within(kCallDeadline);
    auto detached = co_await host_.engine.disconnect_network(network, id, true, deadline);
    if (detached.has_error() && detached.error().reason == Reason::EngineUnavailable) co_return detached.error();
  }
  const auto deadline = within(kCallDeadline);
  auto aliases = action.aliases;
  auto connected = co_await host_.engine.connect_network(action.network_id, id, std::move(aliases), deadline);
  auto now = co_await host_.mirror.refresh(id);
  if (now.has_error() && now.error().reason == Reason::NotFound) co_return Result<void>();
  if (connected.has_error()) {
    if (connected.error().reason == Reason::NetworkMissing || connected.error().reason == Reason::NotFound) {
      auto uid = subject.owner.uid;
      auto listed = co_await host_.mirror.relist(std::move(uid));
      if (listed.has_error()) co_return listed.error();
    }
    co_return connected.error();
  }
  emit_(subject.object, false, "Repaired", "Connected service " + action.service + " to its network again");
  co_return Result<void>();
}

}  // namespace berth::reconcile
