#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace berth::plan {

// An IPv4 network in CIDR form.
struct Subnet {
  std::uint32_t address = 0;  // host byte order, host bits zero
  int prefix = 0;
  std::string str() const;        // "10.213.0.32/27"
  std::string gateway() const;    // the first address
  // The unique local /64 that goes with it: "fd62:6572:ad5:20::/64" with 10.213.0.32/27. Networks that do not overlap have others.
  std::string ipv6() const;
  std::string ipv6_gateway() const;
  bool overlaps(const Subnet& other) const;
  int usable_hosts() const;       // without network, broadcast and gateway
  auto operator<=>(const Subnet&) const = default;
};
// Errors: Invalid: not a CIDR, host bits set (says which network was meant), prefix outside 8..30.
Result<Subnet> parse_subnet(std::string_view text);

// berth's own IPAM over one pool: slices of `slice_prefix` (a /27 has room for 29 containers), larger ones where that is
// not enough; serial, sticky. Pure and not thread-safe. An owner is an environment's uid and holds one subnet at most.
class SubnetAllocator {
 public:
  explicit SubnetAllocator(Subnet pool, int slice_prefix = 27);

  // Records what `owner` holds, instead of what it held. Errors: SubnetConflict, naming the holder; nothing has changed.
  Result<void> charge(const Subnet& subnet, const std::string& owner, const std::string& called = "");
  // The next free slice with room for `hosts` containers that overlaps neither a held nor a blocked network. An owner that
  // holds a subnet with room enough keeps it. Errors: SubnetExhausted; the owner keeps what it has.
  Result<Subnet> lease(int hosts, const std::string& owner, base::SystemTime now, const std::string& called = "");
  void release(const std::string& owner);
  // Replaces the set of networks that are in use outside berth (host routes, foreign engine networks).
  void set_blocked(std::vector<Subnet> blocked);
  // The engine said "Pool overlaps": not leased again before `until`.
  void quarantine(const Subnet& subnet, base::SystemTime until);
  // Whether an explicit subnet may be used. Errors: SubnetConflict, naming what it overlaps.
  Result<void> check(const Subnet& subnet, const std::string& owner) const;

  struct Counts {
    int free = 0;
    int leased = 0;
    int quarantined = 0;
  };
  Counts counts(base::SystemTime now) const;

  // "" when nobody holds a part of it.
  std::string holder(const Subnet& subnet) const;
  // nullopt when it holds none.
  std::optional<Subnet> held_by(const std::string& owner) const;

 private:
  struct Holding {
    Subnet subnet;
    std::string owner;
    std::string called;
  };
  using Held = std::map<std::uint32_t, Holding>;  // disjoint, by address
  Held::const_iterator overlapping(const Subnet& subnet, const std::string& except) const;
  Result<void> none_overlaps(const Subnet& subnet, const std::string& except) const;
  bool available(const Subnet& subnet, const std::string& owner, base::SystemTime now) const;
  void hold(Holding holding);

  Subnet pool_;
  int slice_prefix_;
  Held held_;
  std::map<std::string, std::uint32_t> by_owner_;  // the key in held_
  std::vector<Subnet> blocked_;
  std::map<Subnet, base::SystemTime> quarantined_;
  std::uint32_t next_ = 0;  // offset in the pool, in addresses
};

}  // namespace berth::plan
