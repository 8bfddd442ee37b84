#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_backup();

}  // namespace berth::cli
