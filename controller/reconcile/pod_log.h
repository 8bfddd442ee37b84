#pragma once

#include "api/server/api_server.h"
#include "base/clock.h"
#include "controller/engine/engine.h"
#include "controller/plan/pod_log.h"

namespace berth::reconcile {

// Writes that part of a container's log to `writer`, with its head. Errors, when nothing was answered: those of Engine::logs().
Task<Result<void>> write_pod_log(engine::Engine& engine, base::Clock& clock, std::string container_id, plan::LogSpan span,
                                 api::PodLogOptions options, http::ResponseWriter& writer);

// A log that ends because the engine or berthd does is no log to its end: unless whole() was said, its reader sees it break off.
class WholeOrCutOff {
 public:
  explicit WholeOrCutOff(http::ResponseWriter& writer) : writer_(writer) {}
  WholeOrCutOff(const WholeOrCutOff&) = delete;
  WholeOrCutOff& operator=(const WholeOrCutOff&) = delete;
  ~WholeOrCutOff() {
    if (!whole_) writer_.cut_off();
  }
  void whole() { whole_ = true; }

 private:
  http::ResponseWriter& writer_;
  bool whole_ = false;
};

// Keeps the last lines of a text that comes in pieces. What is longer than kMostTail bytes loses its beginning.
class LogTail {
 public:
  static constexpr std::size_t kMostTail = 8 * 1024 * 1024;
  explicit LogTail(std::int64_t lines) : lines_(lines) {}
  void add(std::string_view bytes);
  std::string take();

 private:
  std::int64_t lines_;
  std::string text_;
};

}  // namespace berth::reconcile
