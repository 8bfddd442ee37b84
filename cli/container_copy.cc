#include "cli/container_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "api/http/uri.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "base/unique_fd.h"
#include "cli/fields.h"
#include "cli/input.h"
#include "cli/tar_file.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 8;
constexpr std::size_t kMessage = 64 * 1024;
constexpr const char* kArchiveProtocol = "v1.archive.berth.dev";

// "/a/b/" and "/a/b/." are "/a/b".
std::string without_tail(std::string path) {
  while (path.size() > 1) {
    if (path.ends_with("/.")) {
      path.erase(path.size() - 2);
    } else if (path.ends_with('/')) {
      path.pop_back();
    } else {
      break;
    }
  }
  return path.empty() ? "/" : path;
}

bool means_content(const std::string& path) { return path == "." || path.ends_with("/."); }

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Error local_error(const std::string& path, int code) { return base::error(Reason::NotFound, path + ": " + std::strerror(code)); }

// A file that has no name and goes with its descriptor.
Result<UniqueFd> spool_file(const Io& io) {
  auto directory = io.getenv("TMPDIR").value_or("");
  if (directory.empty()) directory = "/tmp";
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  auto path = directory + "/berthctl-XXXXXX";  // not every file system has files without a name
  file = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return base::error(Reason::InternalError, "a temporary file in " + printable(directory) + ": " + std::strerror(errno));
  ::unlink(path.c_str());
  return file;
}

// The upload of an archive over an open WebSocket.
class Upload {
 public:
  Upload(Session& session, OpenedWebSocket opened)
      : socket_(std::move(opened.socket)), changed_(session.executor), tasks_(session.executor, "upload") {
    tasks_.spawn("answer", listen());
  }

  // False: the server wants no more, finish() says why.
  Task<bool> send(std::string bytes) {
    for (std::size_t at = 0; at < bytes.size() && !answer_; at += kMessage) {
      auto piece = bytes.substr(at, kMessage);
      const auto opcode = http::WebSocketOpcode::Binary;
      const bool there = co_await socket_->send(opcode, std::move(piece));
      if (!there) co_return false;
    }
    co_return !answer_;
  }

  Task<Result<void>> finish() {
    std::string end;
    const auto opcode = http::WebSocketOpcode::Binary;
    co_await socket_->send(opcode, std::move(end));
    while (!answer_ && !over_) co_await changed_.wait();
    co_await stop();
    if (!answer_) co_return base::error(Reason::ServiceUnavailable, "the connection ended before the copy did");
    co_return *answer_;
  }

  Task<void> stop() {
    socket_->abort();
    co_await tasks_.stop();
  }

 private:
  Task<void> listen() {
    while (auto message = co_await socket_->next()) {
      const auto status = json::parse(message->payload, nullptr, false);
      const bool good = text_at(status, {"status"}) == "Success";
      const auto reason = text_at(status, {"reason"}) == "NotFound" ? Reason::NotFound : Reason::InternalError;
      answer_ = good ? Result<void>() : base::error(reason, printable(text_at(status, {"message"})));
      changed_.notify_all();
    }
    over_ = true;
    changed_.notify_all();
  }

  std::shared_ptr<http::WebSocketConnection> socket_;
  std::optional<Result<void>> answer_;
  bool over_ = false;
  base::Signal changed_;
  TaskGroup tasks_;
};

Task<Result<void>> send_file(Upload& upload, TarWriter& tar, fs::path path, std::string name) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) co_return local_error(path.string(), errno);
  auto left = static_cast<std::uint64_t>(info.st_size);
  auto begun = tar.begin(path, name, left);
  if (begun.has_error()) co_return begun;
  std::string piece(kMessage, '\0');
  while (left > 0) {
    const auto got = ::read(file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) co_return base::error(Reason::InternalError, path.string() + " became shorter while it was read");
    left -= static_cast<std::uint64_t>(got);
    auto added = tar.add_bytes(std::string_view(piece.data(), static_cast<std::size_t>(got)));
    if (added.has_error()) co_return added;
    const bool there = co_await upload.send(tar.take());
    if (!there) co_return Result<void>();
  }
  co_return Result<void>();
}

struct LocalEntry {
  fs::path path;
  std::string name;
  bool file = false;
};

// What is to be sent, parents first. What is neither file, directory nor link is named in `skipped`.
Result<std::vector<LocalEntry>> entries_of(const fs::path& source, const std::string& name, std::vector<std::string>& skipped) {
  std::vector<LocalEntry> entries;
  std::error_code ec;
  if (!fs::is_directory(source, ec)) {
    entries.push_back({source, name, true});
    return entries;
  }
  if (!name.empty()) entries.push_back({source, name, false});
  const auto prefix = name.empty() ? "" : name + "/";
  for (auto it = fs::recursive_directory_iterator(source, ec); !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    const auto below = prefix + it->path().lexically_relative(source).generic_string();
    const auto type = it->symlink_status(ec).type();
    if (type == fs::file_type::regular || type == fs::file_type::directory || type == fs::file_type::symlink) {
      entries.push_back({it->path(), below, type == fs::file_type::regular});
    } else {
      skipped.push_back(it->path().string());
    }
  }
  if (ec) return base::error(Reason::NotFound, source.string() + ": " + ec.message());
  return entries;
}

