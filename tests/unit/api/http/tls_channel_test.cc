#include "api/http/tls_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "base/clock.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using Step = TlsChannel::Step;
using testing::HasSubstr;
using testing::StartsWith;

const base::SystemTime kNow = base::SystemClock().system_now();

const KeyPair& authority() {
  static const auto kMade = make_authority(kNow).value();
  return kMade;
}

std::shared_ptr<const TlsContext> server_for(const std::vector<std::string>& names, base::SystemTime when = kNow) {
  return TlsContext::server(issue_certificate(authority(), names, when).value()).value();
}

std::shared_ptr<const TlsContext> trusting_client() {
  return TlsContext::client({.authorities = authority().certificate}).value();
}

// Moves what one side wants to send into the other, `piece` bytes at a time.
void carry(TlsChannel& from, TlsChannel& to, std::size_t piece = 1 << 20) {
  auto bytes = std::exchange(from.output(), {});
  for (std::size_t at = 0; at < bytes.size();) {
    const auto [room, size] = to.room();
    const auto part = std::min({piece, size, bytes.size() - at});
    std::memcpy(room, bytes.data() + at, part);
    to.received(part);
    at += part;
    if (at == bytes.size()) break;
    char byte = 0;
    std::size_t got = 0;
    if (to.handshake() == Step::Done) to.read(&byte, 1, got);
  }
}

// The client's outcome and the server's.
std::pair<Step, Step> shake_hands(TlsChannel& client, TlsChannel& server, std::size_t piece = 1 << 20) {
  auto ours = Step::NeedsInput;
  auto theirs = Step::NeedsInput;
  for (int round = 0; round < 6; ++round) {
    if (ours == Step::NeedsInput) ours = client.handshake();
    carry(client, server, piece);
    if (theirs == Step::NeedsInput) theirs = server.handshake();
    carry(server, client, piece);
  }
  // The server's tickets are read with the first bytes.
  char byte = 0;
  std::size_t got = 0;
  if (ours == Step::Done) client.read(&byte, 1, got);
  return {ours, theirs};
}

std::string read_all(TlsChannel& channel) {
  std::string all;
  std::vector<char> block(5000);
  std::size_t got = 0;
  while (channel.read(block.data(), block.size(), got) == Step::Done) all.append(block.data(), got);
  return all;
}

// Everything that is written arrives.
std::string transfer(TlsChannel& from, TlsChannel& to, std::string_view first, std::string_view second) {
  std::string all;
  while (!first.empty() || !second.empty()) {
    if (!from.write(first, second)) return "not written: " + from.failure();
    auto bytes = std::exchange(from.output(), {});
    for (std::size_t at = 0; at < bytes.size();) {
      const auto [room, size] = to.room();
      const auto part = std::min(size, bytes.size() - at);
      std::memcpy(room, bytes.data() + at, part);
      to.received(part);
      at += part;
      all += read_all(to);
    }
  }
  return all;
}

TEST(TlsChannel, CarriesBytesBothWays) {
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{7}}) {
    TlsChannel server(server_for({"localhost", "127.0.0.1"}));
    TlsChannel client(trusting_client(), "127.0.0.1");
    ASSERT_EQ(shake_hands(client, server, piece), std::pair(Step::Done, Step::Done)) << client.failure() << server.failure();
    EXPECT_EQ(transfer(client, server, "head", "body"), "headbody");
    const std::string large(300'000, 'x');
    EXPECT_EQ(transfer(server, client, "head", large), "head" + large);
    EXPECT_EQ(transfer(server, client, large, ""), large);
  }
}

TEST(TlsChannel, HeadAndSmallBodyAreOneRecord) {
  TlsChannel server(server_for({"localhost"}));
  TlsChannel client(trusting_client(), "localhost");
  shake_hands(client, server);
  std::string_view head = "HTTP/1.1 200 OK\r\n\r\n";
  std::string_view body = "{}";
  ASSERT_TRUE(server.write(head, body));
  const auto& sent = server.output();
  const auto length = static_cast<unsigned char>(sent[3]) * 256u + static_cast<unsigned char>(sent[4]);
  EXPECT_EQ(sent.size(), 5 + length);
}

