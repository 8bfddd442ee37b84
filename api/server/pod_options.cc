#include "api/server/pod_options.h"

#include <charconv>

#include "api/errors.h"
#include "api/server/option_values.h"
#include "base/text.h"
#include "crd/cause.h"

namespace berth::api {

namespace {

constexpr std::size_t kMostForwardPorts = 64;

// Reads the options and gathers what is wrong with them.
class PodLogQuery {
 public:
  PodLogQuery(const http::ServerRequest& request, base::SystemTime now) : request_(request), now_(now) {}

  Result<PodLogOptions> parse(const std::string& pod) {
    PodLogOptions options;
    options.follow = is_true(request_.query_value("follow"));
    options.previous = is_true(request_.query_value("previous"));
    options.timestamps = is_true(request_.query_value("timestamps"));
    auto tail = number("tailLines", 0, "must be greater than or equal to 0");
    if (!tail) return tail.error();
    options.tail = *tail;
    auto limit = number("limitBytes", 1, "must be greater than 0");
    if (!limit) return limit.error();
    options.limit_bytes = *limit;
    auto since = since_time();
    if (!since) return since.error();
    options.since = *since;
    if (!causes_.empty()) return invalid("PodLogOptions", pod, std::move(causes_));
    return options;
  }

 private:
  Result<std::optional<std::int64_t>> number(const char* name, std::int64_t least, const char* rule) {
    auto value = number_parameter<std::int64_t>(request_, name, "strconv.ParseInt");
    if (value && *value && **value < least) causes_.push_back(crd::cause::invalid(name, **value, rule));
    return value;
  }

  Result<std::optional<base::SystemTime>> since_time() {
    const auto time_text = request_.query_value("sinceTime").value_or("");
    const bool both = !time_text.empty() && !request_.query_value("sinceSeconds").value_or("").empty();
    if (both) {
      causes_.push_back(crd::cause::forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
      return std::optional<base::SystemTime>();
    }
    auto seconds = number("sinceSeconds", 1, "must be greater than 0");
    if (!seconds) return seconds.error();
    if (*seconds) return std::optional(now_ - std::chrono::seconds(std::min<std::int64_t>(**seconds, kLongestSeconds)));
    if (time_text.empty()) return std::optional<base::SystemTime>();
    const auto time = base::parse_time(time_text);
    if (time) return time;
    return base::error(Reason::BadRequest, "sinceTime: " + crd::dump(time_text) + " is no RFC 3339 time, e.g. 2026-01-31T12:00:00Z");
  }

  static constexpr std::int64_t kLongestSeconds = std::int64_t{100} * 366 * 24 * 3600;

  const http::ServerRequest& request_;
  base::SystemTime now_;
  std::vector<Cause> causes_;
};

}  // namespace

Result<PodLogOptions> parse_pod_log_options(const http::ServerRequest& request, const std::string& pod, base::SystemTime now) {
  return PodLogQuery(request, now).parse(pod);
}

PodExecOptions parse_pod_exec_options(const http::ServerRequest& request) {
  PodExecOptions options;
  options.command = query_values(request, "command");
  options.streams.in = is_true(request.query_value("stdin"));
  options.streams.out = is_true(request.query_value("stdout"));
  options.streams.tty = is_true(request.query_value("tty"));
  options.streams.err = is_true(request.query_value("stderr")) && !options.streams.tty;
  return options;
}

Result<std::vector<std::uint16_t>> parse_forward_ports(const http::ServerRequest& request) {
  std::vector<std::uint16_t> ports;
  for (const auto& value : query_values(request, "ports")) {
    for (const auto word : base::split(value, ',')) {
      std::uint16_t port = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
      if (error != std::errc() || end != word.data() + word.size() || port == 0) {
        return base::error(Reason::BadRequest, "unable to parse " + crd::dump(std::string(word)) + " as a port");
      }
      ports.push_back(port);
    }
  }
  if (ports.empty()) return base::error(Reason::BadRequest, "query parameter \"ports\" is required");
  if (ports.size() > kMostForwardPorts) return base::error(Reason::BadRequest, "too many ports");
  return ports;
}

}  // namespace berth::api
