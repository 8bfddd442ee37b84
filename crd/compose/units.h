#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::compose {

// "1h5m30s20ms", "90s", or a number of nanoseconds as a bare one: in milliseconds, at least one unless it is nothing. nullopt: no duration.
std::optional<std::int64_t> parse_duration(std::string_view text);
// Rounded up, at least 1.
std::int64_t whole_seconds(std::int64_t milliseconds);

// "64m", "1.5gb", "512", "100kb": bytes; units are powers of 1024. nullopt: no size.
std::optional<std::int64_t> parse_size(std::string_view text);
// As a quantity: "512Mi", "1536".
std::string quantity(std::int64_t bytes);

// "0.5", "2": thousandths of a CPU. nullopt: no number of CPUs.
std::optional<std::int64_t> parse_cpus(std::string_view text);
// As a quantity: "500m", "2".
std::string cpu_quantity(std::int64_t thousandths);

// A command line's words, by the shell's rules of quoting; nothing is replaced. nullopt: a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text);

// A DNS label of a name: lower case, '-' for what a label cannot have, 63 characters at most; "" when nothing is left.
std::string dns_label(std::string_view name);
// A variable's name: "WEB_SERVER" of "web-server".
std::string variable_name(std::string_view name);

// A path below `directory` unless it is absolute, without "." and "..". Pure.
std::string join_path(const std::string& directory, const std::string& path);
std::string directory_of(const std::string& path);
// Whether `path` is `directory` or below it; both without "." and "..".
bool is_below(const std::string& path, const std::string& directory);

}  // namespace berth::compose
