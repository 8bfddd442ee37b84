#include "cli/remote.h"

#include "api/client/http_client.h"

namespace berth::cli {

Task<Result<json>> HttpRemote::call(std::string method, std::string target, std::string body) {
  co_return co_await client_.call(std::move(method), std::move(target), std::move(body));
}

Task<Result<std::unique_ptr<http::ClientStream>>> HttpRemote::open(std::string target) {
  co_return co_await client_.open(std::move(target));
}

}  // namespace berth::cli
