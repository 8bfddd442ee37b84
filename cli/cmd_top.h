#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_top();

}  // namespace berth::cli
