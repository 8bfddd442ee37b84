#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_why();

}  // namespace berth::cli
