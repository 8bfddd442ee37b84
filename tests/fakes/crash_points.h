#pragma once

#include <memory>
#include <string>

#include "api/storage/store.h"
#include "controller/engine/engine.h"

namespace berth::fakes {

// Places between two effects of a berthd on the world, counted in the order in which it comes by: one before
// and one after every commit of its store and every call that changes the engine. At the one that was asked
// for the process is killed, as by SIGKILL. Outlives what it wraps.
class CrashPoints {
 public:
  // `at` 0: never. Every place is written to `trace` as "NUMBER WORDS", unless that is "".
  CrashPoints(int at, std::string trace) : at_(at), trace_(std::move(trace)) {}
  void come_by(const std::string& where);

  std::unique_ptr<storage::Store> wrap(std::unique_ptr<storage::Store> store);
  std::unique_ptr<engine::Engine> wrap(std::unique_ptr<engine::Engine> engine);

 private:
  const int at_;
  const std::string trace_;
  int count_ = 0;
};

}  // namespace berth::fakes
