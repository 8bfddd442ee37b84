#include <algorithm>
#include <charconv>
#include <set>

#include "tests/fakes/fake_engine_calls.h"

namespace berth::fakes {

bool carries(const engine::Labels& labels, const std::vector<std::string>& wanted) {
  for (const auto& text : wanted) {
    const auto equals = text.find('=');
    const auto found = labels.find(text.substr(0, equals));
    if (found == labels.end()) return false;
    if (equals != std::string::npos && found->second != text.substr(equals + 1)) return false;
  }
  return true;
}

std::optional<Prefix> parse_prefix(const std::string& text) {
  std::uint32_t address = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](unsigned limit, char after) -> std::optional<unsigned> {
    unsigned value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || value > limit || (after && (next == end || *next != after)))
      return std::nullopt;
    at = after ? next + 1 : next;
    return value;
  };
  for (const char after : {'.', '.', '.', '/'}) {
    const auto part = number(255, after);
    if (!part) return std::nullopt;
    address = address << 8 | *part;
  }
  const auto length = number(32, 0);
  if (!length || at != end) return std::nullopt;
  const std::uint32_t mask = *length == 0 ? 0 : ~std::uint32_t{0} << (32 - *length);
  return Prefix{address & mask, (address & mask) | ~mask};
}

std::string format_address(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += (text.empty() ? "" : ".") + std::to_string(address >> shift & 255);
  return text;
}

FakeEngine::NetPtr FakeEngine::find_network(const std::string& id_or_name) const {
  if (const auto found = networks_.find(id_or_name); found != networks_.end()) return found->second;
  for (const auto& [id, network] : networks_) {
    if (network->spec.name == id_or_name) return network;
  }
  return nullptr;
}

std::optional<Error> FakeEngine::network_obstacle(const engine::NetworkSpec& spec) const {
  if (!duplicate_network_names && find_network(spec.name)) {
    return base::error(Reason::NameConflict, "network with name " + spec.name + " already exists");
  }
  const auto prefix = parse_prefix(spec.subnet);
  if (!prefix)
    return base::error(Reason::InvalidSpec, "invalid network config: invalid subnet " + spec.subnet);
  const auto overlaps = [&](const std::string& subnet) {
    const auto theirs = parse_prefix(subnet);
    return theirs && theirs->first <= prefix->last && prefix->first <= theirs->last;
  };
  if (std::any_of(networks_.begin(), networks_.end(), [&](const auto& other) { return overlaps(other.second->spec.subnet); }) ||
      std::any_of(pools_.begin(), pools_.end(), [&](const auto& pool) { return !pool.expired() && overlaps(*pool.lock()); })) {
    return base::error(Reason::SubnetConflict, "Pool overlaps with other one on this address space");
  }
  return std::nullopt;
}

Result<FakeEngine::NetPtr> FakeEngine::network_of(const engine::Attachment& attachment) const {
  const auto& which = attachment.network_id.empty() ? attachment.network_name : attachment.network_id;
  const auto network = find_network(which);
  if (!network) return base::error(Reason::NetworkMissing, no_such_network(which).message);
  const auto of_that_name = std::count_if(networks_.begin(), networks_.end(),
                                          [&](const auto& other) { return other.second->spec.name == which; });
  if (of_that_name < 2) return network;
  return base::error(Reason::NetworkMissing,
                     "network " + which + " is ambiguous (" + std::to_string(of_that_name) + " matches found on name)");
}

Result<std::string> FakeEngine::create_net(const engine::NetworkSpec& spec) {
  if (auto obstacle = network_obstacle(spec)) return *std::move(obstacle);
  auto network = std::make_shared<Net>(Net{new_id(), spec, clock_.system_now()});
  networks_[network->id] = network;
  emit_network(*network, "create");
  return network->id;
}

Result<void> FakeEngine::remove_net(const std::string& id) {
  const auto network = find_network(id);
  if (!network) return {};
  const auto described = describe(*network, true);
  if (!described.endpoints.empty()) {
    return base::error(Reason::NetworkInUse, "error while removing network: network " + network->spec.name +
                                                 " id " + network->id + " has active endpoints");
  }
  networks_.erase(network->id);
  emit_network(*network, "destroy");
  return {};
}

Result<std::string> FakeEngine::free_address(const Net& network) const {
  const auto prefix = parse_prefix(network.spec.subnet);
  std::set<std::string> taken{network.spec.gateway};
  for (const auto& [id, box] : boxes_) {
    for (const auto& attachment : box->view.attachments) {
      if (attachment.network_id == network.id) taken.insert(attachment.ip_address);
    }
  }
  for (auto address = prefix->first + 1; address < prefix->last; ++address) {
    auto text = format_address(address);
    if (!taken.contains(text)) return text;
  }
  return base::error(Reason::SubnetExhausted,
                     "no available IPv4 addresses on this network's address pools: " + network.spec.name +
                         " (" + network.id + ")");
}

