#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/http/byte_stream.h"
#include "api/server/remote_process.h"
#include "api/server/stream_protocol.h"
#include "base/clock.h"

namespace berth::api {

// What a client of exec or attach sends.
struct ChannelInput {
  enum class Kind { Stdin, EndOfStdin, Resize };
  Kind kind = Kind::Stdin;
  std::string bytes;  // Stdin
  TerminalSize size;  // Resize
};

// The streams of one exec or attach between client and server, whatever carries them. One reader and one writer at a time, which may
// be two tasks. Loop thread only.
class Channels {
 public:
  virtual ~Channels() = default;
  // Before anything else: until all streams are there that the client asked for. False: it did not open them; it is over.
  virtual Task<bool> open() = 0;
  // nullopt: the client is gone, or broke the protocol.
  virtual Task<std::optional<ChannelInput>> next() = 0;
  // To its stdout (1) or stderr (2); waits while the client does not read. False: it is gone.
  virtual Task<bool> write(int stream, std::string bytes) = 0;
  // How it went, as a metav1.Status, and the end of the conversation.
  virtual Task<void> finish(json status) = 0;
};

std::unique_ptr<Channels> make_websocket_channels(Executor executor, std::shared_ptr<http::ByteStream> stream, ChannelProtocol protocol,
                                                  RemoteStreams streams);
std::unique_ptr<Channels> make_spdy_channels(Executor executor, base::Clock& clock, std::shared_ptr<http::ByteStream> stream,
                                             ChannelProtocol protocol, RemoteStreams streams);

// `{"Width":100,"Height":30}`; nullopt when it is something else.
std::optional<TerminalSize> parse_terminal_size(std::string_view text);
// What an old client is told on its error stream: nothing, or the message.
std::string plain_status(const json& status);

}  // namespace berth::api
