#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_port_forward();

}  // namespace berth::cli
