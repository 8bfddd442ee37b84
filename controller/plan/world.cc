#include "controller/plan/world.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "controller/plan/container_spec.h"
#include "controller/plan/lease_plan.h"
#include "controller/plan/names.h"
#include "crd/expand.h"

namespace berth::plan {

namespace {

using engine::Container;
using engine::ContainerState;
using engine::Network;

// A failure that a changed spec may well cure.
bool is_about_spec(Reason reason) {
  switch (reason) {
    case Reason::Invalid:
    case Reason::InvalidSpec:
    case Reason::CommandNotFound:
    case Reason::ImageNotFound:
    case Reason::ImagePullFailed:
    case Reason::PortConflict:
    case Reason::PortsExhausted:
    case Reason::SubnetConflict:
    case Reason::SubnetExhausted:
      return true;
    default:
      return false;
  }
}

bool names_variable(const crd::Service& service, const std::string& name) {
  const auto refers = [&](const std::string& text) { return crd::refers_to(text, name); };
  return std::any_of(service.env.begin(), service.env.end(), [&](const crd::EnvVar& var) { return refers(var.value); }) ||
         std::any_of(service.command.begin(), service.command.end(), refers) ||
         std::any_of(service.args.begin(), service.args.end(), refers);
}

// The services whose hash cannot be known yet: a port of theirs, or one they name, or a dependency of theirs has no lease.
std::set<std::string> held_services(const Input& input) {
  std::set<std::string> held;
  std::set<std::string> unknown_variables;
  for (const PortLease& wanted : wanted_ports(input)) {
    if (port_complete(input.leases, wanted)) continue;
    held.insert(wanted.service);
    for (const crd::ServicePort& port : input.spec.find(wanted.service)->ports) {
      if (port.endpoint_name(wanted.service) == wanted.endpoint && !port.env.empty()) unknown_variables.insert(port.env);
    }
  }
  if (held.empty()) return held;
  const auto is_held = [&](const crd::Service& service) {
    return std::any_of(unknown_variables.begin(), unknown_variables.end(),
                       [&](const std::string& name) { return names_variable(service, name); }) ||
           std::any_of(service.depends_on.begin(), service.depends_on.end(),
                       [&](const crd::Dependency& dependency) { return held.contains(dependency.service); });
  };
  for (std::size_t before = 0; before != held.size();) {
    before = held.size();
    for (const crd::Service& service : input.spec.services) {
      if (is_held(service)) held.insert(service.name);
    }
  }
  return held;
}

// The engine keeps what a container is attached to under the network's name; under its id, when it was not there at the create.
bool is_network_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// One that does not run is attached by name alone until its next start: never started, or connected again since it ended.
bool is_attached(const Container& container, const Network& network) {
  const auto stale = [&](const engine::Attachment& at) { return is_stale(at, network); };
  if (!container.running() && std::any_of(container.attachments.begin(), container.attachments.end(), stale)) return false;
  return std::any_of(container.attachments.begin(), container.attachments.end(), [&](const engine::Attachment& at) {
    if (!at.network_id.empty()) return at.network_id == network.id;
    return !container.running() && (at.network_name == network.name || at.network_name == network.id);
  });
}

ServiceState ended_state(const World& world, const crd::Service& service, const Container& container) {
  const bool well = container.exit_code == 0;
  if (service.restart_policy == crd::RestartPolicy::Always) return ServiceState::Exited;
  if (well) return ServiceState::Completed;
  if (service.restart_policy == crd::RestartPolicy::OnFailure) return ServiceState::Exited;
  const bool of_this_life = world.facts.scheduled && container.finished_at >= *world.facts.scheduled;
  return of_this_life ? ServiceState::Failed : ServiceState::Broken;
}

ServiceState state_of(const World& world, const crd::Service& service, const Container* container) {
  if (!container) return ServiceState::Missing;
  switch (container->state) {
    case ContainerState::Created: return ServiceState::Created;
    case ContainerState::Running: return ServiceState::Running;
    case ContainerState::Exited:
      return has_run(*container) ? ended_state(world, service, *container) : ServiceState::Created;
    case ContainerState::Removing: return ServiceState::Removing;
    case ContainerState::Paused:
    case ContainerState::Restarting:
    case ContainerState::Dead: return ServiceState::Broken;
  }
  return ServiceState::Broken;
}

// Of the image's own HEALTHCHECK.
Probed health_of(const Container& container) {
  if (container.health == "healthy") return {.verdict = Verdict::Ready};
  if (container.health == "unhealthy") return {.verdict = Verdict::NotReady, .message = "the image's HEALTHCHECK says unhealthy"};
  if (container.health == "starting") return {.verdict = Verdict::NotReady};
  return {};
}

// What is known about this very start of the container.
Probed verdict_of(const Input& input, const ServiceView& view) {
  const auto found = input.memory.probed.find(view.spec->name);
  Probed probed;
  if (found != input.memory.probed.end() && found->second.container_id == view.container->id &&
      same_instant(found->second.started_at, view.container->started_at)) {
    probed = found->second;
  }
  const bool by_image = std::holds_alternative<crd::ImageAction>(view.spec->readiness->action);
  return by_image && probed.verdict == Verdict::Unknown && !view.container->health.empty() ? health_of(*view.container) : probed;
}

// Where nothing is known yet (berthd has just started), what the status says of this start holds.
void judge_running(const World& world, ServiceView& view) {
  bool ready = true;
  if (view.spec->readiness) {
    const Probed probed = verdict_of(world.input, view);
    ready = probed.verdict == Verdict::Unknown ? view.record.ready : probed.verdict == Verdict::Ready;
    view.probe_failed = probed.verdict == Verdict::NotReady && !probed.message.empty();
    view.probe_message = probed.message;
  }
  view.ready = ready && view.current && view.attached && !view.held;
}

void pick_container(std::vector<const Container*> candidates, ServiceView& view) {
  const auto rank = [&](const Container* c) {
    const bool current = label(c->labels, kSpecHashLabel) == view.hash;
    return std::tuple(!current, !c->running(), c->id);
  };
  std::sort(candidates.begin(), candidates.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
  if (candidates.empty()) return;
  view.container = candidates.front();
  view.duplicates.assign(candidates.begin() + 1, candidates.end());
}

void observe_networks(World& world) {
  std::vector<const Network*> owned;
  for (const Network& network : world.input.actual.networks) {
    if (is_owned(world.input, network.labels)) owned.push_back(&network);
  }
  std::sort(owned.begin(), owned.end(), [](auto* a, auto* b) { return a->id < b->id; });
  const std::string hash = network_hash(world.input.spec, world.input.leases);
  const bool known = subnet_complete(world.input);
  for (const Network* network : owned) {
    if (!world.network && (!known || label(network->labels, kSpecHashLabel) == hash)) {
      world.network = network;
    } else {
      world.other_networks.push_back(network);
    }
  }
}

std::string denied_of(const Input& input, const crd::Service& service) {
  const auto all = crd::denials(service.settings, input.policy);
  return all.empty() ? "" : all.front().field + " " + all.front().detail;
}

ServiceView view_of(const World& world, const crd::Service& service, std::vector<const Container*> candidates,
                    std::string hash, bool held) {
  ServiceView view;
  view.spec = &service;
  view.hash = std::move(hash);
  view.held = held;
  view.denied = denied_of(world.input, service);
  pick_container(std::move(candidates), view);
  view.state = state_of(world, service, view.container);
  const auto record = world.facts.services.find(service.name);
  view.record = advance(record == world.facts.services.end() ? ServiceRecord{} : record->second, view.container, world.input.memory);
  if (!view.container) return view;
  view.fell_with_engine = ended_with_engine(view.container->finished_at, world.input.memory);
  view.current = held || label(view.container->labels, kSpecHashLabel) == view.hash;
  const Failure* failure = failure_of(world.input, service_target(service.name));
  const bool denied = failure && failure->reason == Reason::NetworkMissing && !view.container->running();
  view.attached = world.network && is_attached(*view.container, *world.network) && !denied;
  if (view.state == ServiceState::Completed) {
    view.ready = view.current && !held;
  } else if (view.state == ServiceState::Running) {
    judge_running(world, view);
  }
  return view;
}

}  // namespace

bool is_stale(const engine::Attachment& at, const Network& network) {
  if (at.network_name == network.name) return !at.network_id.empty() && at.network_id != network.id;
  return at.network_id.empty() && is_network_id(at.network_name) && at.network_name != network.id;
}

World observe(const Input& input) {
  World world{.input = input, .facts = facts_of(input)};
  world.leased = leases_complete(input);
  observe_networks(world);
  std::map<std::string, std::vector<const Container*>> by_service;
  for (const Container& container : input.actual.containers) {
    if (!is_owned(input, container.labels)) continue;
    world.containers.push_back(&container);
    const std::string service = label(container.labels, kServiceLabel);
    if (input.spec.find(service)) {
      by_service[service].push_back(&container);
    } else {
      world.unwanted.push_back(&container);
    }
  }
  const auto hashes = spec_hashes(input);
  const auto held = held_services(input);
  for (const crd::Service& service : input.spec.services) {
    world.services.push_back(view_of(world, service, std::move(by_service[service.name]), hashes.at(service.name),
                                     held.contains(service.name)));
  }
  return world;
}

const ServiceView* World::find(std::string_view service) const {
  const auto it = std::find_if(services.begin(), services.end(), [&](const ServiceView& view) { return view.spec->name == service; });
  return it == services.end() ? nullptr : &*it;
}

bool World::all_ready() const {
  return network && leased && std::all_of(services.begin(), services.end(), [](const ServiceView& view) { return view.ready; });
}

bool is_satisfied(const ServiceView& dependency, crd::DependencyCondition wanted) {
  if (dependency.container && !dependency.current) return false;
  const bool completed = dependency.state == ServiceState::Completed;
  switch (wanted) {
    case crd::DependencyCondition::Started: return dependency.state == ServiceState::Running || completed;
    case crd::DependencyCondition::Ready: return dependency.ready;
    case crd::DependencyCondition::Completed: return completed;
  }
  return false;
}

const crd::Dependency* unsatisfied(const World& world, const ServiceView& service) {
  for (const crd::Dependency& dependency : service.spec->depends_on) {
    const ServiceView* other = world.find(dependency.service);
    if (other && !is_satisfied(*other, dependency.condition)) return &dependency;
  }
  return nullptr;
}

base::SystemTime restart_due(const ServiceView& service) {
  const Container& container = *service.container;
  if (service.fell_with_engine) return base::SystemTime{};
  constexpr base::Duration kLongRun = std::chrono::minutes(10);
  const bool long_run = container.finished_at - container.started_at >= kLongRun;
  const base::Duration delay = restart_delay(long_run ? 1 : service.record.backoff_level + 1);
  if (delay == base::Duration::zero()) return base::SystemTime{};
  return container.finished_at + std::chrono::duration_cast<base::SystemTime::duration>(delay);
}

bool keeps_failed(const World& world) {
  const Input& input = world.input;
  if (world.facts.expired || input.spec.on_failure != crd::OnFailure::Keep) return false;
  return !input.spec.ttl || input.now < input.created + std::chrono::duration_cast<base::SystemTime::duration>(*input.spec.ttl);
}

bool is_owned(const Input& input, const engine::Labels& labels) {
  return !input.uid.empty() && label(labels, kInstanceLabel) == input.instance && label(labels, kUidLabel) == input.uid;
}

bool engine_is_empty(const Input& input) {
  const auto owned = [&](const auto& object) { return is_owned(input, object.labels); };
  return std::none_of(input.actual.containers.begin(), input.actual.containers.end(), owned) &&
         std::none_of(input.actual.networks.begin(), input.actual.networks.end(), owned);
}

const Failure* failure_of(const Input& input, const std::string& target) {
  const auto it = input.memory.failures.find(target);
  if (it == input.memory.failures.end()) return nullptr;
  const Failure& failure = it->second;
  return failure.generation != input.generation && is_about_spec(failure.reason) ? nullptr : &failure;
}

}  // namespace berth::plan
