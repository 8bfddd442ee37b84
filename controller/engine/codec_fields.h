#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/time.h"
#include "controller/engine/types.h"

// Reading members of JSON objects that may be missing, null or of another type.
namespace berth::engine::fields {

using nlohmann::json;

// The member, or null.
const json& member(const json& object, const char* key);
// Each gives the default ("", 0, false, empty) when there is no such member of that type.
std::string text(const json& object, const char* key);
std::int64_t number(const json& object, const char* key);
bool flag(const json& object, const char* key);
Labels labels(const json& object, const char* key);
std::vector<std::string> texts(const json& object, const char* key);
// The epoch for what is no time and for the engine's "never" (year 1).
base::SystemTime time(const json& object, const char* key);

}  // namespace berth::engine::fields
