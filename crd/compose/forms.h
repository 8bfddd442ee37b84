#pragma once

#include "crd/compose/report.h"

namespace berth::compose {

// Brings one file, or one service of it, to the long forms, so that files merge: lists of NAME=value become maps, single texts that may be
// lists become lists, short depends_on, networks, build and extends become maps.
void normalise(Node& root, Report& report);

// `text` from `begin` on, as a value of its own that knows which variables it came from.
Node slice(const Node& text, std::size_t begin, std::size_t end = std::string::npos);

}  // namespace berth::compose
