#include "tests/bench/chaos/wire.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace berth::chaos {

namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

bool connect_to(int fd, const std::string& path, std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool send_all(int fd, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const auto n = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

// False when the end of a chunked body has not come.
bool unchunk(const std::string& raw, std::string& out) {
  std::size_t at = 0;
  while (true) {
    const auto end = raw.find("\r\n", at);
    if (end == std::string::npos) return false;
    const auto size = std::strtoul(raw.c_str() + at, nullptr, 16);
    at = end + 2;
    if (size == 0) return true;
    if (raw.size() < at + size + 2) return false;
    out.append(raw, at, size);
    at += size + 2;
  }
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Whether `raw` is a whole answer; `ended`: nothing more comes.
bool read_answer(const std::string& raw, bool ended, Answer& answer) {
  const auto end = raw.find("\r\n\r\n");
  if (end == std::string::npos || raw.size() < 12) return false;
  const auto head = lower(raw.substr(0, end));
  const int status = std::atoi(raw.c_str() + 9);
  const auto body = raw.substr(end + 4);
  std::string text = body;
  if (head.find("transfer-encoding: chunked") != std::string::npos) {
    text.clear();
    if (!unchunk(body, text)) return false;
  } else if (const auto at = head.find("content-length:"); at != std::string::npos) {
    if (body.size() < std::strtoul(head.c_str() + at + 15, nullptr, 10)) return false;
  } else if (!ended && status != 204 && status != 304) {
    return false;
  }
  answer = {status, std::move(text)};
  return true;
}

}  // namespace

json Answer::body() const {
  auto read = json::parse(text, nullptr, false);
  return read.is_discarded() ? json() : read;
}

Answer ask(const std::string& socket, const std::string& method, const std::string& path, const std::string& body,
           const std::string& type, std::chrono::milliseconds patience) {
  const Descriptor connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (connection.fd < 0 || !connect_to(connection.fd, socket, patience)) return {};
  std::string request = method + " " + path + " HTTP/1.1\r\nHost: chaos\r\nAccept: application/json\r\nConnection: close\r\n";
  if (!body.empty()) request += "Content-Type: " + type + "\r\n";
  if (!body.empty() || method == "POST") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (!send_all(connection.fd, request + "\r\n" + body)) return {};
  std::string raw;
  char chunk[65536];
  Answer answer;
  const auto until = now() + patience;
  while (now() < until) {
    const auto n = ::recv(connection.fd, chunk, sizeof chunk, 0);
    if (n < 0) return {};
    raw.append(chunk, static_cast<std::size_t>(n));
    if (read_answer(raw, n == 0, answer)) return answer;
    if (n == 0) return {};
  }
  return {};
}

}  // namespace berth::chaos
