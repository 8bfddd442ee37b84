#include "cli/connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/text.h"

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

Result<void> find_token(const ConnectionFlags& flags, const std::string& data_dir, const ConnectionProbe& probe,
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
  if (!http::is_loopback(connection.endpoint)) {
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

}  // namespace

ConnectionProbe system_probe(std::function<std::optional<std::string>(const std::string&)> getenv) {
  return {std::move(getenv), is_open_socket, read_small_file};
}

Result<Connection> find_server(const ConnectionFlags& flags, const ConnectionProbe& probe) {
  Connection connection;
  const auto data_dir = absolute(flags.data_dir.empty() ? kDefaultDataDir : flags.data_dir);
  const auto socket = data_dir + "/berthd.sock";
  std::string url = flags.server;
  connection.why = "--server or BERTH_SERVER";
  if (url.empty() && probe.can_connect_to_socket(socket)) {
    url = "unix://" + socket;
    connection.why = "the socket of the data directory";
  }
  if (url.empty()) {
    url = kDefaultServer;
    connection.why = "the default; " + socket + " is not there or may not be opened";
  }
  auto endpoint = http::parse_endpoint(url, kDefaultPort);
  if (!endpoint.has_value()) return base::error(Reason::BadRequest, "--server: " + endpoint.error().message);
  connection.endpoint = std::move(endpoint).value();
  auto found = find_token(flags, data_dir, probe, connection);
  if (!found.has_value()) return found.error();
  return connection;
}

}  // namespace berth::cli
