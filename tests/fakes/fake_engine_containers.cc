#include <boost/asio/use_awaitable.hpp>
#include <regex>

#include "tests/fakes/fake_engine_calls.h"

namespace berth::fakes {

using engine::Container;
using engine::ContainerState;

namespace {

constexpr std::int64_t kLeastMemory = 6 << 20;

Container as_listed(Container container) {
  container.exit_code = 0;
  container.oom_killed = false;
  container.error.clear();
  container.health.clear();
  container.has_healthcheck = false;
  container.tty = false;
  container.started_at = {};
  container.finished_at = {};
  container.nano_cpus = 0;
  container.memory_bytes = 0;
  container.cpu_shares = 0;
  return container;
}

bool same_address(const std::string& a, const std::string& b) {
  const auto any = [](const std::string& address) { return address.empty() || address == "0.0.0.0"; };
  return any(a) || any(b) || a == b;
}

std::string bad_value(const engine::ContainerSpec& spec, int cpus) {
  static const std::regex name("[a-zA-Z0-9][a-zA-Z0-9_.-]+");
  if (!std::regex_match(spec.name, name)) {
    return "Invalid container name (" + spec.name + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed";
  }
  if (spec.memory_bytes != 0 && spec.memory_bytes < kLeastMemory)
    return "Minimum memory limit allowed is 6MB";
  if (spec.nano_cpus > cpus * std::int64_t{1000000000}) {
    return "Range of CPUs is from 0.01 to " + std::to_string(cpus) + ".00, as there are only " +
           std::to_string(cpus) + " CPUs available";
  }
  return "";
}

}  // namespace

// What was not pulled for a platform is for the engine's own.
bool FakeEngine::has_platform(const std::string& reference, const std::string& platform) const {
  if (platform.empty() || !images_.contains(reference)) return true;
  const auto pulled = platforms_.find(reference);
  const bool own = pulled == platforms_.end() || pulled->second.empty();
  return platform == (own ? "linux/amd64" : pulled->second);
}

FakeEngine::BoxPtr FakeEngine::find_box(const std::string& id_or_name) const {
  if (const auto found = boxes_.find(id_or_name); found != boxes_.end()) return found->second;
  for (const auto& [id, box] : boxes_) {
    if (box->view.name == id_or_name) return box;
  }
  return nullptr;
}

Result<std::string> FakeEngine::create(const engine::ContainerSpec& spec) {
  if (auto bad = bad_value(spec, engine_info.cpus); !bad.empty())
    return base::error(Reason::InvalidSpec, bad);
  const auto image = find_image(spec.image);
  if (!image) return base::error(Reason::ImageNotFound, "No such image: " + spec.image);
  if (!has_platform(spec.image, spec.options.platform)) {
    return base::error(Reason::ImageNotFound, "image with reference " + spec.image +
                                                  " was found but does not match the specified platform: wanted " + spec.options.platform);
  }
  if (const auto holder = find_box(spec.name)) {
    return base::error(
        Reason::NameConflict,
        "Conflict. The container name \"/" + spec.name + "\" is already in use by container \"" +
            holder->view.id +
            "\". You have to remove (or rename) that container to be able to reuse that name.");
  }
  auto box = std::make_shared<Box>(executor_);
  box->spec = spec;
  auto& view = box->view;
  view.id = new_id();
  view.name = spec.name;
  view.image = spec.image;
  view.image_id = image->id;
  view.labels = spec.labels;
  view.created = clock_.system_now();
  view.nano_cpus = spec.nano_cpus;
  view.memory_bytes = spec.memory_bytes;
  view.cpu_shares = spec.cpu_shares;
  view.tty = spec.options.tty;
  view.has_healthcheck =
      spec.healthcheck ? spec.healthcheck->test != std::vector<std::string>{"NONE"} : image->has_healthcheck;
  // The id of its network becomes known at its first start.
  const auto network = find_network(spec.network_id.empty() ? spec.network_name : spec.network_id);
  const auto network_name = network ? network->spec.name : spec.network_name;
  if (!network_name.empty()) {
    view.attachments.push_back({network_name, "", ""});
    box->aliases[network_name] = spec.aliases;
  }
  for (std::size_t i = 0; i < image->volumes.size(); ++i) {
    box->volumes.push_back(new_id());
    volumes_[box->volumes.back()] = engine::Volume{box->volumes.back(), {}};
    emit("volume", "create", box->volumes.back(), {{"driver", "local"}});
  }
  boxes_[view.id] = box;
  emit_container(*box, "create");
  return view.id;
}

std::optional<Error> FakeEngine::port_conflict(const Box& box) const {
  const auto taken = [&](const std::string& end) {
    return base::error(Reason::PortConflict, "driver failed programming external connectivity on endpoint " +
                                                 box.view.name + ": " + end);
  };
  for (const auto& port : box.spec.ports) {
    const auto address = port.host_ip + ":" + std::to_string(port.host_port);
    for (const auto& [id, other] : boxes_) {
      for (const auto& held : other->view.ports) {
        if (held.host_port == port.host_port && held.protocol == port.protocol &&
            same_address(held.host_ip, port.host_ip)) {
          return taken("Bind for " + address + " failed: port is already allocated");
        }
      }
    }
    for (const auto& [host_ip, number] : held_ports_) {
      if (number == port.host_port && same_address(host_ip, port.host_ip)) {
        return taken("Error starting userland proxy: listen tcp4 " + address +
                     ": bind: address already in use");
      }
    }
  }
  return std::nullopt;
}

std::optional<Error> FakeEngine::start_obstacle(const Box& box) const {
  for (const auto& attachment : box.view.attachments) {
    const auto network = network_of(attachment);
    if (!network) return network.error();
    if (auto address = free_address(**network); !address) return address.error();
  }
  if (auto conflict = port_conflict(box)) return conflict;
  return behaviour_of(box).fails_to_start;
}

Result<void> FakeEngine::start(const std::string& id) {
  const auto box = find_box(id);
  if (!box) return no_such_container(id);
  auto& view = box->view;
  if (view.running()) return {};
  if (view.state == ContainerState::Removing) {
    return base::error(Reason::RemovalInProgress, "container is marked for removal and cannot be started");
  }
  if (auto obstacle = start_obstacle(*box)) {
    view.error = obstacle->message;
    if (view.state == ContainerState::Created)
      view.exit_code = obstacle->reason == Reason::CommandNotFound ? 127 : 128;
    return *obstacle;
  }
  bool published = true;
  for (auto& attachment : view.attachments) {
    const auto network = network_of(attachment).value();
    attachment.network_id = network->id;
    attachment.ip_address = *free_address(*network);
    published = published && !network->spec.internal;
    emit_network(*network, "connect", view.id);
  }
  view.state = ContainerState::Running;
  view.exit_code = 0;
  view.oom_killed = false;
  view.error.clear();
  view.started_at = clock_.system_now();
  if (published) view.ports = box->spec.ports;
  if (view.has_healthcheck) view.health = "starting";
  const auto behaviour = behaviour_of(*box);
  print(*box, behaviour.logs);
  ++box->runs;
  emit_container(*box, "start");
  tasks_.spawn("container", live(box, box->runs, behaviour));
  return {};
}

Behaviour FakeEngine::behaviour_of(const Box& box) const {
  const auto lookup = [&](const std::string& who) { return behaviours_.find(who); };
  auto found = lookup(box.view.name);
  for (const auto& [key, value] : box.view.labels) {
    if (found == behaviours_.end()) found = lookup(value);
  }
  if (found == behaviours_.end()) found = lookup(box.view.image);
  if (found == behaviours_.end()) return {};
  auto behaviour = found->second;
  if (behaviour.starts >= 0 && box.runs >= behaviour.starts) {
    behaviour.exits_after.reset();
    behaviour.fails_to_start.reset();
  }
  return behaviour;
}

Task<void> FakeEngine::live(BoxPtr box, int run, Behaviour behaviour) {
  const auto start = clock_.steady_now();
  const auto is_current = [&] { return !box->gone && box->runs == run && box->view.running(); };
  if (behaviour.healthy_after &&
      (!behaviour.exits_after || *behaviour.healthy_after < *behaviour.exits_after)) {
    const auto healthy_at = start + *behaviour.healthy_after;
    co_await clock_.sleep_until(healthy_at);
    if (is_current() && box->view.has_healthcheck) set_health(box->view.id, "healthy");
  }
  if (!behaviour.exits_after) co_return;
  const auto exit_at = start + *behaviour.exits_after;
  co_await clock_.sleep_until(exit_at);
  if (is_current()) end_processes(box, behaviour.exit_code, behaviour.oom_killed);
}

void FakeEngine::end_processes(const BoxPtr& box, int exit_code, bool oom_killed) {
  auto& view = box->view;
  if (!view.running()) return;
  view.state = ContainerState::Exited;
  view.exit_code = exit_code;
  view.oom_killed = oom_killed;
  view.finished_at = clock_.system_now();
  view.ports.clear();
  box->changed.notify_all();
  if (oom_killed) emit_container(*box, "oom");
  emit_container(*box, "die", {{"exitCode", std::to_string(exit_code)}});
  for (auto& attachment : view.attachments) {
    attachment.ip_address.clear();
    if (const auto network = find_network(attachment.network_id))
      emit_network(*network, "disconnect", view.id);
  }
}

Result<void> FakeEngine::stop(const std::string& id, base::Duration grace) {
  const auto box = find_box(id);
  if (!box) return no_such_container(id);
  if (!box->view.running()) return {};
  const auto behaviour = behaviour_of(*box);
  const bool killed = behaviour.stop_takes > grace;
  emit_container(*box, "kill", {{"signal", "15"}});
  if (killed) emit_container(*box, "kill", {{"signal", "9"}});
  end_processes(box, killed ? 137 : behaviour.stop_exit_code, false);
  emit_container(*box, "stop");
  return {};
}

Result<void> FakeEngine::remove(const std::string& id) {
  const auto box = find_box(id);
  if (!box) return {};
  if (box->view.state == ContainerState::Removing) {
    return base::error(Reason::RemovalInProgress, "removal of container " + id + " is already in progress");
  }
  erase_box(box);
  return {};
}

void FakeEngine::erase_box(const BoxPtr& box) {
  if (box->view.running()) {
    emit_container(*box, "kill", {{"signal", "9"}});
    end_processes(box, 137, false);
  }
  for (const auto& name : box->volumes) {
    volumes_.erase(name);
    emit("volume", "destroy", name, {{"driver", "local"}});
  }
  box->gone = true;
  boxes_.erase(box->view.id);
  emit_container(*box, "destroy");
}

// --- Engine ---

Task<Result<std::vector<Container>>> FakeEngine::list_containers(std::vector<std::string> labels,
                                                                 base::Deadline deadline) {
  auto effect = [this, labels = std::move(labels)]() -> Result<std::vector<Container>> {
    std::vector<Container> found;
    for (const auto& [id, box] : boxes_) {
      if (carries(box->view.labels, labels)) found.push_back(as_listed(box->view));
    }
    return found;
  };
  return call("container_list", "", deadline, std::move(effect));
}

Task<Result<Container>> FakeEngine::inspect_container(std::string id, base::Deadline deadline) {
  return call("container_inspect", id, deadline, [this, id]() -> Result<Container> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    return box->view;
  });
}

