#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/reconcile/host.h"
#include "crd/object.h"

namespace berth::reconcile {

// What services use. Processor time is a sum: a rate takes two looks, the second a second after the first unless somebody looked not long
// before. Loop thread only; any number of calls at once.
class UsageSampler {
 public:
  UsageSampler(base::Clock& clock, Host& host) : clock_(clock), host_(host) {}

  // {"items": [...]}; one whose container the engine does not describe says so in "error". Errors: EngineUnavailable, when it is all of them.
  Task<Result<json>> usage(std::vector<ObjectPtr> environments);

 private:
  struct Target {
    std::string ns;
    std::string environment;
    std::string service;
    std::string container_id;  // "" = none runs
    std::int64_t nano_cpus = 0;
    std::optional<engine::ContainerStats> before;
    std::optional<engine::ContainerStats> now;
    std::optional<Error> failure;  // of the newest look
  };
  using Targets = std::vector<Target>;

  Targets targets_of(const std::vector<ObjectPtr>& environments) const;
  Task<void> look(Targets& targets, bool only_new);
  Task<void> look_at_some(Targets& targets, bool only_new, std::size_t& next);
  void remember(const Targets& targets);
  static json item(const Target& target);

  base::Clock& clock_;
  Host& host_;
  std::map<std::string, engine::ContainerStats> last_;  // by container id: no older than kOldest
};

}  // namespace berth::reconcile
