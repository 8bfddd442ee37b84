#include "controller/reconcile/journal.h"

#include <algorithm>
#include <vector>

#include "crd/secrets.h"

namespace berth::reconcile {

namespace {

constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kLookBack = 12;  // entries: a failure that repeats has others between

std::string short_text(std::string text) {
  if (text.size() <= kLongestText) return text;
  text.resize(kLongestText);
  return text + "...";
}

bool is_same(const JournalEntry& a, const JournalEntry& b) {
  return a.action == b.action && a.target == b.target && a.cause == b.cause && a.reason == b.reason && a.answer == b.answer &&
         a.message == b.message && a.generation == b.generation;
}

json entry_json(const JournalEntry& entry) {
  json out = {{"time", base::format_micro_time(entry.at)}, {"generation", entry.generation}, {"cause", entry.cause}, {"reason", entry.reason}};
  if (entry.times > 1) out["times"] = entry.times;
  if (entry.action.empty()) return out;
  out["action"] = entry.action;
  out["target"] = entry.target;
  out["answer"] = entry.answer.empty() ? "running" : entry.answer;
  if (!entry.message.empty()) out["message"] = entry.message;
  if (entry.took) out["seconds"] = std::chrono::duration<double>(*entry.took).count();
  return out;
}

}  // namespace

std::size_t Journal::size_of(const JournalEntry& entry) {
  return sizeof(JournalEntry) + entry.cause.size() + entry.action.size() + entry.target.size() + entry.reason.size() + entry.answer.size() +
         entry.message.size();
}

std::size_t Journal::share() const {
  return std::min(options_.total_bytes / std::max<std::size_t>(pages_.size(), 1), options_.bytes);
}

Journal::Page& Journal::page_of(const ObjectPtr& object) {
  forget_old();
  auto [place, is_new] = pages_.try_emplace(object->uid());
  if (is_new) {
    place->second.key = object->key();
    place->second.number = next_page_++;
  }
  return place->second;
}

void Journal::trim(Page& page, std::size_t limit) {
  while (page.entries.size() > 1 && (page.entries.size() > options_.entries || page.bytes > limit)) {
    const auto size = size_of(page.entries.front());
    page.bytes -= size;
    bytes_ -= size;
    page.entries.pop_front();
    ++page.dropped;
  }
}

void Journal::add(Page& page, JournalEntry entry) {
  entry.reason = short_text(std::move(entry.reason));
  const auto size = size_of(entry);
  page.bytes += size;
  bytes_ += size;
  page.entries.push_back(std::move(entry));
  trim(page, share());
  if (bytes_ > options_.total_bytes) make_room();
}

// Others still hold what was their share when there were fewer. To a little less, so that this is not done at every entry. Every page keeps
// an entry: where that is too much, what is gone longest is forgotten.
void Journal::make_room() {
  const auto limit = share() / 4 * 3;
  for (auto& [uid, other] : pages_) trim(other, limit);
  while (bytes_ > options_.total_bytes && !leaving_.empty()) forget_first();
}

void Journal::note(const ObjectPtr& object, std::string cause, std::string reason) {
  auto& page = page_of(object);
  JournalEntry entry;
  entry.id = next_id_++;
  entry.at = clock_.system_now();
  entry.generation = object->generation();
  entry.cause = std::move(cause);
  entry.reason = crd::masked(std::move(reason), crd::secret_values(object->spec()));
  add(page, std::move(entry));
  merge_repeated(page, page.entries.size() - 1);
}

std::uint64_t Journal::begin(const ObjectPtr& object, JournalEntry entry) {
  auto& page = page_of(object);
  entry.id = next_id_++;
  entry.at = clock_.system_now();
  entry.generation = object->generation();
  entry.reason = crd::masked(std::move(entry.reason), crd::secret_values(object->spec()));
  const auto id = entry.id;
  add(page, std::move(entry));
  return id;
}

void Journal::end(const ObjectPtr& object, std::uint64_t id, const std::optional<Error>& failure) {
  const auto found = pages_.find(object->uid());
  if (found == pages_.end()) return;
  auto& page = found->second;
  for (std::size_t back = page.entries.size(); back > 0; --back) {
    auto& entry = page.entries[back - 1];
    if (entry.id != id) continue;
    const auto before = size_of(entry);
    entry.took = clock_.system_now() - entry.at;
    entry.answer = failure ? std::string(base::to_string(failure->reason)) : "ok";
    if (failure) entry.message = short_text(crd::masked(failure->message, crd::secret_values(object->spec())));
    const auto more = size_of(entry) - before;
    page.bytes += more;
    bytes_ += more;
    if (failure) merge_repeated(page, back - 1);
    trim(page, share());
    return;
  }
}

// One that is the same as one not long before counts as that, at its time.
void Journal::merge_repeated(Page& page, std::size_t index) {
  auto& entries = page.entries;
  for (std::size_t back = 1; back <= std::min(index, kLookBack); ++back) {
    const auto& earlier = entries[index - back];
    if (!is_same(earlier, entries[index])) continue;
    entries[index].times += earlier.times;
    const auto size = size_of(earlier);
    page.bytes -= size;
    bytes_ -= size;
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index - back));
    return;
  }
}

void Journal::gone(const ObjectPtr& object) {
  auto& page = page_of(object);
  note(object, "Gone", "the environment is gone");
  page.gone = clock_.steady_now();
  leaving_.emplace_back(*page.gone, object->uid());
}

void Journal::forget_old() {
  const auto now = clock_.steady_now();
  while (!leaving_.empty() && leaving_.front().first + options_.kept <= now) forget_first();
}

void Journal::forget_first() {
  const auto page = pages_.find(leaving_.front().second);
  if (page != pages_.end()) {
    bytes_ -= page->second.bytes;
    pages_.erase(page);
  }
  leaving_.pop_front();
}

Result<json> Journal::tell(const ObjectKey& environment) {
  forget_old();
  std::vector<std::pair<std::string, const Page*>> found;
  for (const auto& [uid, page] : pages_) {
    if (page.key == environment) found.emplace_back(uid, &page);
  }
  if (found.empty()) {
    return base::error(Reason::NotFound, "nothing is known of environment " + environment.str() + ": there is none, and none was there within the last hour");
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second->number < b.second->number; });
  json environments = json::array();
  for (const auto& [uid, page] : found) {
    json entries = json::array();
    for (const auto& entry : page->entries) entries.push_back(entry_json(entry));
    environments.push_back({{"uid", uid}, {"gone", page->gone.has_value()}, {"dropped", page->dropped}, {"entries", std::move(entries)}});
  }
  json out = {{"namespace", environment.ns}, {"name", environment.name}, {"environments", std::move(environments)}};
  return Result<json>(boost::system::in_place_value, std::move(out));
}

}  // namespace berth::reconcile
