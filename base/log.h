#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace berth::base {

enum class LogLevel { Trace, Debug, Info, Warn, Error };
enum class LogFormat { Text, Json };

// One key and value of a log line. Values are facts, never prose; never a secret.
struct LogField {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;
  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <class Int>
    requires std::is_integral_v<Int>
  LogField(std::string_view k, Int v) : key(k), value(static_cast<std::int64_t>(v)) {}
};
using LogFields = std::initializer_list<LogField>;

// Sets where and how lines go: stderr, once at start. Thread-safe afterwards. Before it: text, Info.
void log_setup(LogFormat format, LogLevel level);
// nullopt-like: returns false when `text` names no level/format and leaves `out` alone.
bool parse_log_level(std::string_view text, LogLevel& out);
bool parse_log_format(std::string_view text, LogFormat& out);
bool log_enabled(LogLevel level);

// text: `2026-11-23T09:36:43.123Z INFO  reconcile: container started env=ci/x service=redis`
// json: one object a line with ts, level, component, msg and the fields.
// Invalid UTF-8 in a value is replaced, control characters are escaped; a line never spans two.
void log(LogLevel level, std::string_view component, std::string_view message, LogFields fields = {});

inline void log_debug(std::string_view c, std::string_view m, LogFields f = {}) { log(LogLevel::Debug, c, m, f); }
inline void log_info(std::string_view c, std::string_view m, LogFields f = {}) { log(LogLevel::Info, c, m, f); }
inline void log_warn(std::string_view c, std::string_view m, LogFields f = {}) { log(LogLevel::Warn, c, m, f); }
inline void log_error(std::string_view c, std::string_view m, LogFields f = {}) { log(LogLevel::Error, c, m, f); }

}  // namespace berth::base
