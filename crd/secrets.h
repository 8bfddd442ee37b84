#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

// What must not be shown to whoever reads a report. Pure.
namespace berth::crd {

inline constexpr const char* kMasked = "***";

// Whether a variable of this name is likely to hold one: POSTGRES_PASSWORD, apiToken, AWS_SECRET_ACCESS_KEY.
bool looks_secret(std::string_view name);
// The values of such variables in the spec of a TestEnvironment. Very short ones and plain words of configuration (true, a port) are
// left out: nobody could read a text without them.
std::vector<std::string> secret_values(const json& spec);
// Every occurrence of a value in `text` becomes ***; `values` in any order.
std::string masked(std::string text, const std::vector<std::string>& values);
// The same for every string of a value, and what follows --password, --token=, PASSWORD= and the like in lists of words, inside of a
// word (a line for sh -c) too.
void mask_strings(json& value, const std::vector<std::string>& values);
// The values of every environment variable and of every header of a probe, and the content of files, whatever their name: of a
// TestEnvironment or a Pod.
void mask_spec(json& object);

}  // namespace berth::crd
