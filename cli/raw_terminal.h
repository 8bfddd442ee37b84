#pragma once

#include <termios.h>

#include <optional>

namespace berth::cli {

// A terminal whose keys go to the other end as they are pressed, Ctrl-C among them; as it was before when this ends.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int fd_;
  bool changed_ = false;
  termios before_{};
};

struct WindowSize {
  unsigned short columns = 0;
  unsigned short rows = 0;
};
// nullopt: it is no terminal, or has no size.
std::optional<WindowSize> window_size(int fd);

}  // namespace berth::cli
