#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace berth::cli {

// The text of `berthctl --help`.
std::string overview(const std::vector<CommandPtr>& commands, const Flags& global);
// The text of `berthctl <command> --help`.
std::string command_help(const CommandHelp& help, const Flags& flags, const Flags& global);
// The candidate closest to what was typed, "" when none is close.
std::string closest(const std::string& typed, const std::vector<std::string>& candidates);

}  // namespace berth::cli