Result<void> FakeEngine::connect(const std::string& network_id, const std::string& container,
                                 const std::vector<std::string>& aliases) {
  const auto box = find_box(container);
  if (!box) return no_such_container(container);
  const auto network = find_network(network_id);
  if (!network) return base::error(Reason::NetworkMissing, no_such_network(network_id).message);
  auto& attachments = box->view.attachments;
  auto place = std::find_if(attachments.begin(), attachments.end(), [&](const auto& attachment) {
    return attachment.network_name == network->spec.name;
  });
  if (place == attachments.end()) place = attachments.insert(attachments.end(), {network->spec.name, "", ""});
  box->aliases[network->spec.name] = aliases;
  if (!box->view.running()) {
    place->network_id.clear();
    return {};
  }
  if (place->network_id == network->id && !place->ip_address.empty()) return {};
  auto address = free_address(*network);
  if (!address) {
    attachments.erase(place);
    return address.error();
  }
  place->network_id = network->id;
  place->ip_address = *address;
  emit_network(*network, "connect", box->view.id);
  return {};
}

Result<void> FakeEngine::disconnect(const std::string& network_id, const std::string& container, bool) {
  const auto box = find_box(container);
  if (!box) return {};
  const auto network = find_network(network_id);
  auto& attachments = box->view.attachments;
  // An attachment is kept under the network's name: that of a network that is gone is not found by its id.
  const auto name = network ? network->spec.name : network_id;
  const auto place = std::find_if(attachments.begin(), attachments.end(),
                                  [&](const auto& attachment) { return attachment.network_name == name; });
  if (place == attachments.end()) return {};
  box->aliases.erase(place->network_name);
  const bool was_up = !place->ip_address.empty();
  attachments.erase(place);
  if (network && was_up) emit_network(*network, "disconnect", box->view.id);
  return {};
}

engine::Network FakeEngine::describe(const Net& network, bool with_endpoints) const {
  engine::Network described;
  described.id = network.id;
  described.name = network.spec.name;
  described.driver = "bridge";
  described.labels = network.spec.labels;
  described.subnets = {network.spec.subnet};
  if (!network.spec.subnet_ipv6.empty()) described.subnets.push_back(network.spec.subnet_ipv6);
  described.internal = network.spec.internal;
  described.options = network.spec.options;
  described.created = network.created;
  if (!with_endpoints) return described;
  for (const auto& [id, box] : boxes_) {
    for (const auto& attachment : box->view.attachments) {
      if (attachment.network_id == network.id && !attachment.ip_address.empty())
        described.endpoints.push_back({id, box->view.name});
    }
  }
  return described;
}

// --- Engine ---

Task<Result<std::vector<engine::Network>>> FakeEngine::list_networks(std::vector<std::string> labels,
                                                                     base::Deadline deadline) {
  auto effect = [this, labels = std::move(labels)]() -> Result<std::vector<engine::Network>> {
    std::vector<engine::Network> found;
    for (const auto& [id, network] : networks_) {
      if (carries(network->spec.labels, labels)) found.push_back(describe(*network, false));
    }
    return found;
  };
  return call("network_list", "", deadline, std::move(effect));
}

Task<Result<engine::Network>> FakeEngine::inspect_network(std::string id, base::Deadline deadline) {
  return call("network_inspect", id, deadline, [this, id]() -> Result<engine::Network> {
    const auto network = find_network(id);
    if (!network) return no_such_network(id);
    return describe(*network, true);
  });
}

Task<Result<std::string>> FakeEngine::create_network(engine::NetworkSpec spec, base::Deadline deadline) {
  // Its addresses are taken from the first moment on; it is listed when it is whole.
  auto obstacle = network_obstacle(spec);
  auto pool = obstacle ? nullptr : std::make_shared<const std::string>(spec.subnet);
  std::erase_if(pools_, [](const auto& other) { return other.expired(); });
  if (pool) pools_.push_back(pool);
  const auto name = spec.name;
  auto effect = [this, spec = std::move(spec), obstacle = std::move(obstacle), pool = std::move(pool)]() mutable -> Result<std::string> {
    pool.reset();
    if (obstacle) return *obstacle;
    return create_net(spec);
  };
  return call("network_create", name, deadline, std::move(effect));
}

Task<Result<void>> FakeEngine::remove_network(std::string id, base::Deadline deadline) {
  return call("network_remove", id, deadline, [this, id] { return remove_net(id); });
}

Task<Result<void>> FakeEngine::connect_network(std::string network_id, std::string container_id,
                                               std::vector<std::string> aliases, base::Deadline deadline) {
  auto effect = [this, network_id, container_id, aliases = std::move(aliases)] {
    return connect(network_id, container_id, aliases);
  };
  return call("network_connect", network_id + " " + container_id, deadline, std::move(effect));
}

Task<Result<void>> FakeEngine::disconnect_network(std::string network_id, std::string container_id,
                                                  bool force, base::Deadline deadline) {
  auto effect = [this, network_id, container_id, force] {
    return disconnect(network_id, container_id, force);
  };
  return call("network_disconnect", network_id + " " + container_id, deadline, std::move(effect));
}

}  // namespace berth::fakes
