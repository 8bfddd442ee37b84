#pragma once

#include <string>

#include "crd/object.h"

namespace berth::cli {

// What the server tells of an environment's past as a time line. `all` shows environments of that name that were there before, too. Pure.
std::string why_text(const json& told, bool all);

}  // namespace berth::cli
