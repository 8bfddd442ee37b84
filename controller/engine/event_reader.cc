#include "controller/engine/event_reader.h"

#include "api/http/codec.h"
#include "controller/engine/codec.h"

namespace berth::engine {

namespace {

class ReaderEvents final : public EventStream {
 public:
  explicit ReaderEvents(std::shared_ptr<EventReader> reader) : reader_(std::move(reader)) {}
  ~ReaderEvents() override { reader_->cancel(); }
  Task<Result<Event>> next() override { return reader_->next(); }

 private:
  std::shared_ptr<EventReader> reader_;
};

}  // namespace

EventReader::EventReader(Executor executor) : changed_(executor), tasks_(executor, "engine_events") {}

void EventReader::start(std::unique_ptr<http::ClientStream> stream) {
  tasks_.spawn("read", read(std::move(stream)));
}

Task<void> EventReader::stop() {
  const auto self = shared_from_this();
  co_await tasks_.stop();
}

Task<void> EventReader::read(std::unique_ptr<http::ClientStream> stream) {
  std::string why = "cancelled";
  std::exception_ptr cancelled;
  try {
    why = co_await read_to_end(*stream);
  } catch (...) {
    cancelled = std::current_exception();
  }
  open_ = false;
  end_ = why;
  changed_.notify_all();
  if (cancelled) std::rethrow_exception(cancelled);
}

Task<std::string> EventReader::read_to_end(http::ClientStream& stream) {
  http::LineDecoder decoder;
  while (true) {
    auto bytes = co_await stream.read(base::Deadline::never());
    if (!bytes) co_return bytes.error().message;
    if (bytes->empty()) co_return "the engine ended the stream";
    std::vector<std::string> lines;
    if (auto split = decoder.feed(*bytes, lines); !split) co_return split.error().message;
    for (const auto& line : lines) {
      const auto body = json::parse(line, nullptr, false);
      if (body.is_object()) events_.push_back(event_from_json(body));
    }
    if (events_.size() > kMost) co_return "too far behind";
    if (!lines.empty()) changed_.notify_all();
  }
}

Task<Result<Event>> EventReader::next() {
  const auto self = shared_from_this();
  while (events_.empty() && open_) co_await changed_.wait();
  if (events_.empty()) co_return base::error(Reason::EngineUnavailable, "events: " + end_);
  auto event = std::move(events_.front());
  events_.pop_front();
  co_return event;
}

std::unique_ptr<EventStream> make_event_stream(std::shared_ptr<EventReader> reader) {
  return std::make_unique<ReaderEvents>(std::move(reader));
}

}  // namespace berth::engine
