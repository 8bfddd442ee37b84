#include "controller/source/ledger.h"

#include <algorithm>

namespace berth::source {

namespace {

constexpr int kPatience = 10;  // how many prune_delays a checkout in progress may take

std::string root_of(const std::string& file, const Look& look) {
  std::string best;
  for (const auto& root : look.roots) {
    if (below(root, file) && root.size() > best.size()) best = root;
  }
  return best;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The directories that lead to `file`, its watched directory first. Empty when none is watched.
std::vector<std::string> way_to(const std::string& file, const Look& look) {
  const std::string root = root_of(file, look);
  std::vector<std::string> way;
  if (root.empty()) return way;
  for (std::string at = parent_of(file); !at.empty(); at = parent_of(at)) {
    way.push_back(at);
    if (at == root || at == "/") break;
  }
  std::reverse(way.begin(), way.end());
  return way;
}

std::string held_text(Hold hold, const std::string& directory, int objects) {
  const std::string kept = ": nothing is deleted until it is back with content; objects kept: " + std::to_string(objects);
  switch (hold) {
    case Hold::DirectoryMissing: return directory + ": this watched directory is gone" + kept;
    case Hold::DirectoryUnreadable: return directory + ": this directory cannot be read" + kept;
    case Hold::DirectoryEmpty: return directory + ": this directory is empty, and is not the one that was read before" + kept;
    case Hold::NotWatched:
      return directory + ": is watched no longer; its objects are kept: " + std::to_string(objects);
    case Hold::FileInvalid:
    case Hold::None: break;
  }
  return "";
}

}  // namespace

std::string_view to_string(Hold hold) {
  switch (hold) {
    case Hold::None: return "None";
    case Hold::FileInvalid: return "FileInvalid";
    case Hold::DirectoryMissing: return "DirectoryMissing";
    case Hold::DirectoryUnreadable: return "DirectoryUnreadable";
    case Hold::DirectoryEmpty: return "DirectoryEmpty";
    case Hold::NotWatched: return "NotWatched";
  }
  return "None";
}

void Ledger::seed(const ObjectKey& key, const std::string& file) { owner_.emplace(key, file); }

std::set<ObjectKey> Ledger::observe(const Look& look) {
  std::set<ObjectKey> changed;
  const Files before = std::exchange(files_, {});
  read_files(look, before);
  const Claims claimed = claims();
  const auto busy = settle_claims(look, claimed, changed);
  find_missing(look, before, claimed, changed);
  judge_missing(look, busy, changed);
  hand_over(claimed, changed);
  report_conflicts(claimed);
  report_holds();
  return changed;
}

void Ledger::read_files(const Look& look, const Files& before) {
  std::map<std::string, Directories> ways;
  const auto directories = [&](const std::string& file) {
    Directories& found = ways[parent_of(file)];
    if (!found) {
      auto map = std::make_shared<std::map<std::string, std::uint64_t>>();
      for (const auto& directory : way_to(file, look)) {
        const auto it = look.directories.find(directory);
        if (it != look.directories.end()) map->insert(*it);
      }
      found = std::move(map);
    }
    return found;
  };
  for (const auto& [path, seen] : look.files) {
    const auto old = before.find(path);
    File file = old == before.end() ? File{} : old->second;
    const std::string known = file.problem;
    file.writing = seen.state == FileState::Writing;
    if (seen.state == FileState::Unreadable) {
      file.current = false;
      file.problem = seen.problem;
    } else {
      file.directories = directories(path);
      // A file that is being written still says what it said before.
      if (seen.content && seen.content->good()) {
        file.good = seen.content;
        file.current = true;
        file.problem.clear();
      } else if (seen.content) {
        file.current = false;
        file.problem = seen.content->problems.front();
        for (std::size_t i = 1; i < seen.content->problems.size(); ++i) file.problem += "\n" + seen.content->problems[i];
      }
    }
    const bool news = !file.problem.empty() && file.problem != known;
    const std::string problem = file.problem;
    files_.emplace(path, std::move(file));
    if (news) reports_.push_back({Report::Kind::Invalid, problem, keys_of(path)});
  }
}

Ledger::Claims Ledger::claims() const {
  Claims result;
  for (const auto& [path, file] : files_) {
    if (!file.good) continue;
    for (const auto& manifest : file.good->manifests) result[manifest->key].emplace(path, manifest);
  }
  return result;
}

std::set<std::string> Ledger::settle_claims(const Look& look, const Claims& claims, std::set<ObjectKey>& changed) {
  std::set<std::string> busy;
  for (const auto& [key, files] : claims) {
    const auto owner = owner_.find(key);
    auto winner = owner == owner_.end() ? files.begin() : files.find(owner->second);
    if (winner == files.end()) {
      winner = std::find_if(files.begin(), files.end(),
                            [&, &wanted = key](const auto& file) { return !conflicts_.contains({wanted, file.first}); });
    }
    if (winner == files.end()) continue;
    if (missing_.erase(key) > 0) {
      busy.insert(root_of(winner->first, look));
      changed.insert(key);
    }
    settle(key, winner->second, changed);
  }
  return busy;
}

void Ledger::settle(const ObjectKey& key, const ManifestPtr& manifest, std::set<ObjectKey>& changed) {
  owner_[key] = manifest->file;
  ManifestPtr& live = live_[key];
  if (live == manifest) return;
  live = manifest;
  changed.insert(key);
}

void Ledger::hand_over(const Claims& claims, std::set<ObjectKey>& changed) {
  for (auto it = missing_.begin(); it != missing_.end();) {
    const auto others = claims.find(it->first);
    if (!it->second.gone || others == claims.end()) {
      ++it;
      continue;
    }
    it = missing_.erase(it);
    settle(others->first, others->second.begin()->second, changed);
  }
}

void Ledger::report_conflicts(const Claims& claims) {
  std::map<std::pair<ObjectKey, std::string>, std::string> now;
  for (const auto& [key, files] : claims) {
    const auto live = live_.find(key);
    for (const auto& [path, manifest] : files) {
      if (live != live_.end() && path == live->second->file) continue;
      const auto known = conflicts_.find({key, path});
      if (live == live_.end()) {
        if (known != conflicts_.end()) now.insert(*known);
        continue;
      }
      const std::string text = manifest->place("metadata.name") + ": TestEnvironment " + key.str() +
                               " is in two files: the one in " + live->second->place("metadata.name") +
                               " stays, this one is kept out until one of them goes";
      if (known == conflicts_.end()) reports_.push_back({Report::Kind::Conflict, text, {key}});
      now.emplace(std::pair(key, path), text);
    }
  }
  conflicts_ = std::move(now);
}

void Ledger::find_missing(const Look& look, const Files& before, const Claims& claims, std::set<ObjectKey>& changed) {
  for (const auto& [key, file] : owner_) {
    const auto files = claims.find(key);
    if (missing_.contains(key) || (files != claims.end() && files->second.contains(file))) continue;
    Missing missing;
    missing.file = file;
    missing.first = missing.since = look.at;
    const auto seen = before.find(file);
    if (seen != before.end()) missing.directories = seen->second.directories;
    missing_.emplace(key, std::move(missing));
    live_.erase(key);
    changed.insert(key);
  }
}

void Ledger::judge_missing(const Look& look, const std::set<std::string>& busy, std::set<ObjectKey>& changed) {
  for (auto& [key, missing] : missing_) {
    std::tie(missing.hold, missing.held_by) = hold(missing, look);
    const bool was_gone = missing.gone;
    if (missing.hold != Hold::None) {
      missing.looks = 0;
      missing.gone = false;
    } else {
      // What was held until now disappears only now.
      if (missing.looks++ == 0) missing.first = missing.since = look.at;
      const bool patient = look.at - missing.first < kPatience * options_.prune_delay;
      if (!missing.gone && patient && busy.contains(root_of(missing.file, look))) missing.since = look.at;
      missing.gone = missing.gone || (missing.looks > 1 && look.at - missing.since >= options_.prune_delay);
    }
    if (missing.gone != was_gone) changed.insert(key);
  }
}

std::pair<Hold, std::string> Ledger::hold(const Missing& missing, const Look& look) const {
  const auto file = files_.find(missing.file);
  if (file != files_.end()) return {file->second.current && !file->second.writing ? Hold::None : Hold::FileInvalid, ""};
  if (options_.prune_empty) return {Hold::None, ""};
  const auto way = way_to(missing.file, look);
  if (way.empty()) return {Hold::NotWatched, parent_of(missing.file)};
  bool new_tree = false;  // a directory further up was swapped, and not for an empty one
  for (const auto& directory : way) {
    if (look.unreadable.contains(directory)) return {Hold::DirectoryUnreadable, directory};
    const auto now = look.directories.find(directory);
    if (now == look.directories.end()) {
      if (directory == way.front()) return {Hold::DirectoryMissing, directory};
      break;
    }
    bool same = false;
    if (missing.directories) {
      const auto then = missing.directories->find(directory);
      same = then != missing.directories->end() && then->second == now->second;
    }
    if (!same && !new_tree && look.empty(directory)) return {Hold::DirectoryEmpty, directory};
    new_tree = new_tree || (missing.directories && !same);
  }
  return {Hold::None, ""};
}

void Ledger::report_holds() {
  std::map<std::pair<Hold, std::string>, int> now;
  for (const auto& [key, missing] : missing_) {
    if (keeps_object(key, missing)) ++now[{missing.hold, missing.held_by}];
  }
  std::set<std::pair<Hold, std::string>> reported;
  for (const auto& [what, objects] : now) {
    if (!holds_.contains(what)) {
      reports_.push_back({Report::Kind::Held, held_text(what.first, what.second, objects), {}});
    }
    reported.insert(what);
  }
  holds_ = std::move(reported);
}

bool Ledger::keeps_object(const ObjectKey& key, const Missing& missing) const {
  return missing.hold != Hold::None && missing.hold != Hold::FileInvalid && (!options_.stored || options_.stored(key));
}

Want Ledger::want(const ObjectKey& key) const {
  if (const auto it = live_.find(key); it != live_.end()) {
    return {Wish::Live, it->second, files_.at(it->second->file).good->noticed};
  }
  if (const auto it = missing_.find(key); it != missing_.end()) return {it->second.gone ? Wish::Gone : Wish::Leave, nullptr, {}};
  return {owner_.contains(key) ? Wish::Leave : Wish::None, nullptr, {}};
}

std::string Ledger::owner(const ObjectKey& key) const {
  const auto it = owner_.find(key);
  return it == owner_.end() ? "" : it->second;
}

void Ledger::forget(const ObjectKey& key) {
  missing_.erase(key);
  live_.erase(key);
  owner_.erase(key);
}

std::optional<base::SteadyTime> Ledger::next_look() const {
  std::optional<base::SteadyTime> when;
  for (const auto& [key, missing] : missing_) {
    if (missing.hold != Hold::None || missing.gone) continue;
    const auto due = missing.since + options_.prune_delay;
    if (!when || due < *when) when = due;
  }
  return when;
}

Counts Ledger::counts(const std::set<std::string>& refused, const std::set<std::string>& foreign) const {
  Counts counts;
  std::set<std::string> conflicting = foreign;
  for (const auto& [what, text] : conflicts_) conflicting.insert(what.second);
  for (const auto& [path, file] : files_) {
    if (!file.problem.empty() || refused.contains(path)) {
      ++counts.invalid;
    } else if (conflicting.contains(path)) {
      ++counts.conflicting;
    } else if (file.current) {
      ++counts.valid;
    }
  }
  for (const auto& [key, missing] : missing_) {
    if (keeps_object(key, missing)) ++counts.held_deletions;
  }
  return counts;
}

std::vector<ObjectKey> Ledger::keys_of(const std::string& file) const {
  std::vector<ObjectKey> keys;
  for (const auto& [key, owner] : owner_) {
    if (owner == file) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> Ledger::conflicts_of(const ObjectKey& key) const {
  std::vector<std::string> texts;
  for (auto it = conflicts_.lower_bound({key, ""}); it != conflicts_.end() && it->first.first == key; ++it) {
    texts.push_back(it->second);
  }
  return texts;
}

}  // namespace berth::source
