#include "tests/fakes/crash_points.h"

#include <csignal>
#include <fstream>

namespace berth::fakes {

namespace {

template <class T>
Task<Result<T>> around(CrashPoints& points, std::string what, Task<Result<T>> effect) {
  points.come_by("before " + what);
  auto result = co_await std::move(effect);  // begins here
  points.come_by("after " + what);
  co_return result;
}

class CrashingStore final : public storage::Store {
 public:
  CrashingStore(CrashPoints& points, std::unique_ptr<storage::Store> inner)
      : points_(points), inner_(std::move(inner)) {}

  ObjectPtr get(const storage::StoreKey& key) const override { return inner_->get(key); }
  storage::ListResult list(const std::string& resource, const std::string& ns) const override {
    return inner_->list(resource, ns);
  }
  Result<std::size_t> visit(const std::string& resource, const std::string& ns, storage::Revision at,
                            const ObjectKey& start, const See& see) const override {
    return inner_->visit(resource, ns, at, start, see);
  }
  Task<bool> reach(storage::Revision revision, base::Clock& clock, base::SteadyTime until) override {
    return inner_->reach(revision, clock, until);
  }
  Task<Result<ObjectPtr>> commit(storage::Write write) override {
    const std::string what =
        (write.body ? "commit " : "commit without ") + write.key.resource + " " + write.key.name;
    return around(points_, what, inner_->commit(std::move(write)));
  }
  Result<std::unique_ptr<storage::StoreWatcher>> watch_part(const std::string& resource,
                                                            const ObjectKey& part,
                                                            storage::Revision from) override {
    return inner_->watch_part(resource, part, from);
  }
  storage::Revision revision() const override { return inner_->revision(); }
  Task<Result<void>> compact(storage::Revision revision) override { return inner_->compact(revision); }
  std::uint64_t epoch() const override { return inner_->epoch(); }
  Task<Result<storage::StoreCopy>> copy() override { return inner_->copy(); }
  bool writable() override { return inner_->writable(); }
  Task<void> stop() override { return inner_->stop(); }

 private:
  CrashPoints& points_;
  std::unique_ptr<storage::Store> inner_;
};

// A new effect of the Engine is a new pure function and must be told here, or this does not compile.
class CrashingEngine final : public engine::Engine {
 public:
  CrashingEngine(CrashPoints& points, std::unique_ptr<engine::Engine> inner)
      : points_(points), inner_(std::move(inner)) {}

  Task<void> stop() override { return inner_->stop(); }
  void drop_event_streams() override { inner_->drop_event_streams(); }

  // Effects.
  Task<Result<std::string>> create_container(engine::ContainerSpec spec, base::Deadline deadline) override {
    const std::string what = "create_container " + spec.name;
    return around(points_, what, inner_->create_container(std::move(spec), deadline));
  }
  Task<Result<void>> start_container(std::string id) override {
    const std::string what = "start_container " + id;
    return around(points_, what, inner_->start_container(std::move(id)));
  }
  Task<Result<void>> stop_container(std::string id, base::Duration grace, base::Deadline deadline) override {
    const std::string what = "stop_container " + id;
    return around(points_, what, inner_->stop_container(std::move(id), grace, deadline));
  }
  Task<Result<void>> remove_container(std::string id, base::Deadline deadline) override {
    const std::string what = "remove_container " + id;
    return around(points_, what, inner_->remove_container(std::move(id), deadline));
  }
  Task<Result<void>> update_container(std::string id, std::int64_t nano_cpus, std::int64_t memory_bytes,
                                      base::Deadline deadline, std::int64_t cpu_shares) override {
    const std::string what = "update_container " + id;
    return around(points_, what,
                  inner_->update_container(std::move(id), nano_cpus, memory_bytes, deadline, cpu_shares));
  }
  Task<Result<void>> copy_files(std::string id, std::vector<engine::FileToCopy> files,
                                base::Deadline deadline) override {
    const std::string what = "copy_files " + id;
    return around(points_, what, inner_->copy_files(std::move(id), std::move(files), deadline));
  }
  Task<Result<std::string>> create_network(engine::NetworkSpec spec, base::Deadline deadline) override {
    const std::string what = "create_network " + spec.name;
    return around(points_, what, inner_->create_network(std::move(spec), deadline));
  }
  Task<Result<void>> remove_network(std::string id, base::Deadline deadline) override {
    const std::string what = "remove_network " + id;
    return around(points_, what, inner_->remove_network(std::move(id), deadline));
  }
  Task<Result<void>> connect_network(std::string network_id, std::string container_id,
                                     std::vector<std::string> aliases, base::Deadline deadline) override {
    const std::string what = "connect_network " + network_id + " " + container_id;
    return around(points_, what,
                  inner_->connect_network(std::move(network_id), std::move(container_id), std::move(aliases),
                                          deadline));
  }
  Task<Result<void>> disconnect_network(std::string network_id, std::string container_id, bool force,
                                        base::Deadline deadline) override {
    const std::string what = "disconnect_network " + network_id + " " + container_id;
    return around(
        points_, what,
        inner_->disconnect_network(std::move(network_id), std::move(container_id), force, deadline));
  }
  Task<Result<void>> remove_volume(std::string name, base::Deadline deadline) override {
    const std::string what = "remove_volume " + name;
    return around(points_, what, inner_->remove_volume(std::move(name), deadline));
  }
  Task<Result<void>> pull_image(std::string reference, std::string platform, base::Deadline deadline) override {
    const std::string what = "pull_image " + reference;
    return around(points_, what, inner_->pull_image(std::move(reference), std::move(platform), deadline));
  }

