#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controller/engine/types.h"

// Between the engine's JSON and our types; pure. What is missing, null or of another type than expected
// becomes the default: versions differ in what they leave out.
namespace berth::engine {

using nlohmann::json;

// Serialises; bytes that are no UTF-8 are replaced.
std::string to_text(const json& value);

Container container_from_list(const json& item);
Container container_from_inspect(const json& body);
json container_body(const ContainerSpec& spec);
// The options as they stand in Config (`config`, the body of a create itself) and HostConfig (`host`), in a create and in an inspect alike.
// The platform is not among them: it is part of the address.
void put_options(const ContainerOptions& options, json& config, json& host);
ContainerOptions options_from_json(const json& config, const json& host);
json update_body(std::int64_t nano_cpus, std::int64_t memory_bytes, int cpus, std::int64_t cpu_shares = 0);
// A container whose limit was taken away in place: an engine cannot remove a limit, so update_body() sets one
// that limits nothing, and this reads it as none again. Such a limit is known by its value alone, on a
// machine with any number of processors.
void forget_void_limits(Container& container);

// {"name", "size", "mode", "mtime", "linkTarget"} with the mode of Go.
PathStat path_stat_from_json(const json& body);
// Of /stats. Memory as `docker stats` counts it, on cgroup v1 and v2.
ContainerStats stats_from_json(const json& body);

Network network_from_json(const json& body);
json network_body(const NetworkSpec& spec);
json connect_body(const std::string& container_id, const std::vector<std::string>& aliases);

Volume volume_from_json(const json& body);
Image image_from_json(const json& body);
EngineInfo info_from_json(const json& body);
Event event_from_json(const json& body);

// {"label": [...]} as it goes into filters=, percent-encoded.
std::string label_filter(const std::vector<std::string>& labels);
// {"type": [...], "event": [...]} of what berth wants to know, percent-encoded.
std::string event_filter();
// since= of /events: seconds.nanoseconds.
std::string since_text(std::int64_t since_nano);

// "postgres:16" is repository "postgres" and tag "16"; a digest counts as tag; without a tag "latest" (the
// engine would pull all).
struct ImageName {
  std::string repository;
  std::string tag;
};
ImageName split_reference(std::string_view reference);
// The same for all ways to write the same image: "redis", "redis:latest" and "docker.io/library/redis" are
// "docker.io/library/redis:latest".
std::string normalized_reference(std::string_view reference);

}  // namespace berth::engine
