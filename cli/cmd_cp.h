#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_cp();

}  // namespace berth::cli
