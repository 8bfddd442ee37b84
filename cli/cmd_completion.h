#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_completion();

}  // namespace berth::cli
