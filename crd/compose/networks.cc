#include "crd/compose/context.h"
#include "crd/compose/units.h"
#include "crd/formats.h"

namespace berth::compose {
namespace {

bool is_external(const Node& network) {
  const Node* external = network.find("external");
  return external && (external->is_map() || flag_of(network, "external"));
}

class Networks {
 public:
  explicit Networks(Context& context) : context_(context) {}

  json convert() {
    for (ServiceDraft& draft : context_.services) attach(draft);
    const Node* networks = context_.project.root.find("networks");
    if (networks) {
      for (const Member& member : networks->members) definition(member);
    }
    tell_isolation();
    tell_internal();
    return body_.empty() ? json() : body_;
  }

 private:
  void attach(ServiceDraft& draft) {
    auto& joined = joined_[draft.compose_name];
    const Node* list = draft.node->find("networks");
    if (!list || list->members.empty()) {
      const std::string mode = text_of(*draft.node, "network_mode");
      if (mode != "none") joined.insert("default");
      return;
    }
    const Node* known = context_.project.root.find("networks");
    for (const Member& member : list->members) {
      if (member.name != "default" && (!known || !known->find_member(member.name))) {
        context_.report.error(member.place, "there is no network \"" + member.name + "\": declare it below networks");
        continue;
      }
      joined.insert(member.name);
      endpoint(draft, member);
    }
  }

  void endpoint(ServiceDraft& draft, const Member& network) {
    if (const Node* aliases = network.value.find("aliases")) {
      for (const Node& alias : aliases->items) {
        if (alias.text != draft.name) draft.aliases.insert(alias.text);
      }
    }
    for (const char* key : {"ipv4_address", "ipv6_address", "mac_address", "link_local_ips"}) {
      const Node* value = network.value.find(key);
      if (!value) continue;
      const std::string shown = value->is_scalar() ? " " + value->text : "";
      context_.report.note(place_of(network.value, key),
                           std::string(key) + shown + " would collide between runs: dropped; other services reach it as " + draft.name);
    }
  }

  void definition(const Member& network) {
    const Node& node = network.value;
    if (is_external(node)) {
      const Node* name = node.at({"external", "name"});
      context_.report.loss(
          place_of(node, "external"),
          "network \"" + (name ? name->text : network.name) +
              "\" is from outside and shared by all runs: services are in the environment's own network, and reach nothing there");
    } else if (const auto name = text_of(node, "name"); !name.empty()) {
      context_.report.note(place_of(node, "name"), "network name \"" + name + "\" would be shared between runs: dropped");
    }
    const std::string driver = text_of(node, "driver");
    if (!driver.empty() && driver != "bridge" && driver != "default") {
      context_.report.loss(place_of(node, "driver"), "network driver \"" + driver + "\": an environment's network is a bridge: dropped");
    }
    if (const Node* ipam = node.find("ipam"); ipam && ipam->find("config")) {
      std::string subnets;
      for (const Node& item : ipam->find("config")->items) {
        if (const auto subnet = text_of(item, "subnet"); !subnet.empty()) subnets += " " + subnet;
      }
      context_.report.note(place_of(*ipam, "config"),
                           "fixed addresses" + subnets + " would overlap between runs: dropped, a subnet is leased");
    }
    if (const Node* ipv4 = node.find("enable_ipv4"); ipv4 && !flag_of(node, "enable_ipv4")) {
      context_.report.loss(place_of(node, "enable_ipv4"), "enable_ipv4: a network has IPv4 addresses always: dropped");
    }
    if (flag_of(node, "enable_ipv6")) body_["enableIPv6"] = true;
    options(node);
  }

  void options(const Node& node) {
    const Node* options = node.find("driver_opts");
    if (!options) return;
    for (const Member& member : options->members) {
      const auto number = integer(member.value.text);
      if (member.name == "com.docker.network.driver.mtu" && number) {
        body_["mtu"] = *number;
      } else {
        context_.report.loss(member.place, "driver_opts." + member.name + ": the network takes no such option: dropped");
      }
    }
  }

  void tell_isolation() {
    for (auto a = joined_.begin(); a != joined_.end(); ++a) {
      for (auto b = std::next(a); b != joined_.end(); ++b) {
        const bool meet =
            std::any_of(a->second.begin(), a->second.end(), [&](const std::string& name) { return b->second.contains(name); });
        if (meet || a->second.empty() || b->second.empty()) continue;
        const Node* networks = context_.project.root.find("networks");
        const Place place = networks ? place_of(context_.project.root, "networks") : context_.find(a->first)->place;
        return context_.report.note(place, "an environment has one network: services that share none here, such as " + a->first + " and " +
                                               b->first + ", can reach each other");
      }
    }
  }

  // One network has a way out or has not: as all that are used say.
  void tell_internal() {
    std::set<std::string> used;
    for (const auto& [service, names] : joined_) used.insert(names.begin(), names.end());
    std::vector<const Node*> internal;
    for (const auto& name : used) {
      const Node* node = context_.project.root.at({"networks", name});
      if (node && flag_of(*node, "internal")) internal.push_back(node);
    }
    if (internal.empty()) return;
    const bool ports =
        std::any_of(context_.services.begin(), context_.services.end(), [](const ServiceDraft& draft) { return !draft.ports.empty(); });
    if (internal.size() == used.size() && !ports) {
      body_["internal"] = true;
      return;
    }
    for (const Node* node : internal) {
      context_.report.loss(place_of(*node, "internal"), std::string("internal: ") +
                                                            (ports ? "ports are published, so the environment's network has a way out"
                                                                   : "the environment's network has a way out, as the others have") +
                                                            ": dropped");
    }
  }

  Context& context_;
  std::map<std::string, std::set<std::string>> joined_;  // service -> its networks
  json body_ = json::object();
};

}  // namespace

json convert_networks(Context& context) { return Networks(context).convert(); }

}  // namespace berth::compose
