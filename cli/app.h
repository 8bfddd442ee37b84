#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/connection.h"

namespace berth::cli {

// What a command line asks for: the flags of every command are set, and so are those of `command`.
struct Invocation {
  CommandPtr command;  // null: `text` is to be printed
  std::string text;    // help or version
  ConnectionFlags connection;
  std::string ns = "default";
  bool ns_given = false;  // by -n, not by its variable
  bool quiet = false;
  bool completing = false;  // berthctl __complete -- words
  std::vector<std::string> words;
};

using Getenv = std::function<std::optional<std::string>(const std::string&)>;

// Reads the arguments after "berthctl" and the environment. Errors: BadRequest, with what would be right.
Result<Invocation> parse_command_line(const std::vector<std::string>& arguments, const Getenv& getenv);

// What a person should do about an error of the server, "" when its message says it all.
std::string advice(const Error& error, const Connection& connection);
// "berthctl: error: ..." with the advice, for standard error.
std::string error_text(const Error& error, const std::string& advice);

// berthctl: parses, connects, runs. The process's exit status: 0 only when it did what was asked, 2 for a wrong command
// line.
int run_berthctl(const std::vector<std::string>& arguments, Io& io);

}  // namespace berth::cli
