#include "controller/plan/subnet_allocator.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "crd/formats.h"

namespace berth::plan {

namespace {

std::uint64_t size_of(int prefix) { return std::uint64_t{1} << (32 - prefix); }
std::uint64_t first_of(const Subnet& subnet) { return subnet.address; }
// "fd62:6572:ad5:20" with 10.213.0.32; a last group of zeros is not written.
std::string ipv6_prefix(std::uint32_t address) {
  std::array<char, 40> text{};
  const unsigned high = address >> 16, low = address & 0xffff;
  const int length = std::snprintf(text.data(), text.size(), low == 0 ? "fd62:6572:%x" : "fd62:6572:%x:%x", high, low);
  return {text.data(), static_cast<std::size_t>(length)};
}
std::uint64_t end_of(const Subnet& subnet) { return subnet.address + size_of(subnet.prefix); }

}  // namespace

std::string Subnet::str() const { return crd::format_ipv4(address) + "/" + std::to_string(prefix); }
std::string Subnet::ipv6() const { return ipv6_prefix(address) + "::/64"; }
std::string Subnet::ipv6_gateway() const { return ipv6_prefix(address) + "::1"; }
std::string Subnet::gateway() const { return crd::format_ipv4(address + 1); }
bool Subnet::overlaps(const Subnet& other) const {
  return first_of(*this) < end_of(other) && first_of(other) < end_of(*this);
}
int Subnet::usable_hosts() const { return static_cast<int>(std::max<std::int64_t>(0, std::int64_t(size_of(prefix)) - 3)); }

Result<Subnet> parse_subnet(std::string_view text) {
  const std::string quoted = "subnet \"" + std::string(text) + "\": ";
  const auto net = crd::parse_ipv4_net(text);
  if (!net) return base::error(Reason::Invalid, quoted + "must be an IPv4 network such as 10.99.0.0/24");
  if (net->prefix < 8 || net->prefix > 30) return base::error(Reason::Invalid, quoted + "the prefix must be within /8 and /30");
  const Subnet meant{net->address & net->mask(), net->prefix};
  if (net->has_host_bits()) return base::error(Reason::Invalid, quoted + "has host bits set; the network is " + meant.str());
  return meant;
}

SubnetAllocator::SubnetAllocator(Subnet pool, int slice_prefix)
    : pool_(pool), slice_prefix_(std::max(slice_prefix, pool.prefix)) {}

Result<void> SubnetAllocator::none_overlaps(const Subnet& subnet, const std::string& except) const {
  const auto other = overlapping(subnet, except);
  if (other == held_.end()) return {};
  const Holding& held = other->second;
  return base::error(Reason::SubnetConflict, "subnet " + subnet.str() + " overlaps " + held.subnet.str() + ", held by " +
                                                 (held.called.empty() ? held.owner : held.called));
}

Result<void> SubnetAllocator::charge(const Subnet& subnet, const std::string& owner, const std::string& called) {
  if (auto free = none_overlaps(subnet, owner); !free) return free;
  hold({subnet, owner, called});
  return {};
}

Result<Subnet> SubnetAllocator::lease(int hosts, const std::string& owner, base::SystemTime now, const std::string& called) {
  if (const auto mine = by_owner_.find(owner); mine != by_owner_.end()) {
    const Subnet& subnet = held_.at(mine->second).subnet;
    if (subnet.usable_hosts() >= hosts) return subnet;
  }
  int prefix = slice_prefix_;
  while (prefix > pool_.prefix && Subnet{0, prefix}.usable_hosts() < hosts) --prefix;
  if (Subnet{0, prefix}.usable_hosts() < hosts) {
    return base::error(Reason::SubnetExhausted,
                       "the pool " + pool_.str() + " is too small for " + std::to_string(hosts) + " containers in one network");
  }
  std::erase_if(quarantined_, [&](const auto& item) { return item.second <= now; });
  const std::uint64_t step = size_of(prefix);
  const std::uint64_t slices = size_of(pool_.prefix) / step;
  const std::uint64_t start = (next_ + step - 1) / step;
  for (std::uint64_t i = 0; i < slices; ++i) {
    const std::uint64_t offset = ((start + i) % slices) * step;
    const Subnet slice{static_cast<std::uint32_t>(pool_.address + offset), prefix};
    if (!available(slice, owner, now)) continue;
    next_ = static_cast<std::uint32_t>((offset + step) % size_of(pool_.prefix));
    hold({slice, owner, called});
    return slice;
  }
  return base::error(Reason::SubnetExhausted, "the pool " + pool_.str() + " has no free /" + std::to_string(prefix) + " left");
}

void SubnetAllocator::release(const std::string& owner) {
  const auto mine = by_owner_.find(owner);
  if (mine == by_owner_.end()) return;
  held_.erase(mine->second);
  by_owner_.erase(mine);
}

void SubnetAllocator::set_blocked(std::vector<Subnet> blocked) { blocked_ = std::move(blocked); }

void SubnetAllocator::quarantine(const Subnet& subnet, base::SystemTime until) { quarantined_[subnet] = until; }

Result<void> SubnetAllocator::check(const Subnet& subnet, const std::string& owner) const {
  if (auto free = none_overlaps(subnet, owner); !free) return free;
  for (const Subnet& other : blocked_) {
    if (!subnet.overlaps(other)) continue;
    return base::error(Reason::SubnetConflict, "subnet " + subnet.str() + " overlaps " + other.str() +
                                                   ", a route of the host or a network that berth did not make");
  }
  return {};
}

SubnetAllocator::Counts SubnetAllocator::counts(base::SystemTime now) const {
  Counts counts;
  counts.leased = static_cast<int>(by_owner_.size());
  const std::uint64_t step = size_of(slice_prefix_);
  for (std::uint64_t address = first_of(pool_); address < end_of(pool_); address += step) {
    const Subnet slice{static_cast<std::uint32_t>(address), slice_prefix_};
    if (overlapping(slice, "") != held_.end()) continue;
    const bool quarantined = std::any_of(quarantined_.begin(), quarantined_.end(),
                                         [&](const auto& item) { return now < item.second && slice.overlaps(item.first); });
    if (quarantined) {
      ++counts.quarantined;
    } else if (available(slice, "", now)) {
      ++counts.free;
    }
  }
  return counts;
}

std::string SubnetAllocator::holder(const Subnet& subnet) const {
  const auto other = overlapping(subnet, "");
  return other == held_.end() ? "" : other->second.owner;
}

std::optional<Subnet> SubnetAllocator::held_by(const std::string& owner) const {
  const auto mine = by_owner_.find(owner);
  if (mine == by_owner_.end()) return std::nullopt;
  return held_.at(mine->second).subnet;
}

SubnetAllocator::Held::const_iterator SubnetAllocator::overlapping(const Subnet& subnet, const std::string& except) const {
  auto it = held_.upper_bound(subnet.address);
  if (it != held_.begin()) --it;
  for (; it != held_.end() && first_of(it->second.subnet) < end_of(subnet); ++it) {
    if (it->second.subnet.overlaps(subnet) && (except.empty() || it->second.owner != except)) return it;
  }
  return held_.end();
}

bool SubnetAllocator::available(const Subnet& subnet, const std::string& owner, base::SystemTime now) const {
  if (overlapping(subnet, owner) != held_.end()) return false;
  const auto overlaps = [&](const Subnet& other) { return subnet.overlaps(other); };
  if (std::any_of(blocked_.begin(), blocked_.end(), overlaps)) return false;
  return std::none_of(quarantined_.begin(), quarantined_.end(),
                      [&](const auto& item) { return now < item.second && subnet.overlaps(item.first); });
}

void SubnetAllocator::hold(Holding holding) {
  release(holding.owner);
  by_owner_[holding.owner] = holding.subnet.address;
  held_[holding.subnet.address] = std::move(holding);
}

}  // namespace berth::plan
