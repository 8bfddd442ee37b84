#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/tls.h"

struct ssl_st;
struct bio_st;

namespace berth::http {

// One connection's TLS without I/O: ciphertext goes in with room() and received(), comes out of output(). Not for more than one
// thread. Reading and writing may alternate as they like.
class TlsChannel {
 public:
  enum class Step {
    Done,
    NeedsInput,  // all that was received is used up
    Closed,      // the peer said that no more comes
    Failed,      // failure() says why; what the peer should know is in output()
  };

  // A server's end when the context is a server's, else a client's that wants to talk to `host` (a name or an address).
  explicit TlsChannel(std::shared_ptr<const TlsContext> context, const std::string& host = {});
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // Where the next ciphertext goes; only when all that came before is used up.
  std::pair<char*, std::size_t> room();
  void received(std::size_t bytes) { input_end_ += bytes; }
  bool holds_input() const { return input_begin_ < input_end_; }

  // Until Done, before the rest. A client of plain HTTP is answered in its language.
  Step handshake();
  // Decrypts the next bytes, at most `size`; `got` is their number when Done.
  Step read(char* to, std::size_t size, std::size_t& got);
  // Encrypts what one send should carry, `first` before `second`, and takes it off them. Not empty. False: failed.
  bool write(std::string_view& first, std::string_view& second);
  // Says that no more comes.
  void end();

  // To be sent; the caller empties it. Anything but end() may have added to it.
  std::string& output() { return output_; }
  const std::string& failure() const { return failure_; }
  const std::shared_ptr<const TlsContext>& context() const { return context_; }

 private:
  friend struct ChannelBio;
  Step outcome(int result);
  bool refuse_plain_http();
  bool encrypt(std::string_view bytes);

  std::shared_ptr<const TlsContext> context_;
  ssl_st* ssl_;
  std::vector<char> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::string output_;
  std::string failure_;
  bool heard_ = false;  // anything from the peer
  bool established_ = false;
  bool ended_ = false;
};

}  // namespace berth::http
