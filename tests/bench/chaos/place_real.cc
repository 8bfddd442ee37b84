#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/chaos/place.h"

namespace berth::chaos {

namespace {

constexpr const char* kImage = "berth-test/busybox:1";

class RealPlace final : public Place {
 public:
  RealPlace(std::string socket, std::string script, std::string dir) : socket_(std::move(socket)), script_(std::move(script)), dir_(std::move(dir)) {}
  ~RealPlace() override {
    join();
    for (const auto& [port, fd] : taken_) ::close(fd);
  }

  std::string docker_host() const override { return "unix://" + socket_; }
  std::string image() const override { return kImage; }

  std::optional<SeenEngine> look() override {
    if (restarting()) return std::nullopt;
    const auto containers = engine("GET", "/containers/json?all=1").body();
    const auto networks = engine("GET", "/networks").body();
    const auto volumes = engine("GET", "/volumes").body();
    if (!containers.is_array() || !networks.is_array() || !volumes.is_object()) return std::nullopt;
    SeenEngine seen;
    for (const auto& item : containers) {
      SeenContainer container;
      container.id = item.value("Id", "");
      const auto names = item.value("Names", json::array());
      if (!names.empty()) container.name = names[0].get<std::string>().substr(1);
      container.state = item.value("State", "");
      container.labels = texts(item.value("Labels", json()));
      read_places(object_at(object_at(item, "NetworkSettings"), "Networks"), item.value("Ports", json()), container);
      seen.containers.push_back(std::move(container));
    }
    for (const auto& item : networks) seen.networks.push_back(seen_network(item));
    if (volumes["Volumes"].is_array()) {
      for (const auto& item : volumes["Volumes"]) seen.volumes.push_back(item.value("Name", ""));
    }
    return seen;
  }

  bool kill(const std::string& container) override { return post("/containers/" + container + "/kill"); }
  bool stop(const std::string& container) override { return post("/containers/" + container + "/stop?t=0"); }
  bool remove(const std::string& container) override { return engine("DELETE", "/containers/" + container + "?force=1&v=1").good(); }
  bool pause(const std::string& container) override { return post("/containers/" + container + "/pause"); }
  bool rename(const std::string& container, const std::string& name) override { return post("/containers/" + container + "/rename?name=" + name); }
  bool disconnect(const std::string& network, const std::string& container) override {
    return post("/networks/" + network + "/disconnect", {{"Container", container}, {"Force", true}});
  }
  bool remove_network(const std::string& id) override {
    const auto attached = object_at(network(id), "Containers");
    for (const auto& [container, endpoint] : attached.items()) disconnect(id, container);
    return engine("DELETE", "/networks/" + id).good();
  }

  bool take_port(int port) override {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 20; ++i) {
      if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1) == 0) {
        taken_[port] = fd;
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::close(fd);
    return false;
  }
  void give_port_back(int port) override {
    if (const auto found = taken_.find(port); found != taken_.end()) {
      ::close(found->second);
      taken_.erase(found);
    }
  }

  bool make_network(const std::string& name, const std::string& subnet) override {
    json body = {{"Name", name}, {"CheckDuplicate", true}, {"Labels", {{"keep", "me"}}}};
    body["IPAM"]["Config"] = json::array({{{"Subnet", subnet}}});
    return post("/networks/create", body);
  }
  bool make_container(const std::string& name, const std::string& network) override {
    json body = {{"Image", kImage}, {"Cmd", {"sleep", "2147483647"}}, {"Labels", {{"keep", "me"}}}};
    body["HostConfig"]["NetworkMode"] = network;
    if (!post("/containers/create?name=" + name, body)) return false;
    if (post("/containers/" + name + "/start")) return true;
    remove(name);
    return false;
  }

  bool restart(int down_ms) override {
    if (dir_.empty() || restarting()) return false;
    restarting_ = true;
    threads_.emplace_back([this, down_ms] {
      run("kill");
      std::this_thread::sleep_for(std::chrono::milliseconds(down_ms));
      run("resume");
      restarting_ = false;
    });
    return true;
  }
  void end_all_trouble() override { join(); }

  json container(const std::string& id) override { return engine("GET", "/containers/" + id + "/json").body(); }
  json network(const std::string& id) override { return engine("GET", "/networks/" + id).body(); }

 private:
  Answer engine(const std::string& method, const std::string& path, const std::string& body = "") {
    return ask(socket_, method, path, body, "application/json", std::chrono::seconds(20));
  }
  bool post(const std::string& path, const json& body = json()) { return engine("POST", path, body.is_null() ? "" : body.dump()).good(); }
  bool restarting() const { return restarting_; }
  void run(const std::string& what) {
    const auto command = script_ + " " + what + " " + dir_ + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) std::fprintf(stderr, "chaos: %s failed\n", command.c_str());
  }
  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::string socket_;
  std::string script_;
  std::string dir_;
  std::atomic<bool> restarting_ = false;
  std::map<int, int> taken_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Place> real_place(const std::string& socket, const std::string& dockerd_script, const std::string& dockerd_dir) {
  return std::make_unique<RealPlace>(socket, dockerd_script, dockerd_dir);
}

}  // namespace berth::chaos
