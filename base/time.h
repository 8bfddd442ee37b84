#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace berth::base {

// System time is for showing (timestamps in objects); steady time is for measuring (deadlines, back-off).
using SystemTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// "2026-11-23T09:36:43Z", whole seconds: metav1.Time.
std::string format_time(SystemTime time);
// "2026-11-23T09:36:43.123456Z": metav1.MicroTime.
std::string format_micro_time(SystemTime time);
// Any RFC 3339 time, with fraction and offset; nullopt when the text is not one.
std::optional<SystemTime> parse_time(std::string_view text);
// kubectl's age: "41s", "5m36s", "34m", "2d3h" (k8s.io/apimachinery/pkg/util/duration.HumanDuration).
std::string human_duration(Duration duration);

}  // namespace berth::base
