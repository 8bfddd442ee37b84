#pragma once

#include <list>

#include "base/task_group.h"
#include "controller/engine/engine_wire.h"
#include "controller/engine/http_engine.h"

namespace berth::engine {

class EventReader;

class HttpEngine final : public Engine {
 public:
  HttpEngine(Executor executor, base::Clock& clock, http::Endpoint endpoint, metrics::EngineMetrics& metrics);
  ~HttpEngine() override;
  Task<void> stop() override;
  void drop_event_streams() override;

  Task<Result<EngineInfo>> info(base::Deadline deadline) override;
  Task<Result<void>> ping(base::Deadline deadline) override;

  Task<Result<std::vector<Container>>> list_containers(std::vector<std::string> labels,
                                                       base::Deadline deadline) override;
  Task<Result<Container>> inspect_container(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> create_container(ContainerSpec spec, base::Deadline deadline) override;
  Task<Result<void>> start_container(std::string id) override;
  Task<Result<void>> stop_container(std::string id, base::Duration grace, base::Deadline deadline) override;
  Task<Result<void>> remove_container(std::string id, base::Deadline deadline) override;
  Task<Result<void>> update_container(std::string id, std::int64_t nano_cpus, std::int64_t memory_bytes,
                                      base::Deadline deadline, std::int64_t cpu_shares) override;
  Task<Result<void>> copy_files(std::string id, std::vector<FileToCopy> files,
                                base::Deadline deadline) override;
  Task<Result<PathStat>> stat_path(std::string id, std::string path, base::Deadline deadline) override;
  Task<Result<std::unique_ptr<ArchiveStream>>> read_archive(std::string id, std::string path, base::Deadline deadline) override;
  Task<Result<void>> write_archive(std::string id, std::string path, ArchiveSource source) override;
  Task<Result<ContainerStats>> stats(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> describe_container(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> describe_network(std::string id, base::Deadline deadline) override;
  Task<Result<ExecResult>> exec(std::string id, std::vector<std::string> command,
                                base::Deadline deadline) override;
  Task<Result<ExecSession>> open_exec(std::string id, ExecOptions options, base::Deadline deadline) override;
  Task<Result<int>> exec_exit_code(std::string exec_id, base::Deadline deadline) override;
  Task<Result<void>> resize_exec(std::string exec_id, TerminalSize size, base::Deadline deadline) override;
  Task<Result<std::shared_ptr<ProcessStream>>> attach_container(std::string id, Streams streams,
                                                                base::Deadline deadline) override;
  Task<Result<void>> resize_container(std::string id, TerminalSize size, base::Deadline deadline) override;
  Task<Result<std::unique_ptr<LogStream>>> logs(std::string id, LogOptions options,
                                                base::Deadline deadline) override;

  Task<Result<std::vector<Network>>> list_networks(std::vector<std::string> labels,
                                                   base::Deadline deadline) override;
  Task<Result<Network>> inspect_network(std::string id, base::Deadline deadline) override;
  Task<Result<std::string>> create_network(NetworkSpec spec, base::Deadline deadline) override;
  Task<Result<void>> remove_network(std::string id, base::Deadline deadline) override;
  Task<Result<void>> connect_network(std::string network_id, std::string container_id,
                                     std::vector<std::string> aliases, base::Deadline deadline) override;
  Task<Result<void>> disconnect_network(std::string network_id, std::string container_id, bool force,
                                        base::Deadline deadline) override;

  Task<Result<std::vector<Volume>>> list_volumes(std::vector<std::string> labels,
                                                 base::Deadline deadline) override;
  Task<Result<void>> remove_volume(std::string name, base::Deadline deadline) override;

  Task<Result<Image>> inspect_image(std::string reference, base::Deadline deadline) override;
  Task<Result<void>> pull_image(std::string reference, std::string platform, base::Deadline deadline) override;

  Task<Result<std::unique_ptr<EventStream>>> events(std::int64_t since_nano) override;

 private:
  Task<Result<bool>> has_path(std::string id, std::string path, base::Deadline deadline);
  Task<Result<void>> run_pull(std::string reference, std::string platform, base::Deadline deadline);
  Task<Result<ExecResult>> run_exec(std::string id, std::vector<std::string> command,
                                    base::Deadline deadline);
  Task<Result<std::string>> start_exec(std::string exec_id, base::Deadline deadline);
  Task<Result<std::string>> create_exec(std::string id, nlohmann::json body, base::Deadline deadline);
  Task<Result<int>> cpus(base::Deadline deadline);

  Executor executor_;
  EngineWire wire_;
  int cpus_ = 0;  // 0 = not asked yet
  std::list<std::shared_ptr<EventReader>> readers_;
};

// What send() says, without the answer.
Result<void> without_value(const Result<http::ClientResponse>& answer);
// "/containers/<id>/start", percent-encoded.
std::string container_target(std::string_view id, std::string_view action);
std::string network_target(std::string_view id, std::string_view action);

}  // namespace berth::engine
