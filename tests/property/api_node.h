#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/property/stores.h"
#include "tests/unit/api/server/server_fixture.h"

namespace berth::api {

// The API over a store of type S, without sockets, whose process can end and be started again over what it left.
template <class S>
class ApiNode {
 public:
  // A request and what came back so far. `lost`: the process died before the answer.
  struct Call {
    Received received;
    bool ended = false;
    bool lost = false;
  };
  using CallPtr = std::shared_ptr<Call>;

  // `resource` is what history() is about.
  explicit ApiNode(std::string resource, storage::StoreOptions options = {}) : resource_(std::move(resource)), options_(options) {
    start();
  }
  ~ApiNode() {
    if constexpr (S::kCrashes) {  // a case that fails ends anywhere
      implementation.disk->hold = false;
      implementation.disk->release();
    }
    stop();
  }

  // Writes are waited for by finish(), watches run until they or the process end.
  CallPtr write(std::string method, const std::string& target, std::string body = "") {
    return begin(process_->writes, std::move(method), target, std::move(body));
  }
  CallPtr watch(const std::string& target) { return begin(process_->watches, "GET", target, ""); }
  Received read(const std::string& target) {
    auto call = begin(process_->watches, "GET", target, "");
    if (!call->ended) throw std::runtime_error("a read waits");
    return call->received;
  }
  // Every write has its answer. REQUIRES: the disk holds nothing.
  void finish() {
    fakes::run_task(io, process_->writes.join());
    fakes::settle(io);
  }
  void restart() {
    stop();
    start();
  }
  // What is in flight is never answered, and done or not as the disk has it.
  void crash()
    requires(S::kCrashes)
  {
    fakes::run_task(io, process_->writes.stop());
    fakes::run_task(io, process_->watches.stop());
    remember();
    const auto old = implementation.crash();
    old->hold = false;
    old->release();
    fakes::run_task(io, process_->store->stop());
    process_.reset();
    start();
  }
  storage::Store& store() { return *process_->store; }
  // Every change of the resource so far, in whichever process.
  const std::vector<storage::WatchEvent>& history() {
    remember();
    return history_;
  }

  asio::io_context io;
  fakes::FakeClock clock;
  S implementation;

 private:
  static const crd::Scheme& scheme() {
    static const auto builtin = crd::Scheme::builtin();
    return builtin;
  }
  struct Process {
    Process(ApiNode& node)
        : store(node.implementation.open(node.io, node.options_)),
          registry(scheme(), *store, node.clock),
          server(registry, node.clock, node.metrics_, {}, {}),
          handler(server.handler()),
          changes(store->watch(node.resource_, "", store->revision()).value()),
          writes(node.io.get_executor(), "writes"),
          watches(node.io.get_executor(), "watches") {}
    std::unique_ptr<storage::Store> store;
    Registry registry;
    ApiServer server;
    http::Handler handler;
    std::unique_ptr<storage::Watcher> changes;
    TaskGroup writes;
    TaskGroup watches;
  };

  static Task<void> run(http::Handler handler, std::shared_ptr<const http::ServerRequest> request, CallPtr call) {
    struct Lost {
      Call& call;
      ~Lost() { call.lost = !call.ended; }
    } lost{*call};
    co_await handler(std::move(request), call->received);
    call->ended = true;
  }
  CallPtr begin(TaskGroup& group, std::string method, const std::string& target, std::string body) {
    auto call = std::make_shared<Call>();
    group.spawn("call", run(process_->handler, ServerFixture::request(std::move(method), target, std::move(body)), call));
    fakes::settle(io);
    return call;
  }
  void start() { process_ = std::make_unique<Process>(*this); }
  void stop() {
    finish();
    fakes::run_task(io, process_->watches.stop());
    remember();
    fakes::run_task(io, process_->store->stop());
    process_.reset();
  }
  void remember() {
    while (auto event = process_->changes->poll()) history_.push_back(std::move(event->value()));
  }

  const std::string resource_;
  const storage::StoreOptions options_;
  metrics::Registry numbers_;
  metrics::ApiMetrics metrics_{numbers_};
  std::vector<storage::WatchEvent> history_;
  std::unique_ptr<Process> process_;
};

}  // namespace berth::api