Task<Result<std::string>> FakeEngine::create_container(engine::ContainerSpec spec, base::Deadline deadline) {
  const auto name = spec.name;
  return call("container_create", name, deadline, [this, spec = std::move(spec)] { return create(spec); });
}

Task<Result<void>> FakeEngine::start_container(std::string id) {
  return call("container_start", id, base::Deadline::never(), [this, id] { return start(id); });
}

Task<Result<void>> FakeEngine::stop_container(std::string id, base::Duration grace, base::Deadline deadline) {
  return call("container_stop", id, deadline, [this, id, grace] { return stop(id, grace); });
}

Task<Result<void>> FakeEngine::remove_container(std::string id, base::Deadline deadline) {
  return call("container_remove", id, deadline, [this, id] { return remove(id); });
}

Task<Result<void>> FakeEngine::update_container(std::string id, std::int64_t nano_cpus,
                                                std::int64_t memory_bytes, base::Deadline deadline,
                                                std::int64_t cpu_shares) {
  return call("container_update", id, deadline, [this, id, nano_cpus, memory_bytes, cpu_shares]() -> Result<void> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (memory_bytes != 0 && memory_bytes < kLeastMemory) {
      return base::error(Reason::InvalidSpec, "Minimum memory limit allowed is 6MB");
    }
    box->view.nano_cpus = nano_cpus;
    box->view.memory_bytes = memory_bytes;
    if (cpu_shares != 0) box->view.cpu_shares = cpu_shares;
    emit_container(*box, "update");
    return {};
  });
}

