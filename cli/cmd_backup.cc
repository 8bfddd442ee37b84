#include "cli/cmd_backup.h"

#include <filesystem>
#include <functional>
#include <ostream>

#include "api/http/message.h"
#include "cli/private_file.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr base::Duration kSilence = std::chrono::seconds(60);
constexpr const char* kToStandardOutput = "-";

using Sink = std::function<Result<void>(std::string_view bytes)>;

// To the end of the stream, or to the first piece that the sink does not take.
Task<Result<void>> pour(Session& session, http::ClientStream& stream, Sink sink) {
  for (;;) {
    const auto deadline = base::Deadline::after(session.clock.steady_now(), kSilence);
    auto piece = co_await stream.read(deadline);
    if (!piece.has_value()) co_return piece.error();
    if (piece.value().empty()) co_return Result<void>();
    auto taken = sink(piece.value());
    if (!taken.has_value()) co_return taken.error();
  }
}

Result<void> print_bytes(Session& session, std::string_view bytes) {
  if (session.io.out << bytes << std::flush) return {};
  return base::error(Reason::InternalError, "standard output was closed");
}

class Backup final : public Command {
 public:
  CommandHelp help() const override {
    return {"backup", "Write a copy of the store of a running berthd", "FILE [--force]",
            "The copy is consistent, of one revision, and berthd goes on meanwhile. It holds every Secret: it is readable by its owner "
            "alone. The instance name, the token and the certificates of the data directory are not in it.",
            "berthctl backup /var/backups/berth.db\nberthctl backup - | age -r KEY >berth.db.age"};
  }

  void declare(Flags& flags) override {
    flags.argument({"FILE", "where to; - is standard output", 1, 1, Completes::Files, &words_});
    flags.toggle("--force", "replace FILE when it is there", &force_);
  }

  // The copy is made and read through before the answer begins.
  base::Duration patience() const override { return std::chrono::minutes(30); }

  Task<Result<int>> run(Session& session) override {
    const auto& file = words_.front();
    auto checked = check_place(session, file);
    if (!checked.has_value()) co_return checked.error();
    std::string target = "/berth/v1/backup";
    auto opened = co_await session.remote.open(std::move(target));
    if (!opened.has_value()) co_return opened.error();
    auto& stream = *opened.value();
    auto copied = co_await copy(session, stream, file);
    if (!copied.has_value()) co_return copied.error();
    auto& told = file == kToStandardOutput ? session.io.err : session.io.out;
    const auto objects = counted(http::find_header(stream.headers(), "X-Berth-Objects"), "object");
    const auto revision = http::find_header(stream.headers(), "X-Berth-Revision");
    told << (file == kToStandardOutput ? "standard output" : file) << ": " << objects << " at revision " << revision << "\n";
    co_return 0;
  }

 private:
  Result<void> check_place(const Session& session, const std::string& file) const {
    std::error_code ec;
    if (file == kToStandardOutput) {
      if (!session.io.out_is_terminal) return {};
      return base::error(Reason::BadRequest, "a backup is no text for a terminal: name a file, or send it on");
    }
    const auto there = std::filesystem::status(file, ec);
    if (!std::filesystem::exists(there)) return {};
    if (!std::filesystem::is_regular_file(there)) {
      return base::error(Reason::BadRequest, printable(file) + " is no file that a backup could replace; name another place");
    }
    if (force_) return {};
    return base::error(Reason::AlreadyExists, printable(file) + " is there already; --force replaces it");
  }

  static Task<Result<void>> copy(Session& session, http::ClientStream& stream, std::string file) {
    if (file == kToStandardOutput) {
      Sink sink = [&session](std::string_view bytes) { return print_bytes(session, bytes); };
      co_return co_await pour(session, stream, std::move(sink));
    }
    auto begun = PrivateFile::begin(file);
    if (!begun.has_value()) co_return begun.error();
    Sink sink = [&begun](std::string_view bytes) { return begun.value().write(bytes); };
    auto poured = co_await pour(session, stream, std::move(sink));
    if (!poured.has_value()) co_return poured.error();
    co_return begun.value().keep();
  }

  std::vector<std::string> words_;
  bool force_ = false;
};

}  // namespace

CommandPtr make_backup() { return std::make_unique<Backup>(); }

}  // namespace berth::cli
