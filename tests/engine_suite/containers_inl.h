#pragma once

#include <algorithm>

#include "tests/engine_suite/harness_inl.h"

namespace berth::engine_suite {

using engine::ContainerState;

inline Task<void> create_and_inspect(Harness& h) {
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  spec.aliases = {"redis"};
  spec.env = {"A=1"};
  spec.labels["odd"] = "a=b \"c\" \xc3\xa4";
  spec.ports = {{80, "tcp", "127.0.0.1", h.port(0)}};
  spec.nano_cpus = 500000000;
  spec.memory_bytes = 64 << 20;
  const auto labels = spec.labels;
  const auto name = spec.name;
  const auto id = co_await make_container(h, std::move(spec));
  const auto container = co_await inspect(h, id);
  EXPECT_EQ(container.id, id);
  EXPECT_EQ(container.name, name);
  // The image's own labels are among them.
  for (const auto& [key, value] : labels) EXPECT_EQ(container.labels.at(key), value);
  EXPECT_EQ(container.state, ContainerState::Created);
  EXPECT_TRUE(container.ports.empty());
  EXPECT_EQ(container.nano_cpus, 500000000);
  EXPECT_EQ(container.memory_bytes, 64 << 20);
  EXPECT_EQ(container.started_at, base::SystemTime{});
  EXPECT_FALSE(container.image_id.empty());
  CO_ASSERT(container.attachments.size() == 1);
  EXPECT_EQ(container.attachments[0].network_name, h.name("net"));
  EXPECT_EQ(container.attachments[0].network_id, "");
  EXPECT_EQ(container.attachments[0].ip_address, "");
  const auto by_name = co_await inspect(h, name);
  EXPECT_EQ(by_name.id, id);
}
TEST_P(EngineSuite, ACreatedContainerIsAsItsSpecSays) { h().run(create_and_inspect(h())); }

inline Task<void> refused_creates(Harness& h) {
  auto& engine = h.engine();
  co_await make_container(h, h.sleeping("a"));
  auto again = h.sleeping("a");
  auto conflict = co_await engine.create_container(std::move(again), h.soon());
  expect_reason(conflict, Reason::NameConflict);
  auto unknown = h.sleeping("b");
  unknown.image = "berth-test/there-is-none:9";
  auto no_image = co_await engine.create_container(std::move(unknown), h.soon());
  expect_reason(no_image, Reason::ImageNotFound);
  auto short_name = h.sleeping("c");
  short_name.name = "x";
  auto bad_name = co_await engine.create_container(std::move(short_name), h.soon());
  expect_reason(bad_name, Reason::InvalidSpec);
  auto small = h.sleeping("d");
  small.memory_bytes = 1 << 20;
  auto too_small = co_await engine.create_container(std::move(small), h.soon());
  expect_reason(too_small, Reason::InvalidSpec);
  auto many = h.sleeping("e");
  many.nano_cpus = 1000 * std::int64_t{1000000000};
  auto too_many = co_await engine.create_container(std::move(many), h.soon());
  expect_reason(too_many, Reason::InvalidSpec);
}
TEST_P(EngineSuite, ACreateIsRefusedWithItsReason) { h().run(refused_creates(h())); }

inline Task<void> start_and_list(Harness& h) {
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  spec.ports = {{80, "tcp", "127.0.0.1", h.port(0)}};
  const auto ports = spec.ports;
  const auto id = co_await run_container(h, std::move(spec));
  const auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Running);
  EXPECT_NE(container.started_at, base::SystemTime{});
  EXPECT_EQ(container.ports, ports);
  CO_ASSERT(container.attachments.size() == 1);
  EXPECT_EQ(container.attachments[0].network_id, network);
  EXPECT_TRUE(container.attachments[0].ip_address.starts_with("10.")) << container.attachments[0].ip_address;
  co_await make_container(h, h.sleeping("b"));

