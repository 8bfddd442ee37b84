#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/http/endpoint.h"

namespace berth::cli {

// What a person said about the server, by flag or by variable; "" = nothing.
struct ConnectionFlags {
  std::string server;      // --server, BERTH_SERVER
  std::string token_file;  // --token-file, BERTH_TOKEN_FILE
  std::string data_dir;    // --data-dir, BERTH_DATA_DIR
  std::string certificate_authority;  // --certificate-authority, BERTH_CERTIFICATE_AUTHORITY
  bool insecure = false;              // --insecure-skip-tls-verify
};

struct Connection {
  http::Endpoint endpoint;
  std::string token;        // "" = none was found
  std::string why;          // how the endpoint was found, for messages: "--server", "the default", ...
  std::string no_token;     // why there is no token, "" when there is one
  std::string authorities;  // of an https server, PEM; "" = the system's
  std::string no_authority;  // why the data directory's was not read, "" when it was or is not wanted
  bool verify = true;
};

// The parts of the machine that finding a server looks at.
struct ConnectionProbe {
  std::function<std::optional<std::string>(const std::string&)> getenv;
  std::function<bool(const std::string& path)> can_connect_to_socket;     // it is a socket and may be opened
  std::function<Result<std::string>(const std::string& path)> read_file;  // NotFound, Forbidden
};
ConnectionProbe system_probe(std::function<std::optional<std::string>(const std::string&)> getenv);

// --server, else <data-dir>/berthd.sock when it may be opened, else find_https_server(). The token: --token-file,
// BERTH_TOKEN, and for a server on this machine <data-dir>/admin.token: nobody else is shown that unasked. An https server is
// checked with --certificate-authority, one on this machine else with the authority of the data directory, any other with the
// system's. A relative data directory is taken from the working directory. Errors: BadRequest (no URL, no readable
// --token-file or --certificate-authority, empty token).
Result<Connection> find_server(const ConnectionFlags& flags, const ConnectionProbe& probe);
// The same without the unix socket: --server, else where berthd says in <data-dir>/server.json that it is, else
// https://127.0.0.1:6440.
Result<Connection> find_https_server(const ConnectionFlags& flags, const ConnectionProbe& probe);

inline constexpr const char* kDefaultDataDir = "/var/lib/berth";
inline constexpr const char* kDefaultServer = "https://127.0.0.1:6440";

}  // namespace berth::cli
