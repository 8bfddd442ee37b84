#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace berth::crd {

// Kubernetes' $(VAR) expansion: "$(A)" -> value, "$$(A)" -> "$(A)", an unknown name stays as it is.
std::string expand(std::string_view text,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup);
// Whether `text` refers to $(name).
bool refers_to(std::string_view text, std::string_view name);

}  // namespace berth::crd
