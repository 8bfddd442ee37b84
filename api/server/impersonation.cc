#include "api/server/impersonation.h"

#include <string>
#include <string_view>

#include "api/http/message.h"

namespace berth::api {

Result<void> check_impersonation(const http::ServerRequest& request) {
  constexpr std::string_view kPrefix = "Impersonate-";
  for (const auto& [name, value] : request.headers) {
    const auto start = std::string_view(name).substr(0, kPrefix.size());
    if (!http::same_text(start, kPrefix)) continue;
    const std::string what = http::same_text(name, "Impersonate-Group") ? "groups"
                             : http::same_text(name, "Impersonate-Uid") ? "uids"
                             : http::same_text(name, "Impersonate-User") ? "users"
                                                                         : "userextras";
    return base::error(Reason::Forbidden, what + " \"" + value + "\" is forbidden: User \"admin\" cannot impersonate resource \"" +
                                              what + "\" in API group \"\" at the cluster scope: berth has one user");
  }
  return {};
}

}  // namespace berth::api
