#include "crd/formats.h"
#include "crd/rule.h"

namespace berth::crd {
namespace {

void check_internal(RuleContext& context) {
  const json* network = field(context.spec, "network");
  const json* internal = network ? field(*network, "internal") : nullptr;
  if (!internal || *internal != true) return;
  for_each_service(context, [&](const json& service, const std::string& path) {
    const json* ports = field(service, "ports");
    if (!ports || ports->empty()) return;
    context.add(cause::forbidden(child(path, "ports"),
                                 "an engine publishes no ports of an internal network: remove these, or "
                                 "spec.network.internal"));
  });
}

void check_mtu(RuleContext& context) {
  constexpr int kLeastOfIpv6 = 1280;
  const json* network = field(context.spec, "network");
  const json* mtu = network ? field(*network, "mtu") : nullptr;
  const json* ipv6 = network ? field(*network, "enableIPv6") : nullptr;
  if (!mtu || !ipv6 || *ipv6 != true || *mtu >= kLeastOfIpv6) return;
  context.add(cause::invalid("spec.network.mtu", *mtu, "must be at least 1280 with enableIPv6, the least that IPv6 takes"));
}

bool is_unusable(std::uint32_t address) {
  const std::uint32_t first = address >> 24;
  return first == 0 || first == 127 || first >= 224;
}

void check_subnet(RuleContext& context) {
  const json* network = field(context.spec, "network");
  const json* subnet = network ? field(*network, "subnet") : nullptr;
  if (!subnet) return;
  const auto refuse = [&](const std::string& what) {
    context.add(cause::invalid("spec.network.subnet", *subnet, what));
  };
  const auto net = parse_ipv4_net(subnet->get<std::string>());
  if (!net) return refuse("must be an IPv4 network like 10.20.30.0/24");
  if (net->prefix < 8 || net->prefix > 30) return refuse("must be between /8 and /30");
  if (net->has_host_bits()) {
    return refuse("has bits behind its prefix: did you mean " + format_ipv4(net->address & net->mask()) +
                  "/" + std::to_string(net->prefix) + "?");
  }
  if (is_unusable(net->address)) return refuse("must not be a loopback, multicast or reserved network");
  // The network's own address, broadcast and gateway are not for containers.
  const std::size_t room = (std::size_t{1} << (32 - net->prefix)) - 3;
  const json* services = field(context.spec, "services");
  if (services && services->size() > room) {
    refuse("has room for " + std::to_string(room) + " services, not for " + std::to_string(services->size()));
  }
}

}  // namespace

std::vector<Rule> network_rules() {
  return {{"an internal network publishes no ports", check_internal},
          {"packets are large enough for IPv6", check_mtu},
          {"a subnet is an IPv4 network with room for the services", check_subnet}};
}

}  // namespace berth::crd
