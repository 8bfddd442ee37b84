#include "controller/engine/codec.h"

#include <array>
#include <cstdio>

#include "api/http/uri.h"
#include "controller/engine/codec_fields.h"

namespace berth::engine {

using namespace fields;

namespace {

std::string encode(const json& filters) { return http::percent_encode(to_text(filters)); }

}  // namespace

std::string to_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Network network_from_json(const json& body) {
  Network network;
  network.id = text(body, "Id");
  network.name = text(body, "Name");
  network.driver = text(body, "Driver");
  network.labels = labels(body, "Labels");
  network.internal = flag(body, "Internal");
  network.options = labels(body, "Options");
  network.created = time(body, "Created");
  const auto& configs = member(member(body, "IPAM"), "Config");
  if (configs.is_array()) {
    for (const auto& config : configs) {
      if (auto subnet = text(config, "Subnet"); !subnet.empty()) network.subnets.push_back(std::move(subnet));
    }
  }
  const auto& containers = member(body, "Containers");
  if (containers.is_object()) {
    for (const auto& [id, endpoint] : containers.items())
      network.endpoints.push_back({id, text(endpoint, "Name")});
  }
  return network;
}

json network_body(const NetworkSpec& spec) {
  json ipam = {{"Subnet", spec.subnet}};
  if (!spec.gateway.empty()) ipam["Gateway"] = spec.gateway;
  json pools = json::array();
  pools.push_back(std::move(ipam));
  // Older engines do not choose one by themselves.
  if (!spec.subnet_ipv6.empty()) pools.push_back({{"Subnet", spec.subnet_ipv6}, {"Gateway", spec.gateway_ipv6}});
  return {{"Name", spec.name},
          {"Driver", "bridge"},
          {"CheckDuplicate", true},
          {"Labels", spec.labels},
          {"Internal", spec.internal},
          {"Options", spec.options},
          {"EnableIPv6", !spec.subnet_ipv6.empty()},
          {"IPAM", {{"Driver", "default"}, {"Config", std::move(pools)}}}};
}

json connect_body(const std::string& container_id, const std::vector<std::string>& aliases) {
  return {{"Container", container_id}, {"EndpointConfig", {{"Aliases", aliases}}}};
}

Volume volume_from_json(const json& body) { return {text(body, "Name"), labels(body, "Labels")}; }

Image image_from_json(const json& body) {
  const auto& config = member(body, "Config");
  const auto test = texts(member(config, "Healthcheck"), "Test");
  Image image;
  image.id = text(body, "Id");
  image.repo_tags = texts(body, "RepoTags");
  image.has_healthcheck = !test.empty() && test.front() != "NONE";
  const auto& volumes = member(config, "Volumes");
  if (volumes.is_object()) {
    for (const auto& [path, unused] : volumes.items()) image.volumes.push_back(path);
  }
  return image;
}

EngineInfo info_from_json(const json& body) {
  EngineInfo info;
  info.id = text(body, "ID");
  info.version = text(body, "ServerVersion");
  info.cpus = static_cast<int>(std::max<std::int64_t>(1, number(body, "NCPU")));
  info.memory_bytes = number(body, "MemTotal");
  info.operating_system = text(body, "OperatingSystem");
  return info;
}

Event event_from_json(const json& body) {
  const auto& actor = member(body, "Actor");
  return {text(body, "Type"), text(body, "Action"), text(actor, "ID"), labels(actor, "Attributes"),
          number(body, "timeNano")};
}

std::string label_filter(const std::vector<std::string>& labels) { return encode({{"label", labels}}); }

std::string event_filter() {
  return encode({{"type", {"container", "network", "volume"}},
                 {"event",
                  {"create", "start", "restart", "die", "oom", "kill", "stop", "pause", "unpause", "update",
                   "rename", "destroy", "remove", "health_status", "connect", "disconnect"}}});
}

std::string since_text(std::int64_t since_nano) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%09lld", static_cast<long long>(since_nano / 1000000000),
                static_cast<long long>(since_nano % 1000000000));
  return text.data();
}

ImageName split_reference(std::string_view reference) {
  if (const auto at = reference.find('@'); at != std::string_view::npos) {
    // The digest decides; a tag beside it is for people.
    return {split_reference(reference.substr(0, at)).repository, std::string(reference.substr(at + 1))};
  }
  const auto colon = reference.rfind(':');
  const auto slash = reference.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) {
    return {std::string(reference), "latest"};
  }
  return {std::string(reference.substr(0, colon)), std::string(reference.substr(colon + 1))};
}

std::string normalized_reference(std::string_view reference) {
  auto [repository, tag] = split_reference(reference);
  const auto slash = repository.find('/');
  const auto first = std::string_view(repository).substr(0, slash);
  const bool has_registry = slash != std::string::npos &&
                            (first == "localhost" || first.find_first_of(".:") != std::string_view::npos);
  std::string registry = has_registry ? std::string(first) : "docker.io";
  if (has_registry) repository.erase(0, slash + 1);
  if (registry == "index.docker.io") registry = "docker.io";
  if (registry == "docker.io" && repository.find('/') == std::string::npos)
    repository = "library/" + repository;
  const char* separator = tag.find(':') == std::string::npos ? ":" : "@";
  return registry + "/" + repository + separator + tag;
}

}  // namespace berth::engine
