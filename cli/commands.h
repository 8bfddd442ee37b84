#pragma once

#include <vector>

#include "cli/command.h"

namespace berth::cli {

// Every verb of berthctl, in the order of the help text.
std::vector<CommandPtr> make_commands();

}  // namespace berth::cli
