#pragma once

#include <string>

namespace berth::chaos {

// The disk of berthd's data directory: a small file system of its own, which can be full. Needs root; mounted until its end.
class StoreDisk {
 public:
  explicit StoreDisk(std::string directory);  // throws what mount(2) says
  ~StoreDisk();
  StoreDisk(const StoreDisk&) = delete;
  StoreDisk& operator=(const StoreDisk&) = delete;

  bool fill();  // false: it is full already
  void drain();

 private:
  std::string directory_;
  bool full_ = false;
};

}  // namespace berth::chaos
