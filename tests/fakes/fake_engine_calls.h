#pragma once

#include <stdexcept>

#include "tests/fakes/fake_engine_state.h"

namespace berth::fakes {

template <class Effect>
auto FakeEngine::call(std::string operation, std::string target, base::Deadline deadline, Effect effect)
    -> Task<std::invoke_result_t<Effect&>> {
  using Answer = std::invoke_result_t<Effect&>;
  const auto number = begin_call(operation, target);
  const auto fault = take_fault(operation, target);
  const bool does_it = !down_ && (!fault || fault->takes_effect);
  const auto begun = clock_.steady_now();
  bool in_time = true;
  try {
    in_time = co_await pass_time(operation, deadline);
  } catch (...) {
    if (does_it) tasks_.spawn("late", finish_later(operation, begun, std::move(effect)));
    end_call(operation, number, Reason::Cancelled);
    throw;
  }
  std::optional<Answer> answer;
  if (does_it && !down_) answer.emplace(effect());
  try {
    if (fault && !fault->error && !fault->throws) co_await wait_for_deadline(deadline);
  } catch (...) {
    end_call(operation, number, Reason::Cancelled);
    throw;
  }
  if (fault && fault->throws) {
    end_call(operation, number, Reason::InternalError);
    throw std::runtime_error("fake engine: out of order");
  }
  if (!answer && !fault) answer.emplace(engine_down());
  if (fault) answer.emplace(fault->error ? *fault->error : engine_late());
  if (!in_time) answer.emplace(engine_late());
  end_call(operation, number, *answer ? std::nullopt : std::optional(answer->error().reason));
  co_return std::move(*answer);
}

}  // namespace berth::fakes
