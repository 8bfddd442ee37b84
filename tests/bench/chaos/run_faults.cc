#include <thread>

#include "controller/plan/names.h"
#include "tests/bench/chaos/run.h"

namespace berth::chaos {

const SeenContainer* Run::container_of(const Step& step) const {
  if (!view_) return nullptr;
  const auto& service = step.wish.services[static_cast<std::size_t>(step.service)].name;
  for (const auto& each : view_->engine.containers) {
    if (each.label(plan::kInstanceLabel) == daemon_->instance() && each.label(plan::kEnvironmentLabel) == name_of(step.slot) &&
        each.label(plan::kServiceLabel) == service) {
      return &each;
    }
  }
  return nullptr;
}

const SeenNetwork* Run::network_of(int slot) const {
  if (!view_) return nullptr;
  for (const auto& each : view_->engine.networks) {
    if (each.label(plan::kInstanceLabel) == daemon_->instance() && each.label(plan::kEnvironmentLabel) == name_of(slot)) return &each;
  }
  return nullptr;
}

void Run::act(const Step& step) {
  const auto hit_slots = hit(step);
  remark(step.str() + (hit_slots ? "" : " (missed)"));
  if (!hit_slots) return tally_.missed(step);
  tally_.happened(step, *hit_slots, over(step));
}

// Of what lasts, healing is measured from its end.
Time Run::over(const Step& step) const {
  switch (step.kind) {
    case Kind::BerthdKilled:
    case Kind::BerthdStopped:
    case Kind::StoreRestored: return now() + in_ms(step.lasts_ms / 4);
    case Kind::DiskFull:
    case Kind::EngineRestarted:
    case Kind::EngineDown:
    case Kind::CallsSlow:
    case Kind::StartsFail:
    case Kind::ContainersExit:
    case Kind::EventsLost:
    case Kind::EventsMuddled: return now() + in_ms(step.lasts_ms);
    case Kind::PortTaken: return now() + in_ms(4 * step.lasts_ms);
    default: return now();
  }
}

std::optional<std::set<int>> Run::hit(const Step& step) {
  std::set<int> all;
  for (int slot = 0; slot < options_.environments; ++slot) all.insert(slot);
  const auto only = [&](bool done) { return done ? std::optional(std::set<int>{step.slot}) : std::nullopt; };
  switch (step.kind) {
    case Kind::Create:
    case Kind::Change:
    case Kind::Delete: {
      auto& wish = wishes_[static_cast<std::size_t>(step.slot)];
      daemon_->tell(step, wish);
      wish = step.wish;
      return only(true);
    }
    case Kind::ContainerKilled:
    case Kind::ContainerStopped:
    case Kind::ContainerRemoved:
    case Kind::ContainerDisconnected:
    case Kind::ContainerPaused:
    case Kind::ContainerRenamed: return only(hit_container(step));
    case Kind::NetworkRemoved: return only(hit_network(step));
    case Kind::PortTaken: return only(take_port(step));
    case Kind::ForeignNetwork: return make_foreigner(step) ? std::optional(std::set<int>{}) : std::nullopt;
    case Kind::ForeignJoined: return only(make_foreigner(step));
    case Kind::BerthdKilled:
    case Kind::BerthdStopped:
      if (!daemon_->wanted()) return std::nullopt;
      end_berthd(step);
      return all;
    case Kind::EngineRestarted:
      if (!place_->restart(step.lasts_ms)) return std::nullopt;
      foreigners_->engine_restarted();
      return all;
    case Kind::DiskFull: return fill_disk(step) ? std::optional(all) : std::nullopt;
    case Kind::StoreRestored: return restore_store(step) ? std::optional(all) : std::nullopt;
    default:
      if (!make_trouble(step)) return std::nullopt;
      later(now() + in_ms(step.lasts_ms), [this, step] { place_->end_trouble(step); });
      return step.slot < 0 ? all : std::set<int>{step.slot};
  }
}

// What goes wrong is a call for one environment, and something happens to it that needs this call.
bool Run::make_trouble(const Step& step) {
  if (step.slot < 0) return place_->make_trouble(step, "");
  const auto* container = container_of(step);
  const auto* network = network_of(step.slot);
  if (!container || !network) return false;
  const auto& operation = step.operation;
  std::string target = container->id;
  if (operation.ends_with("_create")) target = name_of(step.slot) + "-";
  if (operation == "network_remove") target = network->id;
  const auto container_id = container->id;
  const auto network_id = network->id;
  if (!place_->make_trouble(step, target)) return false;
  if (operation == "container_start") return place_->kill(container_id), true;
  if (operation == "container_create" || operation.empty()) return place_->remove(container_id), true;
  if (operation == "network_connect" || operation == "container_inspect") return place_->disconnect(network_id, container_id), true;
  if (operation == "network_create") return place_->remove_network(network_id), true;
  return true;
}

bool Run::hit_container(const Step& step) {
  const auto* container = container_of(step);
  if (!container) return false;
  switch (step.kind) {
    case Kind::ContainerKilled: return place_->kill(container->id);
    case Kind::ContainerStopped: return place_->stop(container->id);
    case Kind::ContainerRemoved: return place_->remove(container->id);
    case Kind::ContainerPaused: return place_->pause(container->id);
    case Kind::ContainerRenamed: return place_->rename(container->id, "chaos-renamed-" + std::to_string(step.number));
    default: return !container->networks.empty() && place_->disconnect(container->networks.begin()->second, container->id);
  }
}

// berth connects again at once, faster than anybody could remove the network: it is held meanwhile.
bool Run::hit_network(const Step& step) {
  const auto* network = network_of(step.slot);
  if (!network) return false;
  daemon_->freeze();
  const bool removed = place_->remove_network(network->id);
  daemon_->thaw();
  return removed;
}

// The port of a container that is killed, or else any.
bool Run::take_port(const Step& step) {
  const auto* container = container_of(step);
  int port = kFirstPort + static_cast<int>(step.draw[1] % (kLastPort - kFirstPort + 1));
  daemon_->freeze();
  if (container && !container->ports.empty()) {
    const auto& published = container->ports.front();
    port = std::atoi(published.c_str() + published.rfind(':') + 1);
    place_->kill(container->id);
  }
  const bool taken = place_->take_port(port);
  daemon_->thaw();
  if (taken) later(now() + in_ms(4 * step.lasts_ms), [this, port] { place_->give_port_back(port); });
  return taken;
}

bool Run::make_foreigner(const Step& step) {
  const auto name = "chaos-foreign-" + std::to_string(++foreign_made_ + 1);
  if (step.kind == Kind::ForeignNetwork) {
    const int slice = static_cast<int>(step.draw[0] % 128);
    if (!place_->make_network(name, "10.218." + std::to_string(slice / 8) + "." + std::to_string(slice % 8 * 32) + "/27")) return false;
    foreigners_->made_network(name);
    return true;
  }
  const auto* network = network_of(step.slot);
  if (!network || !place_->make_container(name, network->name)) return false;
  foreigners_->made_container(name, true);
  return true;
}

void Run::end_berthd(const Step& step) {
  if (step.kind == Kind::BerthdKilled) {
    daemon_->kill();
  } else if (!daemon_->stop()) {
    fault(failed_, "SIGTERM did not end berthd within 10 s");
  }
  later(now() + in_ms(step.lasts_ms / 4), [this] { start_berthd(); });
}

// On a full disk it does not start: what starts it again would do so until it can.
void Run::start_berthd() {
  if (disk_) disk_->drain();
  daemon_->start();
}

bool Run::fill_disk(const Step& step) {
  if (!disk_->fill()) return false;
  later(now() + in_ms(step.lasts_ms), [this] { disk_->drain(); });
  return true;
}

// What users say is told after it, so that all they have said is in the copy; what berthd itself writes meanwhile is lost.
bool Run::restore_store(const Step& step) {
  const auto copy = folder_ + "/copy.db";
  if (!daemon_->wanted() || !daemon_->back_up(copy)) return false;
  daemon_->hold();
  later(now() + in_ms(step.lasts_ms / 4), [this, copy] {
    daemon_->kill();
    disk_->drain();
    if (!daemon_->restore(copy)) fault(failed_, "berthctl restore failed");
    daemon_->start();
  });
  return true;
}

}  // namespace berth::chaos
