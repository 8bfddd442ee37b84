#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "crd/object.h"

namespace berth::source {

struct Finished {
  std::string hash;  // source_mark() of the content that it ran
  std::string file;
  bool operator==(const Finished&) const = default;
};

// Which environments of the directories have ended (Failed, Expired), and under which content: the memory that keeps a file
// from starting its environment again after the object itself was removed. Loop thread only; pure.
class FinishedRecords {
 public:
  // Missing: nullopt.
  std::optional<std::string> hash_of(const ObjectKey& key) const;
  // Both return whether anything changed.
  bool put(const ObjectKey& key, Finished finished);
  bool erase(const ObjectKey& key);
  const std::map<ObjectKey, Finished>& all() const { return records_; }

  std::string text() const;
  // Errors: BadRequest. Nothing changes then.
  Result<void> read(const std::string& text);

 private:
  std::map<ObjectKey, Finished> records_;
};

}  // namespace berth::source
