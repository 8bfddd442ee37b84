#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_version();

}  // namespace berth::cli
