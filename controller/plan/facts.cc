#include "controller/plan/facts.h"

#include "controller/plan/names.h"

namespace berth::plan {

namespace {

constexpr base::Duration kLongRun = std::chrono::minutes(10);

std::optional<base::SystemTime> time_at(const crd::json& object, std::string_view key) {
  return base::parse_time(text_at(object, key));
}

ServiceRecord record_of(const crd::json& entry) {
  ServiceRecord record;
  record.container_id = text_at(entry, "containerID");
  record.spec_hash = text_at(entry, "specHash");
  record.started_at = time_at(entry, "startedAt");
  record.restart_count = static_cast<int>(number_at(entry, "restartCount"));
  record.backoff_level = static_cast<int>(number_at(entry, "backoffLevel"));
  record.ready = crd::flag_at(entry, "ready");
  return record;
}

PortLease lease_of(const std::string& service, const crd::json& entry) {
  const auto port = [&](std::string_view key) { return static_cast<std::uint16_t>(number_at(entry, key)); };
  return {service,
          text_at(entry, "endpoint"),
          text_at(entry, "hostIP"),
          crd::protocol_from(text_at(entry, "protocol")),
          port("hostPort"),
          port("containerPort")};
}

}  // namespace

bool is_over(const crd::json& status) {
  const std::string phase = text_at(status, "phase");
  return phase == "Failed" || phase == "Expired";
}

Leases leases_of(const crd::json& status) {
  Leases leases;
  leases.subnet = text_at(object_at(status, "network"), "subnet");
  for (const crd::json& service : array_at(status, "services")) {
    const std::string name = text_at(service, "name");
    for (const crd::json& port : array_at(service, "ports")) {
      PortLease lease = lease_of(name, port);
      if (lease.host_port != 0 && !lease.endpoint.empty()) leases.ports.push_back(std::move(lease));
    }
  }
  return leases;
}

Facts facts_of(const Input& input) {
  const std::string phase = text_at(input.status, "phase");
  const bool failed = phase == "Failed";
  const bool changed = number_at(input.status, "observedGeneration") < input.generation;
  if (failed && changed) return {};
  Facts facts;
  facts.expired = phase == "Expired";
  facts.finished = failed || facts.expired;
  facts.scheduled = time_at(input.status, "scheduledTime");
  facts.ready = time_at(input.status, "readyTime");
  facts.finished_at = time_at(input.status, "finishedTime");
  if (changed && !facts.ready && !facts.expired) facts.scheduled.reset();
  facts.network_hash = text_at(object_at(input.status, "network"), "specHash");
  for (const crd::json& service : array_at(input.status, "services")) {
    facts.services[text_at(service, "name")] = record_of(service);
  }
  return facts;
}

ServiceRecord advance(const ServiceRecord& record, const engine::Container* container, const Memory& memory) {
  ServiceRecord next;
  next.spec_hash = record.spec_hash;
  if (!container) return next;
  if (container->id == record.container_id) next = record;
  next.container_id = container->id;
  const auto label = container->labels.find(kSpecHashLabel);
  next.spec_hash = label == container->labels.end() ? "" : label->second;
  if (!has_run(*container)) return next;
  const auto seen = next.started_at;
  if (seen && same_instant(*seen, container->started_at)) return next;
  next.started_at = container->started_at;
  next.ready = false;
  if (!seen) return next;
  const base::SystemTime ended = container->finished_at > *seen && container->finished_at < container->started_at
                                     ? container->finished_at
                                     : container->started_at;
  next.restart_count += 1;
  if (ended - *seen >= kLongRun) {
    next.backoff_level = 1;
  } else if (!ended_with_engine(ended, memory)) {
    next.backoff_level += 1;
  }
  return next;
}

// An engine that is told to stop ends its containers before it goes.
bool ended_with_engine(base::SystemTime ended, const Memory& memory) {
  constexpr base::SystemTime::duration kStopping = std::chrono::seconds(10);
  return memory.engine_lost != base::SystemTime{} && ended >= memory.engine_lost - kStopping && ended <= memory.engine_back;
}

bool has_run(const engine::Container& container) {
  return container.state != engine::ContainerState::Created && container.started_at != base::SystemTime{};
}

bool same_instant(base::SystemTime a, base::SystemTime b) {
  return std::chrono::floor<std::chrono::microseconds>(a) == std::chrono::floor<std::chrono::microseconds>(b);
}

}  // namespace berth::plan
