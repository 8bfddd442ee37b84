#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_logs();

}  // namespace berth::cli
