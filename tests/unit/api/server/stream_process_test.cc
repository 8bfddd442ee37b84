#include "api/server/stream_process.h"

#include "tests/unit/api/server/stream_fixture.h"

namespace berth::api {
namespace {

using testing::ElementsAre;

const std::string kSuccess = R"({"metadata":{},"status":"Success"})";

struct ExecTest : StreamTest {
  RemoteStreams streams{.in = false, .out = true, .err = true, .tty = false};
  std::optional<Error> failure;

  OpenProcess opening() {
    return [this](RemoteStreams wanted) {
      if (wanted.size) process->sizes.push_back("at first " + std::to_string(wanted.size->width));
      return open();
    };
  }
  Task<Result<std::shared_ptr<RemoteProcess>>> open() {
    if (failure) co_return *failure;
    process->reads = streams.in;
    co_return std::shared_ptr<RemoteProcess>(process);
  }
  void over_websocket(int version, bool base64 = false) {
    start(run_remote_process(clock, make_websocket_channels(io.get_executor(), client, {"", version, base64}, streams), streams, opening()));
  }
  void over_spdy(int version = 4) {
    start(run_remote_process(clock, make_spdy_channels(io.get_executor(), clock, client, {"", version, false}, streams), streams, opening()));
  }
  void open_stream(std::uint32_t id, const std::string& type) { say(encoder.syn_stream(id, {{"streamtype", type}})); }
};

// The transcripts exec, exec-ok and exec-stdin of a real server, message for message.
TEST_F(ExecTest, AnExitStatusComesAfterTheOutput) {
  process->output = {{2, "err\n"}, {1, "out\n"}};
  process->code = 3;
  over_websocket(5);
  EXPECT_THAT(messages(),
              ElementsAre("2:1", "2:2err\n", "2:1out\n",
                          R"(2:3{"details":{"causes":[{"message":"3","reason":"ExitCode"}]},)"
                          R"("message":"command terminated with non-zero exit code: command terminated with exit code 3",)"
                          R"("metadata":{},"reason":"NonZeroExitCode","status":"Failure"})",
                          "8:1000"));
  EXPECT_TRUE(is_over());
}

TEST_F(ExecTest, StdinEndsWhenTheClientSaysSo) {
  streams.in = true;
  over_websocket(5);
  say(from_client(std::string("\0line1\nline2\n", 13)));
  EXPECT_FALSE(is_over());
  say(from_client(std::string("\xff\0", 2)));
  EXPECT_THAT(messages(), ElementsAre("2:1", "2:1line1\nline2\n", "2:3" + kSuccess, "8:1000"));
}

TEST_F(ExecTest, ATerminalIsResized) {
  streams = {.in = true, .out = true, .err = false, .tty = true};
  over_websocket(4);
  fakes::run_for(io, clock, std::chrono::seconds(1));
  say(from_client("\4{\"Width\":100,\"Height\":30}\n"));
  say(from_client("\4nonsense"));
  say(from_client("\4{\"Width\":-1,\"Height\":700000}"));
  EXPECT_THAT(process->sizes, ElementsAre("100x30"));
}

TEST_F(ExecTest, ATerminalWaitsAMomentForItsSize) {
  streams = {.in = true, .out = true, .err = false, .tty = true};
  over_websocket(5);
  say(from_client(std::string("\0early", 6)));
  EXPECT_THAT(messages(), ElementsAre("2:1"));
  client->heard.clear();
  fakes::run_for(io, clock, std::chrono::seconds(1));
  EXPECT_THAT(messages(), ElementsAre("2:1early"));
}

TEST_F(ExecTest, ATerminalBeginsWithTheSizeThatTheClientSaid) {
  streams = {.in = true, .out = true, .err = false, .tty = true};
  over_websocket(5);
  say(from_client("\4{\"Width\":100,\"Height\":30}\n"));
  EXPECT_THAT(process->sizes, ElementsAre("at first 100", "100x30"));
}

TEST_F(ExecTest, Base64GoesInTexts) {
  streams.in = true;
  over_websocket(4, true);
  say(from_client("0aGkK", http::WebSocketOpcode::Text));
  process->reads = false;
  say(from_client("0aGkK", http::WebSocketOpcode::Text));
  EXPECT_THAT(messages(), ElementsAre("1:1", "1:1aGkK", "1:1aGkK", "1:3eyJtZXRhZGF0YSI6e30sInN0YXR1cyI6IlN1Y2Nlc3MifQ==", "8:1000"));
}

TEST_F(ExecTest, OldVersionsGetNoStatus) {
  process->output = {{1, "hi\n"}};
  over_websocket(1);
  EXPECT_THAT(messages(), ElementsAre("2:1", "2:1hi\n", "8:1000"));
}

TEST_F(ExecTest, AProcessThatCannotBeStartedIsAFailure) {
  failure = base::error(Reason::ContainerExited, "container db is not running");
  over_websocket(5);
  EXPECT_THAT(messages(),
              ElementsAre("2:1",
                          R"(2:3{"code":500,"details":{"causes":[{"message":"container db is not running"}]},)"
                          R"("message":"Internal error occurred: container db is not running",)"
                          R"("metadata":{},"reason":"InternalError","status":"Failure"})",
                          "8:1000"));
}

TEST_F(ExecTest, AClientThatIsGoneLetsGoOfTheProcess) {
  streams.in = true;
  over_websocket(5);
  client->hang_up();
  fakes::settle(io);
  EXPECT_TRUE(is_over());
  EXPECT_TRUE(process->closed);
}

TEST_F(ExecTest, AClientThatBreaksTheProtocolIsToldAndLeft) {
  streams.in = true;
  over_websocket(5);
  say("no frame");
  EXPECT_TRUE(is_over());
  EXPECT_THAT(messages(), ElementsAre("2:1", "8:1002"));
}

TEST_F(ExecTest, AServerThatStopsIsNoSuccess) {
  streams.in = true;
  over_websocket(5);
  fakes::run_task(io, clock, tasks.stop());
  ASSERT_EQ(messages().size(), 3U);
  EXPECT_NE(messages()[1].find("the server is being stopped"), std::string::npos) << messages()[1];
  EXPECT_EQ(messages()[2], "8:1000");
}

TEST_F(ExecTest, PingsAreAnswered) {
  streams.in = true;
  over_websocket(5);
  say(from_client("are you there", http::WebSocketOpcode::Ping));
  EXPECT_THAT(messages(), ElementsAre("2:1", "10:are you there"));
}

TEST_F(ExecTest, AClientThatDoesNotReadHoldsTheProcessBack) {
  streams.in = true;
  over_websocket(5);
  client->stop_reading(true);
  for (int i = 0; i < 100; ++i) process->output.push_back({1, std::string(1000, 'x')});
  fakes::run_task(io, clock, process->end_input());
  fakes::settle(io);
  EXPECT_GE(process->output.size(), 98U);  // one piece is on its way
  client->stop_reading(false);
  fakes::settle(io);
  EXPECT_TRUE(is_over());
  EXPECT_EQ(messages().size(), 103U);
}

// The transcript exec-120-stdin.
TEST_F(ExecTest, SpdyWaitsForEveryStream) {
  streams.in = true;
  over_spdy();
  open_stream(1, "error");
  EXPECT_THAT(frames(), ElementsAre("2#1 "));
  open_stream(3, "stdin");
  open_stream(5, "stdout");
  open_stream(7, "stderr");
  EXPECT_THAT(frames(), ElementsAre("2#1 ", "2#3 ", "2#5 ", "2#7 "));
  say(http::SpdyEncoder::data(3, "line1\n"));
  say(http::SpdyEncoder::data(3, "", true));
  EXPECT_TRUE(is_over());
  EXPECT_THAT(frames(), ElementsAre("2#1 ", "2#3 ", "2#5 ", "2#7 ", "0#5 line1\n", "0#1 " + kSuccess, "3#1 ", "3#7 ", "3#3 ", "3#5 ",
                                    "7#7 "));
}

TEST_F(ExecTest, SpdyResizesAndAnswersPings) {
  streams = {.in = true, .out = true, .err = false, .tty = true};
  over_spdy();
  open_stream(1, "error");
  open_stream(3, "stdin");
  open_stream(5, "stdout");
  open_stream(7, "resize");
  say(http::SpdyEncoder::data(7, "{\"Width\":1"));
  say(http::SpdyEncoder::data(7, "00,\"Height\":30}\n{\"Width\":80,\"Height\":24}\n"));
  say(http::SpdyEncoder::ping(9));
  EXPECT_THAT(process->sizes, ElementsAre("at first 80", "80x24"));
  EXPECT_EQ(frames().back(), "6#9 ");
}

TEST_F(ExecTest, SpdyStreamsThatNobodyAskedForAreRefused) {
  over_spdy();
  open_stream(1, "stdin");
  open_stream(3, "error");
  open_stream(5, "error");
  EXPECT_THAT(frames(), ElementsAre("3#1 ", "2#3 ", "3#5 "));
}

TEST_F(ExecTest, SpdyStreamsHaveGrowingOddNumbers) {
  over_spdy();
  open_stream(3, "error");
  open_stream(1, "stdout");
  EXPECT_TRUE(is_over());
  EXPECT_THAT(frames(), ElementsAre("2#3 ", "7#3 "));
}

TEST_F(ExecTest, SpdyClientsThatOpenNothingAreLeft) {
  over_spdy();
  fakes::run_for(io, clock, std::chrono::seconds(31));
  EXPECT_TRUE(is_over());
  EXPECT_TRUE(client->closed);
}

TEST_F(ExecTest, SpdyClientsCannotFillTheMemoryBeforeTheyBegin) {
  streams.in = true;
  over_spdy();
  open_stream(1, "stdin");
  for (int i = 0; i < 20 && !is_over(); ++i) say(http::SpdyEncoder::data(1, std::string(100000, 'x')));
  EXPECT_TRUE(is_over());
}

}  // namespace
}  // namespace berth::api
