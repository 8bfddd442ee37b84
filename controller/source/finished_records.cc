#include "controller/source/finished_records.h"

namespace berth::source {

std::optional<std::string> FinishedRecords::hash_of(const ObjectKey& key) const {
  const auto it = records_.find(key);
  return it == records_.end() ? std::nullopt : std::optional<std::string>(it->second.hash);
}

bool FinishedRecords::put(const ObjectKey& key, Finished finished) {
  Finished& known = records_[key];
  if (known == finished) return false;
  known = std::move(finished);
  return true;
}

bool FinishedRecords::erase(const ObjectKey& key) { return records_.erase(key) > 0; }

std::string FinishedRecords::text() const {
  json finished = json::array();
  for (const auto& [key, end] : records_) {
    finished.push_back({{"namespace", key.ns}, {"name", key.name}, {"hash", end.hash}, {"file", end.file}});
  }
  return crd::dump({{"version", 1}, {"finished", std::move(finished)}}) + "\n";
}

Result<void> FinishedRecords::read(const std::string& text) {
  if (text.empty()) {
    records_.clear();
    return {};
  }
  const auto parsed = crd::parse_json(text);
  if (!parsed.has_value()) return parsed.error();
  const Error bad = base::error(Reason::BadRequest, "not a record of finished environments");
  if (!parsed->is_object() || parsed->value("version", json()) != 1 || !parsed->contains("finished")) return bad;
  std::map<ObjectKey, Finished> records;
  for (const json& item : (*parsed)["finished"]) {
    for (const char* field : {"namespace", "name", "hash", "file"}) {
      if (!item.is_object() || !item.contains(field) || !item[field].is_string()) return bad;
    }
    records[{item["namespace"], item["name"]}] = {item["hash"], item["file"]};
  }
  records_ = std::move(records);
  return {};
}

}  // namespace berth::source
