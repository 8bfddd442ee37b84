#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "controller/source/look.h"

namespace berth::source {

struct LedgerOptions {
  base::Duration prune_delay = std::chrono::seconds(2);
  bool prune_empty = false;
  // Whether an object is there whose deletion can be held back; only for what is told and counted. Null: always.
  std::function<bool(const ObjectKey&)> stored;
};

// What the directories want of one object.
enum class Wish {
  None,   // nothing was ever said about it
  Live,   // `manifest` should be there
  Leave,  // its document is gone, and it is not yet (or not now) time to act on that
  Gone,   // delete it
};

struct Want {
  Wish wish = Wish::None;
  ManifestPtr manifest;        // Live only
  base::SteadyTime noticed{};  // Live only: when what it says now was noticed
};

// Why a disappearance deletes nothing for now.
enum class Hold {
  None,
  FileInvalid,  // the file is there and cannot be read or understood, or somebody still writes to it
  DirectoryMissing,
  DirectoryUnreadable,
  DirectoryEmpty,  // swapped for an empty one, or found empty at start
  NotWatched,      // no watched directory holds the file: the flag was taken away
};
std::string_view to_string(Hold hold);

// Something that a person should hear once, when it begins.
struct Report {
  enum class Kind { Invalid, Conflict, Held };
  Kind kind = Kind::Invalid;
  std::string text;
  std::vector<ObjectKey> about;
};

struct Counts {
  int valid = 0;
  int invalid = 0;
  int conflicting = 0;
  int held_deletions = 0;  // objects that are kept
};

// Turns looks at the directories into what they want. A file that is there acts at once; what is no longer there is let
// go only when a look that began `prune_delay` after the disappearance still does not find it, and nothing holds it back
// (see Hold). While files keep coming back (a checkout in progress) that waits, ten times prune_delay at most.
// A directory below a watched one that is removed counts as the removal of its files. When the file that had the say over an
// object goes, another file that was kept out takes over only then; one that did not name it before does so at once (a move).
//
// Pure: no I/O, no clock. Looks come in the order in which they were taken.
class Ledger {
 public:
  explicit Ledger(LedgerOptions options) : options_(std::move(options)) {}

  // Before the first look: an object that is stored with berth.dev/source `file`.
  void seed(const ObjectKey& key, const std::string& file);
  // Takes the newest look. Returns the keys whose Want may be another one than before.
  std::set<ObjectKey> observe(const Look& look);
  // What to tell since the last call.
  std::vector<Report> take_reports() { return std::exchange(reports_, {}); }

  Want want(const ObjectKey& key) const;
  // The file that has the say over `key`; "" when none has.
  std::string owner(const ObjectKey& key) const;
  // `key` was deleted, or is no longer ours: nothing is remembered of it.
  void forget(const ObjectKey& key);
  // When the next look is needed to let something go.
  std::optional<base::SteadyTime> next_look() const;
  // `refused`: files of which the Registry refused something; `foreign`: files that name objects of others.
  Counts counts(const std::set<std::string>& refused = {}, const std::set<std::string>& foreign = {}) const;
  std::vector<ObjectKey> keys_of(const std::string& file) const;
  // What to tell about `key` as long as other files name it too.
  std::vector<std::string> conflicts_of(const ObjectKey& key) const;

 private:
  using Directories = std::shared_ptr<const std::map<std::string, std::uint64_t>>;
  struct File {
    ContentPtr good;       // the last version without problems; null before there was one
    bool current = false;  // whether that is what the file says now
    bool writing = false;  // somebody has it open: it may say more in a moment
    std::string problem;
    Directories directories;  // which ones it was last seen in, from the watched one down
  };
  struct Missing {
    std::string file;
    Directories directories;  // null: never seen by this process
    base::SteadyTime first{};  // of this disappearance, without the time it was held
    base::SteadyTime since{};
    int looks = 0;
    Hold hold = Hold::None;
    std::string held_by;  // the directory
    bool gone = false;
  };
  using Files = std::map<std::string, File>;
  using Claims = std::map<ObjectKey, std::map<std::string, ManifestPtr>>;

  void read_files(const Look& look, const Files& before);
  Claims claims() const;
  // Returns the watched directories to which missing objects came back.
  std::set<std::string> settle_claims(const Look& look, const Claims& claims, std::set<ObjectKey>& changed);
  void settle(const ObjectKey& key, const ManifestPtr& manifest, std::set<ObjectKey>& changed);
  void find_missing(const Look& look, const Files& before, const Claims& claims, std::set<ObjectKey>& changed);
  void judge_missing(const Look& look, const std::set<std::string>& busy, std::set<ObjectKey>& changed);
  void hand_over(const Claims& claims, std::set<ObjectKey>& changed);
  void report_conflicts(const Claims& claims);
  void report_holds();
  bool keeps_object(const ObjectKey& key, const Missing& missing) const;
  std::pair<Hold, std::string> hold(const Missing& missing, const Look& look) const;

  LedgerOptions options_;
  Files files_;
  std::map<ObjectKey, ManifestPtr> live_;
  std::map<ObjectKey, std::string> owner_;
  std::map<ObjectKey, Missing> missing_;
  std::map<std::pair<ObjectKey, std::string>, std::string> conflicts_;  // key and the file that is kept out -> what to tell
  std::set<std::pair<Hold, std::string>> holds_;            // as last reported
  std::vector<Report> reports_;
};

}  // namespace berth::source
