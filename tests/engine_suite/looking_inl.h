#pragma once

#include "controller/engine/tar.h"
#include "tests/engine_suite/harness_inl.h"

// What a person looks at: files, usage, inspects.
namespace berth::engine_suite {

inline Task<std::string> whole_archive(engine::ArchiveStream& stream) {
  std::string all;
  while (true) {
    auto next = co_await stream.next();
    auto piece = detail::value_of(std::move(next));
    if (piece.empty()) co_return all;
    all += piece;
  }
}

inline Task<Result<std::string>> next_piece(std::string& rest) {
  auto piece = rest.substr(0, 1000);
  rest.erase(0, piece.size());
  co_return piece;
}

inline Task<Result<std::string>> broken_piece() { co_return base::error(Reason::Cancelled, "the client has gone"); }

inline Task<void> archives(Harness& h) {
  auto& engine = h.engine();
  const auto id = co_await run_container(h, h.sleeping("a"));
  std::vector<engine::FileToCopy> files{{"/d/f", std::string(5000, 'x')}, {"/d/sub/g", "two"}};
  const std::vector<std::string> directories{"/d", "/d/sub"};
  auto bytes = detail::value_of(engine::make_tar(directories, files, h.clock().system_now()));
  auto written = co_await engine.write_archive(id, "/tmp", [&bytes] { return next_piece(bytes); });
  CO_ASSERT_OK(written);
  auto stat = co_await engine.stat_path(id, "/tmp/d", h.soon());
  CO_ASSERT_OK(stat);
  EXPECT_TRUE(stat->directory);
  EXPECT_EQ(stat->name, "d");
  stat = co_await engine.stat_path(id, "/tmp/d/f", h.soon());
  CO_ASSERT_OK(stat);
  EXPECT_FALSE(stat->directory);
  EXPECT_EQ(stat->size, 5000);
  EXPECT_EQ(stat->link_target, "");
  auto opened = co_await engine.read_archive(id, "/tmp/d", h.soon());
  CO_ASSERT_OK(opened);
  const auto all = co_await whole_archive(**opened);
  EXPECT_NE(all.find("d/sub/g"), std::string::npos);
  EXPECT_NE(all.find(std::string(5000, 'x')), std::string::npos);

  stat = co_await engine.stat_path(id, "/tmp/nothing", h.soon());
  expect_reason(stat, Reason::NotFound);
  opened = co_await engine.read_archive(id, "/tmp/nothing", h.soon());
  expect_reason(opened, Reason::NotFound);
  std::string some = all;
  written = co_await engine.write_archive(id, "/tmp/nothing", [&some] { return next_piece(some); });
  expect_reason(written, Reason::NotFound);
  written = co_await engine.write_archive(id, "/tmp", [] { return broken_piece(); });
  expect_reason(written, Reason::Cancelled);
}
TEST_P(EngineSuite, ArchivesGoInAndComeOut) { h().run(archives(h())); }

inline Task<void> usage(Harness& h) {
  auto& engine = h.engine();
  const auto id = co_await run_container(h, h.sleeping("a"));
  auto first = co_await engine.stats(id, h.soon());
  CO_ASSERT_OK(first);
  EXPECT_NE(first->read, base::SystemTime{});
  EXPECT_GE(first->memory_limit, 1 << 20);
  co_await h.clock().sleep_for(std::chrono::milliseconds(300));
  auto second = co_await engine.stats(id, h.soon());
  CO_ASSERT_OK(second);
  EXPECT_GT(second->read, first->read);
  EXPECT_GE(second->cpu_nanos, first->cpu_nanos);
  const auto never_ran = co_await make_container(h, h.sleeping("b"));
  auto none = co_await engine.stats(never_ran, h.soon());
  CO_ASSERT_OK(none);
  EXPECT_EQ(none->read, base::SystemTime{});
  auto nobody = co_await engine.stats(h.name("nobody"), h.soon());
  expect_reason(nobody, Reason::NotFound);
}
TEST_P(EngineSuite, StatsTellWhatARunningContainerUses) { h().run(usage(h())); }

inline Task<void> descriptions(Harness& h) {
  auto spec = h.sleeping("a");
  spec.env.push_back("NAME=some value");
  const auto id = co_await make_container(h, std::move(spec));
  auto text = co_await h.engine().describe_container(id, h.soon());
  CO_ASSERT_OK(text);
  EXPECT_NE(text->find("NAME=some value"), std::string::npos);
  EXPECT_NE(text->find(id), std::string::npos);
  const auto network = co_await make_network(h, "net", 0);
  text = co_await h.engine().describe_network(network, h.soon());
  CO_ASSERT_OK(text);
  EXPECT_NE(text->find(h.name("net")), std::string::npos);
  text = co_await h.engine().describe_container(h.name("nobody"), h.soon());
  expect_reason(text, Reason::NotFound);
}
TEST_P(EngineSuite, DescribesWhatIsThere) { h().run(descriptions(h())); }

}  // namespace berth::engine_suite
