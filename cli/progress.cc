#include "cli/progress.h"

#include <algorithm>
#include <array>

#include "cli/duration.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

std::string service_state(const ServiceView& service) {
  return service.ready && service.state == "Running" ? "Ready" : service.state;
}

std::string service_detail(const ServiceView& service) {
  if (service.ready) {
    std::vector<std::string> addresses;
    for (const auto& port : service.ports) {
      if (!port.address.empty()) addresses.push_back(port.address);
    }
    return join(addresses, " ");
  }
  auto detail = service.reason;
  if (!service.message.empty()) detail += (detail.empty() ? "" : ": ") + service.message;
  if (detail.empty() && !service.waits_for.empty()) detail = "waits for " + join(service.waits_for, ", ");
  return one_line(detail);
}

std::string environment_detail(const EnvironmentView& view) {
  if (view.ended) return one_line(view.reason + (view.message.empty() ? "" : ": " + view.message));
  if (view.deleting) return one_line(view.message);
  return view.ready ? "" : one_line(view.waiting);
}

std::string padded(std::string text, std::size_t width) {
  const auto now = display_width(text);
  if (now < width) text.append(width - now, ' ');
  return text;
}

Color color_of(const EnvironmentView& view) {
  if (view.ended) return Color::Red;
  if (view.ready) return Color::Green;
  return view.phase == "Degraded" ? Color::Yellow : Color::Bold;
}

}  // namespace

void Progress::update(EnvironmentView view) {
  auto& entry = entries_[{view.ns, view.name}];
  entry.view = std::move(view);
  entry.gone = false;
}

void Progress::remove(const std::string& ns, const std::string& name) {
  const auto found = entries_.find({ns, name});
  if (found != entries_.end()) found->second.gone = true;
}

std::string Progress::spinner(int frame) const {
  static constexpr std::array kDots{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  static constexpr std::array kAscii{"|", "/", "-", "\\"};
  const auto n = static_cast<std::size_t>(frame);
  return style_.utf8 ? kDots[n % kDots.size()] : kAscii[n % kAscii.size()];
}

std::string Progress::environment_line(const Entry& entry, base::Duration since_start, int columns, int frame) const {
  const auto& view = entry.view;
  std::string mark = spinner(frame);
  if (entry.gone || view.ready) mark = style_.utf8 ? "✔" : "+";
  if (view.ended && !entry.gone) mark = style_.utf8 ? "✘" : "x";
  std::string line = mark + " " + view.name + "  " + (entry.gone ? "Deleted" : view.phase) + "  " +
                     std::to_string(view.ready_services()) + "/" + std::to_string(view.services.size()) + " ready  " +
                     elapsed(since_start);
  const auto detail = entry.gone ? "" : environment_detail(view);
  if (!detail.empty()) line += "  " + detail;
  return painted(clip(line, static_cast<std::size_t>(std::max(columns - 1, 1))), color_of(view), style_.color);
}

std::string Progress::service_line(const ServiceView& service, std::size_t name_width, int columns, int frame) const {
  std::string mark = spinner(frame);
  Color color = Color::None;
  if (service.ready) {
    mark = style_.utf8 ? "✔" : "+";
    color = Color::Green;
  } else if (service.failing) {
    mark = style_.utf8 ? "✘" : "x";
    color = Color::Red;
  } else if (service.state == "Waiting" || service.state == "Pending" || service.state == "Removed") {
    mark = style_.utf8 ? "·" : ".";
    color = Color::Dim;
  }
  std::string line = "  " + mark + " " + padded(service.name, name_width) + "  " + padded(service_state(service), 10) +
                     "  " + service_detail(service);
  while (line.ends_with(' ')) line.pop_back();
  return painted(clip(line, static_cast<std::size_t>(std::max(columns - 1, 1))), color, style_.color);
}

std::vector<std::string> Progress::picture(base::Duration since_start, int columns, int rows, int frame) const {
  std::size_t needed = 0;
  for (const auto& [key, entry] : entries_) needed += 1 + entry.view.services.size();
  const bool with_services = needed < static_cast<std::size_t>(std::max(rows, 2));
  const auto most = static_cast<std::size_t>(std::max(rows - 2, 1));
  std::vector<std::string> lines;
  std::size_t left_out = 0;
  for (const auto& [key, entry] : entries_) {
    if (!with_services && lines.size() >= most) {
      ++left_out;
      continue;
    }
    lines.push_back(environment_line(entry, since_start, columns, frame));
    if (!with_services || entry.gone) continue;
    std::size_t width = 0;
    for (const auto& service : entry.view.services) width = std::max(width, display_width(service.name));
    for (const auto& service : entry.view.services) lines.push_back(service_line(service, width, columns, frame));
  }
  if (left_out > 0) lines.push_back("and " + std::to_string(left_out) + " more");
  return lines;
}

std::vector<std::string> Progress::news(base::Duration since_start) {
  std::vector<std::string> lines;
  for (auto& [key, entry] : entries_) {
    const auto& name = entry.view.name;
    for (const auto& service : entry.view.services) {
      if (entry.gone || entry.view.deleting) break;
      auto detail = service_detail(service);
      auto line = name + "/" + service.name + ": " + service_state(service) + (detail.empty() ? "" : "  " + detail);
      auto& told = entry.told_services[service.name];
      if (line == told) continue;
      if (!told.empty() || service.state != "Pending") lines.push_back(line);
      told = std::move(line);
    }
    auto detail = entry.gone || entry.view.deleting ? "" : environment_detail(entry.view);
    auto line = name + ": " + (entry.gone ? "Deleted" : entry.view.phase) + (detail.empty() ? "" : "  " + detail);
    if (line == entry.told) continue;
    entry.told = line;
    if (entry.gone || entry.view.ready || entry.view.ended) line += " after " + elapsed(since_start);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string redraw(const std::vector<std::string>& lines, std::size_t drawn) {
  std::string result;
  if (drawn > 0) result += "\x1b[" + std::to_string(drawn) + "A";
  result += "\r\x1b[J";
  for (const auto& line : lines) result += line + "\n";
  return result;
}

}  // namespace berth::cli
