#pragma once

#include <string>
#include <vector>

#include "api/http/server.h"
#include "api/server/media.h"
#include "api/server/text_frame.h"
#include "base/clock.h"
#include "metrics/api_metrics.h"

namespace berth::api {

// What an error is about, for metav1.Status details. `kind` is the plural resource, or the Kind for Invalid.
struct ErrorSubject {
  std::string name;
  std::string group;
  std::string kind;
};

// Decorates the transport's writer: counts the request once, when its head goes out, and adds the headers that every answer
// of the API has. Lives as long as its request.
class Reply final : public http::ResponseWriter {
 public:
  // `verb` and `resource` are metric labels and must be of a bounded set.
  Reply(const http::ServerRequest& request, http::ResponseWriter& writer, metrics::ApiMetrics& metrics,
        base::Clock& clock);
  void set_labels(std::string verb, std::string resource);
  // What the client wants to read. Errors are a Status whatever the shape; only their media type follows.
  void set_accepted(Accepted accepted) { accepted_ = std::move(accepted); }
  void set_media(Media media) { accepted_.media = media; }
  const Accepted& accepted() const { return accepted_; }
  TextStyle style() const;
  std::string content_type() const { return accepted_.media == Media::Yaml ? "application/yaml" : "application/json"; }
  // Sent as a Warning header with the answer.
  void warn(std::string text) { warnings_.push_back(std::move(text)); }

  // `bytes` is compact JSON and is sent as it is, unless the client wants it pretty or as YAML.
  Task<void> send_bytes(int status, std::string bytes);
  Task<void> send(int status, json value);
  Task<void> send_text(int status, std::string text);
  Task<void> send_error(Error error, ErrorSubject subject);
  // A metav1.Status with its code.
  Task<void> send_status(json status);

  Task<void> respond(int status, std::string content_type, std::string body, http::Headers extra) override;
  Task<void> start_stream(int status, std::string content_type, http::Headers extra) override;
  using ResponseWriter::write;
  Task<bool> write(http::SharedChunk chunk) override;
  Task<std::shared_ptr<http::ByteStream>> upgrade(http::Headers extra) override;
  void cut_off() override { writer_.cut_off(); }
  bool started() const override { return writer_.started(); }

 private:
  bool wants_pretty() const;
  void count(int status);
  void add_common(http::Headers& headers) const;

  const http::ServerRequest& request_;
  http::ResponseWriter& writer_;
  metrics::ApiMetrics& metrics_;
  base::Clock& clock_;
  const base::SteadyTime began_;
  std::string verb_ = "OTHER";
  std::string resource_;
  Accepted accepted_;
  std::vector<std::string> warnings_;
};

// The JSON text of an answer that http::Server gives below the handler (ServerOptions::error_body).
std::string transport_error_body(int status, const std::string& message);

}  // namespace berth::api