  std::vector<std::string> mine{h.label()};
  auto listed = co_await h.engine().list_containers(std::move(mine), h.soon());
  CO_ASSERT_OK(listed);
  EXPECT_EQ(listed->size(), 2u);
  std::vector<std::string> first{h.label(), "what=a"};
  listed = co_await h.engine().list_containers(std::move(first), h.soon());
  CO_ASSERT_OK(listed);
  CO_ASSERT(listed->size() == 1);
  const auto& item = listed->front();
  EXPECT_EQ(item.id, id);
  EXPECT_EQ(item.name, container.name);
  EXPECT_EQ(item.labels, container.labels);
  EXPECT_EQ(item.state, ContainerState::Running);
  EXPECT_EQ(item.attachments, container.attachments);
  EXPECT_EQ(item.ports, ports);
  std::vector<std::string> nobody{h.label(), "there-is-no-such-label"};
  listed = co_await h.engine().list_containers(std::move(nobody), h.soon());
  CO_ASSERT_OK(listed);
  EXPECT_TRUE(listed->empty());
}
TEST_P(EngineSuite, ARunningContainerHasItsAddressAndPortsAndIsListedByLabel) {
  h().run(start_and_list(h()));
}

inline Task<void> already_done(Harness& h) {
  auto& engine = h.engine();
  const auto id = co_await make_container(h, h.sleeping("a"));
  const auto grace = std::chrono::seconds(5);
  auto stopped = co_await engine.stop_container(id, grace, h.soon());
  CO_ASSERT_OK(stopped);
  for (int i = 0; i < 2; ++i) {
    auto started = co_await engine.start_container(id);
    CO_ASSERT_OK(started);
  }
  co_await wait_until_up(h, id);
  for (int i = 0; i < 2; ++i) {
    stopped = co_await engine.stop_container(id, grace, h.soon());
    CO_ASSERT_OK(stopped);
  }
  const auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Exited);
  EXPECT_EQ(container.exit_code, 143);
  EXPECT_TRUE(container.ports.empty());
  auto restarted = co_await engine.start_container(id);
  CO_ASSERT_OK(restarted);
  for (int i = 0; i < 2; ++i) {
    auto removed = co_await engine.remove_container(id, h.soon());
    CO_ASSERT_OK(removed);
  }
  auto gone = co_await engine.inspect_container(id, h.soon());
  expect_reason(gone, Reason::NotFound);
}
TEST_P(EngineSuite, WhatIsDoneAlreadyIsASuccess) { h().run(already_done(h())); }

inline Task<void> unknown_container(Harness& h) {
  auto& engine = h.engine();
  const auto id = h.name("nobody");
  auto inspected = co_await engine.inspect_container(id, h.soon());
  expect_reason(inspected, Reason::NotFound);
  auto started = co_await engine.start_container(id);
  expect_reason(started, Reason::NotFound);
  const auto grace = std::chrono::seconds(1);
  auto stopped = co_await engine.stop_container(id, grace, h.soon());
  expect_reason(stopped, Reason::NotFound);
  auto updated = co_await engine.update_container(id, 500000000, 64 << 20, h.soon());
  expect_reason(updated, Reason::NotFound);
  std::vector<std::string> command{"true"};
  auto executed = co_await engine.exec(id, std::move(command), h.soon());
  expect_reason(executed, Reason::NotFound);
  engine::LogOptions options;
  auto logs = co_await engine.logs(id, options, h.soon());
  expect_reason(logs, Reason::NotFound);
}
TEST_P(EngineSuite, AnUnknownContainerIsNotFound) { h().run(unknown_container(h())); }

