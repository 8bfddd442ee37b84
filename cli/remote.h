#pragma once

#include <memory>
#include <string>

#include "api/http/client.h"
#include "base/result.h"
#include "base/task.h"
#include "crd/object.h"

namespace berth::api {
class HttpClient;
}

namespace berth::cli {

// What berthctl asks of a server below the level of objects: logs, attach, reap, version. Errors are the server's.
class Remote {
 public:
  virtual ~Remote() = default;
  virtual Task<Result<json>> call(std::string method, std::string target, std::string body) = 0;
  // A GET whose body is read as it comes.
  virtual Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target) = 0;
};

class HttpRemote final : public Remote {
 public:
  explicit HttpRemote(api::HttpClient& client) : client_(client) {}
  Task<Result<json>> call(std::string method, std::string target, std::string body) override;
  Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target) override;

 private:
  api::HttpClient& client_;
};

}  // namespace berth::cli
