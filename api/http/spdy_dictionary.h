#pragma once

#include <string_view>

namespace berth::http {

// The preset zlib dictionary of SPDY/3 header blocks, 1423 bytes.
std::string_view spdy_dictionary();

}  // namespace berth::http
