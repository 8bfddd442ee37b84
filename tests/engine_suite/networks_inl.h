#pragma once

#include "tests/engine_suite/harness_inl.h"

namespace berth::engine_suite {

using engine::ContainerState;

inline Task<void> network_round_trip(Harness& h) {
  auto& engine = h.engine();
  auto spec = network_spec(h, "net", 0);
  spec.internal = true;
  const auto expected = spec;
  auto id = co_await engine.create_network(std::move(spec), h.soon());
  CO_ASSERT_OK(id);
  auto network = co_await engine.inspect_network(*id, h.soon());
  CO_ASSERT_OK(network);
  EXPECT_EQ(network->id, *id);
  EXPECT_EQ(network->name, expected.name);
  EXPECT_EQ(network->driver, "bridge");
  EXPECT_EQ(network->labels, expected.labels);
  EXPECT_EQ(network->subnets, std::vector<std::string>{expected.subnet});
  EXPECT_TRUE(network->internal);
  EXPECT_TRUE(network->endpoints.empty());
  std::vector<std::string> mine{h.label()};
  auto listed = co_await engine.list_networks(std::move(mine), h.soon());
  CO_ASSERT_OK(listed);
  CO_ASSERT(listed->size() == 1);
  EXPECT_EQ(listed->front().id, *id);
  EXPECT_EQ(listed->front().labels, expected.labels);
  EXPECT_EQ(listed->front().subnets, network->subnets);
  for (int i = 0; i < 2; ++i) {
    auto removed = co_await engine.remove_network(*id, h.soon());
    CO_ASSERT_OK(removed);
  }
  network = co_await engine.inspect_network(*id, h.soon());
  expect_reason(network, Reason::NotFound);
}
TEST_P(EngineSuite, ANetworkIsAsItsSpecSays) { h().run(network_round_trip(h())); }

inline Task<void> refused_networks(Harness& h) {
  auto& engine = h.engine();
  co_await make_network(h, "net", 0);
  auto overlapping = network_spec(h, "other", 0);
  auto conflict = co_await engine.create_network(std::move(overlapping), h.soon());
  expect_reason(conflict, Reason::SubnetConflict);
  auto same_name = network_spec(h, "net", 1);
  auto name_conflict = co_await engine.create_network(std::move(same_name), h.soon());
  expect_reason(name_conflict, Reason::NameConflict);
  auto no_subnet = network_spec(h, "third", 2);
  no_subnet.subnet = "10.300.0.0/16";
  auto invalid = co_await engine.create_network(std::move(no_subnet), h.soon());
  expect_reason(invalid, Reason::InvalidSpec);
}
TEST_P(EngineSuite, ANetworkIsRefusedWithItsReason) { h().run(refused_networks(h())); }

inline Task<void> network_in_use(Harness& h) {
  auto& engine = h.engine();
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  const auto name = spec.name;
  const auto id = co_await run_container(h, std::move(spec));
  auto inspected = co_await engine.inspect_network(network, h.soon());
  CO_ASSERT_OK(inspected);
  CO_ASSERT(inspected->endpoints.size() == 1);
  EXPECT_EQ(inspected->endpoints[0].container_id, id);
  EXPECT_EQ(inspected->endpoints[0].name, name);
  auto removed = co_await engine.remove_network(network, h.soon());
  expect_reason(removed, Reason::NetworkInUse);
  co_await wait_until_up(h, id);
  auto stopped = co_await engine.stop_container(id, std::chrono::seconds(5), h.soon());
  CO_ASSERT_OK(stopped);
  removed = co_await engine.remove_network(network, h.soon());
  CO_ASSERT_OK(removed);
}
TEST_P(EngineSuite, ANetworkCannotGoWhileAContainerRunsOnIt) { h().run(network_in_use(h())); }

// A container keeps the id of the network that it was started in.
inline Task<void> lost_network(Harness& h) {
  auto& engine = h.engine();
  const auto first = co_await make_network(h, "net", 0);
  auto spec = h.sleeping("a");
  spec.network_id = first;
  spec.network_name = h.name("net");
  const auto id = co_await run_container(h, std::move(spec));
  auto never_ran = h.sleeping("b");
  never_ran.network_id = first;
  never_ran.network_name = h.name("net");
  const auto waiting = co_await make_container(h, std::move(never_ran));
  co_await wait_until_up(h, id);
  auto stopped = co_await engine.stop_container(id, std::chrono::seconds(5), h.soon());
  CO_ASSERT_OK(stopped);
  auto removed = co_await engine.remove_network(first, h.soon());
  CO_ASSERT_OK(removed);

  auto started = co_await engine.start_container(id);
  expect_reason(started, Reason::NetworkMissing);
  started = co_await engine.start_container(waiting);
  expect_reason(started, Reason::NetworkMissing);
  auto container = co_await inspect(h, id);
  EXPECT_EQ(container.state, ContainerState::Exited);
  EXPECT_EQ(container.exit_code, 143);

  const auto second = co_await make_network(h, "net", 0);
  started = co_await engine.start_container(id);
  expect_reason(started, Reason::NetworkMissing);
  auto detached = co_await engine.disconnect_network(h.name("net"), id, true, h.soon());
  CO_ASSERT_OK(detached);
  std::vector<std::string> aliases{"redis"};
  auto attached = co_await engine.connect_network(second, id, std::move(aliases), h.soon());
  CO_ASSERT_OK(attached);
  container = co_await inspect(h, id);
  CO_ASSERT(container.attachments.size() == 1);
  EXPECT_EQ(container.attachments[0].network_name, h.name("net"));
  EXPECT_EQ(container.attachments[0].network_id, "");  // until it starts
  started = co_await engine.start_container(id);
  CO_ASSERT_OK(started);
  container = co_await inspect(h, id);
  CO_ASSERT(container.attachments.size() == 1);
  EXPECT_EQ(container.attachments[0].network_id, second);
  // What never ran finds the new network by its name.
  started = co_await engine.start_container(waiting);
  CO_ASSERT_OK(started);
}
TEST_P(EngineSuite, AContainerWhoseNetworkIsGoneStartsAfterDisconnectAndConnect) {
  h().run(lost_network(h()));
}

inline Task<void> connects(Harness& h) {
  auto& engine = h.engine();
  const auto network = co_await make_network(h, "net", 0);
  const auto other = co_await make_network(h, "other", 1);
  auto spec = h.sleeping("a");
  spec.network_id = network;
  const auto id = co_await run_container(h, std::move(spec));
  for (int i = 0; i < 2; ++i) {
    std::vector<std::string> aliases{"db"};
    auto connected = co_await engine.connect_network(other, id, std::move(aliases), h.soon());
    CO_ASSERT_OK(connected);
  }
  auto container = co_await inspect(h, id);
  EXPECT_EQ(container.attachments.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    auto disconnected = co_await engine.disconnect_network(other, id, true, h.soon());
    CO_ASSERT_OK(disconnected);
  }
  container = co_await inspect(h, id);
  EXPECT_EQ(container.attachments.size(), 1u);
  std::vector<std::string> none;
  auto lost = co_await engine.connect_network(h.name("nothing"), id, std::move(none), h.soon());
  expect_reason(lost, Reason::NetworkMissing);
  std::vector<std::string> nobody;
  lost = co_await engine.connect_network(other, h.name("nobody"), std::move(nobody), h.soon());
  expect_reason(lost, Reason::NotFound);
}
TEST_P(EngineSuite, ARunningContainerJoinsAndLeavesNetworks) { h().run(connects(h())); }

inline Task<void> exhausted(Harness& h) {
  auto spec = network_spec(h, "net", 0);
  spec.subnet = spec.subnet.substr(0, spec.subnet.find('/')) + "/30";
  auto network = co_await h.engine().create_network(std::move(spec), h.soon());
  CO_ASSERT_OK(network);
  auto first = h.sleeping("a");
  first.network_id = *network;
  co_await run_container(h, std::move(first));
  auto second = h.sleeping("b");
  second.network_id = *network;
  const auto id = co_await make_container(h, std::move(second));
  auto started = co_await h.engine().start_container(id);
  expect_reason(started, Reason::SubnetExhausted);
}
TEST_P(EngineSuite, AFullSubnetIsExhausted) { h().run(exhausted(h())); }

}  // namespace berth::engine_suite
