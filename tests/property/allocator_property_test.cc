#include "controller/plan/port_allocator.h"
#include "controller/plan/subnet_allocator.h"
#include "tests/property/holds.h"

// The allocators against the simplest thing that could be right: a list of who holds what.
namespace berth::plan {
namespace {

using crd::Protocol;

int choose(int n) { return *rc::gen::inRange(0, n); }

const base::SystemTime kStart{};
base::SystemTime at(int seconds) { return kStart + std::chrono::seconds(seconds); }

std::string some_owner() { return "u" + std::to_string(choose(5)) + "/e" + std::to_string(choose(3)); }
std::string some_address() { return std::vector<std::string>{"127.0.0.1", "127.0.0.2", "0.0.0.0"}[static_cast<std::size_t>(choose(3))]; }
Protocol some_protocol() { return choose(3) == 0 ? (choose(2) == 0 ? Protocol::Udp : Protocol::Sctp) : Protocol::Tcp; }

struct PortModel {
  std::map<std::string, PortKey> held;
  std::vector<std::pair<PortKey, base::SystemTime>> quarantined;

  bool taken(const PortKey& key, const std::string& except = "") const {
    return std::any_of(held.begin(), held.end(), [&](const auto& item) { return item.first != except && excludes(item.second, key); });
  }
  bool resting(const PortKey& key, base::SystemTime now) const {
    return std::any_of(quarantined.begin(), quarantined.end(),
                       [&](const auto& item) { return now < item.second && excludes(item.first, key); });
  }
};

void check_lease(PortModel& model, PortAllocator& ports, const PortRange& range, base::SystemTime now) {
  const std::string owner = some_owner();
  const std::string address = some_address();
  const Protocol protocol = some_protocol();
  const auto lease = ports.lease(address, protocol, owner, now, [](const PortKey& key) { return key.port % 2 == 0; });
  RC_ASSERT(lease.has_value());
  const PortKey key = lease->key;
  RC_ASSERT(key.host_ip == address);
  RC_ASSERT((key.protocol == protocol));
  const auto mine = model.held.find(owner);
  if (mine != model.held.end() && mine->second.host_ip == address && mine->second.protocol == protocol) {
    RC_ASSERT((key == mine->second));
    return;
  }
  RC_ASSERT(!model.taken(key, owner));
  RC_ASSERT(!model.resting(key, now));
  RC_ASSERT(lease->fallback == (key.port < range.first || key.port > range.last));
  if (lease->fallback) {
    for (std::uint32_t port = range.first; port <= range.last; ++port) {
      const PortKey other{address, protocol, static_cast<std::uint16_t>(port)};
      RC_ASSERT((model.taken(other) || model.resting(other, now)));
    }
  }
  model.held[owner] = key;
}

TEST(AllocatorProperty, NoPortIsHeldTwice) {
  holds([] {
    const PortRange range{30000, static_cast<std::uint16_t>(30000 + choose(6))};
    PortAllocator ports(range);
    PortModel model;
    for (int step = 0, steps = choose(80); step < steps; ++step) {
      const auto now = at(step);
      const PortKey key{some_address(), some_protocol(), static_cast<std::uint16_t>(29999 + choose(8))};
      const std::string owner = some_owner();
      switch (choose(5)) {
        case 0: {
          const bool free = !model.taken(key, owner);
          RC_ASSERT(ports.charge(key, owner).has_value() == free);
          if (free) model.held[owner] = key;
          break;
        }
        case 1: check_lease(model, ports, range, now); break;
        case 2: {
          ports.release(key, owner);
          const auto mine = model.held.find(owner);
          if (mine != model.held.end() && mine->second == key) model.held.erase(mine);
          break;
        }
        case 3: {
          const std::string uid = "u" + std::to_string(choose(5));
          ports.release_all(uid);
          std::erase_if(model.held, [&](const auto& item) { return item.first.starts_with(uid + "/"); });
          break;
        }
        case 4: {
          const auto until = now + std::chrono::seconds(choose(10));
          std::erase_if(model.quarantined, [&](const auto& item) { return item.first == key; });
          model.quarantined.emplace_back(key, until);
          ports.quarantine(key, until);
          break;
        }
      }
      RC_ASSERT(ports.counts(now).leased == static_cast<int>(model.held.size()));
      for (const auto& [holder, held] : model.held) RC_ASSERT(!model.taken(held, holder));
      RC_ASSERT((ports.holder(key) != "") == model.taken(key));
    }
  });
}

Subnet some_subnet() {
  const int prefix = 24 + choose(6);
  const std::uint32_t address = (10u << 24 | 213u << 16) + static_cast<std::uint32_t>(choose(2048));
  return {address & ~((1u << (32 - prefix)) - 1), prefix};
}

struct SubnetModel {
  std::map<std::string, Subnet> held;
  std::vector<Subnet> blocked;
  std::map<Subnet, base::SystemTime> quarantined;

