#pragma once

#include <string>
#include <string_view>

namespace berth::reconcile {

// Bytes that are no UTF-8 become U+FFFD; NUL and other control characters, but not newline and tab, are left out.
std::string valid_utf8(std::string_view bytes);
// The end of a log as it goes into a status: at most `limit` bytes of valid UTF-8, whole lines where it can.
std::string log_tail(std::string_view bytes, std::size_t limit = 4096);

}  // namespace berth::reconcile
