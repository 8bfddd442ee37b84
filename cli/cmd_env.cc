#include "cli/cmd_env.h"

#include <fstream>
#include <ostream>

#include "cli/common.h"
#include "cli/variables.h"

namespace berth::cli {

namespace {

class Env final : public Command {
 public:
  CommandHelp help() const override {
    return {"env", "Print the variables of an environment's ports", "ENV [flags]",
            "The variables are the ports[].env of its services with the leased host ports. --format github appends "
            "them to the "
            "file that $GITHUB_ENV names, when it is set.",
            "eval \"$(berthctl env checkout-pr-1421)\" && psql -h 127.0.0.1 -p \"$DEV_POSTGRES_PORT\"\n"
            "berthctl env checkout-pr-1421 --format dotenv > .env\n"
            "berthctl env checkout-pr-1421 --format json | jq -r .DEV_POSTGRES_PORT"};
  }

  void declare(Flags& flags) override {
    flags.argument({"ENV", "the environment's name", 1, 1, Completes::Environments, &names_});
    flags.choice("--format", {"shell", "dotenv", "json", "github"}, "how to print them (default shell)", &format_);
    flags.toggle("--endpoints", "BERTH_ENDPOINT_<SERVICE>_<PORT>=host:port too", &endpoints_);
    flags.toggle("--in-network", "as they are inside the environment's network: service names and their own ports",
                 &in_network_);
  }

  Task<Result<int>> run(Session& session) override {
    auto name = names_.front();
    auto environment = co_await get_environment(session, std::move(name));
    if (!environment.has_value()) co_return environment.error();
    const auto vantage = in_network_ ? Vantage::Network : Vantage::Host;
    auto variables = port_variables(*environment.value(), vantage);
    if (!variables.has_value()) co_return variables.error();
    if (endpoints_) variables.value().merge(endpoint_variables(*environment.value(), vantage));
    const auto github = session.io.getenv("GITHUB_ENV");
    if (format_ != "github" || !github) {
      session.io.out << format_variables(variables.value(), format());
      co_return 0;
    }
    std::ofstream file(*github, std::ios::app | std::ios::binary);
    file << format_variables(variables.value(), VariableFormat::Github) << std::flush;
    if (!file) co_return base::error(Reason::InternalError, "GITHUB_ENV: " + *github + " cannot be written");
    co_return 0;
  }

 private:
  VariableFormat format() const {
    if (format_ == "dotenv") return VariableFormat::Dotenv;
    if (format_ == "json") return VariableFormat::Json;
    return format_ == "github" ? VariableFormat::Github : VariableFormat::Shell;
  }

  std::vector<std::string> names_;
  std::string format_ = "shell";
  bool endpoints_ = false;
  bool in_network_ = false;
};

}  // namespace

CommandPtr make_env() { return std::make_unique<Env>(); }

}  // namespace berth::cli
