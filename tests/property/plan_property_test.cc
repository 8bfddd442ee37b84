#include "tests/property/holds.h"
#include "tests/property/plan_model.h"

namespace berth::plan {
namespace {

using model::Engine;
using model::Environment;
using model::Host;
using model::Outcome;

constexpr int kManySteps = 600;

int choose(int n) { return *rc::gen::inRange(0, n); }
bool chance(int one_in) { return choose(one_in) == 0; }

// ---- what is asked for

crd::Service random_service(int index, const crd::TestEnvironmentSpec& before, Host& host) {
  crd::Service service;
  service.name = std::string(1, static_cast<char>('a' + index));
  service.image = "image-" + service.name;
  if (chance(5)) {
    service.image = "job";
    service.restart_policy = chance(2) ? crd::RestartPolicy::Never : crd::RestartPolicy::OnFailure;
    host.engine.jobs.insert("job");
  }
  for (int i = choose(3); i > 0; --i) {
    crd::ServicePort port;
    port.container_port = static_cast<std::uint16_t>(5000 + i);
    if (chance(2)) port.name = "p" + std::to_string(i);
    if (chance(2)) port.env = "PORT_" + service.name + std::to_string(i);
    service.ports.push_back(port);
  }
  if (chance(2)) service.readiness = crd::Probe{.action = crd::TcpAction{.port = 5001, .host = ""}};
  for (const crd::Service& other : before.services) {
    if (!chance(2)) continue;
    const bool ends = other.image == "job";
    service.depends_on.push_back({other.name, ends ? crd::DependencyCondition::Completed
                                              : chance(2) ? crd::DependencyCondition::Ready
                                                          : crd::DependencyCondition::Started});
    for (const crd::ServicePort& port : other.ports) {
      if (!port.env.empty() && chance(2)) service.env.push_back({"URL_" + port.env, "tcp://$(" + port.env + ")"});
    }
  }
  if (chance(3)) service.limits = {500'000'000, 64 << 20};
  return service;
}

crd::TestEnvironmentSpec random_spec(Host& host) {
  crd::TestEnvironmentSpec spec;
  for (int i = 0, n = 1 + choose(4); i < n; ++i) spec.services.push_back(random_service(i, spec, host));
  return spec;
}

Environment make_environment(Host& host, const std::string& name = "env") {
  Environment environment{.host = host, .name = name, .uid = name + "-uid-0001"};
  environment.spec = random_spec(host);
  return environment;
}

void add_foreigners(Engine& engine) {
  engine::Container lookalike;
  lookalike.id = "foreign1";
  lookalike.name = "env-a-env-uid";
  lookalike.state = engine::ContainerState::Running;
  lookalike.labels = {{kServiceLabel, "a"}, {kUidLabel, "env-uid-0001"}, {kInstanceLabel, "elsewhere"}};
  engine.containers["foreign1"] = lookalike;
  lookalike.id = "foreign2";
  lookalike.labels = {{kServiceLabel, "a"}, {kInstanceLabel, model::kInstance}};
  engine.containers["foreign2"] = lookalike;
  lookalike.id = "foreign3";
  lookalike.labels.clear();
  engine.containers["foreign3"] = lookalike;
  engine::Network network;
  network.id = "foreign4";
  network.name = network_name("env", "env-uid-0001");
  network.subnets = {"172.17.0.0/16"};
  engine.networks["foreign4"] = network;
}

std::vector<std::string> foreigners(const Engine& engine) {
  std::vector<std::string> ids;
  for (const auto& [id, container] : engine.containers) {
    if (id.starts_with("foreign")) ids.push_back(id + (container.running() ? " running" : ""));
  }
  for (const auto& [id, network] : engine.networks) {
    if (id.starts_with("foreign")) ids.push_back(id);
  }
  return ids;
}

// ---- what must hold at every moment

std::vector<PortLease> sorted(std::vector<PortLease> ports) {
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a.endpoint < b.endpoint; });
  return ports;
}

