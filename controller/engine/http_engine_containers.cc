#include "api/http/uri.h"
#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "controller/engine/http_engine_impl.h"
#include "controller/engine/tar.h"

namespace berth::engine {

namespace {

constexpr int kUniqueNetworkNames = 44;  // API 1.44: Docker 25

}  // namespace

Task<Result<std::vector<Container>>> HttpEngine::list_containers(std::vector<std::string> labels,
                                                                 base::Deadline deadline) {
  auto target = "/containers/json?all=1&filters=" + label_filter(labels);
  auto body = co_await wire_.list(Operation::ContainerList, std::move(target), deadline);
  if (!body) co_return body.error();
  std::vector<Container> containers;
  for (const auto& item : *body) containers.push_back(container_from_list(item));
  co_return containers;
}

Task<Result<Container>> HttpEngine::inspect_container(std::string id, base::Deadline deadline) {
  auto body = co_await wire_.get(Operation::ContainerInspect, container_target(id, "/json"), deadline);
  if (!body) co_return body.error();
  auto container = container_from_inspect(*body);
  forget_void_limits(container);
  co_return container;
}

// Engines that keep names unique remember the network as it is written here: a container that names an id
// never starts again once that network is gone, whatever it is connected to. Older ones remember the name in
// any case.
Task<Result<std::string>> HttpEngine::create_container(ContainerSpec spec, base::Deadline deadline) {
  auto unique_names = co_await wire_.speaks(Operation::ContainerCreate, kUniqueNetworkNames, deadline);
  if (!unique_names) co_return unique_names.error();
  if (*unique_names && !spec.network_name.empty()) spec.network_id.clear();
  auto target = "/containers/create?name=" + http::percent_encode(spec.name);
  if (!spec.options.platform.empty()) target += "&platform=" + http::percent_encode(spec.options.platform);
  auto request = post(std::move(target), container_body(spec));
  auto answer = co_await wire_.send(Operation::ContainerCreate, std::move(request), deadline);
  if (!answer) co_return answer.error();
  auto created = fields::text(json::parse(answer->body, nullptr, false), "Id");
  if (created.empty()) co_return base::error(Reason::EngineError, "container_create: the answer has no Id");
  co_return created;
}

Task<Result<void>> HttpEngine::start_container(std::string id) {
  auto request = plain("POST", container_target(id, "/start"));
  auto answer = co_await wire_.send(Operation::ContainerStart, std::move(request), base::Deadline::never());
  co_return without_value(answer);
}

Task<Result<void>> HttpEngine::stop_container(std::string id, base::Duration grace, base::Deadline deadline) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(grace).count());
  auto request = plain("POST", container_target(id, "/stop?t=" + std::to_string(seconds)));
  auto answer = co_await wire_.send(Operation::ContainerStop, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<void>> HttpEngine::remove_container(std::string id, base::Deadline deadline) {
  auto request = plain("DELETE", container_target(id, "?force=1&v=1"));
  auto answer = co_await wire_.send(Operation::ContainerRemove, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<void>> HttpEngine::update_container(std::string id, std::int64_t nano_cpus,
                                                std::int64_t memory_bytes, base::Deadline deadline,
                                                std::int64_t cpu_shares) {
  auto all_cpus = co_await cpus(deadline);
  if (!all_cpus) co_return all_cpus.error();
  auto request =
      post(container_target(id, "/update"), update_body(nano_cpus, memory_bytes, *all_cpus, cpu_shares));
  auto answer = co_await wire_.send(Operation::ContainerUpdate, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<bool>> HttpEngine::has_path(std::string id, std::string path, base::Deadline deadline) {
  auto request = plain("HEAD", container_target(id, "/archive?path=" + http::percent_encode(path)));
  auto answer = co_await wire_.send(Operation::ContainerCopy, std::move(request), deadline);
  if (answer) co_return true;
  if (answer.error().reason == Reason::NotFound) co_return false;
  co_return answer.error();
}

// The engine makes missing parents with a mode that nobody else may enter, and an entry for a directory that
// exists would change it: so every directory that is missing, and none that is there, becomes an entry.
Task<Result<void>> HttpEngine::copy_files(std::string id, std::vector<FileToCopy> files,
                                          base::Deadline deadline) {
  std::map<std::string, bool> known;
  for (const auto& file : files) {
    for (const auto& parent : parents_of(file.path)) {
      if (known.contains(parent)) break;
      auto there = co_await has_path(id, parent, deadline);
      if (!there) co_return there.error();
      known[parent] = *there;
      if (*there) break;
    }
  }
  std::vector<std::string> missing;
  for (const auto& [path, there] : known) {
    if (!there) missing.push_back(path);
  }
  auto archive = make_tar(missing, files, wire_.clock().system_now());
  if (!archive) co_return archive.error();
  auto request = plain("PUT", container_target(id, "/archive?path=%2F"));
  request.body = std::move(*archive);
  request.content_type = "application/x-tar";
  auto answer = co_await wire_.send(Operation::ContainerCopy, std::move(request), deadline);
  co_return without_value(answer);
}

Task<Result<std::vector<Volume>>> HttpEngine::list_volumes(std::vector<std::string> labels,
                                                           base::Deadline deadline) {
  auto target = "/volumes?filters=" + label_filter(labels);
  auto body = co_await wire_.get(Operation::VolumeList, std::move(target), deadline);
  if (!body) co_return body.error();
  const auto& items = fields::member(*body, "Volumes");
  // null: there is none.
  if (!body->contains("Volumes") || !(items.is_null() || items.is_array())) {
    co_return base::error(Reason::EngineError, "volume_list: the answer has no array of Volumes");
  }
  std::vector<Volume> volumes;
  for (const auto& item : items) volumes.push_back(volume_from_json(item));
  co_return volumes;
}

Task<Result<void>> HttpEngine::remove_volume(std::string name, base::Deadline deadline) {
  auto request = plain("DELETE", "/volumes/" + http::percent_encode(name));
  auto answer = co_await wire_.send(Operation::VolumeRemove, std::move(request), deadline);
  co_return without_value(answer);
}

}  // namespace berth::engine
