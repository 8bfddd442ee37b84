#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace berth::reconcile {

inline constexpr std::uint64_t kNoRevision = ~std::uint64_t{0};

// What the reaper must still know after a restart: losing it could remove what a person may want.
struct ReaperState {
  bool held = false;              // report only, until a person says so
  bool unseen = false;            // the store is new, and the engine was not looked at since
  std::uint64_t opened = kNoRevision;  // the earliest revision at which the store was opened since the engine was last looked at
  std::set<std::string> adopted;  // uids that a person keeps
  std::uint64_t store = 0;        // the epoch of the store that all this was found under
  bool operator==(const ReaperState&) const = default;
};

// A file that is missing or cannot be read is an empty state.
ReaperState load_reaper_state(const std::filesystem::path& file);
// Durable when it returns: the old state or the new one, never half of one. What goes wrong is logged.
void save_reaper_state(const std::filesystem::path& file, const ReaperState& state);

}  // namespace berth::reconcile
