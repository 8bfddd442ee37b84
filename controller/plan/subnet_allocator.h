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
  bool overlaps(const Subnet& other) const;
  int usable_hosts() const;       // without network, broadcast and gateway
  auto operator<=>(const Subnet&) const = default;
};
// Errors: Invalid: not a CIDR, host bits set (says which network was meant), prefix outside 8..29.
Result<Subnet> parse_subnet(std::string_view text);

// berth's own IPAM over one pool: slices sized by the number of containers (/28 up to 13... at least `min_prefix` /27),
// serial, sticky. Pure and not thread-safe. An owner is an environment's uid.
class SubnetAllocator {
 public:
  explicit SubnetAllocator(Subnet pool, int slice_prefix = 27);

  // Records what `owner` holds. Same owner again: success. Errors: SubnetConflict, naming the holder.
  Result<void> charge(const Subnet& subnet, const std::string& owner);
  // The next free slice with room for `hosts` containers that overlaps neither a held nor a blocked network.
  // Errors: SubnetExhausted.
  Result<Subnet> lease(int hosts, const std::string& owner, base::SystemTime now);
  void release(const std::string& owner);
  // Replaces the set of networks that are in use outside berth (host routes, foreign engine networks).
  void set_blocked(std::vector<Subnet> blocked);
  // The engine said "Pool overlaps": not leased again before `until`.
  void quarantine(const Subnet& subnet, base::SystemTime until);
  // Whether an explicit subnet may be used; the error names what it overlaps.
  Result<void> check(const Subnet& subnet, const std::string& owner) const;

  struct Counts {
    int free = 0;
    int leased = 0;
    int quarantined = 0;
  };
  Counts counts(base::SystemTime now) const;

 private:
  Subnet pool_;
  int slice_prefix_;
  std::map<std::string, Subnet> held_;
  std::vector<Subnet> blocked_;
  std::map<Subnet, base::SystemTime> quarantined_;
  std::uint32_t next_ = 0;
};

}  // namespace berth::plan
