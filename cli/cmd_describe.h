#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_describe();

}  // namespace berth::cli
