#pragma once

#include "crd/compose/report.h"

namespace berth::compose {

// Puts `over` upon `base` by the compose specification's rules: maps member by member, lists one behind the other, everything else (and
// commands) replaced; !reset takes away, !override replaces. Both are in long form. `path`: where they stand, "" for whole files,
// "services.*" for a service.
void merge(Node& base, Node over, const std::string& path, Report& report);

// Leaves of each list whose elements are unique in some respect (a volume's target, a port's numbers) the last one, at the place of the
// first. `root` is a whole project.
void make_unique(Node& root);

}  // namespace berth::compose
