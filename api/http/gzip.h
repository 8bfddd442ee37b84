#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/task.h"

namespace berth::http {

// From here on an answer is worth compressing; as the Kubernetes API server has it.
inline constexpr std::size_t kGzipFrom = 128 * 1024;

// Whether an Accept-Encoding allows gzip by its name.
bool accepts_gzip(std::string_view accept_encoding);
// Compresses fast rather than well, and lets others run between pieces of `bytes`.
Task<std::string> gzip(Executor executor, std::string bytes);

}  // namespace berth::http
