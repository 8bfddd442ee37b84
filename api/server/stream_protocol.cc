#include "api/server/stream_protocol.h"

#include <algorithm>
#include <array>

#include "api/http/message.h"
#include "api/http/websocket.h"
#include "base/text.h"

namespace berth::api {

namespace {

constexpr std::string_view kTokenProtocol = "base64url.bearer.authorization.k8s.io.";
constexpr std::string_view kChannelSuffix = "channel.k8s.io";
constexpr int kNewestOverWebSocket = 5;
constexpr int kNewestOverSpdy = 4;

// Every word of every header of that name.
std::vector<std::string> header_words(const http::ServerRequest& request, std::string_view name) {
  std::vector<std::string> words;
  for (const auto& [header, value] : request.headers) {
    if (!http::same_text(header, name)) continue;
    for (const auto piece : base::split(value, ',')) {
      if (const auto word = base::trimmed(piece); !word.empty()) words.emplace_back(word);
    }
  }
  return words;
}

// "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io".
std::optional<ChannelProtocol> parse_channel_protocol(const std::string& name) {
  ChannelProtocol out{.name = name};
  std::string_view left = name;
  if (left.size() > 3 && left[0] == 'v' && left[1] >= '2' && left[1] <= '9' && left[2] == '.') {
    out.version = left[1] - '0';
    left.remove_prefix(3);
  }
  if (left.starts_with("base64.")) {
    out.base64 = true;
    left.remove_prefix(7);
  }
  if (left != kChannelSuffix) return std::nullopt;
  return out;
}

std::string in_brackets(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return "[" + out + "]";
}

}  // namespace

Transport transport_of(const http::ServerRequest& request) {
  const auto connection = header_words(request, "Connection");
  const bool upgrade = std::any_of(connection.begin(), connection.end(), [](const auto& word) { return http::same_text(word, "upgrade"); });
  if (!upgrade) return Transport::None;
  for (const auto& word : header_words(request, "Upgrade")) {
    if (http::same_text(word, "websocket")) return Transport::WebSocket;
    if (http::same_text(word, "SPDY/3.1")) return Transport::Spdy;
  }
  return Transport::None;
}

std::vector<std::string> offered_protocols(const http::ServerRequest& request, Transport transport) {
  auto words = header_words(request, transport == Transport::Spdy ? "X-Stream-Protocol-Version" : "Sec-WebSocket-Protocol");
  std::erase_if(words, [](const auto& word) { return word.starts_with(kTokenProtocol); });
  return words;
}

std::string websocket_token(const http::ServerRequest& request) {
  if (transport_of(request) != Transport::WebSocket) return "";
  for (const auto& word : header_words(request, "Sec-WebSocket-Protocol")) {
    if (!word.starts_with(kTokenProtocol)) continue;
    return http::decode_base64_text(std::string_view(word).substr(kTokenProtocol.size())).value_or("");
  }
  return "";
}

std::optional<ChannelProtocol> choose_exec_protocol(const std::vector<std::string>& offered, Transport transport) {
  const bool spdy = transport == Transport::Spdy;
  if (offered.empty() && !spdy) return ChannelProtocol{};
  for (const auto& name : offered) {
    const auto protocol = parse_channel_protocol(name);
    if (!protocol || (spdy && protocol->base64)) continue;
    if (protocol->version <= (spdy ? kNewestOverSpdy : kNewestOverWebSocket)) return protocol;
  }
  return std::nullopt;
}

std::optional<ChannelProtocol> choose_forward_protocol(const std::vector<std::string>& offered, Transport transport) {
  if (transport == Transport::Spdy) {
    if (std::find(offered.begin(), offered.end(), kPortForwardSpdy) == offered.end()) return std::nullopt;
    return ChannelProtocol{.name = std::string(kPortForwardSpdy)};
  }
  if (offered.empty()) return ChannelProtocol{.version = 4};
  for (const auto& name : offered) {
    if (name == kPortForwardTunnel) return ChannelProtocol{.name = name};
    const auto protocol = parse_channel_protocol(name);
    if (protocol && protocol->version == 4) return protocol;
  }
  return std::nullopt;
}

std::vector<std::string> accepted_spdy_protocols(bool forward) {
  if (forward) return {std::string(kPortForwardSpdy)};
  return {"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"};
}

std::string no_common_protocol(const std::vector<std::string>& offered, const std::vector<std::string>& accepted) {
  return "unable to upgrade: unable to negotiate protocol: client supports " + in_brackets(offered) + ", server accepts " +
         in_brackets(accepted) + "\n";
}

}  // namespace berth::api
