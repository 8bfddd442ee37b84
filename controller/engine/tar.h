#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "controller/engine/types.h"

namespace berth::engine {

// "/etc/api/x.yaml" has the parents "/etc/api", "/etc": deepest first, without "/". The path is normalised:
// "//", "/./".
std::vector<std::string> parents_of(std::string_view path);

// A tar archive of `directories` (absolute; 0755, owned by root) and `files`, for extraction at "/".
// Errors: InvalidSpec (a path that is not absolute, names a directory, or has "..").
Result<std::string> make_tar(const std::vector<std::string>& directories,
                             const std::vector<FileToCopy>& files, base::SystemTime mtime);

}  // namespace berth::engine
