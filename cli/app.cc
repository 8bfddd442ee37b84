#include "cli/app.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <ostream>

#include "api/client/http_client.h"
#include "api/errors.h"
#include "base/log.h"
#include "base/task_group.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

constexpr int kUsageStatus = 2;

Flags global_flags(Invocation& invocation) {
  Flags flags("BERTH_");
  flags.text("--server", "URL",
             "where berthd is: https://HOST:PORT, http://HOST:PORT or unix:///PATH (default: the socket of the data directory "
             "when it may be opened, else where berthd says in the data directory, else https://127.0.0.1:6440)",
             &invocation.connection.server);
  flags.text("--namespace,-n", "NAMESPACE", "the namespace to work in (default: default)", &invocation.ns).completes =
      Completes::Namespaces;
  flags
      .text("--token-file", "FILE", "holds the Bearer token (default: $BERTH_TOKEN, then DATA_DIR/admin.token)",
            &invocation.connection.token_file)
      .completes = Completes::Files;
  flags
      .text("--data-dir", "DIR", "berthd's data directory, where its socket and token are (default: /var/lib/berth)",
            &invocation.connection.data_dir)
      .completes = Completes::Files;
  flags
      .text("--certificate-authority", "FILE",
            "checks the certificate of an https server, PEM (default: DATA_DIR/tls/ca.crt for a server on this machine, else "
            "the system's)",
            &invocation.connection.certificate_authority)
      .completes = Completes::Files;
  flags.toggle("--insecure-skip-tls-verify", "do not check who an https server is", &invocation.connection.insecure);
  flags.toggle("--quiet,-q", "no progress on standard error", &invocation.quiet);
  return flags;
}

Error unknown_command(const std::vector<CommandPtr>& commands, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command->help().name);
  const auto near = closest(word, names);
  return api::bad_request("there is no command \"" + printable(word) + "\"" +
                          (near.empty() ? "" : "; did you mean " + near + "?") + "\nberthctl --help lists the commands");
}

// The place of the command's name: the first word that is neither a flag nor a flag's value.
std::size_t find_verb(const Flags& global, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-" || !arguments[i].starts_with('-')) return i;
    const auto* flag = global.find(arguments[i]);
    if (flag != nullptr && !flag->value_name.empty()) ++i;
  }
  return arguments.size();
}

bool asks_for(const std::vector<std::string>& arguments, std::size_t end, std::string_view flag,
              std::string_view also) {
  for (std::size_t i = 0; i < end; ++i) {
    if (arguments[i] == flag || arguments[i] == also) return true;
  }
  return false;
}

// `global` sets what is in `invocation`.
Result<void> without_command(Invocation& invocation, const Flags& global, const std::vector<CommandPtr>& commands,
                             const std::vector<std::string>& arguments, const Getenv& getenv) {
  if (asks_for(arguments, arguments.size(), "--help", "-h")) {
    invocation.text = overview(commands, global);
    return {};
  }
  auto words = arguments;
  const bool version = std::erase(words, std::string("--version")) > 0;
  auto parsed = parse_flags(global, std::move(words), getenv);
  if (!parsed.has_value()) return parsed.error();
  if (!version) return api::bad_request("a command is missing\nberthctl --help lists the commands");
  invocation.text = std::string("berthctl ") + BERTH_VERSION + "\n";
  return {};
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> check_namespace(const std::string& ns, const std::string& said_by) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  bool valid = !ns.empty() && ns.size() <= 63 && ns.front() != '-' && ns.back() != '-';
  for (const char c : ns) valid = valid && good(c);
  if (valid) return {};
  return api::bad_request(said_by + ": invalid value \"" + printable(ns) +
                          "\": a DNS label is expected (small letters, digits, dashes)");
}

Result<void> for_completion(Invocation& invocation, const Flags& global, const std::vector<std::string>& arguments,
                            std::size_t verb, const Getenv& getenv) {
  invocation.completing = true;
  auto from = arguments.begin() + static_cast<std::ptrdiff_t>(verb) + 1;
  if (from != arguments.end() && *from == "--") ++from;
  invocation.words.assign(from, arguments.end());
  // Flags of every command that were typed already decide which server and namespace are asked.
  std::vector<std::string> known;
  for (std::size_t i = 0; i + 2 < invocation.words.size(); ++i) {
    const auto* flag = global.find(invocation.words[i]);
    if (flag == nullptr || flag->value_name.empty()) continue;
    known.push_back(invocation.words[i]);
    known.push_back(invocation.words[++i]);
  }
  auto parsed = parse_flags(global, std::move(known), getenv);
  if (!parsed.has_value()) return parsed.error();
  return {};
}

Result<void> with_command(Invocation& invocation, const Flags& global, std::vector<CommandPtr>& commands,
                          std::vector<std::string> arguments, std::size_t verb, const Getenv& getenv) {
  if (arguments[verb] == "help") {
    arguments = {arguments[verb + 1], "--help"};
    verb = 0;
  }
  const auto name = arguments[verb];
  arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(verb));
  for (auto& command : commands) {
    if (command->help().name != name) continue;
    std::string prefix = "BERTH_";
    for (const char c : name) prefix += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    Flags own(prefix + "_");
    command->declare(own);
    Flags all = own;
    all.add(global);
    auto parsed = parse_flags(all, std::move(arguments), getenv);
    if (!parsed.has_value()) {
      return api::bad_request(parsed.error().message + "\nberthctl " + name + " --help shows how it is used");
    }
    if (parsed.value().help) {
      invocation.text = command_help(command->help(), own, global);
      return {};
    }
    const bool by_variable = contains(parsed.value().by_variable, "namespace");
    invocation.ns_given = contains(parsed.value().given, "namespace") && !by_variable;
    auto checked = check_namespace(invocation.ns, by_variable ? "BERTH_NAMESPACE" : "--namespace");
    if (!checked.has_value()) return checked.error();
    invocation.command = std::move(command);
    return {};
  }
  return unknown_command(commands, name);
}

