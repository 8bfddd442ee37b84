#include "cli/cmd_convert.h"

#include <ostream>

#include "cli/compose_files.h"
#include "cli/text.h"
#include "crd/schema.h"
#include "crd/yaml.h"

namespace berth::cli {

namespace {

// What a berthd of this version does not take.
std::vector<std::string> fields_refused(const crd::Scheme& scheme, const std::vector<json>& manifests) {
  std::vector<std::string> lines;
  for (json object : manifests) {
    const auto* kind = scheme.find_kind(crd::parse_api_version(object["apiVersion"].get<std::string>(), object["kind"].get<std::string>()));
    for (const auto& path : crd::prune(kind->schema, object)) lines.push_back("warning: " + printable(path) + ": unknown field");
    crd::apply_defaults(kind->schema, object);
    for (const auto& cause : crd::validate(kind->schema, object)) {
      lines.push_back("warning: " + printable(cause.field) + ": " + printable(cause.message) + ": berthd will refuse it");
    }
  }
  return lines;
}

class Convert final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "convert", "Turn compose files into a TestEnvironment", "[-f FILE]... [flags]",
        "Prints manifests for a docker compose project, in which nothing keeps one run from living beside another: host ports are leased "
        "and "
        "handed on in variables, container names, network names and fixed addresses go. Standard error says so, line by line, and what has "
        "no equivalent.\n\n"
        "Several files are merged as compose merges them. Without -f it is compose.yaml (or docker-compose.yml) and its override in the "
        "working directory. No server is asked.",
        "# look at it\n"
        "berthctl convert -f docker-compose.yml\n"
        "# use it\n"
        "berthctl convert -f docker-compose.yml -f ci.yml --profile test > env.yaml\n"
        "berthctl run -f env.yaml -- make integration-test"};
  }

  void declare(Flags& flags) override {
    flags.list("--filename,-f", "FILE", "a compose file, - for standard input; repeated ones are merged in their order", &files_)
        .completes = Completes::Files;
    flags.list("--profile", "NAME", "take services of this profile too, * for all; COMPOSE_PROFILES when absent", &profiles_);
    flags.list("--env-file", "FILE", "variables for ${NAME}, instead of the .env beside the first file", &env_files_).completes =
        Completes::Files;
    flags.text("--project-name,-p", "NAME", "the project; else COMPOSE_PROJECT_NAME, the file's name, the directory's name",
               &project_name_);
    flags.toggle("--generate-name", "write generateName instead of name, for kubectl create", &generate_name_);
    flags.toggle("--strict", "what has no equivalent is an error", &strict_);
  }

  bool needs_server() const override { return false; }

  Task<Result<int>> run(Session& session) override {
    auto files = files_.empty() ? find_compose_files() : files_;
    if (files.empty()) co_return base::error(Reason::BadRequest, "there is no compose.yaml or docker-compose.yml here: -f FILE");
    compose::ConvertRequest request;
    request.load = compose_request(session.io, std::move(files));
    request.load.profiles = profiles_;
    request.load.env_files = env_files_;
    request.load.project_name = project_name_;
    request.strict = strict_;
    request.generate_name = generate_name_;
    if (session.ns_given) request.ns = session.ns;
    const auto converted = convert_compose(request, session.io, false);
    if (!converted.has_value()) co_return converted.error();
    const auto refused = fields_refused(session.scheme, converted.value().manifests);
    for (const auto& line : refused) session.io.err << line << "\n";
    if (strict_ && !refused.empty()) co_return base::error(Reason::BadRequest, "this version of berthd refuses the manifest");
    for (std::size_t i = 0; i < converted.value().manifests.size(); ++i) {
      session.io.out << (i == 0 ? "" : "---\n") << crd::to_yaml(converted.value().manifests[i]);
    }
    co_return 0;
  }

 private:
  std::vector<std::string> files_;
  std::vector<std::string> profiles_;
  std::vector<std::string> env_files_;
  std::string project_name_;
  bool generate_name_ = false;
  bool strict_ = false;
};

}  // namespace

CommandPtr make_convert() { return std::make_unique<Convert>(); }

}  // namespace berth::cli