TEST(TlsChannel, WritingStopsAtWhatOneSendShouldCarry) {
  TlsChannel server(server_for({"localhost"}));
  TlsChannel client(trusting_client(), "localhost");
  shake_hands(client, server);
  const std::string large(10'000'000, 'x');
  std::string_view first = large;
  std::string_view none;
  ASSERT_TRUE(server.write(first, none));
  EXPECT_LT(server.output().size(), 100'000u);
  EXPECT_LT(first.size(), large.size());
}

TEST(TlsChannel, AClientChecksTheNameAndTheAuthority) {
  const auto fails_with = [](std::shared_ptr<const TlsContext> trust, const std::string& host, std::vector<std::string> names) {
    TlsChannel server(server_for(names));
    TlsChannel client(std::move(trust), host);
    const auto [ours, theirs] = shake_hands(client, server);
    EXPECT_EQ(ours, Step::Failed);
    return client.failure();
  };
  EXPECT_THAT(fails_with(trusting_client(), "127.0.0.1", {"localhost"}), HasSubstr("IP address mismatch"));
  EXPECT_THAT(fails_with(trusting_client(), "ci.example", {"localhost"}), HasSubstr("hostname mismatch"));
  const auto other = make_authority(kNow).value();
  const auto stranger = TlsContext::client({.authorities = other.certificate}).value();
  EXPECT_THAT(fails_with(stranger, "localhost", {"localhost"}), HasSubstr("not trusted"));
}

TEST(TlsChannel, AClientThatChecksNothingTalksToAnybody) {
  TlsChannel server(server_for({"elsewhere"}));
  TlsChannel client(TlsContext::client({.verify = false}).value(), "localhost");
  EXPECT_EQ(shake_hands(client, server).first, Step::Done);
}

TEST(TlsChannel, RefusesACertificateThatIsOver) {
  TlsChannel server(server_for({"localhost"}, kNow - 24h * 700));
  TlsChannel client(trusting_client(), "localhost");
  EXPECT_EQ(shake_hands(client, server).first, Step::Failed);
  EXPECT_THAT(client.failure(), HasSubstr("expired"));
}

TEST(TlsChannel, AnswersPlainHttpInItsLanguage) {
  TlsChannel server(server_for({"localhost"}));
  const std::string request = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(server.handshake(), Step::NeedsInput);
  const auto [room, size] = server.room();
  ASSERT_GE(size, request.size());
  std::memcpy(room, request.data(), request.size());
  server.received(request.size());
  EXPECT_EQ(server.handshake(), Step::Failed);
  EXPECT_THAT(server.output(), StartsWith("HTTP/1.0 400 Bad Request\r\n"));
  EXPECT_THAT(server.output(), HasSubstr("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"));
}

TEST(TlsChannel, AClientSaysThatItsServerSpeaksNoTls) {
  TlsChannel client(trusting_client(), "localhost");
  EXPECT_EQ(client.handshake(), Step::NeedsInput);
  const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  const auto [room, size] = client.room();
  ASSERT_GE(size, answer.size());
  std::memcpy(room, answer.data(), answer.size());
  client.received(answer.size());
  EXPECT_EQ(client.handshake(), Step::Failed);
  EXPECT_EQ(client.failure(), "the server does not speak TLS");
}

TEST(TlsChannel, EndsAtGarbageWithAnAlert) {
  for (const std::string& garbage : {std::string(100, '\0'), std::string("\x16\x03\x01\xff\xff") + std::string(100, 'x'),
                                     std::string("SSH-2.0-OpenSSH\r\n"), std::string(10, '\0'),
                                     std::string("\x16\x03\x01\x00\x05hello", 10), std::string(4000, '\x80')}) {
    TlsChannel server(server_for({"localhost"}));
    const auto [room, size] = server.room();
    std::memcpy(room, garbage.data(), std::min(size, garbage.size()));
    server.received(std::min(size, garbage.size()));
    EXPECT_EQ(server.handshake(), Step::Failed) << testing::PrintToString(garbage.substr(0, 20));
    EXPECT_FALSE(server.failure().empty());
    EXPECT_LT(server.output().size(), 100u);
    std::string_view bytes = "x";
    std::string_view none;
    EXPECT_FALSE(server.write(bytes, none));
  }
}

TEST(TlsChannel, ACutIsNoEnd) {
  TlsChannel server(server_for({"localhost"}));
  TlsChannel client(trusting_client(), "localhost");
  shake_hands(client, server);
  char byte = 0;
  std::size_t got = 0;
  EXPECT_EQ(client.read(&byte, 1, got), Step::NeedsInput);
  server.end();
  carry(server, client);
  EXPECT_EQ(client.read(&byte, 1, got), Step::Closed);
  // The other direction goes on.
  EXPECT_EQ(transfer(client, server, "still", ""), "still");
}

TEST(TlsChannel, ABrokenRecordFailsAfterWhatCameBefore) {
  TlsChannel server(server_for({"localhost"}));
  TlsChannel client(trusting_client(), "localhost");
  shake_hands(client, server);
  std::string_view good = "good";
  std::string_view none;
  ASSERT_TRUE(server.write(good, none));
  server.output() += std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  const auto bytes = std::exchange(server.output(), {});
  const auto [room, size] = client.room();
  ASSERT_GE(size, bytes.size());
  std::memcpy(room, bytes.data(), bytes.size());
  client.received(bytes.size());
  std::vector<char> block(100);
  std::size_t got = 0;
  EXPECT_EQ(client.read(block.data(), block.size(), got), Step::Done);
  EXPECT_EQ(got, 4u);
  EXPECT_EQ(client.read(block.data(), block.size(), got), Step::Failed);
}

}  // namespace
}  // namespace berth::http
