#include "cli/cmd_dump.h"

#include <sys/utsname.h>

#include <ostream>

#include "cli/common.h"
#include "cli/describe.h"
#include "cli/fields.h"
#include "cli/private_file.h"
#include "cli/subresource.h"
#include "cli/tar_file.h"
#include "cli/text.h"
#include "cli/why_text.h"
#include "crd/secrets.h"
#include "crd/yaml.h"

namespace berth::cli {

namespace {

constexpr std::size_t kLargestLog = 16 * 1024 * 1024;
constexpr int kLogLines = 50000;

class Dump final : public Command {
 public:
  CommandHelp help() const override {
    return {"dump", "Gather all about an environment in one file, to hand on", "ENV [-o FILE]",
            "The file is a tar.gz of the environment, its events, what berth did (why), its Pods, the logs of each service, those of the "
            "run before too, what the engine says of its containers and networks, and the versions. What looks like a secret is masked: "
            "the value of every environment variable and of every header of a probe, the content of every file, and wherever else the value "
            "of a variable occurs that is named like a password, a token or a key; what follows --password, PASSWORD= and the like in "
            "command lines. An environment that is gone still has its why and events, for an hour. "
            "Logs may hold what no rule foresees: look before you hand it to others.",
            "berthctl dump checkout-pr-1421\nberthctl dump checkout-pr-1421 -o - | tar tz"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "the environment's name", 1, 1, Completes::Environments, &names_});
    flags.text("--output,-o", "FILE", "where to (default: ENV-dump.tar.gz); - is standard output", &output_).completes = Completes::Files;
    flags.toggle("--force", "replace a file that is there", &force_);
  }

  Task<Result<int>> run(Session& session) override {
    const ObjectKey key{session.ns, names_.front()};
    root_ = key.name + "-dump/";
    now_ = session.clock.system_now();
    auto why = co_await call(session, why_target(key));
    auto found = co_await session.client.get(environments(session.scheme), key);
    if (found.has_error() && (found.error().reason != Reason::NotFound || why.has_error())) co_return found.error();
    if (found.has_value()) secrets_ = crd::secret_values((*found)->spec());
    if (why.has_value()) add_why(*why);
    if (why.has_error()) note("why", why.error());
    co_await add_versions(session);
    co_await add_events(session, key);
    if (found.has_value()) {
      add_yaml("environment.yaml", (*found)->body());
      co_await add_pods(session, key);
      co_await add_logs(session, **found);
      auto inspects = co_await call(session, inspect_target(key));
      if (inspects.has_value()) add_inspects(*inspects);
      if (inspects.has_error()) note("inspect", inspects.error());
    } else {
      notes_ += "environment: it is gone\n";
    }
    if (!notes_.empty()) add("NOTES.txt", notes_);
    auto written = write(session);
    if (written.has_error()) co_return written.error();
    co_return 0;
  }

 private:
  // What could not be had is said in the file; the rest is worth having.
  void note(const std::string& what, const Error& error) { notes_ += what + ": " + printable(error.message) + "\n"; }

  void add(const std::string& name, const std::string& text) {
    auto added = tar_.add_file(root_ + name, crd::masked(text, secrets_), now_);
    if (added.has_error() && !failed_) failed_ = added.error();
  }

  json masked_body(json body) const {
    if (body.contains("metadata") && body["metadata"].is_object()) body["metadata"].erase("managedFields");
    crd::mask_spec(body);
    crd::mask_strings(body, secrets_);
    return body;
  }
  void add_yaml(const std::string& name, json body) { add(name, crd::to_yaml(masked_body(std::move(body)))); }

  void add_why(json told) {
    crd::mask_strings(told, secrets_);
    const bool all = true;
    add("why.txt", why_text(told, all));
    add("why.json", crd::dump(told, 2) + "\n");
  }

  static Task<Result<json>> call(Session& session, std::string target) {
    std::string method = "GET";
    std::string no_body;
    co_return co_await session.remote.call(std::move(method), std::move(target), std::move(no_body));
  }

  Task<void> add_versions(Session& session) {
    auto server = co_await call(session, "/version");
    json versions = {{"berthctl", BERTH_VERSION}, {"dumpedAt", base::format_time(now_)}};
    if (server.has_value()) versions["berthd"] = *server;
    if (server.has_error()) note("version", server.error());
    utsname system{};
    if (::uname(&system) == 0) versions["client"] = {{"system", system.sysname}, {"release", system.release}, {"machine", system.machine}};
    add("version.json", crd::dump(versions, 2) + "\n");
  }