Task<Result<void>> send_entries(Upload& upload, std::vector<LocalEntry> entries) {
  TarWriter tar(TarWriter::Packing::None);
  for (const auto& entry : entries) {
    Result<void> sent;
    if (entry.file) {
      sent = co_await send_file(upload, tar, entry.path, entry.name);
    } else {
      sent = tar.begin(entry.path, entry.name, 0);
    }
    if (sent.has_error()) co_return sent;
    const bool there = co_await upload.send(tar.take());
    if (!there) co_return Result<void>();
  }
  auto finished = tar.finish();
  if (finished.has_error()) co_return finished;
  co_await upload.send(tar.take());
  co_return Result<void>();
}

Task<Result<void>> send_input(Session& session, Upload& upload) {
  const auto input = make_input(session.executor, session.io);
  for (;;) {
    auto bytes = co_await input->read();
    if (bytes.empty()) break;
    const bool there = co_await upload.send(std::move(bytes));
    if (!there) break;
  }
  input->stop();
  co_return Result<void>();
}

void tell_skipped(Session& session, const std::vector<std::string>& skipped) {
  for (const auto& path : skipped) session.io.err << "berthctl: left out: " << printable(path) << " (no file, directory or link)\n";
}

Standing local_standing(const std::string& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (!fs::exists(status)) return Standing::Nothing;
  return fs::is_directory(status) ? Standing::Directory : Standing::File;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return base::error(Reason::InternalError, std::string("the archive cannot be kept: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

}  // namespace

Result<CopyPlace> parse_copy_place(const std::string& text) {
  CopyPlace place;
  const auto colon = text.find(':');
  if (text.empty()) return base::error(Reason::BadRequest, "a path is empty");
  if (text.starts_with('/') || text.starts_with('.') || colon == std::string::npos) {
    place.path = text;
    return place;
  }
  auto head = text.substr(0, colon);
  place.path = text.substr(colon + 1);
  const auto slash = head.find('/');
  if (slash != std::string::npos) {
    place.service = head.substr(slash + 1);
    head.resize(slash);
  } else if (const auto second = place.path.find(':'); second != std::string::npos && !place.path.starts_with('/')) {
    place.service = place.path.substr(0, second);
    place.path.erase(0, second + 1);
  }
  place.environment = head;
  if (head.empty() || !place.path.starts_with('/')) {
    return base::error(Reason::BadRequest, "\"" + printable(text) +
                                               "\": ENV:SERVICE:/PATH with an absolute path is expected; a file of this machine whose name "
                                               "has a colon is written ./NAME");
  }
  return place;
}

Result<CopyTarget> copy_target(const CopyQuestion& question) {
  const auto& to = question.destination;
  const auto whole = without_tail(to);
  if (question.content_only && !question.source_is_directory) {
    return base::error(Reason::BadRequest, printable(question.source_name) + " is no directory: /. at the end means what is in one");
  }
  switch (question.there) {
    case Standing::Directory: return CopyTarget{whole, question.content_only ? "" : question.source_name};
    case Standing::File:
      if (question.source_is_directory) return base::error(Reason::BadRequest, "a directory cannot be copied over the file " + printable(to));
      if (to.ends_with('/')) return base::error(Reason::BadRequest, printable(to) + " is no directory");
      return CopyTarget{directory_of(whole), base_name(whole)};
    case Standing::Nothing: break;
  }
  if (to.ends_with('/') && !question.source_is_directory) return base::error(Reason::BadRequest, "there is no directory " + printable(to));
  return CopyTarget{directory_of(whole), base_name(whole)};
}

std::string archive_target(const ObjectKey& environment, const std::string& service, const std::string& path) {
  return "/berth/v1/archive?namespace=" + http::percent_encode(environment.ns) + "&name=" + http::percent_encode(environment.name) +
         "&service=" + http::percent_encode(service) + "&path=" + http::percent_encode(path);
}

Task<Result<std::optional<RemoteStat>>> remote_stat(Session& session, ObjectKey environment, std::string service, std::string path) {
  for (int links = 0; links <= kMostLinks; ++links) {
    std::string method = "GET";
    std::string no_body;
    auto target = archive_target(environment, service, path) + "&stat=true";
    auto stat = co_await session.remote.call(std::move(method), std::move(target), std::move(no_body));
    if (stat.has_error()) co_return stat.error();
    if (at(*stat, {"missing"}) == json(true)) co_return std::optional<RemoteStat>();
    const auto link = text_at(*stat, {"linkTarget"});
    if (link.empty()) co_return std::optional(RemoteStat{path, at(*stat, {"directory"}) == json(true)});
    path = link.starts_with('/') ? link : fs::path(directory_of(path) + "/" + link).lexically_normal().string();
  }
  co_return base::error(Reason::BadRequest, printable(path) + ": too many symbolic links");
}

Task<Result<void>> copy_out(Session& session, ObjectKey environment, std::string service, std::string path, std::string destination) {
  const auto asked = without_tail(path);
  auto found = co_await remote_stat(session, environment, service, asked);
  if (found.has_error()) co_return found.error();
  if (!*found) co_return base::error(Reason::NotFound, "there is no " + printable(asked) + " in the container");
  const auto& source = **found;
  if (source.path == "/" && destination != "-") {
    co_return base::error(Reason::BadRequest, "the whole file system cannot be copied: name a directory of it, or copy to - for the archive");
  }
  std::optional<CopyTarget> to;
  if (destination != "-") {
    auto target = copy_target({base_name(asked), source.directory, means_content(path), destination, local_standing(destination)});
    if (target.has_error()) co_return target.error();
    if (local_standing(target->directory) != Standing::Directory) co_return base::error(Reason::BadRequest, "there is no directory " + printable(target->directory));
    to = *target;
  }
  auto opened = co_await session.remote.open(archive_target(environment, service, source.path));
  if (opened.has_error()) co_return opened.error();
  auto spool = spool_file(session.io);
  if (spool.has_error()) co_return spool.error();
  for (;;) {
    auto bytes = co_await (*opened)->read(base::Deadline::never());
    if (bytes.has_error()) co_return bytes.error();
    if (bytes->empty()) break;
    if (!to && !(session.io.out << *bytes)) co_return base::error(Reason::InternalError, "standard output was closed");
    if (!to) continue;
    auto kept = write_all(spool->get(), *bytes);
    if (kept.has_error()) co_return kept;
  }
  if (!to) co_return Result<void>();
  auto done = unpack(spool->get(), base_name(source.path), to->name, to->directory);
  if (done.has_error()) co_return done.error();
  tell_skipped(session, done->skipped);
  if (!source.directory && done->files == 0) co_return base::error(Reason::BadRequest, "nothing was copied: " + printable(asked) + " did not come as a file");
  co_return Result<void>();
}

Task<Result<void>> copy_in(Session& session, ObjectKey environment, std::string service, std::string path, std::string source) {
  const bool from_input = source == "-";
  fs::path real;
  std::error_code ec;
  if (!from_input) {
    real = fs::canonical(source, ec);
    if (ec) co_return base::error(Reason::NotFound, printable(source) + ": " + ec.message());
    const auto type = fs::status(real, ec).type();
    if (type != fs::file_type::regular && type != fs::file_type::directory) {
      co_return base::error(Reason::BadRequest, printable(source) + " is neither a file nor a directory");
    }
  }
  const bool directory = !from_input && fs::is_directory(real, ec);
  auto there = co_await remote_stat(session, environment, service, without_tail(path));
  if (there.has_error()) co_return there.error();
  const auto standing = !*there ? Standing::Nothing : (*there)->directory ? Standing::Directory : Standing::File;
  if (from_input && standing != Standing::Directory) {
    co_return base::error(Reason::BadRequest, printable(path) + " is no directory: an archive is unpacked in one that is there");
  }
  // What a link leads to is where the copy goes.
  const auto destination = *there ? (*there)->path + (path.ends_with('/') && path != "/" ? "/" : "") : path;
  auto named = base_name(without_tail(source));
  if (named == "." || named == ".." || named.empty()) named = real.filename().string();
  auto to = copy_target({named, directory || from_input, from_input || means_content(source), destination, standing});
  if (to.has_error()) co_return to.error();
  if (standing != Standing::Directory) {
    auto parent = co_await remote_stat(session, environment, service, to->directory);
    if (parent.has_error()) co_return parent.error();
    if (!*parent || !(*parent)->directory) co_return base::error(Reason::BadRequest, "there is no directory " + printable(to->directory) + " in the container");
    to->directory = (*parent)->path;
  }
  std::vector<std::string> skipped;
  auto entries = from_input ? Result<std::vector<LocalEntry>>(std::vector<LocalEntry>()) : entries_of(real, to->name, skipped);
  if (entries.has_error()) co_return entries.error();
  std::vector<std::string> protocols{kArchiveProtocol};
  auto opened = co_await session.remote.websocket(archive_target(environment, service, to->directory), std::move(protocols));
  if (opened.has_error()) co_return opened.error();
  Upload upload(session, std::move(*opened));
  Result<void> sent;
  if (from_input) {
    sent = co_await send_input(session, upload);
  } else {
    sent = co_await send_entries(upload, std::move(*entries));
  }
  if (sent.has_error()) {
    co_await upload.stop();
    co_return sent;
  }
  tell_skipped(session, skipped);
  co_return co_await upload.finish();
}

}  // namespace berth::cli
