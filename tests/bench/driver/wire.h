#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace berth::bench {

using json = nlohmann::json;
using Time = std::chrono::steady_clock::time_point;
inline Time now() { return std::chrono::steady_clock::now(); }
inline double seconds(std::chrono::steady_clock::duration duration) { return std::chrono::duration<double>(duration).count(); }
inline std::chrono::steady_clock::duration in_ms(int ms) { return std::chrono::milliseconds(ms); }

struct Answer {
  int status = 0;  // 0: there was none
  std::string text;
  bool good() const { return status >= 200 && status < 300; }
  json body() const;  // null for what is no JSON
};

// A connection over a unix socket that is kept for many requests; of one thread.
class Connection {
 public:
  // No wait is longer than about `patience`.
  explicit Connection(std::string socket, std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects when it is not. After a failure the next request connects anew.
  Answer ask(const std::string& method, const std::string& path, const std::string& body = "", const std::string& type = "application/json");
  // A watch: false when it is refused.
  bool watch(const std::string& path);
  // The next line of a watch; nullopt: it ended, or nothing came for `patience` (then is_open()).
  std::optional<std::string> next_line();
  bool is_open() const { return fd_ >= 0; }

 private:
  bool send(const std::string& method, const std::string& path, const std::string& body, const std::string& type);
  bool fill();  // false: nothing came; closed when nothing can come any more
  bool read_head(Answer& answer, std::string& head);
  bool read_body(const std::string& head, Answer& answer);
  bool read_chunk(std::string& out);  // false: none came, or the last one
  bool need(std::size_t size);
  void close();

  std::string socket_;
  std::chrono::milliseconds patience_;
  Time until_{};
  int fd_ = -1;
  bool whole_ = false;  // the last chunk has come
  std::string buffer_;  // what was received and not yet read
  std::string lines_;   // of a watch
};

// One request on a connection of its own.
Answer ask(const std::string& socket, const std::string& method, const std::string& path, const std::string& body = "",
           const std::string& type = "application/json", std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace berth::bench
