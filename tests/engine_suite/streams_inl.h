#pragma once

#include <map>
#include <set>

#include "tests/engine_suite/harness_inl.h"

namespace berth::engine_suite {

using engine::Event;

// Reads until `last` of `actor` came. The order of different types differs between engines.
inline Task<std::vector<Event>> events_until(engine::EventStream& stream, std::string last,
                                             std::string actor) {
  std::vector<Event> events;
  while (events.empty() || events.back().action != last || events.back().actor_id != actor) {
    auto event = co_await stream.next();
    events.push_back(detail::value_of(std::move(event)));
  }
  co_return events;
}

inline std::vector<std::string> actions_of(const std::vector<Event>& events, const std::string& actor) {
  std::vector<std::string> actions;
  for (const auto& event : events) {
    if (event.actor_id == actor) actions.push_back(event.action);
  }
  return actions;
}

inline Task<void> event_history(Harness& h) {
  auto& engine = h.engine();
  auto subscribed = co_await engine.events(0);
  CO_ASSERT_OK(subscribed);
  auto& stream = **subscribed;
  const auto network = co_await make_network(h, "net", 0);
  auto spec = h.exiting("a", 3, std::chrono::milliseconds(50));
  spec.network_id = network;
  const auto labels = spec.labels;
  const auto name = spec.name;
  const auto id = co_await run_container(h, std::move(spec));
  co_await wait_for_state(h, id, engine::ContainerState::Exited);
  auto removed = co_await engine.remove_container(id, h.soon());
  CO_ASSERT_OK(removed);
  removed = co_await engine.remove_network(network, h.soon());
  CO_ASSERT_OK(removed);

  const auto events = co_await events_until(stream, "destroy", network);
  EXPECT_EQ(actions_of(events, id), (std::vector<std::string>{"create", "start", "die", "destroy"}));
  EXPECT_EQ(actions_of(events, network),
            (std::vector<std::string>{"create", "connect", "disconnect", "destroy"}));
  std::int64_t before = 0;
  for (const auto& event : events) {
    EXPECT_GT(event.time_nano, 0);
    EXPECT_GE(event.time_nano + 1000000000, before);
    before = event.time_nano;
    if (event.type == "container") {
      EXPECT_EQ(event.attributes.at("name"), name);
      for (const auto& [key, value] : labels) EXPECT_EQ(event.attributes.at(key), value);
      if (event.action == "die") {
        EXPECT_EQ(event.attributes.at("exitCode"), "3");
      }
    }
    if (event.type == "network") {
      EXPECT_EQ(event.attributes.at("name"), h.name("net"));
    }
  }
}
TEST_P(EngineSuite, TheLifeOfAContainerIsInTheEvents) { h().run(event_history(h())); }

inline Task<void> replay(Harness& h) {
  auto& engine = h.engine();
  auto subscribed = co_await engine.events(0);
  CO_ASSERT_OK(subscribed);
  const auto id = co_await make_container(h, h.sleeping("a"));
  auto first = co_await events_until(**subscribed, "create", id);
  const auto since = first.back().time_nano;
  subscribed->reset();
  auto started = co_await engine.start_container(id);
  CO_ASSERT_OK(started);
  auto again = co_await engine.events(since);
  CO_ASSERT_OK(again);
  const auto events = co_await events_until(**again, "start", id);
  EXPECT_EQ(actions_of(events, id), (std::vector<std::string>{"create", "start"}));
}
TEST_P(EngineSuite, EventsSinceATimeComeAgainFromThatTimeOn) { h().run(replay(h())); }

inline Task<void> ended_stream(Harness& h) {
  auto subscribed = co_await h.engine().events(0);
  CO_ASSERT_OK(subscribed);
  co_await h.engine().stop();
  auto event = co_await (*subscribed)->next();
  expect_reason(event, Reason::EngineUnavailable);
}
TEST_P(EngineSuite, StopEndsTheEventStreams) { h().run(ended_stream(h())); }

inline Task<std::string> read_logs(Harness& h, std::string id, engine::LogOptions options) {
  auto stream = co_await h.engine().logs(std::move(id), options, h.soon());
  auto logs = detail::value_of(std::move(stream));
  std::string text;
  while (true) {
    auto next = co_await logs->next();
    auto chunk = detail::value_of(std::move(next));
    if (!chunk) co_return text;
    text += chunk->bytes;
  }
}

inline Task<void> logs(Harness& h) {
  const auto id = co_await run_container(h, h.printing("a", "one\ntwo\nthree\n"));
  engine::LogOptions options;
  options.follow = true;
  const auto followed = co_await read_logs(h, id, options);
  EXPECT_EQ(followed, "one\ntwo\nthree\n");
  co_await wait_for_state(h, id, engine::ContainerState::Exited);
  options.follow = false;
  const auto all = co_await read_logs(h, id, options);
  EXPECT_EQ(all, "one\ntwo\nthree\n");
  options.tail = 2;
  const auto tail = co_await read_logs(h, id, options);
  EXPECT_EQ(tail, "two\nthree\n");
  options.tail = 0;
  const auto none = co_await read_logs(h, id, options);
  EXPECT_EQ(none, "");
}
TEST_P(EngineSuite, LogsAreReadAndFollowedToTheEnd) { h().run(logs(h())); }

inline Task<void> exec_session(Harness& h) {
  const auto id = co_await run_container(h, h.sleeping("a"));
  engine::ExecOptions options;
  options.command = {"sh", "-c", "echo oops; exit 7"};
  auto opened = co_await h.engine().open_exec(id, options, h.soon());
  CO_ASSERT_OK(opened);
  std::string output;
  while (true) {
    auto next = co_await opened->stream->next();
    CO_ASSERT_OK(next);
    if (!*next) break;
    output += (*next)->bytes;
  }
  EXPECT_EQ(output, "oops\n");
  auto code = co_await h.engine().exec_exit_code(opened->id, h.soon());
  CO_ASSERT_OK(code);
  EXPECT_EQ(*code, 7);
}
TEST_P(EngineSuite, AnExecHasItsOutputAndItsExitCode) { h().run(exec_session(h())); }

inline Task<void> exec_of_stopped(Harness& h) {
  const auto id = co_await make_container(h, h.sleeping("a"));
  engine::ExecOptions options;
  options.command = {"true"};
  auto opened = co_await h.engine().open_exec(id, options, h.soon());
  expect_reason(opened, Reason::ContainerExited);
  auto attached = co_await h.engine().attach_container(id, {}, h.soon());
  expect_reason(attached, Reason::ContainerExited);
  auto missing = co_await h.engine().open_exec("nope", options, h.soon());
  expect_reason(missing, Reason::NotFound);
}
TEST_P(EngineSuite, NothingIsExecutedInAContainerThatDoesNotRun) { h().run(exec_of_stopped(h())); }

}  // namespace berth::engine_suite
