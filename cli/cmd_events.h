#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_events();

}  // namespace berth::cli
