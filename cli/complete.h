#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace berth::cli {

// What the shell should offer for the last of `words`.
struct Completion {
  std::vector<std::string> words;       // fixed candidates
  Completes also = Completes::Nothing;  // and what only the server (or the file system) knows
  std::string type;                     // Completes::TypesThenNames after a type ("te ", "te/"): names of this type
  std::string prefix;                   // what was typed so far of the word; in "ENV/" and "TYPE/" it is everything
};

// `words` are those after "berthctl", the last one unfinished (maybe ""). Pure.
Completion plan_completion(const std::vector<CommandPtr>& commands, const Flags& global, const crd::Scheme& scheme,
                           const std::vector<std::string>& words);

// The candidates, asking the server where needed; a server that does not answer gives none.
Task<std::vector<std::string>> complete(Session& session, Completion plan);

// What `__complete` prints when the shell should offer file names itself.
inline constexpr const char* kFilesMarker = ":files";

}  // namespace berth::cli
