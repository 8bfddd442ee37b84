#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_wait();

}  // namespace berth::cli
