#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cmath>

#include "base/text.h"
#include "base/time.h"

namespace berth::base {

namespace {

struct Setup {
  LogFormat format = LogFormat::Text;
  LogLevel level = LogLevel::Info;
  std::shared_ptr<spdlog::logger> logger;
};

Setup& setup() {
  static Setup value = [] {
    Setup s;
    s.logger = std::make_shared<spdlog::logger>("berth", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    s.logger->set_pattern("%v");
    s.logger->set_level(spdlog::level::trace);
    s.logger->flush_on(spdlog::level::trace);
    return s;
  }();
  return value;
}

const char* label(LogLevel level) {
  switch (level) {
    case LogLevel::Trace: return "TRACE";
    case LogLevel::Debug: return "DEBUG";
    case LogLevel::Info: return "INFO";
    case LogLevel::Warn: return "WARN";
    case LogLevel::Error: return "ERROR";
  }
  return "ERROR";
}

void escape(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++i;
    } else if (c == '\n') {
      out += "\\n";
      ++i;
    } else if (c == '\t') {
      out += "\\t";
      ++i;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code.data();
      ++i;
    } else if (const std::size_t length = utf8_length_at(text, i); length > 0) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
}

void quote(std::string& out, std::string_view text) {
  out += '"';
  escape(out, text);
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return true;
}

void append_value(std::string& out, const LogField& field, bool json) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    if (!json && plain(*text)) out += *text;
    else quote(out, *text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.6g", *real);
    if (json && !std::isfinite(*real)) out += "null";
    else out += digits.data();
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

std::string milliseconds_now() {
  std::string text = format_micro_time(std::chrono::system_clock::now());
  text.erase(text.size() - 4, 3);
  return text;
}

std::string text_line(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  std::string line = milliseconds_now();
  line += ' ';
  std::string name = label(level);
  name.resize(5, ' ');
  line += name;
  line += ' ';
  line += component;
  line += ": ";
  escape(line, message);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field, false);
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  std::string line = "{\"ts\":\"" + milliseconds_now() + "\",\"level\":";
  quote(line, label(level));
  line += ",\"component\":";
  quote(line, component);
  line += ",\"msg\":";
  quote(line, message);
  for (const auto& field : fields) {
    line += ',';
    quote(line, field.key);
    line += ':';
    append_value(line, field, true);
  }
  line += '}';
  return line;
}

}  // namespace

void log_setup(LogFormat format, LogLevel level) {
  setup().format = format;
  setup().level = level;
}

bool parse_log_level(std::string_view text, LogLevel& out) {
  for (const auto& [name, level] : {std::pair{"trace", LogLevel::Trace}, {"debug", LogLevel::Debug},
                                    {"info", LogLevel::Info}, {"warn", LogLevel::Warn}, {"error", LogLevel::Error}}) {
    if (text == name) {
      out = level;
      return true;
    }
  }
  return false;
}

bool parse_log_format(std::string_view text, LogFormat& out) {
  if (text != "text" && text != "json") return false;
  out = text == "text" ? LogFormat::Text : LogFormat::Json;
  return true;
}

bool log_enabled(LogLevel level) { return level >= setup().level; }

void log(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  if (!log_enabled(level)) return;
  const Setup& s = setup();
  s.logger->info(s.format == LogFormat::Json ? json_line(level, component, message, fields)
                                             : text_line(level, component, message, fields));
}

}  // namespace berth::base
