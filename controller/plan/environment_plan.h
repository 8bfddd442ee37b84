#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "controller/engine/types.h"
#include "crd/field_policy.h"
#include "crd/test_environment.h"

// The pure heart: what has to be done for one TestEnvironment, computed without doing it. Same input, same output; no clock,
// no I/O, no log. Operations are asynchronous: an action is started and its target is `busy` until it ended, so plan() is
// asked again after each operation, event, verdict or wake-up, and answers only what can start now.
namespace berth::plan {

// What the environment holds on its host; committed to status before the first engine call that uses it.
struct PortLease {
  std::string service;
  std::string endpoint;  // ServicePort::endpoint_name
  std::string host_ip;
  crd::Protocol protocol = crd::Protocol::Tcp;
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  bool operator==(const PortLease&) const = default;
};
struct Leases {
  std::string subnet;  // "" = none yet
  std::vector<PortLease> ports;
  bool operator==(const Leases&) const = default;
};

// The engine objects that carry this environment's uid and this instance's label.
struct Actual {
  std::vector<engine::Container> containers;
  std::vector<engine::Network> networks;
  // A container that the engine lists but cannot describe now (its inspect hangs): plan nothing until it can. Otherwise "".
  std::string unclear;
};

// Targets: the unit of mutual exclusion between operations of one environment.
std::string service_target(std::string_view service);   // "service/redis"
std::string container_target(std::string_view id);      // "container/<id>": one that no service of the spec claims
std::string logs_target(std::string_view service);      // "logs/redis": reading logs excludes nothing else
inline constexpr const char* kNetworkTarget = "network";
inline constexpr const char* kEnvironmentTarget = "environment";

enum class Verdict { Unknown, Ready, NotReady };

// What only this process knows; lost at a restart without harm.
struct Probed {
  std::string container_id;     // the verdict is about this container, since this start
  base::SystemTime started_at{};
  Verdict verdict = Verdict::Unknown;
  std::string message;  // of the last failure
};
struct Failure {  // the last operation on a target that failed, until one succeeds
  Reason reason = Reason::EngineError;
  std::string message;
  int attempts = 1;
  base::SystemTime retry_at{};
  std::int64_t generation = 0;  // of the spec that failed: InvalidSpec is terminal only for it
  base::SystemTime since{};     // of the first of these attempts
  bool removing = false;        // a removal failed: only that holds removals back
  std::string unstarted;        // the id of a container that was not started: a new one alone does not end the failure
  std::string unconnected;      // the id of one that was not connected to its network
};
struct Memory {
  std::set<std::string> busy;                 // targets with an operation in flight
  std::map<std::string, Probed> probed;       // by service
  std::map<std::string, Failure> failures;    // by target
  std::map<std::string, std::string> last_logs;  // by service: the last lines, collected when it failed; "" = it wrote none
  std::optional<base::SystemTime> lease_renewed;  // of the Lease object, if there is one; read anew for every plan
  base::SystemTime watching_since{};  // nobody could renew a lease before
  // When the engine was last away, if it was. What ended then ended with it.
  base::SystemTime engine_lost{};
  base::SystemTime engine_back{};
  std::set<std::pair<std::string, std::uint16_t>> published;  // endpoint and host port: seen in use, so that somebody may know it
};

struct Input {
  std::string instance;
  std::string ns;
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  std::uint64_t revision = 0;  // of the object
  bool deleting = false;
  base::SystemTime created{};
  std::string bind_address = "127.0.0.1";
  std::string advertise_address = "127.0.0.1";
  crd::TestEnvironmentSpec spec;
  crd::json status;  // as stored: sticky facts (leases, scheduled and ready time, restart counts, finished phase) live there
  Leases leases;     // = leases_of(status), or what was just allocated
  Actual actual;
  Memory memory;
  base::SystemTime now{};
  std::string host_name = "local";  // the DockerHost, for status.hostName
  crd::FieldPolicy policy;
};

// The committed leases that a stored status holds.
Leases leases_of(const crd::json& status);

enum class ActionKind {
  Allocate,         // lease subnet and ports that are missing, give back those that are no longer wanted
  MovePort,         // the port `endpoint` is held by somebody else: quarantine it and lease another
  MoveSubnet,       // the leased subnet is used by somebody else: quarantine it and lease another
  CreateNetwork,
  RemoveNetwork,    // disconnects what is still on it first, foreign containers too
  ConnectContainer, // disconnect (force) from what `detach` names, connect to network_id
  CreateContainer,  // pulls when the policy or a missing image asks for it
  StartContainer,   // copies files first when the container never ran
  RemoveContainer,  // with grace: stop first
  UpdateContainer,  // resources in place
  CollectLogs,      // the last lines of a service that failed, into Memory::last_logs
  Finish,           // becomes Failed or Expired: phase, reason and message are in Plan::finish
  Finalize,         // list the engine once more; nothing left: release leases, take the finalizer off
  DeleteObject,     // ttlSecondsAfterFinished is over
};
std::string_view to_string(ActionKind kind);
// What takes something away: it never waits for what failed to be made.
bool is_removal(ActionKind kind);

// Which of the named buckets the action belongs to, and why, in words for logs, events and diff.
struct Action {
  ActionKind kind{};
  std::string target;
  std::string service;        // "" for network and environment actions
  std::string container_id;   // of the container it acts on
  std::string network_id;
  std::string cause;          // deleted | expired | failed | replaced | orphan | duplicate | repaired | created | restarted
  std::string reason;         // "spec-hash changed: 1a2b3c -> 4d5e6f"
  std::optional<engine::ContainerSpec> container;  // CreateContainer
  std::optional<engine::NetworkSpec> network;      // CreateNetwork
  std::vector<engine::FileToCopy> files;           // StartContainer of one that never ran
  std::vector<std::string> aliases;                // ConnectContainer
  std::vector<engine::Attachment> detach;          // ConnectContainer: attachments to our network of earlier ids
  std::string endpoint;                            // MovePort
  crd::PullPolicy pull = crd::PullPolicy::IfNotPresent;
  std::optional<base::Duration> grace;             // RemoveContainer
  std::int64_t nano_cpus = 0;                      // UpdateContainer
  std::int64_t memory_bytes = 0;
  std::int64_t cpu_shares = 0;
};

struct Finish {
  std::string phase;  // Failed | Expired
  Reason reason = Reason::InternalError;
  std::string message;
};

// What the prober must watch: one per running container of a service with a readinessProbe.
struct ProbeTarget {
  std::string service;
  std::string container_id;
  base::SystemTime started_at{};
  std::optional<base::SystemTime> log_from;  // what it wrote before is of an earlier run; nullopt: it had none
  std::string ip_address;
  crd::Probe probe;
  std::map<std::uint16_t, PortLease> published;  // by container port: the way in when the address cannot be reached
};

struct Plan {
  std::vector<Action> actions;            // in order; all may start now, in parallel
  std::vector<ProbeTarget> probes;        // the complete set for this environment
  std::optional<Finish> finish;           // with ActionKind::Finish
  std::optional<base::SystemTime> wake_at;  // look again then, even if nothing happens
};

Plan plan(const Input& input);

// status of a TestEnvironment (crd/kinds) for this moment: phase, conditions, services, endpoints, env, times; a function of the same input.
// lastTransitionTime and other sticky facts are carried over from input.status.
crd::json status(const Input& input, const Plan& plan);

// Hash over what is fixed when the container is made (image, command, env after expansion, ports, files, name of the network
// ...), not over probes, resources, restart policy or labels. It includes the hashes of the services it depends on, so that a
// dependent is replaced with what it depends on.
std::string spec_hash(const Input& input, const crd::Service& service);
std::string network_hash(const crd::TestEnvironmentSpec& spec, const Leases& leases);

// The variables that ports[].env define, from leases: what status.env shows and $(VAR) sees in every service.
std::map<std::string, std::string> port_variables(const crd::TestEnvironmentSpec& spec, const Leases& leases);
engine::ContainerSpec container_spec(const Input& input, const crd::Service& service, const std::string& network_id);

// CrashLoopBackOff: the n-th restart in a row (1 = first) waits 0, 10 s, 20 s, 40 s ... 5 min; a run of 10 min starts over.
base::Duration restart_delay(int restarts_in_a_row);

}  // namespace berth::plan
