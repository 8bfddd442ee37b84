#include "controller/plan/port_allocator.h"

#include <array>
#include <charconv>

namespace berth::plan {

namespace {

bool is_wildcard(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

bool same_address(const std::string& a, const std::string& b) { return a == b || is_wildcard(a) || is_wildcard(b); }

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc{} || end != text.data() + text.size() || port < 1024) return std::nullopt;
  return port;
}

std::string str(const PortKey& key) {
  const std::string ip = key.host_ip.find(':') == std::string::npos ? key.host_ip : "[" + key.host_ip + "]";
  return ip + ":" + std::to_string(key.port) + (key.protocol == crd::Protocol::Tcp ? "" : "/" + std::string(crd::engine_word(key.protocol)));
}

// Where a port is looked for when the range is full: what the kernel gives to outgoing connections comes late, what
// well-known services use comes last.
constexpr std::array<PortRange, 5> kFallback{{{61000, 65535}, {20000, 32767}, {10000, 19999}, {32768, 60999}, {1024, 9999}}};

}  // namespace

Result<PortRange> parse_port_range(std::string_view text) {
  const auto wrong = [&] {
    return base::error(Reason::Invalid, "port range \"" + std::string(text) +
                                            "\": must be FIRST-LAST within 1024-65535, FIRST not above LAST, e.g. 30000-31999");
  };
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return wrong();
  const auto first = parse_port(text.substr(0, dash));
  const auto last = parse_port(text.substr(dash + 1));
  if (!first || !last || *first > *last) return wrong();
  return PortRange{*first, *last};
}

bool excludes(const PortKey& a, const PortKey& b) {
  return a.protocol == b.protocol && a.port == b.port && same_address(a.host_ip, b.host_ip);
}

PortAllocator::PortAllocator(PortRange range) : range_(range) {}

Result<void> PortAllocator::charge(const PortKey& key, const std::string& owner, const std::string& called) {
  if (const Held* other = conflicting(key, owner)) {
    return base::error(Reason::PortConflict, "port " + str(key) + " is held by " + (other->called.empty() ? other->owner : other->called));
  }
  hold({key, owner, called}, false);
  return {};
}

Result<PortAllocator::Lease> PortAllocator::lease(const std::string& host_ip, crd::Protocol protocol, const std::string& owner,
                                                  base::SystemTime now,
                                                  const std::function<bool(const PortKey&)>& is_free,
                                                  const std::string& called) {
  const auto in_range = [&](std::uint16_t port) { return port >= range_.first && port <= range_.last; };
  if (const auto mine = by_owner_.find(owner); mine != by_owner_.end()) {
    const PortKey& key = mine->second;
    if (key.host_ip == host_ip && key.protocol == protocol) return Lease{key, !in_range(key.port)};
  }
  const std::uint32_t size = range_.last - range_.first + 1u;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t offset = (next_ + i) % size;
    const PortKey key{host_ip, protocol, static_cast<std::uint16_t>(range_.first + offset)};
    if (!available(key, now)) continue;
    next_ = (offset + 1) % size;
    return hold({key, owner, called}, false);
  }
  for (const PortRange& span : kFallback) {
    for (std::uint32_t port = span.first; port <= span.last; ++port) {
      const PortKey key{host_ip, protocol, static_cast<std::uint16_t>(port)};
      if (!in_range(key.port) && available(key, now) && is_free && is_free(key)) return hold({key, owner, called}, true);
    }
  }
  return base::error(Reason::PortsExhausted, "no free port on " + host_ip + ": the range " + std::to_string(range_.first) + "-" +
                                                 std::to_string(range_.last) + " is in use, and so is everything outside it");
}

void PortAllocator::release(const PortKey& key, const std::string& owner) {
  const auto mine = by_owner_.find(owner);
  if (mine == by_owner_.end() || mine->second != key) return;
  const auto slot = held_.find({key.protocol, key.port});
  slot->second.erase(key.host_ip);
  if (slot->second.empty()) held_.erase(slot);
  by_owner_.erase(mine);
}

void PortAllocator::release_all(const std::string& uid) {
  const std::string prefix = uid + "/";
  for (auto it = by_owner_.lower_bound(prefix); it != by_owner_.end() && it->first.starts_with(prefix);) {
    const auto [owner, key] = *it++;
    release(key, owner);
  }
}

void PortAllocator::quarantine(const PortKey& key, base::SystemTime until) {
  quarantined_[{key.protocol, key.port}][key.host_ip] = until;
}

std::string PortAllocator::holder(const PortKey& key) const {
  const Held* held = conflicting(key);
  return held ? held->owner : "";
}

std::vector<PortAllocator::Held> PortAllocator::held_by(const std::string& uid) const {
  std::vector<Held> all;
  const std::string prefix = uid + "/";
  for (auto it = by_owner_.lower_bound(prefix); it != by_owner_.end() && it->first.starts_with(prefix); ++it) {
    const PortKey& key = it->second;
    all.push_back(held_.at({key.protocol, key.port}).at(key.host_ip));
  }
  return all;
}

PortAllocator::Counts PortAllocator::counts(base::SystemTime now) const {
  Counts counts;
  counts.leased = static_cast<int>(by_owner_.size());
  for (std::uint32_t port = range_.first; port <= range_.last; ++port) {
    const PortKey key{"0.0.0.0", crd::Protocol::Tcp, static_cast<std::uint16_t>(port)};
    if (conflicting(key)) continue;
    ++(quarantined(key, now) ? counts.quarantined : counts.free);
  }
  return counts;
}

const PortAllocator::Held* PortAllocator::conflicting(const PortKey& key, const std::string& except) const {
  const auto slot = held_.find({key.protocol, key.port});
  if (slot == held_.end()) return nullptr;
  for (const auto& [ip, held] : slot->second) {
    if (same_address(ip, key.host_ip) && (except.empty() || held.owner != except)) return &held;
  }
  return nullptr;
}

bool PortAllocator::quarantined(const PortKey& key, base::SystemTime now) const {
  const auto slot = quarantined_.find({key.protocol, key.port});
  if (slot == quarantined_.end()) return false;
  for (const auto& [ip, until] : slot->second) {
    if (now < until && same_address(ip, key.host_ip)) return true;
  }
  return false;
}

bool PortAllocator::available(const PortKey& key, base::SystemTime now) const {
  return !conflicting(key) && !quarantined(key, now);
}

PortAllocator::Lease PortAllocator::hold(Held held, bool fallback) {
  if (const auto mine = by_owner_.find(held.owner); mine != by_owner_.end()) {
    const PortKey old = mine->second;
    release(old, held.owner);
  }
  const PortKey key = held.key;
  by_owner_[held.owner] = key;
  held_[{key.protocol, key.port}][key.host_ip] = std::move(held);
  return {key, fallback};
}

}  // namespace berth::plan
