// A load on berthd's HTTP API over loopback, plain http with keep-alive. Prints one line of JSON for each run.
//   bench_api --port 6440 --token TOKEN create  --count N --clients C      durable creates by C clients at once
//   bench_api --port 6440 --token TOKEN watch   --watchers W --rounds R    from a change to the last of W watchers
//   bench_api --port 6440 --token TOKEN mixed   --watchers W --rate R --seconds S   GET latency while W watchers get R changes/s
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "bench_api: %s\n", what.c_str());
  std::exit(1);
}

struct Options {
  int port = 6440;
  std::string token;
  std::string ns = "bench";
  std::string prefix = "load";
  int count = 1000;
  int clients = 64;
  int watchers = 1000;
  int rounds = 20;
  int rate = 500;
  int seconds = 10;
};

// One keep-alive connection; answers must have a Content-Length.
class Connection {
 public:
  Connection(const Options& options) : options_(options), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("cannot connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Connection(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  int fd() const { return fd_; }

  void send(const std::string& method, const std::string& path, const std::string& body, const char* type = "application/json") {
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + options_.token +
                       "\r\nAccept: application/json\r\n";
    if (!body.empty()) text += std::string("Content-Type: ") + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;
    for (std::size_t sent = 0; sent < text.size();) {
      const auto n = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) give_up("the connection broke while sending");
      sent += static_cast<std::size_t>(n);
    }
  }

  // The status code of the next answer, which is read to its end.
  int receive() {
    while (true) {
      const auto end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const auto at = buffer_.find("Content-Length: ");
        if (at == std::string::npos || at > end) give_up("an answer without Content-Length: " + buffer_.substr(0, end));
        const auto size = end + 4 + std::strtoul(buffer_.c_str() + at + 16, nullptr, 10);
        if (buffer_.size() >= size) {
          const int status = std::atoi(buffer_.c_str() + 9);
          last_ = buffer_.substr(end + 4, size - end - 4);
          buffer_.erase(0, size);
          return status;
        }
      }
      if (!fill()) give_up("the server closed the connection");
    }
  }
  const std::string& last() const { return last_; }

  // Whatever is there, for watches.
  bool fill() {
    char chunk[65536];
    const auto n = ::recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(n));
    return true;
  }
  std::string& buffer() { return buffer_; }

 private:
  const Options& options_;
  int fd_;
  std::string buffer_;
  std::string last_;
};

std::string collection(const Options& o) { return "/apis/berth.dev/v1alpha1/namespaces/" + o.ns + "/testenvironments"; }

std::string environment(const std::string& name) {
  return R"({"apiVersion":"berth.dev/v1alpha1","kind":"TestEnvironment","metadata":{"name":")" + name +
         R"(","labels":{"app":"bench"}},"spec":{"services":[{"name":"postgres","image":"postgres:16","env":[{"name":"POSTGRES_PASSWORD","value":"test"}],)"
         R"("ports":[{"name":"sql","containerPort":5432,"env":"DEV_POSTGRES_PORT"}],"readinessProbe":{"exec":{"command":["pg_isready","-U","postgres"]}}},)"
         R"({"name":"redis","image":"redis:7","ports":[{"name":"redis","containerPort":6379}],"readinessProbe":{"tcpSocket":{"port":"redis"}}}]}})";
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(p * static_cast<double>(values.size())))];
}

