#include "api/http/session.h"

#include <array>
#include <boost/asio/error.hpp>
#include <ctime>

#include "api/http/gzip.h"
#include "base/log.h"

namespace berth::http {

namespace {

constexpr auto kWriteStall = std::chrono::seconds(30);
constexpr auto kDrainTime = std::chrono::seconds(3);
constexpr std::size_t kDrainBytes = 64 * 1024 * 1024;
constexpr std::size_t kPipelinedLimit = 64 * 1024;

}  // namespace

class Session::Writer final : public ResponseWriter {
 public:
  explicit Writer(Session& session) : session_(session) {}
  bool started() const override { return started_; }

  Task<void> respond(int status, std::string content_type, std::string body, Headers extra) override {
    if (started_) co_return;
    started_ = true;
    const bool has_body = status != 204 && status != 304;
    if (has_body && body.size() >= kGzipFrom && session_.accepts_gzip_ && find_header(extra, "Content-Encoding").empty()) {
      body = co_await gzip(session_.connection_->socket().get_executor(), std::move(body));
      extra.emplace_back("Content-Encoding", "gzip");
      extra.emplace_back("Vary", "Accept-Encoding");
    }
    Headers headers = common_headers(has_body ? content_type : std::string(), std::move(extra));
    if (has_body) headers.emplace_back("Content-Length", std::to_string(body.size()));
    if (!has_body || session_.head_only_) body.clear();
    std::string head = answer_head(status, headers);
    co_await session_.send(std::move(head), std::move(body));
  }

  Task<void> start_stream(int status, std::string content_type, Headers extra) override {
    if (started_) co_return;
    started_ = true;
    session_.streaming_ = true;
    if (session_.http10_) session_.last_ = true;
    Headers headers = common_headers(content_type, std::move(extra));
    if (!session_.http10_) headers.emplace_back("Transfer-Encoding", "chunked");
    std::string head = answer_head(status, headers);
    co_await session_.send(std::move(head), std::string());
    session_.watch_.emplace(session_.connection_->socket().get_executor(), "http client watch");
    session_.watch_->spawn("watch client", watch_client(session_.shared_from_this()));
    if (session_.finishing_) session_.work_->cancel();
  }

  Task<std::shared_ptr<ByteStream>> upgrade(Headers extra) override {
    if (started_) co_return nullptr;
    if (session_.http10_) {
      std::string type = "text/plain; charset=utf-8";
      std::string text = "an upgrade needs HTTP/1.1\n";
      Headers none;
      co_await respond(400, std::move(type), std::move(text), std::move(none));
      co_return nullptr;
    }
    started_ = session_.upgraded_ = session_.last_ = true;
    extra.emplace_back("Connection", "Upgrade");
    std::string head = answer_head(101, extra);
    const bool sent = co_await session_.send(std::move(head), std::string());
    if (!sent) co_return nullptr;
    if (session_.finishing_) session_.work_->cancel();
    co_return make_byte_stream(session_.connection_);
  }

  using ResponseWriter::write;
  void cut_off() override { session_.half_sent_ = session_.half_sent_ || session_.streaming_; }
  Task<bool> write(SharedChunk chunk) override {
    if (session_.head_only_ || session_.connection_->closed()) co_return false;
    if (chunk->size() == 0) co_return true;
    const bool sent = co_await session_.send_view(session_.http10_ ? chunk->bytes() : std::string_view(chunk->framed()), {});
    co_return sent;
  }

 private:
  Headers common_headers(const std::string& content_type, Headers extra) {
    Headers headers;
    headers.reserve(extra.size() + 4);
    if (!content_type.empty()) headers.emplace_back("Content-Type", content_type);
    for (auto& header : extra) headers.push_back(std::move(header));
    headers.emplace_back("Date", session_.date());
    if (session_.last_) {
      headers.emplace_back("Connection", "close");
    } else if (session_.http10_) {
      headers.emplace_back("Connection", "keep-alive");
    }
    return headers;
  }

