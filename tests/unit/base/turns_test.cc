#include "base/turns.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <vector>

#include "base/task_group.h"

namespace berth::base {
namespace {

struct TurnsTest : testing::Test {
  asio::io_context io;
  TaskGroup group{io.get_executor(), "test"};
  std::vector<std::string> seen;

  Task<void> piece(Turns& turns, std::string name) {
    co_await turns.take();
    seen.push_back(std::move(name));
  }
  void request(int left) {
    seen.push_back("request");
    if (left > 1) asio::post(io, [this, left] { request(left - 1); });
  }
  // A letter for each piece, a point for each request.
  std::string story() const {
    std::string order;
    for (const auto& one : seen) order += one == "request" ? '.' : one[0];
    return order;
  }
};

TEST_F(TurnsTest, InTheOrderInWhichTheyCame) {
  Turns turns;
  for (const char* name : {"a", "b", "c"}) group.spawn("piece", piece(turns, name));
  io.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(TurnsTest, WhatIsReadyGoesBetweenTwoTurns) {
  Turns turns;
  for (const char* name : {"a", "b", "c"}) group.spawn("piece", piece(turns, name));
  io.poll_one();
  io.poll_one();
  io.poll_one();  // all three wait now
  asio::post(io, [this] { request(20); });
  io.run();
  const auto order = story();
  const auto b = order.find('b');
  ASSERT_NE(b, std::string::npos) << order;
  EXPECT_LT(order.find('.'), b) << order;
  EXPECT_NE(order.substr(order.find('a'), b - order.find('a')).find('.'), std::string::npos) << order;
  EXPECT_NE(order.substr(b, order.find('c') - b).find('.'), std::string::npos) << order;
}

TEST_F(TurnsTest, SoManyAtOnce) {
  Turns turns(2);
  for (const char* name : {"a", "b", "c", "d"}) group.spawn("piece", piece(turns, name));
  for (int i = 0; i < 4; ++i) io.poll_one();
  asio::post(io, [this] { request(20); });
  io.run();
  const auto order = story();
  EXPECT_NE(order.find("ab"), std::string::npos) << order;
  EXPECT_NE(order.find("cd"), std::string::npos) << order;
  EXPECT_EQ(order.find("bc"), std::string::npos) << order;
}

TEST_F(TurnsTest, WhoIsCancelledLeavesThePlaceToOthers) {
  Turns turns;
  TaskGroup left(io.get_executor(), "left");
  left.spawn("piece", piece(turns, "left"));
  group.spawn("piece", piece(turns, "stays"));
  io.poll_one();
  io.poll_one();
  left.cancel();
  io.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"stays"}));
  EXPECT_EQ(left.size(), 0u);
}

TEST_F(TurnsTest, TheirEndGrantsThemAll) {
  auto turns = std::make_unique<Turns>();
  for (const char* name : {"a", "b"}) group.spawn("piece", piece(*turns, name));
  io.poll_one();
  io.poll_one();
  turns.reset();
  io.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace berth::base
