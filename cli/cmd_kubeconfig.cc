#include "cli/cmd_kubeconfig.h"

#include <ostream>

#include "base/state_file.h"
#include "cli/connection.h"
#include "crd/formats.h"

namespace berth::cli {

namespace {

constexpr std::string_view kFirstLine = "# written by berthctl kubeconfig\n";

Error refuse_kubeconfig(std::string message) { return base::error(Reason::BadRequest, std::move(message)); }

// A YAML text, whatever is in it.
std::string yaml_quoted(const std::string& text) { return crd::dump(json(text)); }

// What kubectl needs. Errors: BadRequest (no https, no token, no authority), with what would be right.
Result<void> check_for_kubectl(const Connection& connection) {
  const auto where = connection.endpoint.str();
  if (!connection.endpoint.tls) {
    return refuse_kubeconfig("kubectl sends no token to " + where + "; give --server https://HOST:PORT of an https listener of berthd");
  }
  if (connection.token.empty()) {
    return refuse_kubeconfig("no token was found for " + where + " (" + connection.no_token + "); give --token-file FILE or BERTH_TOKEN");
  }
  if (!connection.no_authority.empty()) {
    return refuse_kubeconfig("the authority of " + where + " was not found (" + connection.no_authority +
                             "); start berthd once with an https listener, or give --certificate-authority FILE");
  }
  return {};
}

std::string kubeconfig_text(const Connection& connection, const std::string& ns) {
  std::string text(kFirstLine);
  text += "apiVersion: v1\nkind: Config\nclusters:\n- name: berth\n  cluster:\n    server: " + yaml_quoted(connection.endpoint.str()) + "\n";
  if (!connection.verify) {
    text += "    insecure-skip-tls-verify: true\n";
  } else if (!connection.authorities.empty()) {
    text += "    certificate-authority-data: " + crd::encode_base64(connection.authorities) + "\n";
  }
  text += "contexts:\n- name: berth\n  context:\n    cluster: berth\n    namespace: " + yaml_quoted(ns) + "\n    user: berth\n";
  text += "current-context: berth\nusers:\n- name: berth\n  user:\n    token: " + yaml_quoted(connection.token) + "\n";
  return text;
}

// Other clusters' files are not ours to replace.
Result<void> write_kubeconfig(const std::string& file, const std::string& text) {
  auto old = base::read_state(file);
  if (!old.has_value()) return old.error();
  if (!old.value().empty() && !old.value().starts_with(kFirstLine)) {
    return refuse_kubeconfig(file + " is there and was not written by berthctl kubeconfig; choose another file "
                                    "(KUBECONFIG=FILE:FILE joins several) or remove it");
  }
  return base::write_state(file, text);
}

class KubeconfigCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"kubeconfig", "Print a kubeconfig for this server", "[flags]",
            "It holds the https URL, the certificate authority and the token: whoever has it is root on the engine. The "
            "server is --server, else where berthd says in the data directory that it is; it is not asked. The context is "
            "\"berth\", its namespace that of -n.",
            "berthctl kubeconfig --output ~/.kube/berth && export KUBECONFIG=~/.kube/berth\n"
            "kubectl get testenvironments"};
  }

  void declare(Flags& flags) override {
    flags.text("--output,-o", "FILE", "write it there, readable by nobody else", &output_).completes = Completes::Files;
  }

  bool needs_server() const override { return false; }

  Task<Result<int>> run(Session& session) override {
    const auto connection = find_https_server(session.connection, system_probe(session.io.getenv));
    if (!connection.has_value()) co_return connection.error();
    const auto usable = check_for_kubectl(connection.value());
    if (!usable.has_value()) co_return usable.error();
    const auto text = kubeconfig_text(connection.value(), session.ns);
    if (output_.empty()) {
      session.io.out << text;
      co_return 0;
    }
    const auto written = write_kubeconfig(output_, text);
    if (!written.has_value()) co_return written.error();
    session.io.err << "wrote " << output_ << " (context berth, " << connection.value().endpoint.str() << ")\n";
    if (connection.value().verify && connection.value().authorities.empty()) {
      session.io.err << "it holds no authority: kubectl checks the certificate with those of its machine; give --certificate-authority FILE "
                        "where the issuer is not one of them\n";
    }
    co_return 0;
  }

 private:
  std::string output_;
};

}  // namespace

CommandPtr make_kubeconfig() { return std::make_unique<KubeconfigCommand>(); }

}  // namespace berth::cli
