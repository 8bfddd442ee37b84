#pragma once

#include <string>
#include <string_view>

namespace berth::crd {

// One word for a POSIX shell: plain when it needs no quotes, else in single quotes.
std::string shell_quote(std::string_view value);

// Whether it is letters, digits and what is in `also`, one at least.
bool is_bare_word(std::string_view value, std::string_view also);

}  // namespace berth::crd