void create(const Options& o) {
  std::atomic<int> next{0};
  std::vector<std::vector<double>> times(static_cast<std::size_t>(o.clients));
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (int c = 0; c < o.clients; ++c) {
    threads.emplace_back([&, c] {
      Connection connection(o);
      for (int i = next++; i < o.count; i = next++) {
        const auto start = Clock::now();
        connection.send("POST", collection(o), environment(o.prefix + "-" + std::to_string(i)));
        if (const int status = connection.receive(); status != 201) give_up("create: " + std::to_string(status) + " " + connection.last());
        times[static_cast<std::size_t>(c)].push_back(seconds_since(start));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double took = seconds_since(begin);
  std::vector<double> all;
  for (auto& some : times) all.insert(all.end(), some.begin(), some.end());
  std::printf("{\"creates_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n", o.count / took, percentile(all, .5) * 1e3, percentile(all, .99) * 1e3);
}

std::string patch_of(int round) { return R"({"metadata":{"annotations":{"round":")" + std::to_string(round) + R"("}}})"; }

void change(Connection& connection, const Options& o, const std::string& name, int round) {
  connection.send("PATCH", collection(o) + "/" + name, patch_of(round), "application/merge-patch+json");
  if (const int status = connection.receive(); status != 200) give_up("patch: " + std::to_string(status) + " " + connection.last());
}

// Reads watches until each has seen `mark`; seconds since `begin` when the last one had.
double until_all_saw(std::vector<std::unique_ptr<Connection>>& watches, const std::string& mark, Clock::time_point begin) {
  std::vector<pollfd> polls;
  for (auto& watch : watches) polls.push_back({watch->fd(), POLLIN, 0});
  std::size_t missing = watches.size();
  while (missing > 0) {
    if (::poll(polls.data(), polls.size(), 20000) <= 0) give_up(std::to_string(missing) + " watchers did not get the change within 20 s");
    for (std::size_t i = 0; i < polls.size(); ++i) {
      if (!(polls[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      if (!watches[i]->fill()) give_up("a watch ended");
      auto& text = watches[i]->buffer();
      if (text.find(mark) != std::string::npos) {
        polls[i].fd = -1;
        --missing;
        text.clear();
      }
    }
  }
  return seconds_since(begin);
}

std::vector<std::unique_ptr<Connection>> open_watches(const Options& o) {
  Connection one(o);
  one.send("GET", collection(o) + "?limit=1", "");
  one.receive();
  const auto at = one.last().rfind("\"resourceVersion\":\"");
  const auto version = one.last().substr(at + 19, one.last().find('"', at + 19) - at - 19);
  std::vector<std::unique_ptr<Connection>> watches;
  for (int i = 0; i < o.watchers; ++i) {
    auto watch = std::make_unique<Connection>(o);
    watch->send("GET", collection(o) + "?watch=1&resourceVersion=" + version, "");
    while (watch->buffer().find("\r\n\r\n") == std::string::npos) {
      if (!watch->fill()) give_up("a watch did not start");
    }
    watches.push_back(std::move(watch));
  }
  return watches;
}

void watch(const Options& o) {
  Connection writer(o);
  const auto name = o.prefix + "-0";
  auto watches = open_watches(o);
  std::vector<double> times;
  for (int round = 0; round < o.rounds; ++round) {
    const auto begin = Clock::now();
    change(writer, o, name, round);
    times.push_back(until_all_saw(watches, "\"round\":\"" + std::to_string(round) + "\"", begin));
  }
  std::printf("{\"watchers\":%d,\"p50_ms\":%.1f,\"max_ms\":%.1f}\n", o.watchers, percentile(times, .5) * 1e3, percentile(times, 1) * 1e3);
}

void mixed(const Options& o) {
  auto watches = open_watches(o);
  std::atomic<bool> stop{false};
  std::atomic<int> changes{0};
  std::thread reader([&] {
    // It shares a core with whoever measures below, and must not be what is measured.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
    std::vector<pollfd> polls;
    for (auto& watch : watches) polls.push_back({watch->fd(), POLLIN, 0});
    while (!stop) {
      if (::poll(polls.data(), polls.size(), 100) <= 0) continue;
      for (std::size_t i = 0; i < polls.size(); ++i) {
        if (!(polls[i].revents & POLLIN)) continue;
        if (!watches[i]->fill()) give_up("a watch ended");
        watches[i]->buffer().clear();
      }
    }
  });
  std::vector<std::thread> writers;
  constexpr int kWriters = 4;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      Connection connection(o);
      const auto pause = std::chrono::nanoseconds(1'000'000'000LL * kWriters / o.rate);
      auto next = Clock::now() + pause * w / kWriters;  // evenly, not four at once
      std::this_thread::sleep_until(next);
      for (int round = 0; !stop; ++round) {
        change(connection, o, o.prefix + "-" + std::to_string(w), round);
        ++changes;
        next += pause;
        std::this_thread::sleep_until(next);
      }
    });
  }
  Connection connection(o);
  std::vector<double> times;
  const auto begin = Clock::now();
  while (seconds_since(begin) < o.seconds) {
    const auto start = Clock::now();
    connection.send("GET", collection(o) + "/" + o.prefix + "-9", "");
    if (connection.receive() != 200) give_up("get: " + connection.last());
    times.push_back(seconds_since(start));
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  const double took = seconds_since(begin);
  stop = true;
  for (auto& writer : writers) writer.join();
  reader.join();
  std::printf("{\"watchers\":%d,\"changes_per_s\":%.0f,\"get_p50_ms\":%.2f,\"get_p99_ms\":%.2f}\n", o.watchers, changes / took,
              percentile(times, .5) * 1e3, percentile(times, .99) * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app{"A load on berthd's API"};
  app.require_subcommand(1);
  app.add_option("--port", o.port);
  app.add_option("--token", o.token);
  app.add_option("--namespace", o.ns);
  app.add_option("--prefix", o.prefix);
  const auto add = [&](const char* name, const char* what, void (*run)(const Options&)) {
    auto* command = app.add_subcommand(name, what);
    command->add_option("--count", o.count);
    command->add_option("--clients", o.clients);
    command->add_option("--watchers", o.watchers);
    command->add_option("--rounds", o.rounds);
    command->add_option("--rate", o.rate);
    command->add_option("--seconds", o.seconds);
    command->fallthrough();
    command->callback([&o, run] { run(o); });
  };
  add("create", "durable creates", create);
  add("watch", "a change to all watchers", watch);
  add("mixed", "reads while watchers are served", mixed);
  CLI11_PARSE(app, argc, argv);
}
