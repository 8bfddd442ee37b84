#pragma once

#include <stdexcept>

#include "tests/engine_suite/harness.h"

namespace berth::engine_suite {

namespace detail {

template <class T>
T value_of(Result<T> result) {
  if (!result)
    throw std::runtime_error(std::string(base::to_string(result.error().reason)) + ": " +
                             result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace detail

inline engine::NetworkSpec network_spec(Harness& h, const std::string& suffix, int subnet) {
  engine::NetworkSpec spec;
  spec.name = h.name(suffix);
  spec.labels = {{"berth-suite", h.name("x")}, {"what", suffix}};
  spec.subnet = h.subnet(subnet);
  spec.gateway = spec.subnet.substr(0, spec.subnet.rfind('.') + 1) + std::to_string(subnet * 16 + 1);
  return spec;
}

inline Task<std::string> make_network(Harness& h, std::string suffix, int subnet) {
  auto spec = network_spec(h, suffix, subnet);
  auto id = co_await h.engine().create_network(std::move(spec), h.soon());
  co_return detail::value_of(std::move(id));
}

inline Task<std::string> make_container(Harness& h, engine::ContainerSpec spec) {
  auto id = co_await h.engine().create_container(std::move(spec), h.soon());
  co_return detail::value_of(std::move(id));
}

inline Task<std::string> run_container(Harness& h, engine::ContainerSpec spec) {
  auto id = co_await make_container(h, std::move(spec));
  auto started = co_await h.engine().start_container(id);
  detail::value_of(std::move(started));
  co_return id;
}

inline Task<engine::Container> inspect(Harness& h, std::string id) {
  auto container = co_await h.engine().inspect_container(std::move(id), h.soon());
  co_return detail::value_of(std::move(container));
}

inline Task<engine::Container> wait_for_state(Harness& h, std::string id, engine::ContainerState state) {
  const auto end = h.clock().steady_now() + std::chrono::seconds(20);
  while (true) {
    auto container = co_await inspect(h, id);
    if (container.state == state) co_return container;
    if (h.clock().steady_now() > end)
      throw std::runtime_error("the container never came to the state that was waited for");
    co_await h.clock().sleep_for(std::chrono::milliseconds(20));
  }
}

// A shell that was started this moment has no handler of SIGTERM yet, and ignores it.
inline Task<void> wait_until_up(Harness& h, std::string id) {
  engine::LogOptions options;
  options.follow = true;
  auto opened = co_await h.engine().logs(std::move(id), options, h.soon());
  auto logs = detail::value_of(std::move(opened));
  auto line = co_await logs->next();
  const auto chunk = detail::value_of(std::move(line));
  if (!chunk || chunk->bytes != "up\n") throw std::runtime_error("sleeping() did not say that it is up");
}

}  // namespace berth::engine_suite
