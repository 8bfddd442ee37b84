#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crd/test_environment.h"

namespace berth::plan {

struct PortRange {
  std::uint16_t first = 30000;
  std::uint16_t last = 31999;
};
// "30000-31999". Errors: Invalid with what would be right (1024..65535, first <= last).
Result<PortRange> parse_port_range(std::string_view text);

// What can be held once per host. 0.0.0.0 and a concrete address of the same port exclude each other.
struct PortKey {
  std::string host_ip;
  crd::Protocol protocol = crd::Protocol::Tcp;
  std::uint16_t port = 0;
  auto operator<=>(const PortKey&) const = default;
};

// Whether two keys cannot be bound at the same time.
bool excludes(const PortKey& a, const PortKey& b);

// Who holds what, of one host: a cache over object status and owned engine objects, rebuilt from both at start.
// Pure and not thread-safe. An owner is "<uid>/<endpoint name>"
// and holds one port at most; `called` is how messages call it, by default as it is.
class PortAllocator {
 public:
  explicit PortAllocator(PortRange range);

  // Records that `owner` holds `key` (explicit hostPort, or found in a status). Same owner again: success.
  // Errors: PortConflict, naming the holder.
  Result<void> charge(const PortKey& key, const std::string& owner, const std::string& called = "");
  // The next port of the range that nobody holds and that is not quarantined, in serial order after the one given last
  // (a port just freed is not handed out at once). Range full: the first port outside it, 32768..60999 avoided where it can,
  // for which `is_free` says yes; fallback is then true. An owner that holds such a port already keeps it.
  // Errors: PortsExhausted.
  struct Lease {
    PortKey key;
    bool fallback = false;
  };
  Result<Lease> lease(const std::string& host_ip, crd::Protocol protocol, const std::string& owner, base::SystemTime now,
                      const std::function<bool(const PortKey&)>& is_free, const std::string& called = "");
  // Frees one port, or all of an environment (owner prefix "<uid>/"). Unknown: nothing happens.
  void release(const PortKey& key, const std::string& owner);
  void release_all(const std::string& uid);
  // Somebody outside berth holds it: not leased again before `until`.
  void quarantine(const PortKey& key, base::SystemTime until);
  // "" when nobody holds it.
  std::string holder(const PortKey& key) const;
  // All that one environment holds (owner prefix "<uid>/"), to charge it again when a change that was begun cannot be ended.
  struct Held {
    PortKey key;
    std::string owner;
    std::string called;
  };
  std::vector<Held> held_by(const std::string& uid) const;

  // free and quarantined: TCP ports of the range. leased: whatever an owner holds, UDP, SCTP and ports outside the range too.
  struct Counts {
    int free = 0;
    int leased = 0;
    int quarantined = 0;
  };
  Counts counts(base::SystemTime now) const;

 private:
  using Slot = std::pair<crd::Protocol, std::uint16_t>;
  const Held* conflicting(const PortKey& key, const std::string& except = "") const;
  bool quarantined(const PortKey& key, base::SystemTime now) const;
  bool available(const PortKey& key, base::SystemTime now) const;
  Lease hold(Held held, bool fallback);

  PortRange range_;
  std::map<Slot, std::map<std::string, Held>> held_;                      // by address
  std::map<Slot, std::map<std::string, base::SystemTime>> quarantined_;   // by address: until when
  std::map<std::string, PortKey> by_owner_;
  std::uint32_t next_ = 0;  // offset in the range
};

}  // namespace berth::plan
