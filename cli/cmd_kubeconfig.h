#pragma once

#include "cli/command.h"

namespace berth::cli {

CommandPtr make_kubeconfig();

}  // namespace berth::cli
