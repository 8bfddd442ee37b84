#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/client/client.h"
#include "api/http/client.h"
#include "api/http/websocket_connection.h"

namespace berth::api {

// The Client over HTTP, for berthctl; `tls` is whom it trusts at an https endpoint (null: the system's authorities). Its watchers end with ServiceUnavailable when the server ends the stream. What remove()
// answers for an object that is gone at once holds its name and uid only.
class HttpClient final : public Client {
 public:
  HttpClient(Executor executor, base::Clock& clock, http::Endpoint endpoint, std::string token,
             base::Duration timeout = std::chrono::seconds(30), std::shared_ptr<const http::TlsContext> tls = nullptr);
  ~HttpClient() override;

  Task<Result<ObjectPtr>> get(const crd::ResourceInfo& resource, ObjectKey key) override;
  Task<Result<ListResult>> list_part(const crd::ResourceInfo& resource, ObjectKey part) override;
  Task<Result<std::unique_ptr<Watcher>>> watch_part(const crd::ResourceInfo& resource, ObjectKey part,
                                                    storage::Revision from) override;
  Task<Result<ObjectPtr>> create(const crd::ResourceInfo& resource, std::string ns, json body,
                                 WriteOptions options) override;
  Task<Result<ObjectPtr>> replace(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                  WriteOptions options) override;
  Task<Result<ObjectPtr>> update_status(const crd::ResourceInfo& resource, ObjectKey key, json body,
                                        WriteOptions options) override;
  Task<Result<ObjectPtr>> remove(const crd::ResourceInfo& resource, ObjectKey key,
                                 DeletePreconditions preconditions) override;

  // Below the object level: POST/GET on a sub-path, JSON both ways; `body` "" is none, an empty answer is {}.
  Task<Result<json>> call(std::string method, std::string target, std::string body);
  // A WebSocket that speaks one of `protocols`.
  struct WebSocket {
    std::shared_ptr<http::WebSocketConnection> socket;
    std::string protocol;  // the one that the server chose
  };
  Task<Result<WebSocket>> websocket(std::string target, std::vector<std::string> protocols);
  // A streaming GET (logs).
  Task<Result<std::unique_ptr<http::ClientStream>>> open(std::string target);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "/apis/berth.dev/v1alpha1/namespaces/ci/testenvironments/x"; name and ns may be empty.
std::string resource_path(const crd::ResourceInfo& resource, const std::string& ns, const std::string& name = "");

}  // namespace berth::api