  Task<Result<void>> write_archive(std::string id, std::string path, engine::ArchiveSource source) override {
    const std::string what = "write_archive " + id;
    return around(points_, what, inner_->write_archive(std::move(id), std::move(path), std::move(source)));
  }

  // What changes nothing that berth would have to remember.
  Task<Result<engine::PathStat>> stat_path(std::string id, std::string path, base::Deadline deadline) override {
    return inner_->stat_path(std::move(id), std::move(path), deadline);
  }
  Task<Result<std::unique_ptr<engine::ArchiveStream>>> read_archive(std::string id, std::string path, base::Deadline deadline) override {
    return inner_->read_archive(std::move(id), std::move(path), deadline);
  }
  Task<Result<engine::ContainerStats>> stats(std::string id, base::Deadline deadline) override {
    return inner_->stats(std::move(id), deadline);
  }
  Task<Result<std::string>> describe_container(std::string id, base::Deadline deadline) override {
    return inner_->describe_container(std::move(id), deadline);
  }
  Task<Result<std::string>> describe_network(std::string id, base::Deadline deadline) override {
    return inner_->describe_network(std::move(id), deadline);
  }
  Task<Result<engine::EngineInfo>> info(base::Deadline deadline) override { return inner_->info(deadline); }
  Task<Result<void>> ping(base::Deadline deadline) override { return inner_->ping(deadline); }
  Task<Result<std::vector<engine::Container>>> list_containers(std::vector<std::string> labels,
                                                               base::Deadline deadline) override {
    return inner_->list_containers(std::move(labels), deadline);
  }
  Task<Result<engine::Container>> inspect_container(std::string id, base::Deadline deadline) override {
    return inner_->inspect_container(std::move(id), deadline);
  }
  Task<Result<engine::ExecResult>> exec(std::string id, std::vector<std::string> command,
                                        base::Deadline deadline) override {
    return inner_->exec(std::move(id), std::move(command), deadline);
  }
  Task<Result<engine::ExecSession>> open_exec(std::string id, engine::ExecOptions options,
                                              base::Deadline deadline) override {
    return inner_->open_exec(std::move(id), std::move(options), deadline);
  }
  Task<Result<int>> exec_exit_code(std::string exec_id, base::Deadline deadline) override {
    return inner_->exec_exit_code(std::move(exec_id), deadline);
  }
  Task<Result<void>> resize_exec(std::string exec_id, engine::TerminalSize size,
                                 base::Deadline deadline) override {
    return inner_->resize_exec(std::move(exec_id), size, deadline);
  }
  Task<Result<std::shared_ptr<engine::ProcessStream>>> attach_container(std::string id,
                                                                        engine::Streams streams,
                                                                        base::Deadline deadline) override {
    return inner_->attach_container(std::move(id), streams, deadline);
  }
  Task<Result<void>> resize_container(std::string id, engine::TerminalSize size,
                                      base::Deadline deadline) override {
    return inner_->resize_container(std::move(id), size, deadline);
  }
  Task<Result<std::unique_ptr<engine::LogStream>>> logs(std::string id, engine::LogOptions options,
                                                        base::Deadline deadline) override {
    return inner_->logs(std::move(id), std::move(options), deadline);
  }
  Task<Result<std::vector<engine::Network>>> list_networks(std::vector<std::string> labels,
                                                           base::Deadline deadline) override {
    return inner_->list_networks(std::move(labels), deadline);
  }
  Task<Result<engine::Network>> inspect_network(std::string id, base::Deadline deadline) override {
    return inner_->inspect_network(std::move(id), deadline);
  }
  Task<Result<std::vector<engine::Volume>>> list_volumes(std::vector<std::string> labels,
                                                         base::Deadline deadline) override {
    return inner_->list_volumes(std::move(labels), deadline);
  }
  Task<Result<engine::Image>> inspect_image(std::string reference, base::Deadline deadline) override {
    return inner_->inspect_image(std::move(reference), deadline);
  }
  Task<Result<std::unique_ptr<engine::EventStream>>> events(std::int64_t since_nano) override {
    return inner_->events(since_nano);
  }

 private:
  CrashPoints& points_;
  std::unique_ptr<engine::Engine> inner_;
};

}  // namespace

void CrashPoints::come_by(const std::string& where) {
  ++count_;
  if (!trace_.empty()) std::ofstream(trace_, std::ios::app) << count_ << " " << where << "\n";
  if (count_ == at_) std::raise(SIGKILL);
}

std::unique_ptr<storage::Store> CrashPoints::wrap(std::unique_ptr<storage::Store> store) {
  return std::make_unique<CrashingStore>(*this, std::move(store));
}

std::unique_ptr<engine::Engine> CrashPoints::wrap(std::unique_ptr<engine::Engine> engine) {
  return std::make_unique<CrashingEngine>(*this, std::move(engine));
}

}  // namespace berth::fakes