struct Runtime {
  asio::io_context io;
  base::SystemClock clock;
};

Task<int> run_command(Session& session, Invocation& invocation, const Connection& connection) {
  auto result = co_await invocation.command->run(session);
  session.io.out.flush();
  if (!result.has_value()) {
    session.io.err << error_text(result.error(), advice(result.error(), connection)) << std::flush;
    co_return invocation.command->error_status();
  }
  if (result.value() == 0 && !session.io.out) {
    session.io.err << "berthctl: error: standard output cannot be written\n";
    co_return 1;
  }
  co_return result.value();
}

Task<int> print_completion(Session& session, const Invocation& invocation) {
  Invocation ignored;
  auto plan = plan_completion(make_commands(), global_flags(ignored), session.scheme, invocation.words);
  const auto candidates = co_await complete(session, std::move(plan));
  for (const auto& candidate : candidates) session.io.out << candidate << "\n";
  co_return 0;
}

// Null for a server without TLS.
Result<std::shared_ptr<const http::TlsContext>> trust_of(const Connection& connection) {
  if (!connection.endpoint.tls) return std::shared_ptr<const http::TlsContext>();
  return http::TlsContext::client({connection.authorities, connection.verify});
}

int run_connected(Invocation& invocation, const Connection& connection, Io& io) {
  Runtime runtime;
  const auto scheme = crd::Scheme::builtin();
  const base::Duration timeout = invocation.completing ? std::chrono::seconds(2) : invocation.command->patience();
  auto trust = trust_of(connection);
  if (!trust.has_value()) {
    io.err << error_text(trust.error(), "");
    return kUsageStatus;
  }
  api::HttpClient client(runtime.io.get_executor(), runtime.clock, connection.endpoint, connection.token, timeout, *trust);
  HttpRemote remote(client);
  Session session{runtime.io.get_executor(), runtime.clock, scheme, client, remote, io};
  session.ns = invocation.ns;
  session.ns_given = invocation.ns_given;
  session.server = connection.endpoint.str();
  session.quiet = invocation.quiet;
  session.connection = invocation.connection;
  if (invocation.completing) return base::run_main(runtime.io, print_completion(session, invocation));
  return base::run_main(runtime.io, run_command(session, invocation, connection));
}

}  // namespace

Result<Invocation> parse_command_line(const std::vector<std::string>& arguments, const Getenv& getenv) {
  Invocation invocation;
  const auto global = global_flags(invocation);
  auto commands = make_commands();
  const auto verb = find_verb(global, arguments);
  const bool help_first = asks_for(arguments, verb, "--help", "-h");
  Result<void> done;
  if (verb < arguments.size() && arguments[verb] == "__complete") {
    done = for_completion(invocation, global, arguments, verb, getenv);
  } else if (verb == arguments.size() || help_first) {
    done = without_command(invocation, global, commands, arguments, getenv);
  } else if (arguments[verb] == "help" && verb + 1 == arguments.size()) {
    done = without_command(invocation, global, commands, {"--help"}, getenv);
  } else {
    done = with_command(invocation, global, commands, arguments, verb, getenv);
  }
  if (!done.has_value()) return done.error();
  return invocation;
}

std::string advice(const Error& error, const Connection& connection) {
  if (error.message.find("its certificate is not trusted") != std::string::npos) {
    return connection.no_authority.empty()
               ? "Give --certificate-authority FILE; berthd keeps its own in tls/ca.crt of its data directory."
               : "Its authority was not found (" + connection.no_authority + "). Give --certificate-authority FILE.";
  }
  if (error.reason == Reason::ServiceUnavailable &&
      error.message.find(connection.endpoint.str()) != std::string::npos) {
    return "Is berthd running there? (" + connection.why +
           ") Start it with berthd --manifests DIR, or say where it is with --server or BERTH_SERVER.";
  }
  if (error.reason != Reason::Unauthorized) return "";
  if (connection.token.empty()) {
    return "No token was found (" + connection.no_token +
           "). Give --token-file FILE or BERTH_TOKEN; berthd keeps the token in admin.token of its data directory.";
  }
  return "The token is not the one of this berthd; berthd keeps it in admin.token of its data directory (--token-file, "
         "BERTH_TOKEN, BERTH_DATA_DIR).";
}

std::string error_text(const Error& error, const std::string& advice) {
  auto text = "berthctl: error: " + printable(error.message);
  while (text.ends_with('\n')) text.pop_back();
  return text + "\n" + (advice.empty() ? "" : advice + "\n");
}

int run_berthctl(const std::vector<std::string>& arguments, Io& io) {
  base::log_setup(base::LogFormat::Text, base::LogLevel::Error);
  auto parsed = parse_command_line(arguments, io.getenv);
  if (!parsed.has_value()) {
    io.err << error_text(parsed.error(), "");
    return kUsageStatus;
  }
  auto& invocation = parsed.value();
  if (!invocation.command && !invocation.completing) {
    io.out << invocation.text << std::flush;
    return io.out ? 0 : 1;
  }
  auto connection = find_server(invocation.connection, system_probe(io.getenv));
  const bool needed = invocation.command && invocation.command->needs_server();
  if (!connection.has_value() && needed) {
    io.err << error_text(connection.error(), "");
    return kUsageStatus;
  }
  if (!connection.has_value()) {
    if (invocation.completing) return 0;
    connection = Connection{.endpoint = http::parse_endpoint("http://127.0.0.1", 0).value()};
  }
  return run_connected(invocation, connection.value(), io);
}

}  // namespace berth::cli
