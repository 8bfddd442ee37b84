#include "api/server/backup_handler.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace berth::api {

namespace {

constexpr std::size_t kBackupChunk = 64 * 1024;

// The next piece; "" when there is none. The file was written a moment ago: it comes out of memory, not from the disk.
std::string read_piece(const storage::StoreCopy& copy, std::uint64_t at) {
  std::string piece(std::min<std::uint64_t>(kBackupChunk, copy.bytes - at), '\0');
  ssize_t got = -1;
  do {
    got = ::pread(copy.file.get(), piece.data(), piece.size(), static_cast<off_t>(at));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) base::log_error("api", "a backup cannot be read", {{"error", got < 0 ? std::strerror(errno) : "it is cut short"}});
  piece.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return piece;
}

}  // namespace

Task<void> serve_backup(storage::Store& store, Reply& reply) {
  auto copied = co_await store.copy();
  if (copied.has_error()) {
    ErrorSubject none;
    co_await reply.send_error(copied.error(), std::move(none));
    co_return;
  }
  const auto& copy = copied.value();
  base::log_info("api", "a backup is taken", {{"revision", copy.revision}, {"objects", copy.objects}, {"bytes", copy.bytes}});
  std::string content_type = "application/vnd.sqlite3";
  http::Headers headers = {{kBackupRevision, std::to_string(copy.revision)}, {kBackupObjects, std::to_string(copy.objects)}};
  co_await reply.start_stream(200, std::move(content_type), std::move(headers));
  for (std::uint64_t at = 0; at < copy.bytes;) {
    auto piece = read_piece(copy, at);
    if (piece.empty()) {
      reply.cut_off();
      co_return;
    }
    at += piece.size();
    const bool there = co_await reply.write(std::move(piece));
    if (!there) co_return;
  }
}

}  // namespace berth::api
