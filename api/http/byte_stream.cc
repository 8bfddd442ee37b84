#include "api/http/byte_stream.h"

#include <boost/asio/error.hpp>

#include "api/http/connection.h"

namespace berth::http {

namespace {

constexpr auto kStreamWriteStall = std::chrono::seconds(90);  // longer than a server waits for an engine that takes nothing

class ConnectionStream final : public ByteStream {
 public:
  ConnectionStream(std::shared_ptr<Connection> connection, std::string first)
      : connection_(std::move(connection)), first_(std::move(first)) {}

  Task<Result<std::string>> read() override {
    const auto connection = connection_;
    if (!first_.empty() && !connection->closed()) co_return std::exchange(first_, std::string());
    if (connection->buffered().empty()) {
      const auto ec = co_await connection->read();
      if (ec == asio::error::eof) co_return std::string();
      if (ec) co_return read_failure(ec);
    }
    std::string bytes(connection->buffered());
    connection->consume(bytes.size());
    co_return bytes;
  }

  Task<bool> write(std::string bytes) override {
    const auto connection = connection_;
    if (bytes.empty()) co_return !connection->closed();
    connection->expires_after(kStreamWriteStall);
    const auto ec = co_await connection->write(bytes);
    if (ec) {
      connection->close();
      co_return false;
    }
    connection->expires_never();
    co_return true;
  }

  Task<void> shutdown_send() override {
    const auto connection = connection_;
    connection->expires_after(kStreamWriteStall);
    co_await connection->shutdown_send();
    if (!connection->closed()) connection->expires_never();
  }
  void close() override { connection_->close(); }

 private:
  Error read_failure(const boost::system::error_code& ec) const {
    if (connection_->timed_out()) return base::error(Reason::InternalError, "the peer does not read");
    if (ec == asio::error::connection_aborted) return base::error(Reason::Cancelled, "the connection was closed on this side");
    return base::error(Reason::InternalError, "the connection broke: " + ec.message());
  }

  std::shared_ptr<Connection> connection_;
  std::string first_;
};

}  // namespace

std::shared_ptr<ByteStream> make_byte_stream(std::shared_ptr<Connection> connection, std::string first) {
  return std::make_shared<ConnectionStream>(std::move(connection), std::move(first));
}

}  // namespace berth::http