  Task<void> add_events(Session& session, ObjectKey key) {
    auto listed = co_await session.client.list(resource_of(session.scheme, "", "v1", "events"), key.ns);
    if (listed.has_error()) {
      note("events", listed.error());
      co_return;
    }
    json items = json::array();
    for (const auto& event : listed->items) {
      if (is_about(*event, key.name)) items.push_back(masked_body(event->body()));
    }
    json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
    add("events.yaml", crd::to_yaml(list));
  }

  static bool is_about(const Object& event, const std::string& environment) {
    const auto& about = at(event.body(), {"involvedObject"});
    const auto name = text_at(about, {"name"});
    const auto kind = text_at(about, {"kind"});
    return (kind == "TestEnvironment" && name == environment) || (kind == "Pod" && name.starts_with(environment + "."));
  }

  Task<void> add_pods(Session& session, ObjectKey key) {
    auto listed = co_await session.client.list(resource_of(session.scheme, "", "v1", "pods"), key.ns);
    if (listed.has_error()) {
      note("pods", listed.error());
      co_return;
    }
    for (const auto& pod : listed->items) {
      if (text_at(pod->body(), {"metadata", "labels", "berth.dev/environment"}) == key.name) add_yaml("pods/" + pod->name() + ".yaml", pod->body());
    }
  }

  Task<void> add_logs(Session& session, const Object& environment) {
    for (const auto& service : items(at(environment.spec(), {"services"}))) {
      const auto name = text_at(service, {"name"});
      LogQuery query;
      query.timestamps = true;
      query.tail = kLogLines;
      co_await add_log(session, "logs/" + name + ".log", log_target(session.scheme, environment.key(), name, query));
      query.previous = true;
      co_await add_log(session, "logs/" + name + ".previous.log", log_target(session.scheme, environment.key(), name, query));
    }
  }

  // Of a long log the end.
  Task<void> add_log(Session& session, std::string name, std::string target) {
    auto opened = co_await session.remote.open(std::move(target));
    if (opened.has_error()) {
      note(name, opened.error());
      co_return;
    }
    std::string text;
    for (;;) {
      auto bytes = co_await (*opened)->read(base::Deadline::never());
      if (bytes.has_error()) note(name, bytes.error());
      if (bytes.has_error() || bytes->empty()) break;
      text += *bytes;
      if (text.size() > 2 * kLargestLog) text.erase(0, text.size() - kLargestLog);
    }
    add(name, text);
  }

  void add_inspects(const json& inspects) {
    for (const char* kind : {"containers", "networks"}) {
      for (const auto& one : items(at(inspects, {kind}))) {
        auto name = text_at(one, {"Name"});
        if (name.starts_with('/')) name.erase(0, 1);
        auto body = one;
        crd::mask_strings(body, secrets_);
        add(std::string("engine/") + kind + "/" + name + ".json", crd::dump(body, 2) + "\n");
      }
    }
    add("engine/info.json", crd::dump(at(inspects, {"engine"}), 2) + "\n");
  }

  Result<void> write(Session& session) {
    if (failed_) return *failed_;
    auto finished = tar_.finish();
    if (finished.has_error()) return finished;
    const auto bytes = tar_.take();
    if (output_ == "-") {
      if (!(session.io.out << bytes << std::flush)) return base::error(Reason::InternalError, "standard output was closed");
      return {};
    }
    const auto file = output_.empty() ? names_.front() + "-dump.tar.gz" : output_;
    auto written = save(file, bytes);
    if (written.has_error()) return written;
    session.io.out << file << "\n";
    return {};
  }

  Result<void> save(const std::string& file, const std::string& bytes) const {
    std::error_code ec;
    if (!force_ && std::filesystem::exists(file, ec)) {
      return base::error(Reason::AlreadyExists, printable(file) + " is there already; --force replaces it");
    }
    auto begun = PrivateFile::begin(file);
    if (begun.has_error()) return begun.error();
    auto written = begun->write(bytes);
    return written.has_error() ? written : begun->keep();
  }

  std::vector<std::string> names_;
  std::string output_;
  bool force_ = false;
  std::string root_;
  base::SystemTime now_{};
  std::vector<std::string> secrets_;
  std::string notes_;
  std::optional<Error> failed_;
  TarWriter tar_{TarWriter::Packing::Gzip};
};

}  // namespace

CommandPtr make_dump() { return std::make_unique<Dump>(); }

}  // namespace berth::cli
