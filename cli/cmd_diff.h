#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_diff();

}  // namespace berth::cli
