#include "cli/io.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace berth::cli {

namespace {

std::optional<std::string> read_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = read_environment(name);
    if (!value) continue;
    return value->find("UTF-8") != std::string::npos || value->find("utf8") != std::string::npos ||
           value->find("utf-8") != std::string::npos;
  }
  return false;
}

}  // namespace

void refresh_terminal_size(Io& io) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return;
  io.columns = size.ws_col;
  io.rows = size.ws_row;
}

Io process_io() {
  Io io{std::cin, std::cout, std::cerr, read_environment};
  io.in_fd = STDIN_FILENO;
  io.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  io.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  io.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  io.utf8 = locale_is_utf8();
  const bool colors = !read_environment("NO_COLOR") && read_environment("TERM").value_or("dumb") != "dumb";
  io.color_out = colors && io.out_is_terminal;
  io.color_err = colors && io.err_is_terminal;
  io.getenv_as_is = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  refresh_terminal_size(io);
  return io;
}

}  // namespace berth::cli
