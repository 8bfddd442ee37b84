#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace berth::cli {

// The id of the container whose process has these files: /proc/self/mountinfo (the engine mounts /etc/hostname and its
// kin from .../containers/<id>/), /proc/self/cgroup (".../docker/<id>", "docker-<id>.scope"), and its host name when it
// is the first twelve digits of an id. nullopt: no container of an engine.
std::optional<std::string> container_id_from(std::string_view mountinfo, std::string_view cgroup,
                                             std::string_view hostname);
std::optional<std::string> own_container_id();

}  // namespace berth::cli
