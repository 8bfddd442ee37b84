#pragma once

#include <string>
#include <vector>

#include "tests/bench/driver/wire.h"

namespace berth::chaos {

using bench::Answer;
using bench::ask;
using bench::in_ms;
using bench::json;
using bench::now;
using bench::seconds;
using bench::Time;

// What a service of an environment should be.
struct WishedService {
  std::string name;
  int greeting = 0;     // in its env
  int memory_mib = 64;  // its limit
  int ports = 0;
  bool waits = false;  // for the service before it, to be Ready
};

// What an environment should be. `version` is another one after each change and is written into an annotation.
struct Wish {
  bool there = false;
  bool by_file = false;
  int version = 0;
  std::vector<WishedService> services;
  int port_count() const;
};

std::string name_of(int slot);
// Of an object as the API shows it; 0 when it has none.
int version_of(const json& object);
json manifest_of(int slot, const Wish& wish, const std::string& image);

inline constexpr const char* kNamespace = "chaos";
inline constexpr const char* kVersionKey = "chaos.test/version";

}  // namespace berth::chaos
