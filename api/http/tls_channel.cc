#include "api/http/tls_channel.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "api/http/openssl.h"

namespace berth::http {

namespace {

constexpr std::size_t kFirstInput = 4 * 1024;
constexpr std::size_t kLargestInput = 17 * 1024;    // a record and its frame
constexpr std::size_t kRecord = 16 * 1024;          // plaintext of one record
constexpr std::size_t kOneSend = 64 * 1024;         // plaintext that is encrypted before it is sent

// As Go answers.
constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    "Client sent an HTTP request to an HTTPS server.\n";
constexpr std::array<std::string_view, 8> kPlainHttpStarts = {"GET /", "HEAD ", "POST ", "PUT /",
                                                              "PATCH", "DELET", "OPTIO", "CONNE"};

}  // namespace

// OpenSSL's way to a TlsChannel's buffers.
struct ChannelBio {
  static TlsChannel& channel(BIO* bio) { return *static_cast<TlsChannel*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    auto& at = channel(bio);
    BIO_clear_retry_flags(bio);
    const auto got = std::min(static_cast<std::size_t>(size), at.input_end_ - at.input_begin_);
    if (got == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, at.input_.data() + at.input_begin_, got);
    at.input_begin_ += got;
    return static_cast<int>(got);
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    channel(bio).output_.append(from, static_cast<std::size_t>(size));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make_method() {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berth channel");
    BIO_meth_set_read(made, read);
    BIO_meth_set_write(made, write);
    BIO_meth_set_ctrl(made, control);
    return made;
  }

  static BIO* make(TlsChannel* channel) {
    static BIO_METHOD* const kMethod = make_method();
    auto* bio = BIO_new(kMethod);
    BIO_set_data(bio, channel);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsChannel::TlsChannel(std::shared_ptr<const TlsContext> context, const std::string& host)
    : context_(std::move(context)), ssl_(SSL_new(context_->handle())) {
  if (!ssl_) throw std::bad_alloc();
  auto* bio = ChannelBio::make(this);
  SSL_set_bio(ssl_, bio, bio);
  if (context_->is_server()) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  if (const auto address = canonical_address(host); !address.empty()) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), address.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_, host.c_str());
  }
}

TlsChannel::~TlsChannel() { SSL_free(ssl_); }

std::pair<char*, std::size_t> TlsChannel::room() {
  const bool was_full = input_end_ > 0 && input_end_ == input_.size();
  if (input_.empty()) {
    input_.resize(kFirstInput);
  } else if (was_full && input_.size() < kLargestInput) {
    input_.resize(kLargestInput);
  }
  input_begin_ = input_end_ = 0;
  return {input_.data(), input_.size()};
}

TlsChannel::Step TlsChannel::outcome(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return Step::NeedsInput;
    case SSL_ERROR_ZERO_RETURN: return Step::Closed;
    default: break;
  }
  const auto verified = context_->is_server() ? X509_V_OK : SSL_get_verify_result(ssl_);
  const bool no_tls = !context_->is_server() && ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER;
  failure_ = take_openssl_error();
  if (no_tls) failure_ = "the server does not speak TLS";
  if (verified != X509_V_OK) failure_ = std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verified);
  ended_ = true;
  return Step::Failed;
}

bool TlsChannel::refuse_plain_http() {
  const std::string_view input(input_.data() + input_begin_, input_end_ - input_begin_);
  const bool http = std::any_of(kPlainHttpStarts.begin(), kPlainHttpStarts.end(),
                                [&](std::string_view start) { return input.starts_with(start); });
  if (!http) return false;
  output_ = kPlainHttpAnswer;
  failure_ = "the client speaks plain HTTP";
  ended_ = true;
  return true;
}

TlsChannel::Step TlsChannel::handshake() {
  if (holds_input() && !heard_) {
    heard_ = true;
    if (context_->is_server() && refuse_plain_http()) return Step::Failed;
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return outcome(result);
  established_ = true;
  return Step::Done;
}

TlsChannel::Step TlsChannel::read(char* to, std::size_t size, std::size_t& got) {
  got = 0;
  if (!failure_.empty()) return Step::Failed;
  ERR_clear_error();
  while (got < size) {
    std::size_t more = 0;
    const int result = SSL_read_ex(ssl_, to + got, size - got, &more);
    if (result != 1) {
      const auto step = outcome(result);
      return got > 0 ? Step::Done : step;
    }
    got += more;
    // What is not here yet is asked for when somebody wants it: no failed attempt at the end of each message.
    if (!holds_input() && SSL_has_pending(ssl_) == 0) break;
  }
  return Step::Done;
}

bool TlsChannel::encrypt(std::string_view bytes) {
  std::size_t taken = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &taken);
  if (result == 1 && taken == bytes.size()) return true;
  outcome(result);
  if (failure_.empty()) failure_ = "the connection cannot carry more";
  return false;
}

bool TlsChannel::write(std::string_view& first, std::string_view& second) {
  if (!failure_.empty() || ended_) return false;
  if (!first.empty() && !second.empty() && first.size() < kRecord) {
    // Head and body in one record, and in one packet if they are small.
    std::array<char, kRecord> together;
    const auto part = std::min(second.size(), together.size() - first.size());
    std::memcpy(together.data(), first.data(), first.size());
    std::memcpy(together.data() + first.size(), second.data(), part);
    if (!encrypt({together.data(), first.size() + part})) return false;
    first = {};
    second.remove_prefix(part);
  }
  while (output_.size() < kOneSend && (!first.empty() || !second.empty())) {
    auto& bytes = first.empty() ? second : first;
    const auto part = bytes.substr(0, kRecord);
    if (!encrypt(part)) return false;
    bytes.remove_prefix(part.size());
  }
  return true;
}

void TlsChannel::end() {
  if (ended_ || !established_) return;
  ended_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace berth::http
