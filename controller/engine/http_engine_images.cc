#include "api/http/codec.h"
#include "api/http/uri.h"
#include "controller/engine/codec.h"
#include "controller/engine/codec_fields.h"
#include "controller/engine/http_engine_impl.h"

namespace berth::engine {

namespace {

// "" when the line reports progress.
std::string error_in(const std::string& line) {
  const auto body = json::parse(line, nullptr, false);
  auto text = fields::text(fields::member(body, "errorDetail"), "message");
  return text.empty() ? fields::text(body, "error") : text;
}

}  // namespace

Task<Result<Image>> HttpEngine::inspect_image(std::string reference, base::Deadline deadline) {
  auto target = "/images/" + http::percent_encode(reference) + "/json";
  auto body = co_await wire_.get(Operation::ImageInspect, std::move(target), deadline);
  if (!body) co_return body.error();
  co_return image_from_json(*body);
}

Task<Result<void>> HttpEngine::pull_image(std::string reference, std::string platform, base::Deadline deadline) {
  auto pulled = co_await run_pull(reference, platform, deadline);
  if (pulled.has_error() && pulled.error().reason == Reason::EngineUnavailable &&
      deadline.expired(wire_.clock().steady_now())) {
    pulled = base::error(Reason::ImagePullFailed, "image_pull: " + reference + " did not arrive in time");
  }
  wire_.metrics().pull(pulled.has_value());
  co_return pulled;
}

Task<Result<void>> HttpEngine::run_pull(std::string reference, std::string platform, base::Deadline deadline) {
  const auto name = split_reference(reference);
  auto target = "/images/create?fromImage=" + http::percent_encode(name.repository) + "&tag=" + http::percent_encode(name.tag);
  if (!platform.empty()) target += "&platform=" + http::percent_encode(platform);
  auto request = plain("POST", std::move(target));
  auto stream = co_await wire_.open(Operation::ImagePull, std::move(request), deadline);
  if (!stream) co_return stream.error();
  http::LineDecoder decoder;
  std::optional<Error> failure;
  while (!failure) {
    auto bytes = co_await (*stream)->read(deadline);
    if (!bytes) {
      failure = wire_.lost(bytes.error());
      break;
    }
    std::vector<std::string> lines;
    if (auto split = decoder.feed(*bytes, lines); !split)
      failure = base::error(Reason::ImagePullFailed, split.error().message);
    if (bytes->empty()) lines.push_back(decoder.rest());
    for (const auto& line : lines) {
      auto text = error_in(line);
      if (!text.empty() && !failure) failure = classify(Operation::ImagePull, 200, std::move(text));
    }
    if (bytes->empty()) break;
  }
  if (failure) co_return *failure;
  co_return Result<void>();
}

}  // namespace berth::engine
