#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/client.h"
#include "base/result.h"

namespace berth::http {

// The start line and the header fields of one HTTP/1.1 message.
struct MessageHead {
  std::string method;  // requests
  std::string target;
  int status = 0;  // answers
  bool http10 = false;
  Headers headers;
  // Case-insensitive; "" when absent.
  std::string_view header(std::string_view name) const;
};

std::string_view find_header(const Headers& headers, std::string_view name);
bool same_text(std::string_view a, std::string_view b);  // ASCII case-insensitive

// Reads one message from bytes at any split. Sans-I/O; one object per message.
class MessageParser {
 public:
  // AnswerToHead has no body, whatever its Content-Length says.
  enum class Kind { Request, Answer, AnswerToHead };
  explicit MessageParser(Kind kind, std::size_t head_limit = 64 * 1024);
  ~MessageParser();

  // Takes in what it can and returns how many bytes that was; what is left must be given again with more behind it. Never
  // goes past the head in the call that completes it, nor past the end of the message.
  // Errors: BadRequest (malformed), RequestEntityTooLarge (the head is above its limit).
  Result<std::size_t> feed(std::string_view bytes);
  // The peer closed: completes a body that ends so. Errors: BadRequest (cut in the middle).
  Result<void> feed_eof();

  bool started() const;  // got any byte
  bool head_done() const;
  bool done() const;
  bool keep_alive() const;                              // after the head
  std::optional<std::uint64_t> content_length() const;  // after the head; nullopt: chunked or until the peer closes
  MessageHead& head();
  std::string& body();  // decoded bytes so far; the caller may take them out at any time

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The head of a request or an answer on the wire, with the empty line. Field values with control characters are dropped:
// nothing that came from outside can add a header or a second message.
std::string request_head(const ClientRequest& request, std::string_view host);
std::string answer_head(int status, const Headers& headers);
std::string_view reason_phrase(int status);

}  // namespace berth::http
