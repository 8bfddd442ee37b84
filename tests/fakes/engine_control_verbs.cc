#include "tests/fakes/engine_control_fields.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/engine_wire_error.h"

namespace berth::fakes {

namespace {

struct ExecRule {
  std::string contains;
  engine::ExecResult result;
};

engine::ExecResult first_that_fits(const std::vector<ExecRule>& rules, const std::vector<std::string>& command) {
  std::string line;
  for (const auto& word : command) line += (line.empty() ? "" : " ") + word;
  for (const auto& rule : rules) {
    if (line.find(rule.contains) != std::string::npos) return rule.result;
  }
  return engine::ExecResult{0, ""};
}

json shown_container(const engine::Container& container) {
  auto shown = listed_container(container);
  return {{"id", container.id},
          {"name", container.name},
          {"image", container.image},
          {"state", shown["State"]},
          {"exitCode", container.exit_code},
          {"health", container.health},
          {"labels", container.labels},
          {"ports", shown["Ports"]},
          {"networks", shown["NetworkSettings"]["Networks"]}};
}

}  // namespace

EngineControl::Json EngineControl::add_behaviour(const Fields& fields) {
  fields.only({"who", "failsToStart", "exitsAfter", "exitCode", "oomKilled", "starts", "healthyAfter", "stopTakes", "stopExitCode", "logs",
               "exec"});
  Behaviour behaviour;
  if (const auto failure = fields.object("failsToStart")) {
    failure->only({"reason", "message"});
    const auto reason = failure->reason("reason");
    behaviour.fails_to_start = base::error(reason, failure->text("message", usual_text(reason)));
  }
  behaviour.exits_after = fields.seconds("exitsAfter");
  behaviour.exit_code = fields.number("exitCode", 0);
  behaviour.oom_killed = fields.flag("oomKilled", false);
  behaviour.starts = fields.number("starts", -1);
  behaviour.healthy_after = fields.seconds("healthyAfter");
  behaviour.stop_takes = fields.seconds("stopTakes").value_or(base::Duration::zero());
  behaviour.stop_exit_code = fields.number("stopExitCode", 143);
  behaviour.logs = fields.text("logs", "");
  std::vector<ExecRule> rules;
  for (const auto& rule : fields.list("exec")) {
    rule.only({"contains", "exitCode", "output"});
    rules.push_back({rule.text("contains", ""), {rule.number("exitCode", 0), rule.text("output", "")}});
  }
  if (!rules.empty()) {
    behaviour.exec = [rules](const std::vector<std::string>& command) { return first_that_fits(rules, command); };
  }
  engine_.behave(fields.text("who"), std::move(behaviour));
  return json::object();
}

EngineControl::Json EngineControl::add_image(const Fields& fields) {
  fields.only({"reference", "healthcheck", "volumes", "onlyInRegistry", "refusal", "everyImageExists"});
  if (fields.has("everyImageExists")) {
    engine_.every_image_exists = engine_.every_pull_succeeds = fields.flag("everyImageExists", true);
    if (!fields.has("reference")) return json::object();
  }
  const auto reference = fields.text("reference");
  if (const auto refusal = fields.object("refusal")) {
    refusal->only({"reason", "message"});
    const auto reason = refusal->reason("reason");
    engine_.refuse_pull(reference, base::error(reason, refusal->text("message", usual_text(reason))));
    return json::object();
  }
  engine::Image image;
  image.has_healthcheck = fields.flag("healthcheck", false);
  image.volumes = fields.texts("volumes");
  if (fields.flag("onlyInRegistry", false)) {
    engine_.offer_image(reference, std::move(image));
  } else {
    engine_.add_image(reference, std::move(image));
  }
  return json::object();
}

EngineControl::Json EngineControl::set_latency(const Fields& fields) {
  fields.only({"operation", "seconds"});
  const auto operation = fields.text("operation");
  if (!operation_named(operation)) fields.refuse("there is no operation \"" + operation + "\"; expected one of " + operation_names());
  engine_.latency[operation] = fields.seconds("seconds").value_or(base::Duration::zero());
  return json::object();
}

EngineControl::Json EngineControl::kill(const Fields& fields) {
  fields.only({"container", "exitCode", "oomKilled"});
  engine_.kill(fields.text("container"), fields.number("exitCode", 137), fields.flag("oomKilled", false));
  return json::object();
}

EngineControl::Json EngineControl::remove(const Fields& fields) {
  fields.only({"container", "network"});
  if (fields.has("container") == fields.has("network")) fields.refuse("either container or network must be given");
  if (fields.has("container")) {
    engine_.remove_behind_back(fields.text("container"));
  } else {
    engine_.remove_network_behind_back(fields.text("network"));
  }
  return json::object();
}

EngineControl::Json EngineControl::set_health(const Fields& fields) {
  fields.only({"container", "status"});
  const auto status = fields.text("status");
  if (status != "starting" && status != "healthy" && status != "unhealthy") {
    fields.refuse("there is no status \"" + status + "\"; expected starting, healthy or unhealthy");
  }
  engine_.set_health(fields.text("container"), status);
  return json::object();
}

EngineControl::Json EngineControl::write_logs(const Fields& fields) {
  fields.only({"container", "text"});
  engine_.write_logs(fields.text("container"), fields.text("text"));
  return json::object();
}

EngineControl::Json EngineControl::disconnect(const Fields& fields) {
  fields.only({"network", "container"});
  engine_.disconnect_behind_back(fields.text("network"), fields.text("container"));
  return json::object();
}

EngineControl::Json EngineControl::hold_port(const Fields& fields) {
  fields.only({"hostIp", "port", "release"});
  const int port = fields.number("port", 0);
  if (port < 1 || port > 65535) fields.refuse("port must be from 1 to 65535");
  const auto address = fields.text("hostIp", "127.0.0.1");
  if (fields.flag("release", false)) {
    engine_.release_port(address, static_cast<std::uint16_t>(port));
  } else {
    engine_.hold_port(address, static_cast<std::uint16_t>(port));
  }
  return json::object();
}

EngineControl::Json EngineControl::add_foreign_network(const Fields& fields) {
  fields.only({"name", "subnet", "labels"});
  json made = json::object();
  made["id"] = engine_.add_foreign_network(fields.text("name"), fields.text("subnet"), fields.labels("labels"));
  return made;
}

EngineControl::Json EngineControl::add_foreign_container(const Fields& fields) {
  fields.only({"name", "network", "labels"});
  json made = json::object();
  made["id"] = engine_.add_foreign_container(fields.text("name"), fields.text("network", ""), fields.labels("labels"));
  return made;
}

EngineControl::Json EngineControl::lose_events(const Fields& fields) {
  fields.only({"lose"});
  engine_.lose_events(fields.flag("lose", true));
  return json::object();
}

EngineControl::Json EngineControl::disturb_events(const Fields& fields) {
  fields.only({"lostPercent", "doubledPercent", "late", "seed"});
  EventQuirks quirks;
  quirks.lost_percent = fields.number("lostPercent", 0);
  quirks.doubled_percent = fields.number("doubledPercent", 0);
  quirks.late = fields.seconds("late").value_or(base::Duration::zero());
  quirks.seed = static_cast<std::uint64_t>(fields.number("seed", 1));
  engine_.disturb_events(quirks);
  return json::object();
}

EngineControl::Json EngineControl::set_paused(const Fields& fields) {
  fields.only({"container", "paused"});
  engine_.set_paused(fields.text("container"), fields.flag("paused", true));
  return json::object();
}

EngineControl::Json EngineControl::rename(const Fields& fields) {
  fields.only({"container", "name"});
  engine_.rename(fields.text("container"), fields.text("name"));
  return json::object();
}

EngineControl::Json EngineControl::set_removing(const Fields& fields) {
  fields.only({"container"});
  engine_.set_removing(fields.text("container"));
  return json::object();
}

EngineControl::Json EngineControl::state(const Fields& fields) {
  fields.only({});
  json containers = json::array();
  int running = 0;
  for (const auto& container : engine_.containers()) {
    containers.push_back(shown_container(container));
    running += container.running();
  }
  json networks = json::array();
  for (const auto& network : engine_.networks()) networks.push_back(network_json(network));
  json volumes = json::array();
  for (const auto& volume : engine_.volumes()) volumes.push_back(volume.name);
  json counts = {
      {"containers", containers.size()}, {"running", running}, {"networks", networks.size()}, {"volumes", volumes.size()}};
  return {{"containers", std::move(containers)},
          {"networks", std::move(networks)},
          {"volumes", std::move(volumes)},
          {"followedLogs", engine_.following()},
          {"counts", std::move(counts)}};
}

EngineControl::Json EngineControl::calls(const Fields& fields) {
  fields.only({"operation"});
  const auto only = fields.text("operation", "");
  if (!only.empty() && !operation_named(only)) {
    fields.refuse("there is no operation \"" + only + "\"; expected one of " + operation_names());
  }
  json calls = json::array();
  json counts = json::object();
  for (const auto& call : engine_.calls()) {
    if (!only.empty() && call.operation != only) continue;
    json shown = {{"operation", call.operation}, {"target", call.target}, {"ended", call.ended}};
    if (call.failed) shown["failed"] = base::to_string(*call.failed);
    calls.push_back(std::move(shown));
    if (!counts.contains(call.operation)) counts[call.operation] = {{"count", 0}, {"mostAtOnce", engine_.most_at_once(call.operation)}};
    counts[call.operation]["count"] = counts[call.operation]["count"].get<int>() + 1;
  }
  return {{"operations", std::move(counts)}, {"calls", std::move(calls)}};
}

EngineControl::Json EngineControl::forget_calls(const Fields& fields) {
  fields.only({});
  engine_.forget_calls();
  return json::object();
}

}  // namespace berth::fakes
