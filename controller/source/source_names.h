#pragma once

#include <set>
#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::source {

// Which labels and annotations the manifest named that was written last; like the other marks of a directory, System alone
// writes it. It is there so that what a later version of the file leaves out can be taken off, whoever wrote the earlier one.
inline constexpr std::string_view kSourceNamesAnnotation = "berth.dev/source-names";

struct SourceNames {
  std::set<std::string> labels;
  std::set<std::string> annotations;
  bool operator==(const SourceNames&) const = default;
};

// The annotation's value; "" when nothing is named. Pure, as is the other.
std::string source_names_text(const SourceNames& names);
// What is no such text names nothing.
SourceNames parse_source_names(std::string_view text);

}  // namespace berth::source
