#include "controller/reconcile/host_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace berth::reconcile {

namespace {

std::string read(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_engine_bridge(std::string_view interface) {
  constexpr std::string_view kPrefix = "br-";
  constexpr std::size_t kDigits = 12;
  return interface.starts_with(kPrefix) && interface.size() == kPrefix.size() + kDigits &&
         interface.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

struct Socket {
  explicit Socket(int type, int protocol = 0) : fd(::socket(AF_INET, type | SOCK_CLOEXEC, protocol)) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd;
};

}  // namespace

std::vector<plan::Subnet> parse_routes(std::string_view text) {
  std::vector<plan::Subnet> routes;
  std::istringstream lines{std::string(text)};
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    if (is_engine_bridge(std::string_view(line).substr(0, line.find('\t')))) continue;  // thousands of them where berth is at work
    std::istringstream fields(line);
    std::string interface, gateway, flags, refs, use, metric;
    std::uint32_t destination = 0, mask = 0;
    fields >> interface >> std::hex >> destination >> gateway >> flags >> refs >> use >> metric >> mask;
    if (!fields || mask == 0) continue;
    plan::Subnet subnet;
    subnet.address = ntohl(destination);  // the table shows network byte order as a number of this machine
    subnet.prefix = std::popcount(mask);
    routes.push_back(subnet);
  }
  return routes;
}

std::vector<plan::Subnet> host_routes() { return parse_routes(read("/proc/net/route")); }

bool port_is_free(const plan::PortKey& key) {
  const bool udp = key.protocol == crd::Protocol::Udp;
  const bool sctp = key.protocol == crd::Protocol::Sctp;
  Socket socket(udp ? SOCK_DGRAM : SOCK_STREAM, sctp ? IPPROTO_SCTP : 0);
  // Where the kernel has no SCTP, nobody holds a port of it.
  if (socket.fd < 0) return sctp && errno == EPROTONOSUPPORT;
  const int on = 1;
  if (!udp) ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(key.port);
  if (::inet_pton(AF_INET, key.host_ip.c_str(), &address.sin_addr) != 1) return false;
  if (::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  return udp || ::listen(socket.fd, 1) == 0;
}

plan::PortRange ephemeral_ports() {
  std::istringstream text(read("/proc/sys/net/ipv4/ip_local_port_range"));
  plan::PortRange range{0, 0};
  text >> range.first >> range.last;
  return text ? range : plan::PortRange{0, 0};
}

}  // namespace berth::reconcile
