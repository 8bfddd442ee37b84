#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_exec();

}  // namespace berth::cli
