#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_apply();

}  // namespace berth::cli
