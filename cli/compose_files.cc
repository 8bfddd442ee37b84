#include "cli/compose_files.h"

#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "cli/text.h"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestComposeRead = 16 << 20;

Result<std::string> read_up_to(std::istream& in, const std::string& name) {
  std::string text;
  char buffer[64 * 1024];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestComposeRead) {
      return base::error(Reason::RequestEntityTooLarge, name + ": larger than " + std::to_string(kLargestComposeRead) + " bytes");
    }
  }
  return text;
}

Result<std::string> read_compose_file(const std::string& path, std::istream& in) {
  if (path == "-") return read_up_to(in, "<stdin>");
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (ec) return base::error(Reason::NotFound, path + ": " + ec.message());
  if (!fs::is_regular_file(status)) return base::error(Reason::BadRequest, path + ": is no file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return base::error(Reason::BadRequest, path + ": " + std::generic_category().message(errno != 0 ? errno : EIO));
  auto text = read_up_to(file, path);
  if (file.bad()) return base::error(Reason::BadRequest, path + ": cannot be read");
  return text;
}

compose::FileKind kind_of(const std::string& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (fs::is_regular_file(status)) return compose::FileKind::File;
  if (fs::is_directory(status)) return compose::FileKind::Directory;
  return fs::exists(status) ? compose::FileKind::Other : compose::FileKind::Missing;
}

}  // namespace

compose::LoadRequest compose_request(const Io& io, std::vector<std::string> files) {
  compose::LoadRequest request;
  request.files = std::move(files);
  std::error_code ec;
  request.working_directory = fs::current_path(ec).string();
  const auto& getenv = io.getenv_as_is ? io.getenv_as_is : io.getenv;
  request.variable = [getenv](std::string_view name) { return getenv(std::string(name)); };
  request.access.read = [&in = io.in](const std::string& path) { return read_compose_file(path, in); };
  request.access.kind = kind_of;
  return request;
}

std::vector<std::string> find_compose_files() {
  for (const std::string base : {"compose", "docker-compose"}) {
    for (const std::string extension : {".yaml", ".yml"}) {
      if (kind_of(base + extension) != compose::FileKind::File) continue;
      std::vector<std::string> files = {base + extension};
      for (const std::string other : {".override.yaml", ".override.yml"}) {
        if (kind_of(base + other) != compose::FileKind::File) continue;
        files.push_back(base + other);
        break;
      }
      return files;
    }
  }
  return {};
}

Result<compose::Conversion> convert_compose(const compose::ConvertRequest& request, const Io& io, bool quiet) {
  auto converted = compose::convert(request);
  if (!converted.has_value()) {
    std::vector<std::string> lines;
    const std::string& message = converted.error().message;
    for (std::size_t start = 0; start <= message.size();) {
      const auto end = std::min(message.find('\n', start), message.size());
      lines.push_back(printable(message.substr(start, end - start)));
      start = end + 1;
    }
    return base::error(converted.error().reason, join(lines, "\n"));
  }
  if (quiet) return converted;
  for (const auto& line : converted.value().notices) io.err << printable(line) << "\n";
  return converted;
}

Result<std::optional<std::vector<Manifest>>> read_compose_manifests(const std::string& path, const Io& io, const crd::Scheme& scheme,
                                                                    bool quiet) {
  std::optional<std::vector<Manifest>> none;
  if (path == "-" || kind_of(path) != compose::FileKind::File) return none;
  const auto text = read_compose_file(path, io.in);
  if (!text.has_value() || !compose::is_compose(text.value())) return none;
  compose::ConvertRequest request;
  request.load = compose_request(io, {path});
  auto converted = convert_compose(request, io, quiet);
  if (!converted.has_value()) return converted.error();
  std::vector<Manifest> manifests;
  for (json& body : converted.value().manifests) {
    Manifest manifest;
    manifest.file = path;
    manifest.resource = scheme.find_kind(crd::parse_api_version(body["apiVersion"].get<std::string>(), body["kind"].get<std::string>()));
    manifest.body = std::move(body);
    manifests.push_back(std::move(manifest));
  }
  return std::optional(std::move(manifests));
}

}  // namespace berth::cli