  Session& session_;
  bool started_ = false;
};

Session::Session(std::shared_ptr<Connection> connection, base::Clock& clock, const Handler& handler,
                 const ServerOptions& options, bool over_unix_socket, std::string peer)
    : connection_(std::move(connection)),
      clock_(clock),
      handler_(handler),
      options_(options),
      over_unix_socket_(over_unix_socket),
      peer_(std::move(peer)) {}

void Session::finish() {
  last_ = finishing_ = true;
  if (idle_) connection_->close();
  if ((streaming_ || upgraded_) && work_) work_->cancel();
}

void Session::abort() {
  last_ = finishing_ = true;
  connection_->close();
  if (work_) work_->cancel();
}

Task<void> Session::run() {
  const auto self = shared_from_this();
  const bool ready = !connection_->encrypted() || co_await start_tls();
  while (ready && !last_ && !connection_->closed()) {
    auto request = co_await read_request();
    if (!request) break;
    co_await handle(std::move(request));
    first_ = false;
  }
  if ((unread_ || (upgraded_ && !finishing_)) && !connection_->closed()) co_await drain();
  connection_->close();
}

// A client that fails here is told why and given the time to read it.
Task<bool> Session::start_tls() {
  server_names_ = connection_->server_names();
  connection_->expires_after(options_.header_timeout);
  const auto ec = co_await connection_->handshake();
  if (!ec) co_return true;
  const auto& why = connection_->tls_failure();
  base::log_debug("http", "no TLS with a client", {{"peer", peer_}, {"error", why.empty() ? ec.message() : why}});
  if (!why.empty() && !connection_->closed()) co_await drain();
  co_return false;
}

Task<bool> Session::read_head(MessageParser& parser) {
  idle_ = connection_->buffered().empty();
  connection_->expires_after(first_ || !idle_ ? options_.header_timeout : options_.idle_timeout);
  while (!parser.head_done()) {
    if (!connection_->buffered().empty()) {
      auto taken = parser.feed(connection_->buffered());
      if (!taken) {
        const bool too_large = taken.error().reason == Reason::RequestEntityTooLarge;
        co_await refuse(too_large ? 431 : 400, taken.error().message);
        co_return false;
      }
      connection_->consume(*taken);
      if (*taken > 0) continue;
    }
    if (co_await connection_->read()) co_return false;
    if (idle_) connection_->expires_after(options_.header_timeout);
    idle_ = false;
  }
  co_return true;
}

Task<bool> Session::continue_expected(MessageParser& parser) {
  if (!same_text(parser.head().header("Expect"), "100-continue") || parser.done()) co_return true;
  const auto ec = co_await connection_->write("HTTP/1.1 100 Continue\r\n\r\n");
  co_return !ec;
}

Task<bool> Session::read_body(MessageParser& parser) {
  const auto limit = options_.body_limit;
  connection_->expires_after(options_.body_timeout);
  bool too_large = parser.content_length().value_or(0) > limit;
  if (!too_large) {
    const bool going_on = co_await continue_expected(parser);
    if (!going_on) co_return false;
  }
  while (!too_large && !parser.done()) {
    if (!connection_->buffered().empty()) {
      auto taken = parser.feed(connection_->buffered());
      if (!taken) {
        co_await refuse(400, taken.error().message);
        co_return false;
      }
      connection_->consume(*taken);
      too_large = parser.body().size() > limit;
      if (*taken > 0) continue;
    }
    if (co_await connection_->read()) co_return false;
  }
  if (too_large) {
    co_await refuse(413, "Request entity too large: limit is " + std::to_string(limit));
    co_return false;
  }
  co_return true;
}

Task<std::shared_ptr<ServerRequest>> Session::read_request() {
  MessageParser parser(MessageParser::Kind::Request, options_.header_limit);
  const bool got_head = co_await read_head(parser);
  if (!got_head) co_return nullptr;

  auto& head = parser.head();
  http10_ = head.http10;
  auto target = parse_target(head.target);
  if (!target) {
    co_await refuse(400, target.error().message);
    co_return nullptr;
  }
  auto request = std::make_shared<ServerRequest>();
  request->method = std::move(head.method);
  request->target = std::move(head.target);
  request->path = std::move(target->path);
  request->query = std::move(target->query);
  request->headers = head.headers;
  request->over_unix_socket = over_unix_socket_;
  request->server_names = server_names_;
  request->peer = peer_;
  unread_ = !parser.done() && options_.wants_body && !options_.wants_body(*request);
  if (unread_) {
    last_ = true;
  } else {
    const bool got_body = co_await read_body(parser);
    if (!got_body) co_return nullptr;
    request->body = std::move(parser.body());
  }
  head_only_ = request->method == "HEAD";
  accepts_gzip_ = !head_only_ && accepts_gzip(request->header("Accept-Encoding"));
  if (!parser.keep_alive()) last_ = true;
  connection_->expires_never();
  co_return request;
}

Task<void> Session::call_handler(std::shared_ptr<Session> self, std::shared_ptr<const ServerRequest> request,
                                 Writer& writer) {
  try {
    auto work = self->handler_(request, writer);
    co_await std::move(work);
  } catch (const std::exception& error) {
    if (base::is_cancellation(std::current_exception())) throw;
    base::log_error("http", "a handler failed",
                    {{"method", request->method}, {"path", request->path}, {"error", error.what()}});
    self->half_sent_ = self->half_sent_ || self->streaming_ || self->upgraded_;
  }
}

Task<void> Session::watch_client(std::shared_ptr<Session> self) {
  auto& connection = *self->connection_;
  while (connection.buffered().size() < kPipelinedLimit) {
    if (co_await connection.read()) break;
  }
  connection.close();
  self->work_->cancel();
}

Task<void> Session::handle(std::shared_ptr<const ServerRequest> request) {
  const auto self = shared_from_this();
  streaming_ = false;
  Writer writer(*this);
  work_.emplace(connection_->socket().get_executor(), "http request");
  work_->spawn("handler", call_handler(self, request, writer));
  co_await work_->join();
  if (watch_) co_await watch_->stop();
  watch_.reset();
  if (half_sent_ || connection_->closed()) {
    connection_->close();
  } else if (!writer.started()) {
    co_await send_error(500, "the server failed to handle the request");
  } else if (streaming_ && !http10_ && !head_only_) {
    co_await send(std::string(kLastChunk), std::string());
  }
  streaming_ = false;
}

Task<bool> Session::send(std::string head, std::string body) {
  const bool sent = co_await send_view(head, body);
  co_return sent;
}

Task<bool> Session::send_view(std::string_view head, std::string_view body) {
  if (half_sent_ || connection_->closed()) co_return false;
  half_sent_ = true;
  connection_->expires_after(kWriteStall);
  const auto ec = co_await connection_->write(head, body);
  if (ec) {
    connection_->close();
    co_return false;
  }
  connection_->expires_never();
  half_sent_ = false;
  co_return true;
}

Task<void> Session::send_error(int status, std::string message) {
  last_ = true;
  Headers headers;
  headers.emplace_back("Content-Type", options_.error_body ? "application/json" : "text/plain; charset=utf-8");
  std::string body = options_.error_body ? options_.error_body(status, message) : message + "\n";
  headers.emplace_back("Content-Length", std::to_string(body.size()));
  headers.emplace_back("Date", date());
  headers.emplace_back("Connection", "close");
  if (head_only_) body.clear();
  std::string head = answer_head(status, headers);
  co_await send(std::move(head), std::move(body));
}

// Answers a request that was not read to its end. What the client still sends is thrown away for a while (drain): closing at
// once would reset the connection and take the answer with it.
Task<void> Session::refuse(int status, std::string message) {
  head_only_ = false;
  co_await send_error(status, std::move(message));
  co_await drain();
}

Task<void> Session::drain() {
  connection_->expires_after(kDrainTime);
  co_await connection_->shutdown_send();
  for (std::size_t drained = 0; drained < kDrainBytes;) {
    const auto bytes = connection_->buffered().size();
    connection_->consume(bytes);
    drained += bytes;
    if (co_await connection_->read()) break;
  }
}

std::string Session::date() const {
  static thread_local std::time_t second = -1;
  static thread_local std::string text_of_second;
  const auto now = std::chrono::system_clock::to_time_t(clock_.system_now());
  if (now == second) return text_of_second;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  second = now;
  text_of_second.assign(text.data(), length);
  return text_of_second;
}

}  // namespace berth::http
