#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace berth::cli {

// What a command can read and write besides the server; tests hand in string streams and a map.
struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::function<std::optional<std::string>(const std::string&)> getenv;  // nullopt when unset or empty
  int in_fd = -1;  // of `in`, for what cannot wait for whole lines; -1: there is none
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool utf8 = false;  // whether the locale can show more than ASCII
  int columns = 80;   // of the terminal
  int rows = 24;
  // Whether to colour what goes to standard output / standard error (terminal, no NO_COLOR, TERM not dumb).
  bool color_out = false;
  bool color_err = false;
  // As getenv, but a variable that is set to "" is set. getenv when absent.
  std::function<std::optional<std::string>(const std::string&)> getenv_as_is = {};
};

// The process's own streams and environment.
Io process_io();
// Re-reads the size of the terminal behind standard error.
void refresh_terminal_size(Io& io);

}  // namespace berth::cli
