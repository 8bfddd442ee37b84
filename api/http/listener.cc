#include "api/http/listener.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace berth::http {

namespace {

using ErrorCode = boost::system::error_code;
using Address = asio::generic::stream_protocol::endpoint;

Error failed(const Endpoint& endpoint, std::string_view what, const std::string& cause) {
  return base::error(Reason::InternalError, endpoint.str() + ": " + std::string(what) + ": " + cause);
}

std::string errno_text() { return std::strerror(errno); }

Result<Listener> listen_on(Executor executor, const Endpoint& endpoint, const Address& address) {
  Listener listener{Listener::Acceptor(executor), endpoint};
  ErrorCode ec;
  listener.acceptor.open(address.protocol(), ec);
  if (ec) return failed(endpoint, "cannot open a socket", ec.message());
  if (endpoint.kind == Endpoint::Kind::Tcp) listener.acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  listener.acceptor.bind(address, ec);
  if (ec == asio::error::address_in_use) {
    return base::error(Reason::Conflict, endpoint.str() + " is in use by another process");
  }
  if (ec) return failed(endpoint, "cannot bind", ec.message());
  return listener;
}

Result<void> start(Listener& listener) {
  ErrorCode ec;
  listener.acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec == asio::error::address_in_use) {
    return base::error(Reason::Conflict, listener.endpoint.str() + " is in use by another process");
  }
  if (ec) return failed(listener.endpoint, "cannot listen", ec.message());
  return {};
}

Result<Listener> open_tcp(Executor executor, const Endpoint& endpoint) {
  if (!endpoint.tls && !is_loopback(endpoint)) {
    return base::error(Reason::Invalid, endpoint.str() + ": without TLS only loopback addresses are allowed; write https://" +
                                            endpoint.host_header() + " or e.g. http://127.0.0.1:6440");
  }
  ErrorCode ec;
  const auto host = endpoint.host == "localhost" ? std::string("127.0.0.1") : endpoint.host;
  const auto address = asio::ip::make_address(host, ec);
  if (ec) return base::error(Reason::Invalid, endpoint.str() + ": an IP address is expected, e.g. https://127.0.0.1:6440");
  auto listener = listen_on(executor, endpoint, asio::ip::tcp::endpoint(address, endpoint.port));
  if (!listener) return listener.error();
  if (auto started = start(*listener); !started) return started.error();
  const auto bound = listener->acceptor.local_endpoint(ec);
  asio::ip::tcp::endpoint local;
  local.resize(bound.size());
  std::memcpy(local.data(), bound.data(), bound.size());
  listener->endpoint.port = local.port();
  return listener;
}

// Whether somebody listens on the socket file; nullopt with errno set when that cannot be found out.
std::optional<bool> is_live(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int cause = errno;
  ::close(fd);
  errno = cause;
  if (result == 0 || cause == EAGAIN) return true;
  if (cause == ECONNREFUSED || cause == ENOENT) return false;
  return std::nullopt;
}

Result<void> remove_stale(const Endpoint& endpoint) {
  struct stat info {};
  if (::lstat(endpoint.path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return failed(endpoint, "cannot look at the socket file", errno_text());
  }
  if (!S_ISSOCK(info.st_mode)) {
    return base::error(Reason::Conflict, endpoint.str() + ": this file exists and is not a socket");
  }
  const auto live = is_live(endpoint.path);
  if (!live) return failed(endpoint, "cannot find out whether the socket is in use", errno_text());
  if (*live) return base::error(Reason::Conflict, endpoint.str() + " is in use by another process");
  if (::unlink(endpoint.path.c_str()) != 0 && errno != ENOENT) {
    return failed(endpoint, "cannot remove the stale socket", errno_text());
  }
  return {};
}

Result<gid_t> group_id(const Endpoint& endpoint, const std::string& name) {
  std::vector<char> buffer(16 * 1024);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found) return found->gr_gid;
  return base::error(Reason::Invalid, endpoint.str() + ": there is no group \"" + name + "\"");
}

Result<void> protect(Listener& listener, unsigned mode, const std::string& group_name) {
  const auto& path = listener.endpoint.path;
  if (!group_name.empty()) {
    auto gid = group_id(listener.endpoint, group_name);
    if (!gid) return gid.error();
    if (::lchown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0) {
      return failed(listener.endpoint, "cannot give the socket to group " + group_name, errno_text());
    }
  }
  if (::chmod(path.c_str(), mode) != 0) return failed(listener.endpoint, "cannot set the socket's mode", errno_text());
  return {};
}

Result<Listener> open_unix(Executor executor, const Endpoint& endpoint, unsigned mode, const std::string& group_name) {
  if (endpoint.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return base::error(Reason::Invalid, endpoint.str() + ": a socket path has at most 107 bytes");
  }
  if (auto removed = remove_stale(endpoint); !removed) return removed.error();
  auto listener = listen_on(executor, endpoint, asio::local::stream_protocol::endpoint(endpoint.path));
  if (!listener) return listener.error();
  struct stat info {};
  if (::lstat(endpoint.path.c_str(), &info) == 0) {
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
  }
  auto ready = protect(*listener, mode, group_name);
  if (ready.has_value()) ready = start(*listener);
  if (!ready) {
    listener->close();
    return ready.error();
  }
  return listener;
}

}  // namespace

void Listener::close() {
  struct stat info {};
  const bool mine = endpoint.kind == Endpoint::Kind::Unix && acceptor.is_open() &&
                    ::lstat(endpoint.path.c_str(), &info) == 0 && info.st_dev == device && info.st_ino == inode;
  if (mine) ::unlink(endpoint.path.c_str());
  ErrorCode ignored;
  acceptor.close(ignored);
}

Result<Listener> open_listener(Executor executor, const Endpoint& endpoint, unsigned socket_mode,
                               const std::string& socket_group) {
  if (endpoint.kind == Endpoint::Kind::Tcp) return open_tcp(executor, endpoint);
  return open_unix(executor, endpoint, socket_mode, socket_group);
}

}  // namespace berth::http
