#include <charconv>

#include "controller/reconcile/mirror.h"

namespace berth::reconcile {

namespace {

std::string attribute(const engine::Event& event, const char* key) {
  const auto found = event.attributes.find(key);
  return found == event.attributes.end() ? std::string() : found->second;
}

base::SystemTime time_of(const engine::Event& event) {
  return base::SystemTime(std::chrono::duration_cast<base::SystemTime::duration>(std::chrono::nanoseconds(event.time_nano)));
}

int exit_code_of(const engine::Event& event) {
  const auto text = attribute(event, "exitCode");
  int code = 0;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

constexpr std::string_view kHealthPrefix = "health_status: ";

}  // namespace

void Mirror::handle(const engine::Event& event) {
  if (event.type == "container") {
    handle_container(event);
  } else if (event.type == "network") {
    handle_network(event);
  }
}

void Mirror::handle_container(const engine::Event& event) {
  const auto& id = event.actor_id;
  const auto known = containers_.find(id);
  if (known == containers_.end()) {
    const bool ours = owner_of(event.attributes, options_.instance).has_value();
    const bool appears = event.action == "create" || event.action == "start" || event.action == "die";
    if (ours && appears && !held(id) && !held(attribute(event, "name"))) refresh_soon(id);
    return;
  }
  auto& entry = known->second;
  // A label of that name hides the exit code of the event.
  const bool hidden = event.action == "die" && entry.value.labels.contains("exitCode");
  if ((entry.unclear || hidden) && event.action != "destroy") {
    refresh_soon(id);
  } else if (event.action == "die") {
    died(entry, event);
  } else if (event.action == "oom") {
    entry.oom_seen = true;
  } else if (event.action == "destroy") {
    drop_container(id);
  } else if (event.action.starts_with(kHealthPrefix)) {
    auto now = entry.value;
    now.has_healthcheck = true;
    now.health = event.action.substr(kHealthPrefix.size());
    put(std::move(now));
  } else if (event.action == "start") {
    entry.oom_seen = false;
    if (!held(id)) refresh_soon(id);
  } else if (event.action == "pause" || event.action == "unpause" || event.action == "rename" || event.action == "update") {
    if (!held(id)) refresh_soon(id);
  }
}

// The event says all that a restart needs to know: an inspect now would wait until the engine has taken the container down.
void Mirror::died(ContainerEntry& entry, const engine::Event& event) {
  const auto when = time_of(event);
  if (when < entry.value.started_at) return;  // of the run before this one
  if (!entry.value.running() && when <= entry.value.finished_at) return;
  auto now = entry.value;
  now.state = engine::ContainerState::Exited;
  now.exit_code = exit_code_of(event);
  now.oom_killed = entry.oom_seen;
  now.finished_at = when;
  now.health.clear();
  now.ports.clear();
  for (auto& attachment : now.attachments) attachment.ip_address.clear();
  put(std::move(now));
}

// Network events carry no labels: ours are known by id, their containers too.
void Mirror::handle_network(const engine::Event& event) {
  const bool ours = networks_.contains(event.actor_id);
  if (event.action == "destroy") {
    if (ours) drop_network(event.actor_id);
    return;
  }
  if (event.action != "disconnect" && event.action != "connect") return;
  const auto container = attribute(event, "container");
  const auto known = containers_.find(container);
  if (known == containers_.end() || held(container) || held(event.actor_id)) return;
  // A container that dies or starts is connected and disconnected too: what it is then comes with its own events.
  if (known->second.value.running()) refresh_soon(container);
}

}  // namespace berth::reconcile
