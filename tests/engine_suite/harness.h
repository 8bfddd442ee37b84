#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "controller/engine/engine.h"

namespace berth::engine_suite {

// An engine to be tested, and what a test needs of the world around it.
class Harness {
 public:
  virtual ~Harness() = default;
  virtual engine::Engine& engine() = 0;
  virtual base::Clock& clock() = 0;
  virtual asio::io_context& io() = 0;
  // Runs it to its end.
  virtual void run(Task<void> task) = 0;
  // Removes what the test made.
  virtual void clean_up() = 0;
  // A process outside the engine listens on it until the result is destroyed.
  virtual std::shared_ptr<void> hold_port(std::uint16_t port) = 0;

  // Unique in this engine.
  virtual std::string name(const std::string& suffix) = 0;
  // "10.213.<x>.<16 n>/28": free on this engine.
  virtual std::string subnet(int n) = 0;
  virtual std::uint16_t port(int n) = 0;

  // Containers that do something particular; name and labels are set.
  virtual engine::ContainerSpec sleeping(
      const std::string& suffix) = 0;  // says "up", until it is stopped: then 143
  virtual engine::ContainerSpec exiting(const std::string& suffix, int code, base::Duration after) = 0;
  virtual engine::ContainerSpec printing(const std::string& suffix,
                                         const std::string& text) = 0;           // then exits with 0
  virtual engine::ContainerSpec without_command(const std::string& suffix) = 0;  // its command does not exist
  virtual engine::ContainerSpec with_volume(
      const std::string& suffix) = 0;  // its image has one anonymous volume
  virtual engine::ContainerSpec becoming_healthy(const std::string& suffix) = 0;
  // Commands for exec in sleeping().
  virtual std::vector<std::string> failing_command() = 0;  // prints "oops", exits with 7

  base::Deadline soon() { return base::Deadline::after(clock().steady_now(), std::chrono::seconds(30)); }
  std::string label() { return "berth-suite=" + name("x"); }
};

// Every engine that passes behaves the same as far as berth can see. Instantiate it with factories of
// harnesses.
class EngineSuite : public testing::TestWithParam<std::function<std::unique_ptr<Harness>()>> {
 protected:
  void SetUp() override { h_ = GetParam()(); }
  void TearDown() override {
    if (h_) h_->clean_up();
  }
  Harness& h() { return *h_; }

 private:
  std::unique_ptr<Harness> h_;
};

// In coroutines, where ASSERT_* cannot be: gives up the test.
#define CO_ASSERT(condition)                      \
  do {                                            \
    if (!(condition)) {                           \
      ADD_FAILURE() << #condition << " is false"; \
      co_return;                                  \
    }                                             \
  } while (false)
#define CO_ASSERT_OK(result)                                                               \
  do {                                                                                     \
    if (!(result)) {                                                                       \
      ADD_FAILURE() << #result << ": " << base::to_string((result).error().reason) << ": " \
                    << (result).error().message;                                           \
      co_return;                                                                           \
    }                                                                                      \
  } while (false)

template <class T>
void expect_reason(const Result<T>& result, Reason reason) {
  if (result) {
    ADD_FAILURE() << "succeeded, expected " << base::to_string(reason);
  } else {
    EXPECT_EQ(base::to_string(result.error().reason), base::to_string(reason)) << result.error().message;
  }
}

engine::NetworkSpec network_spec(Harness& h, const std::string& suffix, int subnet);

// Make one and give its id; a failure throws std::runtime_error.
Task<std::string> make_network(Harness& h, std::string suffix, int subnet);
Task<std::string> make_container(Harness& h, engine::ContainerSpec spec);
Task<std::string> run_container(Harness& h, engine::ContainerSpec spec);
Task<void> wait_until_up(Harness& h, std::string id);  // of a sleeping()
Task<engine::Container> inspect(Harness& h, std::string id);
// Waits until the container is in this state, at most 20 s.
Task<engine::Container> wait_for_state(Harness& h, std::string id, engine::ContainerState state);

}  // namespace berth::engine_suite
