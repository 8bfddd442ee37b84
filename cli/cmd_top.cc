#include "cli/cmd_top.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <ostream>

#include "api/http/uri.h"
#include "cli/common.h"
#include "cli/fields.h"
#include "cli/interrupts.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr base::Duration kInterval = std::chrono::seconds(2);

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "Ki", "Mi", "Gi", "Ti"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), unit == 0 || value >= 10 ? "%.0f%s" : "%.1f%s", value, kUnits[unit]);
  return out.data();
}

std::string millicores(std::int64_t nanos) { return std::to_string((nanos + 500000) / 1000000) + "m"; }

struct Sum {
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::int64_t received = 0;
  std::int64_t sent = 0;
  std::int64_t read = 0;
  std::int64_t written = 0;
  std::int64_t pids = 0;
  int services = 0;
};

Sum sum_of(const json& item) {
  return {number_at(item, {"cpu", "nanoCores"}),          number_at(item, {"memory", "bytes"}),
          number_at(item, {"network", "receivedBytes"}),  number_at(item, {"network", "sentBytes"}),
          number_at(item, {"blockIO", "readBytes"}),      number_at(item, {"blockIO", "writtenBytes"}),
          number_at(item, {"pids"}),                      1};
}

void add(Sum& to, const Sum& more) {
  to.cpu += more.cpu;
  to.memory += more.memory;
  to.received += more.received;
  to.sent += more.sent;
  to.read += more.read;
  to.written += more.written;
  to.pids += more.pids;
  to.services += more.services;
}

std::vector<std::string> cells_of(const Sum& sum, const std::string& memory) {
  return {millicores(sum.cpu), memory, bytes_text(sum.received) + " / " + bytes_text(sum.sent),
          bytes_text(sum.read) + " / " + bytes_text(sum.written), std::to_string(sum.pids)};
}