void check_plan(const Environment& environment, const Input& input, const Plan& next) {
  std::set<std::string> targets;
  for (const Action& action : next.actions) {
    RC_ASSERT(!input.memory.busy.contains(action.target));
    RC_ASSERT(targets.insert(action.target).second);
    RC_ASSERT(!action.reason.empty());
    RC_ASSERT(!action.cause.empty());
    if (!action.container_id.empty()) {
      RC_ASSERT(environment.owns(environment.host.engine.containers.at(action.container_id).labels));
    }
    if (action.kind == ActionKind::RemoveNetwork) {
      RC_ASSERT(environment.owns(environment.host.engine.networks.at(action.network_id).labels));
    }
    if (action.container) {
      for (const engine::PortBinding& port : action.container->ports) {
        const bool committed = std::any_of(input.leases.ports.begin(), input.leases.ports.end(),
                                           [&](const PortLease& lease) { return lease.host_port == port.host_port; });
        RC_ASSERT(committed);
      }
    }
  }
  if (next.wake_at) RC_ASSERT(*next.wake_at > input.now);
  // The same input gives the same output. That takes as long as all the rest together: not every time.
  if (environment.looks % 4 == 0) RC_ASSERT(status(input, next) == environment.status);
  const Leases read = leases_of(environment.status);
  RC_ASSERT(read.subnet == input.leases.subnet);
  RC_ASSERT((sorted(read.ports) == sorted(input.leases.ports)));
}

void check_engine(const Environment& environment) {
  for (const crd::Service& service : environment.spec.services) {
    int running = 0;
    for (const engine::Container* container : environment.containers_of(service.name)) running += container->running() ? 1 : 0;
    RC_ASSERT(running <= 1);
  }
}

// One look and one operation that ends. False when nothing happens until the plan's own wake-up, which is then jumped to.
bool step(Environment& environment, const std::function<Outcome()>& outcome) {
  const Input before = environment.input();
  const Plan next = environment.look(before);
  check_plan(environment, before, next);
  environment.now += std::chrono::milliseconds(7);
  if (!environment.flying.empty()) {
    const int index = choose(static_cast<int>(environment.flying.size()));
    environment.land(static_cast<std::size_t>(index), outcome());
    check_engine(environment);
    return true;
  }
  if (!next.actions.empty()) return true;
  // A second look sees the verdicts of the probes that the first one asked for.
  const Input again = environment.input();
  const Plan second = plan(again);
  if (!second.actions.empty() || status(again, second) != environment.status) return true;
  if (next.wake_at) environment.now = std::max(environment.now, *next.wake_at);
  return next.wake_at.has_value();
}

Outcome always_well() { return Outcome::Success; }
std::function<Outcome()> with_faults(int budget) {
  auto left = std::make_shared<int>(budget);
  return [left] {
    if (*left <= 0 || !chance(3)) return Outcome::Success;
    --*left;
    return chance(2) ? Outcome::Failure : Outcome::LostAnswer;
  };
}

bool settle(Environment& environment, const std::function<Outcome()>& outcome) {
  for (int i = 0; i < kManySteps; ++i) {
    if (!step(environment, outcome)) return true;
    if (environment.gone) return true;
    if (environment.phase() == "Ready" && environment.flying.empty() && plan(environment.input()).actions.empty()) return true;
  }
  return false;
}

void require_ready(Environment& environment) {
  RC_ASSERT(settle(environment, always_well));
  if (environment.phase() != "Ready") RC_LOG() << crd::dump(environment.status, 1) << "\n";
  RC_ASSERT(environment.phase() == "Ready");
  const Plan second = plan(environment.input());
  for (const Action& action : second.actions) RC_LOG() << to_string(action.kind) << " " << action.reason << "\n";
  RC_ASSERT(second.actions.empty());
  RC_ASSERT(status(environment.input(), second) == environment.status);
}

// ---- damage from outside

