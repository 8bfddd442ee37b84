#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::crd {

// Kubernetes quantities. nullopt when the text is none, or negative, or does not fit.
// cpu: "500m", "1", "0.25" -> billionths of a CPU (the engine's NanoCpus).
std::optional<std::int64_t> parse_cpu(std::string_view text);
// memory and sizes: "256Mi", "1G", "1e6" -> bytes, rounded up.
std::optional<std::int64_t> parse_bytes(std::string_view text);

}  // namespace berth::crd
