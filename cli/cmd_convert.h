#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_convert();

}  // namespace berth::cli
