#include "cli/why_text.h"

#include <array>
#include <cstdio>

#include "cli/fields.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

std::string seconds_text(const json& entry) {
  const auto& seconds = at(entry, {"seconds"});
  if (!seconds.is_number()) return "";
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), " in %.2fs", seconds.get<double>());
  return out.data();
}

std::string answer_text(const json& entry) {
  const auto answer = text_at(entry, {"answer"});
  if (answer.empty()) return "";
  if (answer == "running") return "  ... goes on";
  auto text = "  -> " + answer + seconds_text(entry);
  const auto message = text_at(entry, {"message"});
  if (!message.empty()) text += ": " + one_line(message);
  const auto times = number_at(entry, {"times"}, 1);
  return times > 1 ? text + " (" + std::to_string(times) + " times)" : text;
}

// "10:47:55.123"; the day stands above.
std::string clock_text(const std::string& time) { return time.size() < 23 ? time : time.substr(11, 12); }

std::string entries_text(const json& environment) {
  Table table({"TIME", "GEN", "CAUSE", "WHAT", "TARGET", "WHY AND WHAT CAME OF IT"});
  for (const auto& entry : items(at(environment, {"entries"}))) {
    table.add({clock_text(text_at(entry, {"time"})), text_at(entry, {"generation"}), text_at(entry, {"cause"}), text_at(entry, {"action"}),
               text_at(entry, {"target"}), one_line(text_at(entry, {"reason"})) + answer_text(entry)});
  }
  return table.take();
}

std::string first_day(const json& environment) {
  for (const auto& entry : items(at(environment, {"entries"}))) return text_at(entry, {"time"}).substr(0, 10);
  return "";
}

}  // namespace

std::string why_text(const json& told, bool all) {
  const auto& environments = items(at(told, {"environments"}));
  std::string out;
  std::size_t earlier = 0;
  for (std::size_t i = 0; i < environments.size(); ++i) {
    const auto& environment = environments[i];
    if (!all && i + 1 < environments.size()) {
      ++earlier;
      continue;
    }
    out += (out.empty() ? "" : "\n") + text_at(told, {"namespace"}) + "/" + text_at(told, {"name"}) + "  uid " + text_at(environment, {"uid"}) +
           (at(environment, {"gone"}) == json(true) ? ", gone" : "") + ", since " + first_day(environment) + " (times in UTC)\n";
    const auto dropped = number_at(environment, {"dropped"});
    if (dropped > 0) out += std::to_string(dropped) + " earlier entries are not kept\n";
    out += entries_text(environment);
  }
  if (earlier > 0) out += std::to_string(earlier) + " earlier of that name: --all shows them\n";
  return printable(out);
}

}  // namespace berth::cli
