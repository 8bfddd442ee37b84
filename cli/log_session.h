#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/task_group.h"
#include "cli/environment_view.h"
#include "cli/log_merge.h"
#include "cli/session.h"
#include "cli/subresource.h"

namespace berth::cli {

struct LogWish {
  ObjectKey environment;
  std::string uid;
  std::vector<std::string> services;
  std::vector<std::string> prefixes;  // one for each service; "" = none
  LogQuery query;
  bool timestamps = false;  // shown
};

// Prints the logs of several services as one, in the order of their times. Following, it goes on with a service whose container was
// started again or made anew, waits for one that has none yet, and ends with the environment. One use; loop thread only.
class LogSession {
 public:
  LogSession(Session& session, LogWish wish);

  // What could not be read, one line for each service. Errors: InternalError (standard output was closed).
  Task<Result<std::vector<std::string>>> run();

 private:
  struct Source {
    std::string service;
    bool opened = false;                    // a log of it was there at least once
    std::optional<base::SystemTime> last;   // time of the last line: where a further stream goes on
    std::string last_stamp;                 // the same as the engine wrote it
    std::uint64_t seen_changes = 0;
  };
  enum class End { Whole, CutOff };

  Task<void> read_source(std::size_t index);
  Task<std::optional<Error>> read_to_the_end(std::size_t index);
  Task<Result<End>> read_once(std::size_t index);
  Task<Result<End>> take_lines(std::size_t index, http::ClientStream& stream);
  std::string target_of(const Source& source) const;
  Task<bool> await_more(std::size_t index);  // false: nothing more will come
  bool may_go_on(const Source& source) const;
  Task<void> watch();
  Task<void> finish();
  Task<Result<void>> print();
  Result<void> print_ready();

  Session& session_;
  const LogWish wish_;
  LogMerge merge_;
  std::vector<Source> sources_;
  std::vector<std::string> problems_;
  std::size_t open_ = 0;  // sources that are read
  std::uint64_t changes_ = 0;
  ObjectPtr environment_;  // null: not seen yet
  bool gone_ = false;
  base::Signal changed_;  // lines, room, or the environment
  TaskGroup tasks_;
};

}  // namespace berth::cli
