#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/http/client.h"
#include "api/http/websocket_connection.h"
#include "base/result.h"
#include "base/task.h"
#include "crd/object.h"

namespace berth::api {
class HttpClient;
}

namespace berth::cli {

struct OpenedWebSocket {
  std::shared_ptr<http::WebSocketConnection> socket;
  std::string protocol;  // the one that the server chose
};

// What berthctl asks of a server below the level of objects: logs, attach, exec, reap, version. Errors are the server's.
class Remote {
 public:
  virtual ~Remote() = default;
  virtual Task<Result<json>> call(std::string method, std::string target, std::string body) = 0;
  // A GET whose body is read as it comes.
  virtual Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target) = 0;
  // A WebSocket that speaks one of `protocols`, the best first.
  virtual Task<Result<OpenedWebSocket>> websocket(std::string target, std::vector<std::string> protocols) = 0;
};

class HttpRemote final : public Remote {
 public:
  explicit HttpRemote(api::HttpClient& client) : client_(client) {}
  Task<Result<json>> call(std::string method, std::string target, std::string body) override;
  Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target) override;
  Task<Result<OpenedWebSocket>> websocket(std::string target, std::vector<std::string> protocols) override;

 private:
  api::HttpClient& client_;
};

}  // namespace berth::cli
