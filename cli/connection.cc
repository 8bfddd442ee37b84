#include "cli/connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "api/http/certificate.h"
#include "base/text.h"
#include "cli/fields.h"

namespace berth::cli {

namespace {

constexpr std::uint16_t kDefaultPort = 6440;

bool is_open_socket(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode) && ::access(path.c_str(), R_OK | W_OK) == 0;
}

Result<std::string> read_small_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    const int why = errno;
    return base::error(why == EACCES ? Reason::Forbidden : Reason::NotFound,
                       path + ": " + std::generic_category().message(why));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string absolute(const std::string& directory) {
  std::error_code ec;
  const auto path = std::filesystem::absolute(directory, ec).lexically_normal();
  const auto text = ec ? directory : path.string();
  return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

bool fits_a_header(const std::string& token) {
  for (const char c : token) {
    if (c <= 0x20 || c >= 0x7F) return false;
  }
  return !token.empty();
}

// What berthd says of itself in its data directory.
struct Announced {
  std::string server;     // "" = nothing
  std::string authority;  // file; "" = the system's authorities
};

Announced read_announced(const std::string& data_dir, const ConnectionProbe& probe) {
  Announced announced{"", data_dir + "/tls/ca.crt"};
  const auto text = probe.read_file(data_dir + "/server.json");
  if (!text.has_value()) return announced;
  const auto value = crd::json::parse(text.value(), nullptr, false);
  if (!value.is_object()) return announced;
  announced.server = text_at(value, {"server"});
  if (!announced.server.empty()) announced.authority = text_at(value, {"certificateAuthority"});
  return announced;
}

// Where the secrets of the data directory may be shown.
bool is_own(const http::Endpoint& endpoint, const Announced& announced) {
  return http::is_loopback(endpoint) || endpoint.str() == announced.server;
}

Result<void> find_token(const ConnectionFlags& flags, const std::string& data_dir, bool own, const ConnectionProbe& probe,
                        Connection& connection) {
  const auto accept = [&](std::string token, const std::string& from) -> Result<void> {
    token = std::string(base::trimmed(token, " \t\r\n"));
    if (!fits_a_header(token)) {
      return base::error(Reason::BadRequest, from + " holds no token: one line of printable characters is expected");
    }
    connection.token = std::move(token);
    return {};
  };
  if (!flags.token_file.empty()) {
    auto text = probe.read_file(flags.token_file);
    if (!text.has_value()) {
      return base::error(Reason::BadRequest, "the token file cannot be read: " + text.error().message);
    }
    return accept(std::move(text).value(), flags.token_file);
  }
  if (auto token = probe.getenv("BERTH_TOKEN")) return accept(std::move(*token), "BERTH_TOKEN");
  const auto file = data_dir + "/admin.token";
  if (!own) {
    connection.no_token = file + " is of this machine, and " + connection.endpoint.str() + " is not";
    return {};
  }
  auto text = probe.read_file(file);
  if (!text.has_value()) {
    connection.no_token = text.error().message;
    return {};
  }
  return accept(std::move(text).value(), file);
}

Result<void> find_authority(const ConnectionFlags& flags, const Announced& announced, bool own, const ConnectionProbe& probe,
                            Connection& connection) {
  connection.verify = !flags.insecure;
  if (!flags.certificate_authority.empty()) {
    auto text = probe.read_file(flags.certificate_authority);
    if (!text.has_value()) return base::error(Reason::BadRequest, "--certificate-authority: " + text.error().message);
    if (auto usable = http::read_certificate(text.value()); !usable.has_value()) {
      return base::error(Reason::BadRequest, "--certificate-authority: " + flags.certificate_authority + ": " + usable.error().message);
    }
    connection.authorities = std::move(text).value();
    return {};
  }
  if (!own || announced.authority.empty() || flags.insecure) return {};
  auto text = probe.read_file(announced.authority);
  if (text.has_value() && http::read_certificate(text.value()).has_value()) {
    connection.authorities = std::move(text).value();
  } else {
    connection.no_authority = text.has_value() ? announced.authority + ": no certificate is in it" : text.error().message;
  }
  return {};
}

Result<Connection> connection_to(const std::string& url, std::string why, const ConnectionFlags& flags, const std::string& data_dir,
                                 const Announced& announced, const ConnectionProbe& probe) {
  auto endpoint = http::parse_endpoint(url, kDefaultPort);
  if (!endpoint.has_value()) return base::error(Reason::BadRequest, "--server: " + endpoint.error().message);
  Connection connection;
  connection.endpoint = std::move(endpoint).value();
  connection.why = std::move(why);
  const bool own = is_own(connection.endpoint, announced);
  auto found = find_token(flags, data_dir, own, probe, connection);
  if (!found.has_value()) return found.error();
  if (!connection.endpoint.tls) return connection;
  auto checked = find_authority(flags, announced, own, probe, connection);
  if (!checked.has_value()) return checked.error();
  return connection;
}

std::string data_dir_of(const ConnectionFlags& flags) { return absolute(flags.data_dir.empty() ? kDefaultDataDir : flags.data_dir); }

constexpr const char* kToldServer = "--server or BERTH_SERVER";

}  // namespace

ConnectionProbe system_probe(std::function<std::optional<std::string>(const std::string&)> getenv) {
  return {std::move(getenv), is_open_socket, read_small_file};
}

Result<Connection> find_https_server(const ConnectionFlags& flags, const ConnectionProbe& probe) {
  const auto data_dir = data_dir_of(flags);
  const auto announced = read_announced(data_dir, probe);
  if (!flags.server.empty()) return connection_to(flags.server, kToldServer, flags, data_dir, announced, probe);
  if (!announced.server.empty()) {
    return connection_to(announced.server, data_dir + "/server.json", flags, data_dir, announced, probe);
  }
  return connection_to(kDefaultServer, "the default; " + data_dir + "/server.json names no other", flags, data_dir, announced, probe);
}

Result<Connection> find_server(const ConnectionFlags& flags, const ConnectionProbe& probe) {
  const auto data_dir = data_dir_of(flags);
  const auto socket = data_dir + "/berthd.sock";
  if (flags.server.empty() && probe.can_connect_to_socket(socket)) {
    return connection_to("unix://" + socket, "the socket of the data directory", flags, data_dir, {}, probe);
  }
  auto found = find_https_server(flags, probe);
  if (found.has_value() && flags.server.empty()) found->why += "; " + socket + " is not there or may not be opened";
  return found;
}

}  // namespace berth::cli
