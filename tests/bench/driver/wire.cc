#include "tests/bench/driver/wire.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace berth::bench {

namespace {

int connect_to(const std::string& path, std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

json Answer::body() const {
  auto read = json::parse(text, nullptr, false);
  return read.is_discarded() ? json() : read;
}

Connection::Connection(std::string socket, std::chrono::milliseconds patience) : socket_(std::move(socket)), patience_(patience) {}
Connection::~Connection() { close(); }

void Connection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  buffer_.clear();
  lines_.clear();
}

bool Connection::send(const std::string& method, const std::string& path, const std::string& body, const std::string& type) {
  until_ = now() + patience_;
  if (fd_ < 0) fd_ = connect_to(socket_, patience_);
  if (fd_ < 0) return false;
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n";
  if (!body.empty()) text += "Content-Type: " + type + "\r\n";
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n" + body;
  for (std::size_t sent = 0; sent < text.size();) {
    const auto n = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

bool Connection::fill() {
  if (fd_ < 0 || now() >= until_) return false;
  char chunk[65536];
  const auto n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n > 0) buffer_.append(chunk, static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
    ::close(fd_);
    fd_ = -1;
  }
  return n > 0;
}

bool Connection::need(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) return false;
  }
  return true;
}

bool Connection::read_head(Answer& answer, std::string& head) {
  auto end = buffer_.find("\r\n\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n\r\n")) {
    if (!fill()) return false;
  }
  head = lower(buffer_.substr(0, end + 2));
  if (head.size() < 12) return false;
  answer.status = std::atoi(head.c_str() + 9);
  buffer_.erase(0, end + 4);
  return true;
}

bool Connection::read_chunk(std::string& out) {
  auto end = buffer_.find("\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n")) {
    if (!fill()) return false;
  }
  const auto size = std::strtoul(buffer_.c_str(), nullptr, 16);
  if (!need(end + 2 + size + 2)) return false;
  out.append(buffer_, end + 2, size);
  buffer_.erase(0, end + 2 + size + 2);
  whole_ = size == 0;
  return !whole_;
}

bool Connection::read_body(const std::string& head, Answer& answer) {
  if (answer.status == 204 || answer.status == 304) return true;
  if (head.find("transfer-encoding: chunked") != std::string::npos) {
    while (read_chunk(answer.text)) {
    }
    return whole_;
  }
  if (const auto at = head.find("content-length:"); at != std::string::npos) {
    const auto size = std::strtoul(head.c_str() + at + 15, nullptr, 10);
    if (!need(size)) return false;
    answer.text = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }
  while (fill()) {
  }
  answer.text.swap(buffer_);
  return !is_open();
}

Answer Connection::ask(const std::string& method, const std::string& path, const std::string& body, const std::string& type) {
  Answer answer;
  std::string head;
  const bool whole = send(method, path, body, type) && read_head(answer, head) && read_body(head, answer);
  if (!whole || head.find("connection: close") != std::string::npos) close();
  return whole ? answer : Answer{};
}

bool Connection::watch(const std::string& path) {
  Answer answer;
  std::string head;
  whole_ = false;
  if (send("GET", path, "", "") && read_head(answer, head) && answer.good()) return true;
  close();
  return false;
}

std::optional<std::string> Connection::next_line() {
  until_ = now() + patience_;
  auto end = lines_.find('\n');
  for (; end == std::string::npos; end = lines_.find('\n')) {
    if (read_chunk(lines_)) continue;
    if (whole_) close();
    return std::nullopt;
  }
  auto line = lines_.substr(0, end);
  lines_.erase(0, end + 1);
  return line;
}

Answer ask(const std::string& socket, const std::string& method, const std::string& path, const std::string& body,
           const std::string& type, std::chrono::milliseconds patience) {
  Connection connection(socket, patience);
  return connection.ask(method, path, body, type);
}

}  // namespace berth::bench
