#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_run();

}  // namespace berth::cli
