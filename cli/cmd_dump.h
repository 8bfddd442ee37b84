#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_dump();

}  // namespace berth::cli