class Top final : public Command {
 public:
  CommandHelp help() const override {
    return {"top", "Show what services use: processor, memory, network, disk", "[ENV...] [flags]",
            "CPU is the rate of the last second or more, in thousandths of a core. Memory is what docker stats shows: without the cache "
            "that the kernel would give back. Network and disk are sums since the container was started. Without ENV it shows all "
            "environments of the namespace; the line of an environment is the sum of its services.",
            "berthctl top\nberthctl top checkout-pr-1421 --watch\n"
            "# the hungriest first, everywhere\nberthctl top -A --sort-by memory"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "only these environments", 0, 0, Completes::Environments, &names_});
    flags.toggle("--watch,-w", "go on and show it again", &watch_);
    flags.duration("--interval", "the time between two looks of --watch (default 2s)", &interval_);
    flags.toggle("--all-namespaces,-A", "of every namespace", &all_namespaces_);
    flags.choice("--sort-by", {"name", "cpu", "memory"}, "the order of the environments, and of their services", &sort_by_);
    flags.toggle("--no-headers", "leave the table's first line out", &no_headers_);
    flags.choice("--output,-o", {"json"}, "what the server says, as JSON", &output_);
  }

  Task<Result<int>> run(Session& session) override {
    if (all_namespaces_ && !names_.empty()) co_return base::error(Reason::BadRequest, "names cannot be combined with -A");
    if (interval_ < std::chrono::milliseconds(500)) co_return base::error(Reason::BadRequest, "--interval: 500ms is the least");
    Interrupts interrupts(session.executor);
    if (watch_) interrupts.start();
    auto shown = co_await show(session);
    while (watch_ && shown.has_value() && !interrupts.any()) {
      const auto until = session.clock.steady_now() + interval_;
      while (!interrupts.any() && session.clock.steady_now() < until) {
        const auto step = std::min<base::Duration>(std::chrono::milliseconds(100), until - session.clock.steady_now());
        co_await session.clock.sleep_for(step);
      }
      if (!interrupts.any()) shown = co_await show(session);
    }
    co_await interrupts.stop();
    if (shown.has_error()) co_return shown.error();
    co_return 0;
  }

 private:
  std::string target(const Session& session) const {
    std::string target = "/berth/v1/top";
    if (!all_namespaces_) target += "?namespace=" + http::percent_encode(session.ns);
    for (const auto& name : names_) target += "&name=" + http::percent_encode(name);
    return target;
  }

  Task<Result<void>> show(Session& session) {
    std::string method = "GET";
    std::string no_body;
    auto answer = co_await session.remote.call(std::move(method), target(session), std::move(no_body));
    if (answer.has_error()) co_return answer.error();
    auto& out = session.io.out;
    if (output_ == "json") {
      out << crd::dump(*answer, watch_ ? -1 : 2) << "\n";
    } else {
      const auto text = table(*answer);
      if (watch_ && session.io.out_is_terminal) out << "\x1b[H\x1b[J";
      if (watch_ && !session.io.out_is_terminal && shown_) out << "\n";
      out << text;
      if (items(at(*answer, {"items"})).empty()) session.io.err << "No environments" << (all_namespaces_ ? "" : " in namespace \"" + session.ns + "\"") << ".\n";
    }
    shown_ = true;
    if (!out.flush()) co_return base::error(Reason::InternalError, "standard output was closed");
    co_return Result<void>();
  }

  struct Environment {
    std::string ns;
    std::string name;
    Sum sum;
    std::vector<json> services;
  };

  bool before(const Sum& a, const Sum& b, bool by_name) const {
    if (sort_by_ == "cpu" && a.cpu != b.cpu) return a.cpu > b.cpu;
    if (sort_by_ == "memory" && a.memory != b.memory) return a.memory > b.memory;
    return by_name;
  }

  std::vector<Environment> grouped(const json& answer) const {
    std::map<std::pair<std::string, std::string>, Environment> by_name;
    for (const auto& item : items(at(answer, {"items"}))) {
      const auto ns = text_at(item, {"namespace"});
      const auto name = text_at(item, {"environment"});
      auto& environment = by_name[{ns, name}];
      environment.ns = ns;
      environment.name = name;
      if (at(item, {"running"}) == json(true)) add(environment.sum, sum_of(item));
      environment.services.push_back(item);
    }
    std::vector<Environment> all;
    for (auto& [key, environment] : by_name) all.push_back(std::move(environment));
    std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return before(a.sum, b.sum, false); });
    for (auto& environment : all) {
      std::stable_sort(environment.services.begin(), environment.services.end(),
                       [&](const json& a, const json& b) { return before(sum_of(a), sum_of(b), false); });
    }
    return all;
  }

  std::string table(const json& answer) const {
    std::vector<std::string> header{"ENVIRONMENT", "SERVICE", "CPU", "MEMORY", "NET RX / TX", "DISK READ / WRITTEN", "PIDS"};
    if (all_namespaces_) header.insert(header.begin(), "NAMESPACE");
    Table table(std::move(header));
    const auto row = [&](const Environment& environment, const std::string& service, std::vector<std::string> cells) {
      cells.insert(cells.begin(), {environment.name, service});
      if (all_namespaces_) cells.insert(cells.begin(), environment.ns);
      table.add(std::move(cells));
    };
    for (const auto& environment : grouped(answer)) {
      if (environment.services.size() > 1) row(environment, "", cells_of(environment.sum, bytes_text(environment.sum.memory)));
      for (const auto& item : environment.services) {
        const auto service = text_at(item, {"service"});
        if (at(item, {"running"}) != json(true)) {
          row(environment, service, {"-", "-", "-", "-", "-"});
          continue;
        }
        const auto memory = bytes_text(number_at(item, {"memory", "bytes"})) + " / " + bytes_text(number_at(item, {"memory", "limitBytes"}));
        row(environment, service, cells_of(sum_of(item), memory));
      }
    }
    return items(at(answer, {"items"})).empty() ? "" : table.take(!no_headers_);
  }

  std::vector<std::string> names_;
  std::string output_;
  std::string sort_by_ = "name";
  base::Duration interval_ = kInterval;
  bool watch_ = false;
  bool all_namespaces_ = false;
  bool no_headers_ = false;
  bool shown_ = false;
};

}  // namespace

CommandPtr make_top() { return std::make_unique<Top>(); }

}  // namespace berth::cli
