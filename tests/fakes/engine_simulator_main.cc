#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "base/log.h"
#include "base/task_group.h"
#include "tests/fakes/engine_control.h"

// A Docker engine without containers: berthd and the tests of its programs can do to it what no engine would bear.

namespace {

using namespace berth;

struct Places {
  http::Endpoint listen;
  std::optional<http::Endpoint> control;
};

constexpr std::uint16_t kEnginePort = 2375;
constexpr std::uint16_t kControlPort = 2374;

int refuse(const std::string& message, int code) {
  std::cerr << "berth_engine_simulator: " << message << "\n";
  return code;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The code of a program that ends here.
std::optional<int> read_arguments(int argc, char** argv, Places& places) {
  CLI::App app("Speaks the Docker Engine API on a socket, with containers that exist only in its memory.", "berth_engine_simulator");
  app.set_help_flag("--help,-h", "show this and end");
  std::string listen;
  std::string control;
  app.add_option("--listen", listen, "where the engine is, unix:///PATH or tcp://127.0.0.1:PORT")->required()->type_name("ENDPOINT");
  app.add_option("--control", control, "where tests tell it what to do (POST /faults, GET /state, ...)")->type_name("ENDPOINT");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    return refuse(std::string(error.what()) + " (--help shows every flag)", 2);
  }
  const auto listening = http::parse_endpoint(listen, kEnginePort);
  if (!listening) return refuse("--listen: " + listening.error().message, 2);
  places.listen = *listening;
  if (control.empty()) return std::nullopt;
  const auto controlling = http::parse_endpoint(control, kControlPort);
  if (!controlling) return refuse("--control: " + controlling.error().message, 2);
  places.control = *controlling;
  return std::nullopt;
}

Task<int> serve(Places places) {
  const auto executor = co_await asio::this_coro::executor;
  asio::signal_set signals(executor, SIGTERM, SIGINT);
  base::SystemClock clock;
  fakes::FakeEngine engine(executor, clock);
  engine.every_pull_succeeds = true;
  fakes::EngineWireServer server(executor, clock, engine);
  const auto listening = server.listen(places.listen);
  if (!listening) co_return refuse(listening.error().message, 1);
  fakes::EngineControl control(clock, engine, server, *listening);
  auto handler = [&control](std::shared_ptr<const http::ServerRequest> request, http::ResponseWriter& writer) {
    return control.handle(std::move(request), writer);
  };
  http::ServerOptions options;
  http::Server hands(executor, clock, std::move(handler), std::move(options));
  int code = 0;
  if (places.control) {
    const auto controlled = hands.listen(*places.control);
    if (!controlled) code = refuse(controlled.error().message, 1);
  }
  if (code == 0) {
    base::log_info("engine_simulator", "listening", {{"listen", listening->str()}});
    boost::system::error_code ec;
    co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
  co_await hands.stop(base::Duration::zero());
  co_await server.stop();
  co_await engine.stop();
  co_return code;
}

}  // namespace

int main(int argc, char** argv) {
  Places places;
  if (const auto code = read_arguments(argc, argv, places)) return *code;
  base::log_setup(base::LogFormat::Text, base::LogLevel::Info);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  asio::io_context io(1);
  return base::run_main(io, serve(std::move(places)));
}
