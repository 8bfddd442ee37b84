#pragma once

#include <string>
#include <string_view>

namespace berth::crd {

// Appends `text`, valid UTF-8, as a JSON string: what dump() gives, without a json in between.
void append_quoted(std::string& out, std::string_view text);

}  // namespace berth::crd