inline Task<void> port_taken(Harness& h) {
  auto& engine = h.engine();
  const auto network = co_await make_network(h, "net", 0);
  auto first = h.sleeping("a");
  first.network_id = network;
  first.ports = {{80, "tcp", "127.0.0.1", h.port(0)}};
  const auto holder = co_await run_container(h, std::move(first));
  auto second = h.sleeping("b");
  second.network_id = network;
  second.ports = {{80, "tcp", "0.0.0.0", h.port(0)}};
  const auto id = co_await make_container(h, std::move(second));
  auto started = co_await engine.start_container(id);
  expect_reason(started, Reason::PortConflict);
  auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Created);
  EXPECT_EQ(container.exit_code, 128);
  EXPECT_FALSE(container.error.empty());
  EXPECT_EQ(container.started_at, base::SystemTime{});
  EXPECT_TRUE(container.ports.empty());
  auto removed = co_await engine.remove_container(holder, h.soon());
  CO_ASSERT_OK(removed);
  started = co_await engine.start_container(id);
  CO_ASSERT_OK(started);
  container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Running);
  EXPECT_EQ(container.error, "");
}
TEST_P(EngineSuite, APortOfAnotherContainerIsAConflictUntilThatIsGone) { h().run(port_taken(h())); }

inline Task<void> port_held(Harness& h) {
  auto held = h.hold_port(h.port(1));
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  spec.ports = {{80, "tcp", "127.0.0.1", h.port(1)}};
  const auto id = co_await make_container(h, std::move(spec));
  auto started = co_await h.engine().start_container(id);
  expect_reason(started, Reason::PortConflict);
  held.reset();
  started = co_await h.engine().start_container(id);
  CO_ASSERT_OK(started);
}
TEST_P(EngineSuite, APortOfAProcessOutsideIsAConflictUntilThatIsGone) { h().run(port_held(h())); }

inline Task<void> exits(Harness& h) {
  const auto id = co_await run_container(h, h.exiting("a", 3, std::chrono::milliseconds(100)));
  auto container = co_await wait_for_state(h, id, ContainerState::Exited);
  EXPECT_EQ(container.exit_code, 3);
  EXPECT_FALSE(container.oom_killed);
  EXPECT_GE(container.finished_at, container.started_at);
  std::vector<std::string> command{"true"};
  auto executed = co_await h.engine().exec(id, std::move(command), h.soon());
  expect_reason(executed, Reason::ContainerExited);
  auto restarted = co_await h.engine().start_container(id);
  CO_ASSERT_OK(restarted);
}
TEST_P(EngineSuite, AContainerThatEndsHasItsExitCodeAndCanStartAgain) { h().run(exits(h())); }

inline Task<void> no_command(Harness& h) {
  const auto id = co_await make_container(h, h.without_command("a"));
  auto started = co_await h.engine().start_container(id);
  expect_reason(started, Reason::CommandNotFound);
  const auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Created);
  EXPECT_EQ(container.exit_code, 127);
}
TEST_P(EngineSuite, AMissingCommandIsTold) { h().run(no_command(h())); }

inline Task<void> limits(Harness& h) {
  auto& engine = h.engine();
  auto spec = h.sleeping("a");
  spec.memory_bytes = 64 << 20;
  const auto id = co_await run_container(h, std::move(spec));
  auto updated = co_await engine.update_container(id, 500000000, 128 << 20, h.soon());
  CO_ASSERT_OK(updated);
  auto container = co_await inspect(h, id);
  EXPECT_EQ(container.nano_cpus, 500000000);
  EXPECT_EQ(container.memory_bytes, 128 << 20);
  updated = co_await engine.update_container(id, 0, 0, h.soon());
  CO_ASSERT_OK(updated);
  container = co_await inspect(h, id);
  EXPECT_EQ(container.nano_cpus, 0);
  EXPECT_EQ(container.memory_bytes, 0);
  updated = co_await engine.update_container(id, 0, 1 << 20, h.soon());
  expect_reason(updated, Reason::InvalidSpec);
}
TEST_P(EngineSuite, LimitsChangeInPlaceAndCanBeTakenAway) { h().run(limits(h())); }

