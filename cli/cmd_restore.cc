#include "cli/cmd_restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <ostream>

#include "api/storage/sqlite_copy.h"
#include "base/file_error.h"
#include "base/locked_file.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

// What root puts there a berthd of another user could not read. A directory that is neither berthd's nor empty it would refuse, but for
// the lock that is made here.
Result<void> check_data_dir(const fs::path& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return base::file_error(directory, "is no data directory of berthd; --data-dir DIR names one, which may be empty", errno);
  }
  if (!S_ISDIR(info.st_mode)) return base::error(Reason::BadRequest, directory.string() + ": is no directory");
  if (info.st_uid != ::geteuid()) {
    return base::error(Reason::BadRequest,
                       directory.string() + ": belongs to another user (uid " + std::to_string(info.st_uid) + "); restore as that user");
  }
  if (!base::is_foreign_directory(directory, info.st_mode)) return {};
  return base::error(Reason::BadRequest, directory.string() + ": holds other files and is open to others, so it is no data directory of "
                                             "berthd; --data-dir DIR names one, which may be empty");
}

// berthd's own lock, so that neither it nor another restore begins meanwhile.
Result<UniqueFd> lock_data_dir(const fs::path& directory) {
  auto locked = base::lock_file(directory / "lock");
  if (!locked.has_value()) return locked.error();
  if (locked.value().fd >= 0) return UniqueFd(locked.value().fd);
  return base::error(Reason::Conflict,
                     "berthd" + locked.value().holder() + " uses the data directory " + directory.string() + "; stop it first");
}

class Restore final : public Command {
 public:
  CommandHelp help() const override {
    return {"restore", "Put a backup in the place of the store of a berthd that does not run", "FILE [--data-dir DIR] [--force]",
            "FILE is read through before anything changes, and stays as it is; a store that is there is kept beside it. What was written "
            "after the backup is lost: clients list again, and what berth made on the engine for it is only reported until berthctl reap "
            "--yes or berthctl adopt.",
            "systemctl stop berthd && berthctl restore /var/backups/berth.db --force && systemctl start berthd"};
  }

  void declare(Flags& flags) override {
    flags.argument({"FILE", "what berthctl backup wrote", 1, 1, Completes::Files, &words_});
    flags.toggle("--force", "even when there is a store already", &force_);
  }

  bool needs_server() const override { return false; }

  Task<Result<int>> run(Session& session) override {
    const auto& given = session.connection.data_dir;
    const fs::path directory = given.empty() ? kDefaultDataDir : given;
    const auto file = directory / "berth.db";
    auto usable = check_data_dir(directory);
    if (!usable.has_value()) co_return usable.error();
    const auto lock = lock_data_dir(directory);
    if (!lock.has_value()) co_return lock.error();
    auto restored = storage::restore_copy(words_.front(), file, force_);
    if (!restored.has_value()) co_return explained(restored.error());
    const auto objects = counted(std::to_string(restored.value().objects), "object");
    session.io.out << file.string() << ": " << objects << " at revision " << restored.value().revision << "\n";
    if (!restored.value().before.empty()) session.io.err << "what was there is now " << restored.value().before.string() << "\n";
    co_return 0;
  }

 private:
  static Error explained(Error error) {
    if (error.reason == Reason::AlreadyExists) error.message += "; --force keeps it beside and puts the backup in its place";
    return error;
  }

  std::vector<std::string> words_;
  bool force_ = false;
};

}  // namespace

CommandPtr make_restore() { return std::make_unique<Restore>(); }

}  // namespace berth::cli
