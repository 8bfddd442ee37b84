#include "crd/compose/ports.h"

#include "crd/compose/forms.h"

namespace berth::compose {
namespace {

constexpr int kLongestRange = 1000;

struct Range {
  int first = 0;
  int last = 0;
  std::string variable;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The parts of the short form.
struct ShortPort {
  Node host_ip, published, target;
  std::string protocol;
};

ShortPort split(const Node& port) {
  ShortPort out;
  std::size_t end = port.text.size();
  if (const auto slash = port.text.rfind('/'); slash != std::string::npos) {
    out.protocol = lower(port.text.substr(slash + 1));
    end = slash;
  }
  const std::string text = port.text.substr(0, end);
  const auto target_at = text.rfind(':');
  if (target_at == std::string::npos) {
    out.target = slice(port, 0, end);
    return out;
  }
  out.target = slice(port, target_at + 1, end);
  const auto host_at = target_at == 0 ? std::string::npos : text.rfind(':', target_at - 1);
  // An IPv6 address stands in brackets.
  const auto bracket = text.find(']');
  const bool has_ip = host_at != std::string::npos && (bracket == std::string::npos || host_at > bracket);
  out.published = slice(port, has_ip ? host_at + 1 : 0, target_at);
  if (has_ip) out.host_ip = slice(port, 0, host_at);
  return out;
}

class PortReader {
 public:
  PortReader(const Node& port, Report& report) : port_(port), report_(report) {}

  std::optional<std::vector<PublishedPort>> read() {
    if (!port_.is_map() && !port_.is_scalar()) return fail("a port is expected, such as \"8080:80\"");
    PublishedPort common;
    common.place = port_.place;
    const ShortPort parts = port_.is_map() ? long_form(common) : split(port_);
    common.host_ip = parts.host_ip.text;
    if (common.host_ip.starts_with('[') && common.host_ip.ends_with(']'))
      common.host_ip = common.host_ip.substr(1, common.host_ip.size() - 2);
    const std::string protocol = parts.protocol.empty() ? "tcp" : parts.protocol;
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
      return fail("the protocol \"" + protocol + "\" is not tcp, udp or sctp");
    common.protocol = protocol;
    std::transform(common.protocol.begin(), common.protocol.end(), common.protocol.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto target = range(parts.target, "container port");
    if (!target) return std::nullopt;
    Range published;
    if (!parts.published.text.empty()) {
      const auto read = range(parts.published, "host port");
      if (!read) return std::nullopt;
      published = *read;
    }
    return ports(common, *target, published);
  }

 private:
  std::nullopt_t fail(const std::string& what) {
    report_.error(port_.place, (port_.is_map() ? "" : "\"" + port_.text + "\": ") + what);
    return std::nullopt;
  }

  ShortPort long_form(PublishedPort& common) {
    ShortPort out;
    common.name = text_of(port_, "name");
    out.protocol = lower(text_of(port_, "protocol"));
    if (const Node* node = port_.find("host_ip"); node && node->is_scalar()) out.host_ip = *node;
    if (const Node* node = port_.find("target"); node && node->is_scalar()) out.target = *node;
    if (const Node* node = port_.find("published"); node && node->is_scalar()) out.published = *node;
    return out;
  }

  std::optional<Range> range(const Node& node, const char* what) {
    const auto dash = node.text.find('-');
    const auto first = integer(node.text.substr(0, dash));
    const auto last = dash == std::string::npos ? first : integer(node.text.substr(dash + 1));
    const auto good = [](const std::optional<std::int64_t>& port) { return port && *port >= 1 && *port <= 65535; };
    if (!good(first) || !good(last)) {
      const bool zero = first == 0 && last == 0 && what[0] == 'h';  // "0:80": any
      if (zero) return Range{};
      return fail(std::string(what) + " \"" + node.text + "\" is not between 1 and 65535");
    }
    if (*last < *first) return fail("the range " + node.text + " ends before it begins");
    if (*last - *first >= kLongestRange)
      return fail("the range " + node.text + " has more than " + std::to_string(kLongestRange) + " ports");
    Range out{static_cast<int>(*first), static_cast<int>(*last), {}};
    for (const Span& span : node.spans) {
      if (span.begin == 0 && span.end == node.text.size()) out.variable = span.variable;
    }
    return out;
  }

  std::optional<std::vector<PublishedPort>> ports(const PublishedPort& common, const Range& target, const Range& published) {
    const int targets = target.last - target.first, hosts = published.last - published.first;
    // A range of host ports for one container port: any of them will do, and so will a leased one.
    const bool any_of = targets == 0 && hosts > 0;
    if (published.first != 0 && hosts != targets && !any_of) return fail("the two ranges have different lengths");
    std::vector<PublishedPort> out;
    for (int i = 0; i <= targets; ++i) {
      PublishedPort port = common;
      port.target = target.first + i;
      port.published = published.first == 0 ? 0 : published.first + i;
      if (targets == 0) port.variable = published.variable;
      port.target_variable = target.variable;
      if (targets > 0) port.name.clear();
      out.push_back(std::move(port));
    }
    return out;
  }

  const Node& port_;
  Report& report_;
};

}  // namespace

std::optional<std::vector<PublishedPort>> parse_ports(const Node& port, Report& report) { return PortReader(port, report).read(); }

std::string port_key(const Node& port) {
  Report unheard;
  const auto ports = parse_ports(port, unheard);
  if (!ports) return port.text + "@" + std::to_string(port.place.line) + ":" + std::to_string(port.place.column);  // told later
  const PublishedPort &first = ports->front(), &last = ports->back();
  return first.host_ip + "/" + std::to_string(first.published) + "/" + std::to_string(first.target) + "-" + std::to_string(last.target) + "/" +
         first.protocol;
}

}  // namespace berth::compose
