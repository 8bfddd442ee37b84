#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controller/engine/types.h"

// The engine's side of controller/engine/codec: our types to the JSON that an engine writes, and what it is sent to our types.
// Pure.
namespace berth::fakes {

using nlohmann::json;

json listed_container(const engine::Container& container);
json inspected_container(const engine::Container& container, const engine::ContainerSpec& spec);
json network_json(const engine::Network& network);
json image_json(const engine::Image& image, const std::string& reference);
json path_stat_json(const engine::PathStat& stat);
json stats_json(const engine::ContainerStats& stats);
json event_json(const engine::Event& event);

engine::ContainerSpec spec_from_body(std::string name, const json& body);
engine::NetworkSpec network_from_body(const json& body);
engine::ExecOptions exec_from_body(const json& body);

// filters=: {"label": ["a=b"]} or {"label": {"a=b": true}}. Throws WireRefusal (400) for what is none.
std::map<std::string, std::vector<std::string>> parse_filters(std::string_view text);
// "1700000000.000000001", "1700000000"; nullopt for what is no time.
std::optional<std::int64_t> parse_unix_nanos(std::string_view text);

// A frame of multiplexed output.
std::string frame(int stream, std::string_view payload);

// "/a/b/" and "a/b" are "/a/b".
std::string clean_path(std::string path);
// Whether a file or a directory is there: what every image has, or one of `files` or above.
bool is_there(const std::map<std::string, engine::FileToCopy>& files, const std::string& path);

// The files in a tar archive that is extracted at `root`. Errors: EngineError (it is no archive).
Result<std::vector<engine::FileToCopy>> read_tar(const std::string& archive, const std::string& root);

}  // namespace berth::fakes
