#include "crd/managed_fields.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/time.h"
#include "crd/fields.h"

namespace berth::crd {
namespace {

constexpr std::string_view kAncientChanges = "ancient-changes";

std::int64_t seconds_of(const ManagedEntry& entry) {
  const auto time = base::parse_time(entry.time);
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
}

// A member that is a string or absent.
bool read_text(const json& entry, std::string_view key, std::string& out) {
  const json* value = member(entry, key);
  if (!value) return true;
  if (!value->is_string()) return false;
  out = value->get<std::string>();
  return true;
}

std::optional<ManagedEntry> decode_entry(const json& value) {
  if (!value.is_object()) return std::nullopt;
  ManagedEntry entry;
  std::string operation, type, text;
  const bool read = read_text(value, "manager", entry.manager) && read_text(value, "operation", operation) &&
                    read_text(value, "apiVersion", entry.api_version) && read_text(value, "fieldsType", type) &&
                    read_text(value, "subresource", entry.subresource) && read_text(value, "time", entry.time) &&
                    read_text(value, "fieldsV1", text);
  if (!read || (operation != "Apply" && operation != "Update") || (!type.empty() && type != "FieldsV1")) return std::nullopt;
  if (!entry.time.empty() && !base::parse_time(entry.time)) return std::nullopt;
  entry.applied = operation == "Apply";
  entry.set_text(text.empty() ? "{}" : std::move(text));
  return entry;
}

json encode_entry(const ManagedEntry& entry) {
  json out = {{"apiVersion", entry.api_version},
              {"fieldsType", "FieldsV1"},
              {"fieldsV1", entry.text()},
              {"manager", entry.manager},
              {"operation", entry.applied ? "Apply" : "Update"}};
  if (!entry.subresource.empty()) out["subresource"] = entry.subresource;
  if (!entry.time.empty()) out["time"] = entry.time;
  return out;
}

}  // namespace

const FieldSet& ManagedEntry::fields() const {
  if (!fields_) {
    auto parsed = FieldSet::parse(text_ ? *text_ : "{}");
    fields_ = parsed.has_value() ? std::move(parsed.value()) : FieldSet();
  }
  return *fields_;
}

void ManagedEntry::set_fields(FieldSet fields) {
  fields_ = std::move(fields);
  text_.reset();
}

const std::string& ManagedEntry::text() const {
  if (!text_) text_ = fields_ ? fields_->text() : "{}";
  return *text_;
}

void ManagedEntry::set_text(std::string text) {
  text_ = std::move(text);
  fields_.reset();
}

bool ManagedEntry::same_manager(const ManagedEntry& other) const {
  return manager == other.manager && applied == other.applied && subresource == other.subresource &&
         (applied || api_version == other.api_version);
}

std::string ManagedEntry::title() const {
  std::string text = dump(manager);
  if (!subresource.empty()) text += " with subresource " + dump(subresource);
  if (!applied) text += " using " + api_version;
  return text;
}

std::optional<ManagedFields> decode_managed_fields(const json& list) {
  ManagedFields entries;
  if (list.is_null()) return entries;
  if (!list.is_array()) return std::nullopt;
  for (const json& value : list) {
    auto entry = decode_entry(value);
    if (!entry) return std::nullopt;
    const auto twin = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.same_manager(*entry); });
    if (twin == entries.end()) {
      entries.push_back(std::move(*entry));
    } else {
      *twin = std::move(*entry);
    }
  }
  return entries;
}

json encode_managed_fields(ManagedFields entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const ManagedEntry& a, const ManagedEntry& b) {
    const auto rank = [](const ManagedEntry& e) {
      return std::make_tuple(e.applied ? 0 : 1, seconds_of(e), std::cref(e.manager), std::cref(e.api_version),
                             std::cref(e.subresource));
    };
    return rank(a) < rank(b);
  });
  json list = json::array();
  for (const auto& entry : entries) list.push_back(encode_entry(entry));
  return list;
}

bool resets_managed_fields(const json& list) {
  if (!list.is_array()) return false;
  return list.empty() || (list.size() == 1 && list[0].is_object() && list[0].empty());
}

void cap_update_managers(ManagedFields& entries) {
  std::vector<std::size_t> updaters;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].applied) updaters.push_back(i);
  }
  if (updaters.size() <= kMostUpdateManagers) return;
  std::stable_sort(updaters.begin(), updaters.end(), [&](std::size_t a, std::size_t b) {
    return std::make_tuple(seconds_of(entries[a]), std::cref(entries[a].manager)) <
           std::make_tuple(seconds_of(entries[b]), std::cref(entries[b].manager));
  });
  // The oldest become one per version and subresource.
  std::map<std::pair<std::string, std::string>, std::size_t> buckets;
  std::vector<bool> gone(entries.size());
  std::size_t left = updaters.size();
  for (const std::size_t i : updaters) {
    if (left <= kMostUpdateManagers) break;
    const auto [bucket, fresh] = buckets.try_emplace({entries[i].api_version, entries[i].subresource}, i);
    if (fresh) continue;
    ManagedEntry& into = entries[bucket->second];
    into.manager = kAncientChanges;
    into.set_fields(unite(into.fields(), entries[i].fields()));
    into.time = entries[i].time;
    gone[i] = true;
    --left;
  }
  ManagedFields kept;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!gone[i]) kept.push_back(std::move(entries[i]));
  }
  entries = std::move(kept);
}

}  // namespace berth::crd
