#pragma once

#include <string>
#include <string_view>

#include "controller/engine/types.h"

namespace berth::plan {

// Label keys on every engine object that berth makes. What lacks kInstanceLabel with our value is never touched.
inline constexpr const char* kInstanceLabel = "berth.dev/instance";
inline constexpr const char* kUidLabel = "berth.dev/uid";
inline constexpr const char* kNamespaceLabel = "berth.dev/namespace";
inline constexpr const char* kEnvironmentLabel = "berth.dev/environment";
inline constexpr const char* kServiceLabel = "berth.dev/service";
inline constexpr const char* kSpecHashLabel = "berth.dev/spec-hash";
// The revision of the TestEnvironment that it was made for: a store that never came so far is older than the object.
inline constexpr const char* kRevisionLabel = "berth.dev/revision";

// The value of a label; "" when it is absent.
std::string label(const engine::Labels& labels, const char* key);

// Deterministic names, unique per environment uid, so that a create whose answer was lost is found again.
std::string container_name(std::string_view environment, std::string_view service, std::string_view uid);
std::string network_name(std::string_view environment, std::string_view uid);

// FNV-1a as sixteen digits: stable across builds and machines, which std::hash is not.
std::string fingerprint(std::string_view bytes);

}  // namespace berth::plan
