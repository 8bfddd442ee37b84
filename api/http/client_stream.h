#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/http/client.h"
#include "api/http/connection.h"
#include "api/http/message.h"

namespace berth::http {

// "GET /path", for messages: a query is long and says little.
std::string request_name(const ClientRequest& request);

// One request and its answer on one connection. Destroying it before the answer is complete closes the connection.
// Errors: ServiceUnavailable, Timeout; messages name the endpoint and the request. Cancelled: throws operation_aborted.
class Exchange {
 public:
  Exchange(std::shared_ptr<Connection> connection, base::Clock& clock, const Endpoint& endpoint,
           const ClientRequest& request);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Sends it all; the deadline goes on to cover what is received afterwards. A peer that answers without reading to the end
  // (413) is no error here.
  Task<Result<void>> send(base::Deadline deadline);
  // A further part of the body. A peer that has answered already is no error here either.
  Task<Result<void>> send_more(std::string bytes, base::Deadline deadline);
  // Gets at least one more step of the answer into parser(): some bytes, the head, or its end. Informational (1xx) answers
  // are passed over.
  Task<Result<void>> receive();
  void set_deadline(base::Deadline deadline);
  MessageParser& parser() { return *parser_; }
  // The answer is complete and its connection may carry another request.
  bool reusable() const;
  // The connection leaves HTTP: it is the caller's from now on, without a deadline.
  std::shared_ptr<Connection> take_over();

 private:
  Error failure(const boost::system::error_code& ec) const;
  Task<Result<void>> sent(boost::system::error_code ec);
  Result<bool> feed_buffered();

  std::shared_ptr<Connection> connection_;
  base::Clock& clock_;
  std::string endpoint_;
  std::string what_;  // request_name()
  std::string head_;
  std::string body_;
  MessageParser::Kind kind_;
  std::unique_ptr<MessageParser> parser_;
  bool sent_all_ = false;
  bool taken_over_ = false;
};

std::unique_ptr<ClientStream> make_client_stream(std::unique_ptr<Exchange> exchange);

}  // namespace berth::http
