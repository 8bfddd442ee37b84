#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "controller/source/file_reader.h"
#include "controller/source/look.h"
#include "controller/source/watch_set.h"

namespace berth::source {

// Looks at directory trees and keeps what it read, so that the next look reads only what changed. Real directories come
// before links; a directory or a file that is reached a second time through a link is skipped, so loops end.
// One thread only; blocks.
class TreeScan {
 public:
  // A file that nobody was seen to close counts only when it was not written to for so long.
  static constexpr base::Duration kSettle = std::chrono::milliseconds(50);
  // A writer that was silent for so long is forgotten at the next resync, where the system cannot say whether he is there.
  static constexpr base::Duration kForgetWriter = std::chrono::minutes(2);

  TreeScan(std::vector<std::string> roots, std::size_t file_limit, WatchSet* watches)
      : roots_(std::move(roots)), file_limit_(file_limit), watches_(watches) {}

  // Takes note of changes before a scan. Returns whether a scan is needed.
  bool note(const std::vector<Change>& changes, base::SteadyTime now);
  // `wall` is compared with the files' times. `reread`: the contents of all files, not only of changed ones.
  Look scan(base::SteadyTime now, base::SystemTime wall, bool reread);
  // What happened during the scan: a file that was read while somebody wrote to it says what it said before.
  void retract(Look& look, const std::vector<Change>& changes);
  // Whether files wait to settle: scan again in kSettle.
  bool unsettled() const { return unsettled_; }

 private:
  struct Known {
    Stamp stamp;
    ContentPtr content;
    std::string problem;
  };
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t born_ns = 0;
    auto operator<=>(const Identity&) const = default;
  };

  void read_tree(const std::string& directory, Look& look);
  // Returns its subdirectories.
  std::vector<std::string> read_directory(const std::string& path, Look& look);
  void follow(const std::string& link, Look& look);
  void look_at_file(const std::string& path, bool link, Look& look);
  FileLook read(const std::string& path, const Stamp& stamp, const Known* known, base::SteadyTime noticed);
  bool arrived(const std::string& path) const;
  std::uint64_t number(const std::string& path, const Identity& identity);

  std::vector<std::string> roots_;
  std::size_t file_limit_;
  WatchSet* watches_;  // may be null
  std::map<std::string, Known> known_;
  std::map<std::string, base::SteadyTime> closed_;  // complete, and not read since
  std::set<std::string> moved_in_;                  // complete, with everything below them
  std::map<std::string, base::SteadyTime> writing_;  // open for writing -> when that was last heard of
  std::map<std::string, std::pair<Identity, std::uint64_t>> numbers_;
  std::uint64_t last_number_ = 0;
  bool lost_ = false;
  bool unsettled_ = false;
  bool held_open_ = false;     // a file waits for a closing that may be told of another name, or not at all
  bool other_closed_ = false;  // a closing of another name was told since the last scan
  // Of the running scan.
  base::SystemTime wall_{};
  base::SteadyTime now_{};
  bool reread_ = false;
  std::set<std::pair<std::uint64_t, std::uint64_t>> visited_;
  std::vector<std::string> links_;
  std::map<std::string, Known> next_;
  std::map<std::string, std::optional<Known>> before_;  // of the files that were read
};

}  // namespace berth::source
