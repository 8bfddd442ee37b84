#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crd/compose/report.h"

namespace berth::compose {

// One port of a service, of a range one for each.
struct PublishedPort {
  int target = 0;
  int published = 0;  // 0: any
  std::string host_ip = {};
  std::string protocol = "TCP";  // TCP, UDP or SCTP
  std::string name = {};
  std::string variable = {};         // that the whole host port came from
  std::string target_variable = {};  // that the whole container port came from
  Place place = {};
};

// An element of `ports`: [ip:][host:]container[/protocol] with ranges, a number, or the long form. nullopt after an error in `report`.
std::optional<std::vector<PublishedPort>> parse_ports(const Node& port, Report& report);

// What makes a port of a service unique: address, host port, container port, protocol.
std::string port_key(const Node& port);

}  // namespace berth::compose
