#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/http/connection.h"
#include "api/http/message.h"
#include "api/http/server.h"
#include "base/task_group.h"

namespace berth::http {

// One accepted connection: reads a request, calls the handler, answers, and again. Loop thread only. Owned by a shared_ptr.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // `handler`, `options` and `clock` outlive it.
  Session(std::shared_ptr<Connection> connection, base::Clock& clock, const Handler& handler,
          const ServerOptions& options, bool over_unix_socket, std::string peer);

  // Ends when the connection does. Not cancelled from outside: finish() and abort() end it.
  Task<void> run();
  // No further request; an idle connection is closed now, a running stream ends with its last chunk.
  void finish();
  // Closes the connection and cancels the handler.
  void abort();

 private:
  class Writer;

  Task<bool> start_tls();
  Task<std::shared_ptr<ServerRequest>> read_request();
  Task<void> drain();
  Task<bool> read_head(MessageParser& parser);
  Task<bool> read_body(MessageParser& parser);
  Task<bool> continue_expected(MessageParser& parser);
  Task<void> handle(std::shared_ptr<const ServerRequest> request);
  static Task<void> call_handler(std::shared_ptr<Session> self, std::shared_ptr<const ServerRequest> request,
                                 Writer& writer);
  static Task<void> watch_client(std::shared_ptr<Session> self);
  Task<void> refuse(int status, std::string message);
  Task<void> send_error(int status, std::string message);
  Task<bool> send(std::string head, std::string body);
  Task<bool> send_view(std::string_view head, std::string_view body);  // of bytes that stay until it ends
  std::string date() const;

  std::shared_ptr<Connection> connection_;
  base::Clock& clock_;
  const Handler& handler_;
  const ServerOptions& options_;
  const bool over_unix_socket_;
  const std::string peer_;
  std::shared_ptr<const std::vector<std::string>> server_names_;
  bool idle_ = true;
  bool first_ = true;
  bool last_ = false;       // no request after the current one
  bool finishing_ = false;  // the server stops
  bool streaming_ = false;  // the current handler started a stream
  bool upgraded_ = false;   // the connection speaks another protocol
  bool unread_ = false;     // the body of this request was left where it is
  bool half_sent_ = false;  // a write was cut short: nothing more can be said on this connection
  bool http10_ = false;
  bool head_only_ = false;
  bool accepts_gzip_ = false;
  std::optional<TaskGroup> work_;
  std::optional<TaskGroup> watch_;
};

}  // namespace berth::http
