#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace berth::cli {

// "90", "90s", "1m30s", "500ms", "2h", "0"; a bare number is seconds. nullopt when the text is none or negative.
std::optional<base::Duration> parse_duration(std::string_view text);
// For progress: "0.4s", "12.3s", "2m05s", "1h02m".
std::string elapsed(base::Duration duration);

}  // namespace berth::cli
