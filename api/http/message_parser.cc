#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "api/http/message.h"

namespace berth::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using beast_view = boost::beast::string_view;

std::string to_string(beast_view text) { return std::string(text.data(), text.size()); }

// What both directions share, so that the parser above them is one type.
struct Reader {
  virtual ~Reader() = default;
  virtual std::size_t put(std::string_view bytes, error_code& ec) = 0;
  virtual void put_eof(error_code& ec) = 0;
  virtual void read_body() = 0;
  virtual bool started() const = 0;
  virtual bool head_done() const = 0;
  virtual bool done() const = 0;
  virtual bool keep_alive() const = 0;
  virtual std::optional<std::uint64_t> content_length() const = 0;
  MessageHead head;
  std::string body;
};

template <bool is_request>
class BeastReader final : public Reader, private beast_http::basic_parser<is_request> {
  using Base = beast_http::basic_parser<is_request>;

 public:
  BeastReader(std::size_t head_limit, bool skip_body) {
    Base::header_limit(static_cast<std::uint32_t>(head_limit));
    Base::body_limit(boost::none);
    Base::skip(skip_body);
  }
  std::size_t put(std::string_view bytes, error_code& ec) override {
    return Base::put(asio::const_buffer(bytes.data(), bytes.size()), ec);
  }
  void put_eof(error_code& ec) override { Base::put_eof(ec); }
  void read_body() override { Base::eager(true); }
  bool started() const override { return Base::got_some(); }
  bool head_done() const override { return Base::is_header_done(); }
  bool done() const override { return Base::is_done(); }
  bool keep_alive() const override { return Base::keep_alive(); }
  std::optional<std::uint64_t> content_length() const override {
    const auto length = Base::content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  }

 private:
  void on_request_impl(beast_http::verb, beast_view method, beast_view target, int version,
                       error_code&) override {
    head.http10 = version == 10;
    head.method = to_string(method);
    head.target = to_string(target);
  }
  void on_response_impl(int code, beast_view, int version, error_code&) override {
    head.http10 = version == 10;
    head.status = code;
  }
  // Trailers come through here too and are not part of the head.
  void on_field_impl(beast_http::field, beast_view name, beast_view value, error_code&) override {
    if (!Base::is_header_done()) head.headers.emplace_back(to_string(name), to_string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

struct MessageParser::Impl {
  std::unique_ptr<Reader> reader;
  std::size_t head_limit = 0;
  std::size_t head_bytes = 0;
  std::size_t too_few = 0;  // as many bytes were not enough: Beast must not see them again without another one
};

MessageParser::MessageParser(Kind kind, std::size_t head_limit) : impl_(std::make_unique<Impl>()) {
  impl_->head_limit = head_limit;
  if (kind == Kind::Request) {
    impl_->reader = std::make_unique<BeastReader<true>>(head_limit, false);
  } else {
    impl_->reader = std::make_unique<BeastReader<false>>(head_limit, kind == Kind::AnswerToHead);
  }
}

MessageParser::~MessageParser() = default;

Result<std::size_t> MessageParser::feed(std::string_view bytes) {
  auto& reader = *impl_->reader;
  if (bytes.size() <= impl_->too_few || reader.done()) return std::size_t{0};
  const bool in_head = !reader.head_done();
  if (!in_head) reader.read_body();
  error_code ec;
  const auto taken = reader.put(bytes, ec);
  if (in_head) impl_->head_bytes += taken;
  impl_->too_few = ec == beast_http::error::need_more ? bytes.size() - taken : 0;
  // Only the structure between pieces of a body (chunk sizes, trailers) can stay behind there; it has the head's limit.
  const auto waiting = ec == beast_http::error::need_more ? bytes.size() - taken : 0;
  if (ec == beast_http::error::header_limit || impl_->head_bytes > impl_->head_limit || waiting > impl_->head_limit) {
    return base::error(Reason::RequestEntityTooLarge,
                       "the head of the message is larger than " + std::to_string(impl_->head_limit) + " bytes");
  }
  if (ec && ec != beast_http::error::need_more) {
    return base::error(Reason::BadRequest, "malformed HTTP message: " + ec.message());
  }
  return taken;
}

Result<void> MessageParser::feed_eof() {
  auto& reader = *impl_->reader;
  if (reader.done()) return {};
  error_code ec = beast_http::error::partial_message;
  if (reader.started()) reader.put_eof(ec);
  if (ec || !reader.done()) return base::error(Reason::BadRequest, "the connection was closed in the middle");
  return {};
}

bool MessageParser::started() const { return impl_->reader->started(); }
bool MessageParser::head_done() const { return impl_->reader->head_done(); }
bool MessageParser::done() const { return impl_->reader->done(); }
bool MessageParser::keep_alive() const { return impl_->reader->keep_alive(); }
std::optional<std::uint64_t> MessageParser::content_length() const { return impl_->reader->content_length(); }
MessageHead& MessageParser::head() { return impl_->reader->head; }
std::string& MessageParser::body() { return impl_->reader->body; }

}  // namespace berth::http
