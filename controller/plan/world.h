#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/plan/facts.h"

// One look at an Input: everything sorted into what it is, before anything is decided. plan() and status() start from the
// same one, so that they never disagree. Internal to plan/. Pointers are into the Input, which must outlive it.
namespace berth::plan {

enum class ServiceState {
  Missing,    // no container
  Created,    // never ran
  Running,
  Exited,     // ended, and the restart policy wants it again
  Completed,  // ended with 0, for good
  Failed,     // ended otherwise, for good
  Removing,
  Broken,     // paused, dead, or left from before the environment started anew: only a new one helps
};

struct ServiceView {
  const crd::Service* spec = nullptr;
  const engine::Container* container = nullptr;        // the one that counts
  std::vector<const engine::Container*> duplicates;    // the others that claim to be this service
  ServiceRecord record;                                // as of now
  ServiceState state = ServiceState::Missing;
  std::string denied;     // what it asks for and the policy of berthd does not allow: it is neither made nor started. Otherwise ""
  std::string hash;       // what the container must carry
  bool held = false;      // leases are missing: neither made nor replaced until they are there
  bool current = false;   // the container is of this spec
  bool attached = false;  // to the environment's network
  bool ready = false;
  bool fell_with_engine = false;  // its last end was the engine's
  bool probe_failed = false;  // the verdict is that it is not ready; otherwise it takes its time
  std::string probe_message;  // of the last probe; "" while nothing is known
};

struct World {
  const Input& input;
  Facts facts;
  std::vector<ServiceView> services;                 // as in the spec
  std::vector<const engine::Container*> containers;  // all that are ours
  std::vector<const engine::Container*> unwanted;    // of no service of the spec
  const engine::Network* network = nullptr;          // the one to be used
  std::vector<const engine::Network*> other_networks;
  bool leased = false;  // nothing is missing

  const ServiceView* find(std::string_view service) const;
  bool all_ready() const;
};

World observe(const Input& input);

// Whether the containers of a Failed environment stay for looking at: until its ttl is over.
bool keeps_failed(const World& world);

// Whether `dependency` is in the condition that `wanted` asks for.
bool is_satisfied(const ServiceView& dependency, crd::DependencyCondition wanted);
// The first dependency of `service` that is not; nullptr when it may start.
const crd::Dependency* unsatisfied(const World& world, const ServiceView& service);
// When an exited container is to be started again.
base::SystemTime restart_due(const ServiceView& service);

// Whether the container cannot start, or does not reach `network`, as long as it is attached so: to one that is gone or was replaced.
bool is_stale(const engine::Attachment& at, const engine::Network& network);

// Whether it carries this instance's label and this environment's uid. All else is never looked at.
bool is_owned(const Input& input, const engine::Labels& labels);
bool engine_is_empty(const Input& input);
// Its failure, unless it was about a spec that has changed since; nullptr when the last operation succeeded.
const Failure* failure_of(const Input& input, const std::string& target);

}  // namespace berth::plan
