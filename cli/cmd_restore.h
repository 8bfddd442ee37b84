#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_restore();

}  // namespace berth::cli
