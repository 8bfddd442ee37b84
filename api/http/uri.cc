#include "api/http/uri.h"

#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace berth::http {

namespace urls = boost::urls;

std::string percent_encode(std::string_view text) {
  return urls::encode(urls::string_view(text.data(), text.size()), urls::unreserved_chars);
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  const auto encoded = urls::make_pct_string_view(urls::string_view(text.data(), text.size()));
  if (!encoded) {
    return base::error(Reason::BadRequest, "bad percent-encoding in \"" + std::string(text.substr(0, 200)) + "\"");
  }
  urls::encoding_opts options;
  options.space_as_plus = plus_is_space;
  return encoded->decode(options);
}

namespace {

Result<void> parse_query(std::string_view text, std::multimap<std::string, std::string>& query) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    if (!name) return name.error();
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!value) return value.error();
    query.emplace(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return base::error(Reason::BadRequest, "the request target must start with \"/\"");
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  Target result;
  auto path = percent_decode(target.substr(0, mark), false);
  if (!path) return path.error();
  if (path->find('\0') != std::string::npos) {
    return base::error(Reason::BadRequest, "the request target must not contain NUL");
  }
  result.path = std::move(*path);
  if (mark != std::string_view::npos) {
    if (auto parsed = parse_query(target.substr(mark + 1), result.query); !parsed) return parsed.error();
  }
  return result;
}

}  // namespace berth::http
