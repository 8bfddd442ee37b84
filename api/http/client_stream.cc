#include "api/http/client_stream.h"

#include <boost/asio/error.hpp>

#include "api/http/dial.h"

namespace berth::http {

namespace {

class ExchangeStream final : public ClientStream {
 public:
  explicit ExchangeStream(std::unique_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)), head_(exchange_->parser().head()) {}

  int status() const override { return head_.status; }
  const Headers& headers() const override { return head_.headers; }

  Task<Result<std::string>> read(base::Deadline deadline) override {
    auto& parser = exchange_->parser();
    if (parser.body().empty() && !parser.done()) exchange_->set_deadline(deadline);
    while (parser.body().empty() && !parser.done()) {
      auto more = co_await exchange_->receive();
      if (!more) co_return more.error();
    }
    exchange_->set_deadline(base::Deadline::never());
    std::string bytes = std::move(parser.body());
    parser.body().clear();
    co_return bytes;
  }

  Task<Result<std::string>> read_all(base::Deadline deadline, std::size_t limit) override {
    std::string all;
    while (all.size() < limit) {
      auto piece = co_await read(deadline);
      if (!piece) co_return piece.error();
      if (piece->empty()) break;
      all += *piece;
    }
    if (all.size() > limit) all.resize(limit);
    co_return all;
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  MessageHead head_;
};

}  // namespace

std::unique_ptr<ClientStream> make_client_stream(std::unique_ptr<Exchange> exchange) {
  return std::make_unique<ExchangeStream>(std::move(exchange));
}

std::string request_name(const ClientRequest& request) {
  return request.method + " " + request.target.substr(0, request.target.find('?'));
}

Exchange::Exchange(std::shared_ptr<Connection> connection, base::Clock& clock, const Endpoint& endpoint,
                   const ClientRequest& request)
    : connection_(std::move(connection)),
      clock_(clock),
      endpoint_(endpoint.str()),
      what_(request_name(request)),
      head_(request_head(request, endpoint.host_header())),
      body_(request.body),
      kind_(request.method == "HEAD" ? MessageParser::Kind::AnswerToHead : MessageParser::Kind::Answer),
      parser_(std::make_unique<MessageParser>(kind_)) {}

Exchange::~Exchange() {
  if (!taken_over_ && !reusable()) connection_->close();
}

bool Exchange::reusable() const {
  return sent_all_ && parser_->done() && parser_->keep_alive() && !connection_->closed() && connection_->buffered().empty();
}

std::shared_ptr<Connection> Exchange::take_over() {
  taken_over_ = true;
  connection_->expires_never();
  return connection_;
}

void Exchange::set_deadline(base::Deadline deadline) { apply_deadline(*connection_, clock_, deadline); }

Error Exchange::failure(const boost::system::error_code& ec) const {
  // The system has a time-out of its own, for a peer that is gone.
  if (connection_->timed_out()) return base::error(Reason::Timeout, endpoint_ + ": no answer in time to " + what_);
  return base::error(Reason::ServiceUnavailable, endpoint_ + ": " + ec.message() + " (" + what_ + ")");
}

Task<Result<void>> Exchange::send(base::Deadline deadline) {
  set_deadline(deadline);
  const auto ec = co_await connection_->write(head_, body_);
  head_.clear();
  body_.clear();
  co_return co_await sent(ec);
}

Task<Result<void>> Exchange::send_more(std::string bytes, base::Deadline deadline) {
  set_deadline(deadline);
  const auto ec = co_await connection_->write(bytes);
  co_return co_await sent(ec);
}

Task<Result<void>> Exchange::sent(boost::system::error_code ec) {
  sent_all_ = !ec;
  if (!ec) co_return Result<void>();
  if (connection_->timed_out()) co_return failure(ec);
  while (!parser_->head_done()) {
    auto answered = co_await receive();
    if (!answered) co_return failure(ec);
  }
  co_return Result<void>();
}

Result<bool> Exchange::feed_buffered() {
  bool progress = false;
  while (!connection_->buffered().empty() && !parser_->done()) {
    auto taken = parser_->feed(connection_->buffered());
    if (!taken) {
      return base::error(Reason::ServiceUnavailable, endpoint_ + ": " + taken.error().message + " (" + what_ + ")");
    }
    if (*taken == 0) break;
    connection_->consume(*taken);
    progress = true;
    if (parser_->done() && parser_->head().status / 100 == 1 && parser_->head().status != 101) {
      parser_ = std::make_unique<MessageParser>(kind_);
    }
  }
  return progress;
}

Task<Result<void>> Exchange::receive() {
  auto progress = feed_buffered();
  while (progress.has_value() && !*progress) {
    const auto ec = co_await connection_->read();
    if (ec == asio::error::eof) {
      auto end = parser_->feed_eof();
      connection_->close();
      if (!end) co_return failure(parser_->started() ? asio::error::connection_reset : ec);
      co_return Result<void>();
    }
    if (ec) co_return failure(ec);
    progress = feed_buffered();
  }
  if (!progress) co_return progress.error();
  co_return Result<void>();
}

}  // namespace berth::http
