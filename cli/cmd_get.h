#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_get();

}  // namespace berth::cli
