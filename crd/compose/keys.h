#pragma once

#include <span>
#include <string_view>

#include "crd/compose/report.h"

namespace berth::compose {

// What becomes of a key of a compose file.
enum class Outcome {
  Converted,  // into `field`
  Build,      // into the docker build command line that a warning tells
  Noted,      // it would keep runs from living side by side: a note says what was done about it
  Warned,     // no equivalent: a warning, an error with --strict
  Ignored,    // says nothing about what runs
};

// One key of the compose specification. The table is what the reader checks files against, what docs/compose.md shows and what the
// corpus in tests/data/compose is checked for.
struct Key {
  std::string_view path;   // "services.*.ports[].target": '*' is any name, [] any element
  std::string_view types;  // of its value: t(ext) n(umber) b(oolean) l(ist) m(ap)
  Outcome outcome;
  std::string_view field;   // of a TestEnvironment, or ""
  std::string_view remark;  // of what is Warned and begins with '!': the text of the warning, told wherever the key stands
};

std::span<const Key> keys();
std::string_view outcome_name(Outcome outcome);

// Tells unknown keys, values of a type that their key cannot have, and the keys whose remark begins with '!'
// (not when it is `quiet`).
void check_keys(const Node& root, Report& report, bool quiet = false);

}  // namespace berth::compose
