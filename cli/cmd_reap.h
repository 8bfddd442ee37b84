#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_reap();
CommandPtr make_adopt();

}  // namespace berth::cli
