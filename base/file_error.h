#pragma once

#include <cstring>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace berth::base {

// InternalError "<path>: <what>: <the text of errno `code`>".
inline Error file_error(const std::filesystem::path& path, const std::string& what, int code) {
  return base::error(Reason::InternalError, path.string() + ": " + what + ": " + std::strerror(code));
}

}  // namespace berth::base
