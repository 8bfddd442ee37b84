#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace berth::chaos {

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

// One request over a unix socket, on a connection of its own; blocks for at most about `patience`.
Answer ask(const std::string& socket, const std::string& method, const std::string& path, const std::string& body = "",
           const std::string& type = "application/json", std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace berth::chaos
