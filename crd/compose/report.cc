#include "crd/compose/report.h"

#include <tuple>

namespace berth::compose {
namespace {

constexpr std::size_t kMostNotices = 10'000;

}  // namespace

int Report::add_file(std::string name, std::string directory) {
  files_.push_back({std::move(name), std::move(directory)});
  return static_cast<int>(files_.size()) - 1;
}

void Report::add(Level level, Place place, std::string text) {
  failed_ = failed_ || level == Level::Error;
  if (notices_.size() < kMostNotices || level == Level::Error) notices_.push_back({level, place, std::move(text)});
}

std::string Report::show(Place place) const {
  if (place.file < 0) return "";
  return file(place.file).name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::vector<std::string> Report::lines(Level least, Level most) const {
  std::vector<const Notice*> chosen;
  for (const Notice& notice : notices_) {
    if (notice.level >= least && notice.level <= most) chosen.push_back(&notice);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const Notice* a, const Notice* b) {
    return std::tie(a->place.file, a->place.line, a->place.column) < std::tie(b->place.file, b->place.line, b->place.column);
  });
  std::vector<std::string> out;
  std::set<std::string> known;
  for (const Notice* notice : chosen) {
    std::string line = show(notice->place);
    if (!line.empty()) line += ": ";
    if (notice->level == Level::Warning || notice->level == Level::Loss) line += "warning: ";
    line += notice->text;
    if (known.insert(line).second) out.push_back(std::move(line));
  }
  return out;
}

Error Report::failure() const {
  constexpr std::size_t kMostShown = 100;
  std::string message;
  const auto all = lines(Level::Error, Level::Error);
  for (std::size_t i = 0; i < all.size() && i < kMostShown; ++i) message += (i == 0 ? "" : "\n") + all[i];
  if (all.size() > kMostShown) message += "\nand " + std::to_string(all.size() - kMostShown) + " more";
  return base::error(Reason::BadRequest, std::move(message));
}

}  // namespace berth::compose
