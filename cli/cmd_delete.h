#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_delete();

}  // namespace berth::cli
