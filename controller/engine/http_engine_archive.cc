#include "api/http/uri.h"
#include "api/http/websocket.h"
#include "controller/engine/codec.h"
#include "controller/engine/http_engine_impl.h"

// What a person looks at in a container: its files, what it uses, what the engine says of it.
namespace berth::engine {

namespace {

constexpr base::Duration kPieceTime = std::chrono::minutes(1);  // for the engine to hand out or to take in a piece

class HttpArchive final : public ArchiveStream {
 public:
  HttpArchive(std::unique_ptr<http::ClientStream> stream, base::Clock& clock) : stream_(std::move(stream)), clock_(clock) {}
  Task<Result<std::string>> next() override {
    const auto deadline = base::Deadline::after(clock_.steady_now(), kPieceTime);
    auto bytes = co_await stream_->read(deadline);
    if (!bytes) co_return base::error(Reason::EngineUnavailable, "container_archive: " + bytes.error().message);
    co_return bytes;
  }

 private:
  std::unique_ptr<http::ClientStream> stream_;
  base::Clock& clock_;
};

std::string archive_target(const std::string& id, const std::string& path) {
  return container_target(id, "/archive?path=" + http::percent_encode(path));
}

}  // namespace

Task<Result<PathStat>> HttpEngine::stat_path(std::string id, std::string path, base::Deadline deadline) {
  auto request = plain("HEAD", archive_target(id, path));
  auto answer = co_await wire_.send(Operation::ContainerArchive, std::move(request), deadline);
  if (!answer) {
    // The answer to HEAD has no text.
    if (answer.error().reason == Reason::NotFound) co_return base::error(Reason::NotFound, "there is no " + path + " in the container");
    co_return answer.error();
  }
  const auto text = http::decode_base64_text(answer->header("X-Docker-Container-Path-Stat"));
  const auto body = json::parse(text.value_or(""), nullptr, false);
  if (!body.is_object()) co_return base::error(Reason::EngineError, "container_archive: the answer does not say what " + path + " is");
  co_return path_stat_from_json(body);
}

Task<Result<std::unique_ptr<ArchiveStream>>> HttpEngine::read_archive(std::string id, std::string path, base::Deadline deadline) {
  auto request = plain("GET", archive_target(id, path));
  auto stream = co_await wire_.open(Operation::ContainerArchive, std::move(request), deadline);
  if (!stream) co_return stream.error();
  std::unique_ptr<ArchiveStream> archive = std::make_unique<HttpArchive>(std::move(*stream), wire_.clock());
  co_return archive;
}

Task<Result<void>> HttpEngine::write_archive(std::string id, std::string path, ArchiveSource source) {
  auto request = plain("PUT", archive_target(id, path) + "&noOverwriteDirNonDir=1");
  request.content_type = "application/x-tar";
  const auto patience = kPieceTime;
  auto answer = co_await wire_.upload(Operation::ContainerArchive, std::move(request), std::move(source), patience);
  co_return without_value(answer);
}

Task<Result<ContainerStats>> HttpEngine::stats(std::string id, base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::ContainerStats, container_target(id, "/stats?stream=0&one-shot=1"), deadline);
  if (!body) co_return body.error();
  co_return stats_from_json(*body);
}

Task<Result<std::string>> HttpEngine::describe_container(std::string id, base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::ContainerInspect, container_target(id, "/json"), deadline);
  if (!body) co_return body.error();
  co_return to_text(*body);
}

Task<Result<std::string>> HttpEngine::describe_network(std::string id, base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::NetworkInspect, network_target(id, ""), deadline);
  if (!body) co_return body.error();
  co_return to_text(*body);
}

}  // namespace berth::engine
