#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/plan/port_allocator.h"
#include "controller/plan/subnet_allocator.h"

namespace berth::reconcile {

// What this machine's network already uses. Short system calls; nothing here waits.

// The networks of a /proc/net/route text, without the default route and without prefixes that no subnet can have.
// Interfaces that are named as the engine names its bridges ("br-" and 12 hex digits) are left out: it knows those networks itself.
std::vector<plan::Subnet> parse_routes(std::string_view text);
std::vector<plan::Subnet> host_routes();
// Whether a socket can be bound to it at this moment.
bool port_is_free(const plan::PortKey& key);
// "32768 60999" of ip_local_port_range; {0, 0} when it cannot be read.
plan::PortRange ephemeral_ports();

}  // namespace berth::reconcile