void damage(Environment& environment) {
  Engine& engine = environment.host.engine;
  std::vector<std::string> containers;
  std::vector<std::string> networks;
  for (const auto& [id, container] : engine.containers) {
    if (environment.owns(container.labels)) containers.push_back(id);
  }
  for (const auto& [id, network] : engine.networks) {
    if (environment.owns(network.labels)) networks.push_back(id);
  }
  if (!networks.empty() && chance(4)) {
    const std::string id = networks[static_cast<std::size_t>(choose(static_cast<int>(networks.size())))];
    if (chance(2)) return engine.remove_network(id);
    engine::Network twin = engine.networks.at(id);
    twin.id = engine.next_id("n");
    twin.subnets.clear();
    engine.networks[twin.id] = twin;
    return;
  }
  if (containers.empty()) return;
  engine::Container& victim = engine.containers.at(containers[static_cast<std::size_t>(choose(static_cast<int>(containers.size())))]);
  const std::string id = victim.id;
  switch (choose(7)) {
    case 0: engine.containers.erase(id); return;
    case 1:
      if (victim.running()) Engine::exit(victim, 137, environment.now);
      return;
    case 2: victim.attachments.clear(); return;
    case 3:
      if (victim.running()) victim.state = engine::ContainerState::Paused;
      return;
    case 4: victim.memory_bytes = 7 << 20; return;
    case 5: {
      engine::Container twin = victim;
      twin.id = engine.next_id("c");
      twin.state = engine::ContainerState::Created;
      twin.name = "twin-" + twin.id;
      twin.started_at = {};
      engine.containers[twin.id] = twin;
      return;
    }
    case 6: victim.labels[kSpecHashLabel] = "tampered"; return;
  }
}

// ---- the properties

TEST(PlanProperty, ConvergesToReadyAndThenPlansNothing) {
  holds([] {
    Host host;
    add_foreigners(host.engine);
    const auto before = foreigners(host.engine);
    Environment environment = make_environment(host);
    const auto faults = with_faults(10);
    for (int i = 0, n = choose(40); i < n; ++i) step(environment, faults);
    require_ready(environment);
    RC_ASSERT((foreigners(host.engine) == before));
  });
}

TEST(PlanProperty, EveryMomentIsSafeToForget) {
  holds([] {
    Host host;
    Environment environment = make_environment(host);
    for (int i = 0, n = choose(60); i < n; ++i) {
      step(environment, with_faults(1));
      if (!chance(4)) continue;
      // What was under way may still take effect, or never did.
      while (!environment.flying.empty()) {
        if (chance(2)) static_cast<void>(environment.apply(environment.flying.front()));
        environment.flying.erase(environment.flying.begin());
      }
      environment.memory = {};
    }
    require_ready(environment);
  });
}

TEST(PlanProperty, DamageHeals) {
  holds([] {
    Host host;
    Environment environment = make_environment(host);
    if (chance(2)) require_ready(environment);
    for (int i = 0, n = choose(8); i < n; ++i) {
      damage(environment);
      for (int j = choose(12); j > 0; --j) step(environment, always_well);
    }
    require_ready(environment);
  });
}

TEST(PlanProperty, DeletionFromAnyStateLeavesNothing) {
  holds([] {
    Host host;
    add_foreigners(host.engine);
    const auto before = foreigners(host.engine);
    Environment environment = make_environment(host);
    const auto faults = with_faults(6);
    for (int i = 0, n = choose(40); i < n; ++i) {
      step(environment, faults);
      if (chance(6)) damage(environment);
    }
    environment.deleting = true;
    RC_ASSERT(settle(environment, faults));
    RC_ASSERT(environment.gone);
    RC_ASSERT(environment.engine_is_empty());
    RC_ASSERT((foreigners(host.engine) == before));
    RC_ASSERT(host.ports.counts(environment.now).leased == 0);
    RC_ASSERT(host.subnets.counts(environment.now).leased == 0);
  });
}

std::set<std::string> dependents(const crd::TestEnvironmentSpec& spec, const std::string& root) {
  std::set<std::string> touched{root};
  for (std::size_t before = 0; before != touched.size();) {
    before = touched.size();
    for (const crd::Service& service : spec.services) {
      for (const crd::Dependency& dependency : service.depends_on) {
        if (touched.contains(dependency.service)) touched.insert(service.name);
      }
    }
  }
  return touched;
}