inline Task<void> copies(Harness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  std::vector<engine::FileToCopy> files;
  files.push_back({"/etc/some/where/config.yaml", "a: 1\n", 0444, 0, 0});
  auto copied = co_await h.engine().copy_files(id, std::move(files), h.soon());
  CO_ASSERT_OK(copied);
  std::vector<engine::FileToCopy> bad;
  bad.push_back({"relative", "", 0444, 0, 0});
  copied = co_await h.engine().copy_files(id, std::move(bad), h.soon());
  expect_reason(copied, Reason::InvalidSpec);
  std::vector<engine::FileToCopy> lost;
  lost.push_back({"/etc/x", "", 0444, 0, 0});
  copied = co_await h.engine().copy_files(h.name("nobody"), std::move(lost), h.soon());
  expect_reason(copied, Reason::NotFound);
}
TEST_P(EngineSuite, FilesAreCopiedIntoAContainerThatNeverRan) { h().run(copies(h())); }

inline Task<void> executes(Harness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  std::vector<std::string> good{"true"};
  auto done = co_await h.engine().exec(id, std::move(good), h.soon());
  CO_ASSERT_OK(done);
  EXPECT_EQ(done->exit_code, 0);
  auto command = h.failing_command();
  done = co_await h.engine().exec(id, std::move(command), h.soon());
  CO_ASSERT_OK(done);
  EXPECT_EQ(done->exit_code, 7);
  EXPECT_EQ(done->output, "oops\n");
}
TEST_P(EngineSuite, ExecGivesExitCodeAndOutput) { h().run(executes(h())); }

inline Task<std::size_t> count_volumes(Harness& h) {
  std::vector<std::string> any;
  auto volumes = co_await h.engine().list_volumes(std::move(any), h.soon());
  co_return detail::value_of(std::move(volumes)).size();
}

inline Task<void> volumes(Harness& h) {
  const auto before = co_await count_volumes(h);
  const auto id = co_await make_container(h, h.with_volume("a"));
  const auto during = co_await count_volumes(h);
  EXPECT_EQ(during, before + 1);
  auto removed = co_await h.engine().remove_container(id, h.soon());
  CO_ASSERT_OK(removed);
  const auto after = co_await count_volumes(h);
  EXPECT_EQ(after, before);
  auto unknown = co_await h.engine().remove_volume(h.name("nothing"), h.soon());
  CO_ASSERT_OK(unknown);
}
TEST_P(EngineSuite, AnonymousVolumesGoWithTheirContainer) { h().run(volumes(h())); }

inline Task<void> health(Harness& h) {
  const auto id = co_await run_container(h, h.becoming_healthy("a"));
  auto container = co_await inspect(h, id);
  EXPECT_TRUE(container.has_healthcheck);
  EXPECT_EQ(container.health, "starting");
  for (int i = 0; i < 500 && container.health == "starting"; ++i) {
    co_await h.clock().sleep_for(std::chrono::milliseconds(20));
    container = co_await inspect(h, id);
  }
  EXPECT_EQ(container.health, "healthy");
  auto disabled = h.becoming_healthy("b");
  disabled.healthcheck = engine::Healthcheck{{"NONE"}};
  const auto without = co_await run_container(h, std::move(disabled));
  container = co_await inspect(h, without);
  EXPECT_FALSE(container.has_healthcheck);
  EXPECT_EQ(container.health, "");
  auto image = co_await h.engine().inspect_image(container.image, h.soon());
  CO_ASSERT_OK(image);
  EXPECT_TRUE(image->has_healthcheck);
  std::string nothing = "berth-test/there-is-none:9";
  image = co_await h.engine().inspect_image(std::move(nothing), h.soon());
  expect_reason(image, Reason::ImageNotFound);
}
TEST_P(EngineSuite, TheImagesHealthcheckIsFollowedUnlessItIsDisabled) { h().run(health(h())); }

}  // namespace berth::engine_suite
