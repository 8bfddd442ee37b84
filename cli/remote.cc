#include "cli/remote.h"

#include "api/client/http_client.h"

namespace berth::cli {

Task<Result<json>> HttpRemote::call(std::string method, std::string target, std::string body) {
  co_return co_await client_.call(std::move(method), std::move(target), std::move(body));
}

Task<Result<std::unique_ptr<http::ClientStream>>> HttpRemote::open(std::string target) {
  co_return co_await client_.open(std::move(target));
}

Task<Result<OpenedWebSocket>> HttpRemote::websocket(std::string target, std::vector<std::string> protocols) {
  auto opened = co_await client_.websocket(std::move(target), std::move(protocols));
  if (opened.has_error()) co_return opened.error();
  co_return OpenedWebSocket{std::move(opened->socket), std::move(opened->protocol)};
}

}  // namespace berth::cli
