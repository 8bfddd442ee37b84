#include "api/http/message.h"

#include <algorithm>

namespace berth::http {

namespace {

constexpr std::size_t kUsualHead = 384;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || !is_plain(name) || !is_plain(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_text(key, name)) return value;
  }
  return {};
}

std::string_view MessageHead::header(std::string_view name) const { return find_header(headers, name); }
std::string_view ClientResponse::header(std::string_view name) const { return find_header(headers, name); }

std::string request_head(const ClientRequest& request, std::string_view host) {
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
  add_field(head, "Host", host);
  if (find_header(request.headers, "User-Agent").empty()) add_field(head, "User-Agent", "berth/" BERTH_VERSION);
  for (const auto& [name, value] : request.headers) add_field(head, name, value);
  const bool has_body = !request.body.empty();
  if (has_body) add_field(head, "Content-Type", request.content_type);
  const bool wants_length = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  const bool chunked = !find_header(request.headers, "Transfer-Encoding").empty();
  if (has_body || (wants_length && !chunked)) add_field(head, "Content-Length", std::to_string(request.body.size()));
  head += "\r\n";
  return head;
}

std::string answer_head(int status, const Headers& headers) {
  std::string head;
  head.reserve(kUsualHead);
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
  for (const auto& [name, value] : headers) add_field(head, name, value);
  head += "\r\n";
  return head;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

}  // namespace berth::http
