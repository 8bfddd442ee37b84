#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace berth::base {

// The whole of a small file; a missing one is "". Blocks. Errors: InternalError with the file and the system's text.
Result<std::string> read_state(const std::filesystem::path& file);
// Replaces `file` (mode 0600) so that a crash or a power loss leaves the old or the new text, never a part. Blocks. Errors: as above.
Result<void> write_state(const std::filesystem::path& file, const std::string& text);

}  // namespace berth::base
