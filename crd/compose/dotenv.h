#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/compose/interpolate.h"

namespace berth::compose {

struct Assignment {
  std::string name;
  std::optional<std::string> value;  // nullopt: a name alone, to be taken from the surroundings
  int line = 1;
};

// A file of variables as compose reads it: NAME=value or NAME: value, `export ` before it, comments, values in quotes over several lines.
// Variables are replaced in all values but those in single quotes: `lookup` first, then what stands before. `raw`: everything
// behind the first '=' is the value. Errors: BadRequest "<name>:<line>:<column>: what".
Result<std::vector<Assignment>> parse_dotenv(std::string_view text, std::string_view name, const Lookup& lookup, bool raw = false);

}  // namespace berth::compose
