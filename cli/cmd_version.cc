#include "cli/cmd_version.h"

#include <ostream>

#include "cli/fields.h"

namespace berth::cli {

namespace {

class Version final : public Command {
 public:
  CommandHelp help() const override {
    return {"version", "Show the versions of berthctl and of the server", "[flags]", "", "berthctl version --client"};
  }

  void declare(Flags& flags) override {
    flags.toggle("--client", "berthctl's own only; asks no server", &client_only_);
    flags.choice("--output,-o", {"json"}, "as JSON", &output_);
  }

  bool needs_server() const override { return !client_only_; }

  Task<Result<int>> run(Session& session) override {
    json versions = {{"client", BERTH_VERSION}};
    if (client_only_) {
      print(session, versions, "");
      co_return 0;
    }
    std::string method = "GET";
    std::string target = "/version";
    std::string body;
    auto answer = co_await session.remote.call(std::move(method), std::move(target), std::move(body));
    if (answer.has_value()) {
      versions["server"] = answer.value();
      auto version = text_at(answer.value(), {"berthVersion"});
      if (version.empty()) version = text_at(answer.value(), {"gitVersion"});
      print(session, versions, version);
      co_return 0;
    }
    print(session, versions, "");
    co_return answer.error();
  }

 private:
  void print(Session& session, const json& versions, const std::string& server) const {
    if (output_ == "json") {
      session.io.out << crd::dump(versions, 2) << "\n";
      return;
    }
    session.io.out << "client: " << BERTH_VERSION << "\n";
    if (!server.empty()) session.io.out << "server: " << server << " (" << session.server << ")\n";
  }

  bool client_only_ = false;
  std::string output_;
};

}  // namespace

CommandPtr make_version() { return std::make_unique<Version>(); }

}  // namespace berth::cli
