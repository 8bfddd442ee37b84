#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "cli/flags.h"
#include "cli/session.h"

namespace berth::cli {

struct CommandHelp {
  std::string name;
  std::string summary;   // one line, for the list of commands
  std::string usage;     // what follows "berthctl <name>"
  std::string details;   // paragraphs, may be ""
  std::string examples;  // "# comment" and command lines
  bool hidden = false;
};

// One verb of berthctl. declare() binds its members to flags, then run() is called once at most.
class Command {
 public:
  virtual ~Command() = default;
  virtual CommandHelp help() const = 0;
  virtual void declare(Flags& flags) = 0;
  // The process's exit status: 0 only when it did what was asked. An Error is printed by the caller.
  virtual Task<Result<int>> run(Session& session) = 0;
  // Whether it talks to the server; when it does not, a wrong --server does not matter.
  virtual bool needs_server() const { return true; }
  // How long an answer of the server may take to begin.
  virtual base::Duration patience() const { return std::chrono::seconds(30); }
  // The exit status of an Error.
  virtual int error_status() const { return 1; }
};

using CommandPtr = std::unique_ptr<Command>;

}  // namespace berth::cli
