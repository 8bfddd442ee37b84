#include <stdexcept>

#include "tests/fakes/fake_engine_state.h"

// What tests do to the engine and see of it, beside the Engine interface.
namespace berth::fakes {

FakeEngine::BoxPtr FakeEngine::box_or_throw(const std::string& id_or_name) const {
  auto box = find_box(id_or_name);
  if (!box) throw std::out_of_range("fake engine: no container " + id_or_name);
  return box;
}

FakeEngine::NetPtr FakeEngine::network_or_throw(const std::string& id_or_name) const {
  auto network = find_network(id_or_name);
  if (!network) throw std::out_of_range("fake engine: no network " + id_or_name);
  return network;
}

void FakeEngine::kill(const std::string& container, int exit_code, bool oom_killed) {
  end_processes(box_or_throw(container), exit_code, oom_killed);
}

void FakeEngine::remove_behind_back(const std::string& container) { erase_box(box_or_throw(container)); }

void FakeEngine::set_removing(const std::string& container) {
  const auto box = box_or_throw(container);
  end_processes(box, 137, false);
  box->view.state = engine::ContainerState::Removing;
}

void FakeEngine::set_paused(const std::string& container, bool paused) {
  const auto box = box_or_throw(container);
  const auto from = paused ? engine::ContainerState::Running : engine::ContainerState::Paused;
  if (box->view.state != from) throw std::runtime_error("fake engine: " + container + (paused ? " is not running" : " is not paused"));
  box->view.state = paused ? engine::ContainerState::Paused : engine::ContainerState::Running;
  emit_container(*box, paused ? "pause" : "unpause");
}

void FakeEngine::rename(const std::string& container, std::string name) {
  const auto box = box_or_throw(container);
  if (find_box(name)) throw std::runtime_error("fake engine: the name " + name + " is taken");
  const auto old = std::exchange(box->view.name, std::move(name));
  emit_container(*box, "rename", {{"oldName", "/" + old}});
}

void FakeEngine::set_health(const std::string& container, std::string health) {
  const auto box = box_or_throw(container);
  box->view.has_healthcheck = true;
  box->view.health = std::move(health);
  emit_container(*box, "health_status: " + box->view.health);
}

void FakeEngine::write_logs(const std::string& container, std::string_view text) {
  print(*box_or_throw(container), text);
}

std::string FakeEngine::add_foreign_container(std::string name, std::string network, engine::Labels labels) {
  engine::ContainerSpec spec;
  spec.name = std::move(name);
  spec.image = "foreign:1";
  spec.network_name = std::move(network);
  spec.labels = std::move(labels);
  if (!find_image(spec.image)) add_image(spec.image, {});
  const auto id = create(spec).value();
  start(id).value();
  return id;
}

void FakeEngine::restart(bool live_restore) {
  end_event_streams();
  history_.clear();
  if (live_restore) return;
  for (const auto& [id, box] : boxes_) end_processes(box, 0, false);
  history_.clear();
}

std::vector<engine::Container> FakeEngine::containers() const {
  std::vector<engine::Container> all;
  for (const auto& [id, box] : boxes_) all.push_back(box->view);
  return all;
}

std::optional<engine::Container> FakeEngine::container(const std::string& id_or_name) const {
  const auto box = find_box(id_or_name);
  return box ? std::optional(box->view) : std::nullopt;
}

std::optional<engine::Network> FakeEngine::network(const std::string& id_or_name) const {
  const auto found = find_network(id_or_name);
  return found ? std::optional(describe(*found, false)) : std::nullopt;
}

std::optional<engine::ContainerSpec> FakeEngine::spec(const std::string& id_or_name) const {
  const auto box = find_box(id_or_name);
  return box ? std::optional(box->spec) : std::nullopt;
}

std::map<std::string, engine::FileToCopy> FakeEngine::files(const std::string& id_or_name) const {
  return box_or_throw(id_or_name)->files;
}

std::vector<std::string> FakeEngine::aliases(const std::string& id_or_name) const {
  std::vector<std::string> all;
  for (const auto& [network, names] : box_or_throw(id_or_name)->aliases)
    all.insert(all.end(), names.begin(), names.end());
  return all;
}

void FakeEngine::disconnect_behind_back(const std::string& network, const std::string& container) {
  (void)disconnect(network_or_throw(network)->id, box_or_throw(container)->view.id, true);
}

void FakeEngine::remove_network_behind_back(const std::string& network) {
  const auto id = network_or_throw(network)->id;
  for (const auto& endpoint : describe(*networks_.at(id), true).endpoints)
    (void)disconnect(id, endpoint.container_id, true);
  (void)remove_net(id);
}

std::string FakeEngine::add_foreign_network(std::string name, std::string subnet, engine::Labels labels) {
  engine::NetworkSpec spec;
  spec.name = std::move(name);
  spec.subnet = std::move(subnet);
  spec.labels = std::move(labels);
  return create_net(spec).value();
}

std::vector<engine::Network> FakeEngine::networks() const {
  std::vector<engine::Network> all;
  for (const auto& [id, network] : networks_) all.push_back(describe(*network, true));
  return all;
}

std::vector<engine::Volume> FakeEngine::volumes() const {
  std::vector<engine::Volume> all;
  for (const auto& [name, volume] : volumes_) all.push_back(volume);
  return all;
}

}  // namespace berth::fakes
