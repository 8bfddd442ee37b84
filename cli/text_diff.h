#pragma once

#include <string>
#include <string_view>

namespace berth::cli {

// The lines that differ, as `diff -u` shows them: with three lines around each, under "--- <from>" and "+++ <to>". "" when the texts are
// the same. Pure.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view from, std::string_view to);

}  // namespace berth::cli
