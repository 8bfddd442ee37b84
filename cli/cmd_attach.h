#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_attach();

}  // namespace berth::cli