Task<Result<void>> FakeEngine::copy_files(std::string id, std::vector<engine::FileToCopy> files,
                                          base::Deadline deadline) {
  return call("container_copy", id, deadline, [this, id, files = std::move(files)]() -> Result<void> {
    const auto box = find_box(id);
    for (const auto& file : files) {
      if (!file.path.starts_with('/') || file.path.ends_with('/')) {
        return base::error(Reason::InvalidSpec, "\"" + file.path + "\" is not an absolute path of a file");
      }
    }
    if (!box) return no_such_container(id);
    for (const auto& file : files) box->files[file.path] = file;
    return {};
  });
}

Task<Result<engine::ExecResult>> FakeEngine::exec(std::string id, std::vector<std::string> command,
                                                  base::Deadline deadline) {
  return call("exec", id, deadline, [this, id, command = std::move(command)]() -> Result<engine::ExecResult> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!box->view.running())
      return base::error(Reason::ContainerExited, "Container " + id + " is not running");
    const auto behaviour = behaviour_of(*box);
    return behaviour.exec ? behaviour.exec(command) : engine::ExecResult{0, ""};
  });
}

Task<Result<std::vector<engine::Volume>>> FakeEngine::list_volumes(std::vector<std::string> labels,
                                                                   base::Deadline deadline) {
  auto effect = [this, labels = std::move(labels)]() -> Result<std::vector<engine::Volume>> {
    std::vector<engine::Volume> found;
    for (const auto& [name, volume] : volumes_) {
      if (carries(volume.labels, labels)) found.push_back(volume);
    }
    return found;
  };
  return call("volume_list", "", deadline, std::move(effect));
}

Task<Result<void>> FakeEngine::remove_volume(std::string name, base::Deadline deadline) {
  return call("volume_remove", name, deadline, [this, name]() -> Result<void> {
    if (volumes_.erase(name) > 0) emit("volume", "destroy", name, {{"driver", "local"}});
    return {};
  });
}

}  // namespace berth::fakes
