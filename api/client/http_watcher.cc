#include "api/client/http_watcher.h"

#include <charconv>
#include <deque>

#include "api/http/codec.h"
#include "api/server/status_error.h"

namespace berth::api {

namespace {

class HttpWatcher final : public Watcher {
 public:
  HttpWatcher(std::unique_ptr<http::ClientStream> stream, std::string group_resource)
      : stream_(std::move(stream)), group_resource_(std::move(group_resource)) {}

  Task<Result<storage::WatchEvent>> next() override {
    while (lines_.empty()) {
      auto bytes = co_await stream_->read(base::Deadline::never());
      if (!bytes) co_return bytes.error();
      if (bytes->empty()) co_return base::error(Reason::ServiceUnavailable, "the server ended the watch");
      std::vector<std::string> lines;
      if (auto split = decoder_.feed(*bytes, lines); !split) co_return split.error();
      for (auto& line : lines) lines_.push_back(std::move(line));
    }
    co_return take();
  }

  std::optional<Result<storage::WatchEvent>> poll() override {
    if (lines_.empty()) return std::nullopt;
    return take();
  }

 private:
  Result<storage::WatchEvent> take() {
    const auto line = std::move(lines_.front());
    lines_.pop_front();
    return parse_watch_line(line, group_resource_);
  }

  std::unique_ptr<http::ClientStream> stream_;
  const std::string group_resource_;
  http::LineDecoder decoder_;
  std::deque<std::string> lines_;
};

std::optional<storage::EventType> event_type(const json& event) {
  const auto type = event.find("type");
  if (type == event.end()) return std::nullopt;
  if (*type == "ADDED") return storage::EventType::Added;
  if (*type == "MODIFIED") return storage::EventType::Modified;
  if (*type == "DELETED") return storage::EventType::Deleted;
  if (*type == "BOOKMARK") return storage::EventType::Bookmark;
  return std::nullopt;
}

Error no_event(std::string_view line) {
  return base::error(Reason::InternalError, "the server sent no watch event: " + std::string(line.substr(0, 200)));
}

Error error_of(const json& status) {
  const auto code = status.find("code");
  const int number = code != status.end() && code->is_number_integer() ? code->get<int>() : 500;
  return from_status(number, crd::dump(status));
}

}  // namespace

std::optional<storage::Revision> read_revision(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return std::nullopt;
  const auto found = metadata->find("resourceVersion");
  if (found == metadata->end() || !found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  storage::Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return revision;
}

Result<storage::WatchEvent> parse_watch_line(const std::string& line, const std::string& group_resource) {
  auto event = json::parse(line, nullptr, false);
  if (!event.is_object() || !event.contains("object") || !event["object"].is_object()) return no_event(line);
  auto& body = event["object"];
  if (event.value("type", json()) == "ERROR") return error_of(body);
  const auto type = event_type(event);
  const auto revision = read_revision(body);
  if (!type || !revision) return no_event(line);

  storage::WatchEvent change;
  change.type = *type;
  change.revision = *revision;
  change.key.resource = group_resource;
  if (change.type == storage::EventType::Bookmark) return change;
  auto object = Object::make(std::move(body));
  if (!object) return object.error();
  change.key.ns = (*object)->ns();
  change.key.name = (*object)->name();
  change.object = std::move(*object);
  return change;
}

std::unique_ptr<Watcher> make_http_watcher(std::unique_ptr<http::ClientStream> stream, std::string group_resource) {
  return std::make_unique<HttpWatcher>(std::move(stream), std::move(group_resource));
}

}  // namespace berth::api
