#include "controller/source/finished_records.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "controller/source/unique_fd.h"

namespace berth::source {

namespace {

Error failed(const std::string& what, const std::filesystem::path& file, int code) {
  return base::error(Reason::InternalError, "cannot " + what + " " + file.string() + ": " + std::strerror(code));
}

}  // namespace

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

Result<std::string> read_state(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return std::string();
    return failed("read", file, errno);
  }
  std::string text;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", file, errno);
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

Result<void> write_state(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path draft = file.string() + ".new";
  {
    const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return failed("write", draft, errno);
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t put = ::write(fd.get(), rest.data(), rest.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failed("write", draft, errno);
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(fd.get()) != 0) return failed("write", draft, errno);
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) return failed("replace", file, errno);
  const UniqueFd directory(::open(file.parent_path().empty() ? "." : file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());
  return {};
}

}  // namespace berth::source
