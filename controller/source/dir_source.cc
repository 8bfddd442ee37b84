#include "controller/source/dir_source.h"

#include <sys/stat.h>

#include <cerrno>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <random>

#include "base/log.h"
#include "base/state_file.h"
#include "base/signal.h"
#include "controller/source/dir_watcher.h"
#include "crd/scheme.h"

namespace berth::source {

namespace {

constexpr double kResyncSpread = 0.1;
constexpr base::Backoff kSaveAgain{std::chrono::seconds(1), std::chrono::seconds(60), 2.0};

const crd::ResourceInfo& environments_of(const crd::Scheme& scheme) {
  const auto* resource =
      scheme.find_kind({std::string(crd::kGroup), std::string(crd::kVersion), std::string("TestEnvironment")});
  if (resource == nullptr) throw std::logic_error("the scheme has no TestEnvironment");
  return *resource;
}

// Absolute, without "." and "..", without a slash at the end; links stay.
std::string absolute_name(const std::filesystem::path& path) {
  std::string text = std::filesystem::absolute(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

struct DirSource::Impl : std::enable_shared_from_this<DirSource::Impl> {
  Impl(Executor e, base::Clock& c, api::Client& client, const crd::Scheme& scheme, runtime::Informer& informer,
       metrics::ManifestMetrics& m, EmitEvent emit_event, DirSourceOptions o)
      : executor(e),
        clock(c),
        environments(informer),
        metrics(m),
        emit(std::move(emit_event)),
        options(std::move(o)),
        ledger({options.prune_delay, options.prune_empty,
                [this](const ObjectKey& key) {
                  const auto object = environments.get(key);
                  return object && !object->deleting();
                }}),
        changed(e),
        writer(e, {clock, client, environments_of(scheme), informer, m, ledger, records, emit, [this] { save_records(); },
                   [this] { show_counts(); }}),
        tasks(e, "dir source") {}

  Result<void> start();
  Task<void> run();
  void seed();
  void on_look(LookPtr look);
  void observe(const Look& look);
  void tell(const Report& report);
  void show_counts();
  void save_records();
  void saved(const std::string& problem);
  base::SteadyTime next_resync();

  Executor executor;
  base::Clock& clock;
  runtime::Informer& environments;
  metrics::ManifestMetrics& metrics;
  EmitEvent emit;
  DirSourceOptions options;
  std::vector<std::string> roots;
  Ledger ledger;
  FinishedRecords records;
  bool ready = false;  // the informer is synced
  bool asked = false;  // for a look that has not come
  LookPtr first;       // came before that
  bool saving = false;
  bool unsaved = false;
  int saves_failed = 0;  // in a row
  std::optional<base::SteadyTime> save_again;
  std::mt19937 random{std::random_device{}()};
  base::Signal changed;
  std::unique_ptr<DirWatcher> watcher;
  ObjectWriter writer;
  TaskGroup tasks;
};

Result<void> DirSource::Impl::start() {
  for (const auto& directory : options.directories) {
    struct stat status {};
    const std::string path = absolute_name(directory);
    if (::stat(path.c_str(), &status) != 0 && errno != EACCES) {
      return base::error(Reason::Invalid, directory.string() + " does not exist");
    }
    if (!S_ISDIR(status.st_mode) && status.st_mode != 0) {
      return base::error(Reason::Invalid, directory.string() + " is not a directory");
    }
    if (std::find(roots.begin(), roots.end(), path) == roots.end()) roots.push_back(path);
  }
  if (!options.state_file.empty()) {
    const auto text = base::read_state(options.state_file);
    if (text.has_error()) return text.error();
    const auto read = records.read(text.value());
    if (read.has_error()) {
      base::log_warn(kComponent, "the memory of finished environments is not readable and begins anew",
                     {{"file", options.state_file.string()}, {"error", read.error().message}});
    }
  }
  std::weak_ptr<Impl> weak = weak_from_this();
  watcher = std::make_unique<DirWatcher>(roots, options.file_limit, clock, [weak, e = executor](LookPtr look) {
    asio::post(e, [weak, look = std::move(look)] {
      if (const auto self = weak.lock()) self->on_look(look);
    });
  });
  tasks.spawn("run", run());
  return watcher->start();
}

Task<void> DirSource::Impl::run() {
  co_await environments.synced();
  seed();
  auto resync = next_resync();
  for (;;) {
    auto when = resync;
    const auto next = ledger.next_look();
    if (next && !asked) when = std::min(when, *next);
    if (save_again) when = std::min(when, *save_again);
    co_await changed.wait_until(clock, when);
    const auto now = clock.steady_now();
    if (save_again && now >= *save_again) save_records();
    if (now >= resync) {
      watcher->look(true);
      resync = next_resync();
    } else if (next && now >= *next && !asked) {
      asked = true;
      watcher->look(false);
    }
  }
}

base::SteadyTime DirSource::Impl::next_resync() {
  const base::Backoff backoff{options.resync, options.resync * 2, 1.0};
  return clock.steady_now() + backoff.jittered(0, std::uniform_real_distribution<>(0, 1)(random), kResyncSpread);
}

void DirSource::Impl::seed() {
  ready = true;
  for (const auto& [key, finished] : records.all()) ledger.seed(key, finished.file);
  for (const auto& object : environments.list()) {
    if (!made_by_directory(*object, std::nullopt)) continue;
    ledger.seed(object->key(), object->annotation(crd::kSourceAnnotation));
    writer.changed(object);
  }
  if (first) observe(*std::exchange(first, nullptr));
}

void DirSource::Impl::on_look(LookPtr look) {
  if (!ready) {
    first = std::move(look);
    return;
  }
  asked = false;
  observe(*look);
}

void DirSource::Impl::observe(const Look& look) {
  const auto keys = ledger.observe(look);
  for (const auto& report : ledger.take_reports()) tell(report);
  show_counts();
  for (const auto& key : keys) writer.touch(key);
  changed.notify_all();
}

void DirSource::Impl::tell(const Report& report) {
  if (report.kind == Report::Kind::Held) {
    base::log_warn(kComponent, "deletions are held back", {{"reason", report.text}});
    return;
  }
  const bool invalid = report.kind == Report::Kind::Invalid;
  metrics.error();
  base::log_error(kComponent, invalid ? "manifest invalid" : "manifest conflicts with another file",
                  {{"error", report.text}});
  for (const auto& key : report.about) {
    const auto object = environments.get(key);
    if (!object) continue;
    emit(object, true, invalid ? "ManifestInvalid" : "ManifestConflict",
         invalid ? report.text + "\nIt stays as it was." : report.text);
  }
}

void DirSource::Impl::show_counts() {
  const Counts counts = ledger.counts(writer.refused_files(), writer.foreign_files());
  metrics.files(counts.valid, counts.invalid, counts.conflicting);
  metrics.held_deletions(counts.held_deletions);
}

void DirSource::Impl::save_records() {
  if (options.state_file.empty() || !watcher) return;
  unsaved = true;
  if (saving) return;
  saving = true;
  unsaved = false;
  save_again.reset();
  std::weak_ptr<Impl> weak = weak_from_this();
  watcher->run([weak, e = executor, file = options.state_file, text = records.text()] {
    const auto written = base::write_state(file, text);
    asio::post(e, [weak, problem = written.has_error() ? written.error().message : std::string()] {
      if (const auto self = weak.lock()) self->saved(problem);
    });
  });
}

void DirSource::Impl::saved(const std::string& problem) {
  saving = false;
  if (problem.empty()) {
    saves_failed = 0;
    if (unsaved) save_records();
    return;
  }
  base::log_error(kComponent, "finished environments may start again after a restart", {{"error", problem}});
  unsaved = true;
  save_again = clock.steady_now() + kSaveAgain.delay(saves_failed++);
  changed.notify_all();
}

DirSource::DirSource(Executor executor, base::Clock& clock, api::Client& client, const crd::Scheme& scheme,
                     runtime::Informer& environments, metrics::ManifestMetrics& metrics, EmitEvent emit,
                     DirSourceOptions options)
    : impl_(std::make_shared<Impl>(executor, clock, client, scheme, environments, metrics, std::move(emit),
                                   std::move(options))) {
  std::weak_ptr<Impl> weak = impl_;
  environments.on_change([weak](const ObjectPtr& old, const ObjectPtr& now, bool) {
    const auto self = weak.lock();
    if (!self || !self->ready) return;
    const auto key = (now ? now : old)->key();
    if ((!now || now->deleting()) && self->ledger.want(key).wish == Wish::Leave) self->show_counts();
    if (now) {
      self->writer.changed(now);
    } else {
      self->writer.touch(key);
    }
  });
}

DirSource::~DirSource() = default;

Result<void> DirSource::start() { return impl_->start(); }

void DirSource::rescan() {
  if (impl_->watcher) impl_->watcher->look(true);
}

Task<void> DirSource::stop() {
  auto impl = impl_;
  co_await impl->tasks.stop();
  co_await impl->writer.stop();
  if (!impl->watcher) co_return;
  if (impl->unsaved) {
    impl->saving = false;
    impl->save_records();
  }
  impl->watcher->stop();
}

}  // namespace berth::source