  bool taken(const Subnet& subnet, const std::string& except = "") const {
    return std::any_of(held.begin(), held.end(), [&](const auto& item) { return item.first != except && item.second.overlaps(subnet); });
  }
  bool usable(const Subnet& subnet, const std::string& owner, base::SystemTime now) const {
    return !taken(subnet, owner) &&
           std::none_of(blocked.begin(), blocked.end(), [&](const Subnet& other) { return other.overlaps(subnet); }) &&
           std::none_of(quarantined.begin(), quarantined.end(),
                        [&](const auto& item) { return now < item.second && item.first.overlaps(subnet); });
  }
};

void check_lease(SubnetModel& model, SubnetAllocator& subnets, const Subnet& pool, base::SystemTime now) {
  const std::string owner = "u" + std::to_string(choose(12));
  const int hosts = 1 + choose(60);
  const auto mine = model.held.find(owner);
  const auto lease = subnets.lease(hosts, owner, now);
  if (mine != model.held.end() && mine->second.usable_hosts() >= hosts) {
    RC_ASSERT(lease.has_value());
    RC_ASSERT((*lease == mine->second));
    return;
  }
  const int prefix = hosts <= 29 ? 27 : hosts <= 61 ? 26 : 25;
  bool any = false;
  for (std::uint32_t offset = 0; offset < 1024; offset += 1u << (32 - prefix)) {
    any = any || model.usable({pool.address + offset, prefix}, owner, now);
  }
  RC_ASSERT(lease.has_value() == any);
  if (!lease) return;
  RC_ASSERT(pool.overlaps(*lease));
  RC_ASSERT(lease->usable_hosts() >= hosts);
  RC_ASSERT(model.usable(*lease, owner, now));
  model.held[owner] = *lease;
}

TEST(AllocatorProperty, NoSubnetsOverlapAndNoneIsRefusedWhileOneIsFree) {
  holds([] {
    const Subnet pool = parse_subnet("10.213.0.0/22").value();
    SubnetAllocator subnets(pool);
    SubnetModel model;
    for (int step = 0, steps = choose(80); step < steps; ++step) {
      const auto now = at(step);
      const std::string owner = "u" + std::to_string(choose(12));
      const Subnet subnet = some_subnet();
      switch (choose(6)) {
        case 0: {
          const bool free = !model.taken(subnet, owner);
          RC_ASSERT(subnets.charge(subnet, owner).has_value() == free);
          if (free) model.held[owner] = subnet;
          break;
        }
        case 1:
          subnets.release(owner);
          model.held.erase(owner);
          break;
        case 2:
          model.blocked.assign(static_cast<std::size_t>(choose(3)), subnet);
          subnets.set_blocked(model.blocked);
          break;
        case 3:
          model.quarantined[subnet] = now + std::chrono::seconds(choose(10));
          subnets.quarantine(subnet, model.quarantined[subnet]);
          break;
        default: check_lease(model, subnets, pool, now);
      }
      for (const auto& [holder, held] : model.held) RC_ASSERT(!model.taken(held, holder));
      RC_ASSERT((subnets.holder(subnet) != "") == model.taken(subnet));
      RC_ASSERT(subnets.counts(now).leased == static_cast<int>(model.held.size()));
    }
  });
}

TEST(AllocatorProperty, ASubnetIsReadBackAsItWasWritten) {
  holds([] {
    const Subnet subnet = some_subnet();
    const auto read = parse_subnet(subnet.str());
    RC_ASSERT(read.has_value());
    RC_ASSERT((*read == subnet));
    RC_ASSERT(subnet.overlaps(parse_subnet(subnet.gateway().substr(0, subnet.gateway().rfind('.')) + ".0/24").value()));
  });
}

}  // namespace
}  // namespace berth::plan
