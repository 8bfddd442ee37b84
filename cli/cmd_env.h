#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_env();

}  // namespace berth::cli
