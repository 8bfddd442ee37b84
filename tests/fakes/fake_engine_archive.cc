#include "controller/engine/tar.h"
#include "tests/fakes/engine_wire_codec.h"
#include "tests/fakes/fake_engine_calls.h"

// Its containers' files as archives, and what they use.
namespace berth::fakes {

namespace {

class WholeArchive final : public engine::ArchiveStream {
 public:
  explicit WholeArchive(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::string>> next() override { co_return std::exchange(bytes_, std::string()); }

 private:
  std::string bytes_;
};

std::string last_part(const std::string& path) { return path == "/" ? path : path.substr(path.rfind('/') + 1); }

Error no_such_path(const std::string& id, const std::string& path) {
  return base::error(Reason::NotFound, "Could not find the file " + path + " in container " + id);
}

}  // namespace

Task<Result<engine::PathStat>> FakeEngine::stat_path(std::string id, std::string path, base::Deadline deadline) {
  return call("container_archive", id, deadline, [this, id, path = clean_path(path)]() -> Result<engine::PathStat> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!is_there(box->files, path)) return no_such_path(id, path);
    const auto file = box->files.find(path);
    engine::PathStat stat;
    stat.name = last_part(path);
    stat.directory = file == box->files.end();
    stat.mode = stat.directory ? 0755 : file->second.mode;
    stat.size = stat.directory ? 4096 : static_cast<std::int64_t>(file->second.content.size());
    return stat;
  });
}

Task<Result<std::unique_ptr<engine::ArchiveStream>>> FakeEngine::read_archive(std::string id, std::string path, base::Deadline deadline) {
  return call("container_archive", id, deadline, [this, id, path = clean_path(path)]() -> Result<std::unique_ptr<engine::ArchiveStream>> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!is_there(box->files, path)) return no_such_path(id, path);
    std::vector<engine::FileToCopy> files;
    for (const auto& [name, file] : box->files) {
      if (name != path && !name.starts_with(path == "/" ? path : path + "/")) continue;
      files.push_back(file);
      files.back().path = path == "/" ? name : "/" + last_part(path) + name.substr(path.size());
    }
    auto archive = engine::make_tar({}, files, clock_.system_now());
    if (!archive) return archive.error();
    return std::unique_ptr<engine::ArchiveStream>(std::make_unique<WholeArchive>(std::move(*archive)));
  });
}

Task<Result<void>> FakeEngine::write_archive(std::string id, std::string path, engine::ArchiveSource source) {
  std::string bytes;
  while (true) {
    auto piece = co_await source();
    if (piece.has_error()) co_return piece.error();
    if (piece->empty()) break;
    bytes += *piece;
  }
  auto effect = [this, id, path = clean_path(path), bytes = std::move(bytes)]() -> Result<void> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    if (!is_there(box->files, path)) return no_such_path(id, path);
    auto files = read_tar(bytes, path);
    if (!files) return files.error();
    for (auto& file : *files) box->files[file.path] = std::move(file);
    return {};
  };
  co_return co_await call("container_archive", id, base::Deadline::never(), std::move(effect));
}

Task<Result<engine::ContainerStats>> FakeEngine::stats(std::string id, base::Deadline deadline) {
  return call("container_stats", id, deadline, [this, id]() -> Result<engine::ContainerStats> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    engine::ContainerStats stats;
    if (!box->view.running()) return stats;
    const auto behaviour = behaviour_of(*box);
    stats = behaviour.uses;
    stats.read = clock_.system_now();
    stats.cpu_nanos = (stats.read - box->view.started_at).count() / 1000 * behaviour.millicores;
    if (stats.memory_limit == 0) stats.memory_limit = box->view.memory_bytes > 0 ? box->view.memory_bytes : engine_info.memory_bytes;
    return stats;
  });
}

Task<Result<std::string>> FakeEngine::describe_container(std::string id, base::Deadline deadline) {
  return call("container_inspect", id, deadline, [this, id]() -> Result<std::string> {
    const auto box = find_box(id);
    if (!box) return no_such_container(id);
    return inspected_container(box->view, box->spec).dump();
  });
}

Task<Result<std::string>> FakeEngine::describe_network(std::string id, base::Deadline deadline) {
  return call("network_inspect", id, deadline, [this, id]() -> Result<std::string> {
    const auto network = find_network(id);
    if (!network) return no_such_network(id);
    return network_json(describe(*network, true)).dump();
  });
}

}  // namespace berth::fakes
