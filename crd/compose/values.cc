#include "crd/compose/context.h"
#include "crd/compose/units.h"

namespace berth::compose {
namespace {

bool follows_local_host(std::string_view before) {
  for (const std::string_view host : {"localhost:", "127.0.0.1:", "0.0.0.0:", "[::1]:", "host.docker.internal:"}) {
    if (before.ends_with(host)) return true;
  }
  return false;
}

// Numbers behind "localhost:" that are host ports of these files.
void tell_fixed_ports(Context& context, const Node& value) {
  for (const std::string_view host : {"localhost:", "127.0.0.1:", "host.docker.internal:"}) {
    for (auto at = value.text.find(host); at != std::string::npos; at = value.text.find(host, at + 1)) {
      const std::size_t begin = at + host.size();
      const std::size_t end = std::min(value.text.find_first_not_of("0123456789", begin), value.text.size());
      const auto number = integer(std::string_view(value.text).substr(begin, end - begin));
      const auto found = number ? context.leased_numbers.find(static_cast<int>(*number)) : context.leased_numbers.end();
      if (found == context.leased_numbers.end()) continue;
      const bool follows =
          std::any_of(value.spans.begin(), value.spans.end(), [&](const Span& span) { return span.begin <= begin && span.end >= end; });
      if (follows) continue;
      context.report.warn(value.place, value.text.substr(at, end - at) + " was a fixed host port and is leased now: write " +
                                           std::string(host) + "$(" + found->second + ") if the host's port is meant");
    }
  }
}

}  // namespace

std::string escape_references(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '$' && i + 1 < text.size() && (text[i + 1] == '$' || text[i + 1] == '(')) out += '$';
  }
  return out;
}

std::string convert_value(Context& context, const Node& value) {
  if (!context.leased_numbers.empty()) tell_fixed_ports(context, value);
  std::string out;
  std::size_t at = 0;
  for (const Span& span : value.spans) {
    const auto leased = context.leased.find(span.variable);
    if (leased == context.leased.end() || span.begin < at) continue;
    const std::string_view before = std::string_view(value.text).substr(at, span.begin - at);
    if (follows_local_host(before)) {
      out += escape_references(before) + "$(" + leased->second + ")";
      at = span.end;
      context.report.note(value.place, span.variable + " was a host port: $(" + leased->second + ") follows the leased one");
    } else {
      context.report.note(value.place, span.variable + " is a host port as well, which is leased now: the value here stays \"" +
                                           value.text.substr(span.begin, span.end - span.begin) + "\"");
    }
  }
  return out + escape_references(std::string_view(value.text).substr(at));
}

Place place_of(const Node& map, std::string_view name) {
  const Member* member = map.find_member(name);
  return member ? member->place : map.place;
}

std::optional<std::int64_t> seconds_at(Context& context, const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  if (!node) return std::nullopt;
  const auto duration = parse_duration(node->text);
  if (!duration) context.report.error(node->place, std::string(name) + ": \"" + node->text + "\" is no duration, such as 1m30s");
  return duration ? std::optional(*duration == 0 ? 0 : whole_seconds(*duration)) : std::nullopt;
}

std::optional<std::int64_t> size_at(Context& context, const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  if (!node) return std::nullopt;
  const auto size = parse_size(node->text);
  if (!size) context.report.error(node->place, std::string(name) + ": \"" + node->text + "\" is no size, such as 64m");
  return size;
}

std::optional<std::int64_t> number_at(Context& context, const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  if (!node) return std::nullopt;
  const auto number = integer(node->text);
  if (!number) context.report.error(node->place, std::string(name) + ": \"" + node->text + "\" is no whole number");
  return number;
}

std::optional<std::int64_t> cpus_at(Context& context, const Node& map, std::string_view name) {
  const Node* node = map.find(name);
  if (!node) return std::nullopt;
  const auto cpus = parse_cpus(node->text);
  if (!cpus) context.report.error(node->place, std::string(name) + ": \"" + node->text + "\" is no number of CPUs, such as 0.5");
  return cpus;
}

std::vector<Node> words_of(Context& context, const Node& command) {
  if (command.is_list()) return command.items;
  std::vector<Node> out;
  if (!command.is_scalar()) return out;
  const auto words = split_words(command.text);
  if (!words) {
    context.report.error(command.place, "a quote is not closed in this command");
    return out;
  }
  for (const auto& word : *words) {
    Node node = make_text(word, command.place);
    // Which variables a word came from is known when it stands in the text as it is.
    const auto at = command.spans.empty() ? std::string::npos : command.text.find(word);
    for (const Span& span : command.spans) {
      if (!word.empty() && at != std::string::npos && span.begin >= at && span.end <= at + word.size()) {
        node.spans.push_back({span.begin - at, span.end - at, span.variable});
      }
    }
    out.push_back(std::move(node));
  }
  return out;
}

}  // namespace berth::compose