std::map<std::string, std::string> ids(const Environment& environment) {
  std::map<std::string, std::string> found;
  for (const crd::Service& service : environment.spec.services) {
    for (const engine::Container* container : environment.containers_of(service.name)) found[service.name] = container->id;
  }
  return found;
}

TEST(PlanProperty, AChangeReplacesOnlyWhatItTouches) {
  holds([] {
    Host host;
    Environment environment = make_environment(host);
    require_ready(environment);
    const auto before = ids(environment);
    const auto leases = leases_of(environment.status);
    auto& service = environment.spec.services[static_cast<std::size_t>(choose(static_cast<int>(environment.spec.services.size())))];
    std::set<std::string> touched;
    switch (choose(4)) {
      case 0:
        service.env.push_back({"NEW", "value"});
        touched = dependents(environment.spec, service.name);
        break;
      case 1: service.readiness = crd::Probe{.action = crd::ExecAction{{"true"}}}; break;
      case 2: service.restart_policy = service.image == "job" ? service.restart_policy : crd::RestartPolicy::OnFailure; break;
      case 3: service.limits = {750'000'000, 128 << 20}; break;
    }
    ++environment.generation;
    require_ready(environment);
    for (const auto& [name, id] : ids(environment)) {
      RC_LOG() << name << " touched " << touched.contains(name) << "\n";
      RC_ASSERT((before.at(name) != id) == touched.contains(name));
    }
    RC_ASSERT((leases_of(environment.status) == leases));
  });
}

TEST(PlanProperty, APortHeldOutsideIsMovedAndOnlyWhoNamesItIsReplaced) {
  holds([] {
    Host host;
    for (int i = choose(10); i > 0; --i) host.engine.foreign_ports.insert(static_cast<std::uint16_t>(30000 + choose(16)));
    Environment environment = make_environment(host);
    require_ready(environment);
    for (const PortLease& lease : leases_of(environment.status).ports) RC_ASSERT(!host.engine.foreign_ports.contains(lease.host_port));
  });
}

TEST(PlanProperty, ManyEnvironmentsShareNothing) {
  holds([] {
    Host host;
    std::vector<Environment> environments;
    const int all = 2 + choose(3);
    for (int i = 0; i < all; ++i) environments.push_back(make_environment(host, "env" + std::to_string(i)));
    for (int i = 0, n = choose(80); i < n; ++i) {
      Environment& environment = environments[static_cast<std::size_t>(choose(all))];
      if (environment.gone) continue;
      step(environment, with_faults(1));
      if (chance(30)) environment.deleting = true;
      if (chance(20)) damage(environment);
    }
    std::set<std::uint16_t> ports;
    std::set<std::string> subnets;
    for (Environment& environment : environments) {
      if (environment.deleting) continue;
      require_ready(environment);
      const Leases leases = leases_of(environment.status);
      RC_ASSERT(subnets.insert(leases.subnet).second);
      for (const PortLease& lease : leases.ports) RC_ASSERT(ports.insert(lease.host_port).second);
    }
  });
}

TEST(PlanProperty, AFailedEnvironmentIsClearedAndStartsAnewWithItsSpec) {
  holds([] {
    Host host;
    Environment environment = make_environment(host);
    environment.spec.ready_deadline = std::chrono::seconds(30);
    for (crd::Service& service : environment.spec.services) {
      if (service.image == "job") service.image = "no-job";
      service.restart_policy = crd::RestartPolicy::Always;
      service.depends_on.clear();
    }
    crd::Service& bad = environment.spec.services.front();
    bad.readiness = crd::Probe{.action = crd::ExecAction{{"false"}}};
    environment.broken_probes.insert(bad.name);
    RC_ASSERT(settle(environment, always_well));
    RC_ASSERT(environment.phase() == "Failed");
    RC_ASSERT(environment.engine_is_empty());
    RC_ASSERT((leases_of(environment.status) == Leases{}));
    RC_ASSERT(environment.status["message"].get<std::string>().find("refused") != std::string::npos);
    environment.broken_probes.clear();
    ++environment.generation;
    require_ready(environment);
  });
}

}  // namespace
}  // namespace berth::plan
