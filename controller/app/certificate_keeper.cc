#include "controller/app/certificate_keeper.h"

#include "base/log.h"

namespace berth::app {

namespace {

// A sleep does not see that the machine was suspended or its clock set.
constexpr base::Duration kLookAgain = std::chrono::hours(24);

}  // namespace

CertificateKeeper::CertificateKeeper(Executor executor, base::Clock& clock, CertificateOptions options)
    : clock_(clock), options_(std::move(options)), group_(std::move(executor), "certificates") {}

Result<std::shared_ptr<const http::TlsContext>> CertificateKeeper::load() {
  auto certificate = options_.given_certificate.empty()
                         ? own_certificate(options_.directory, options_.names, clock_.system_now())
                         : given_certificate(options_.given_certificate, options_.given_key);
  if (certificate.has_error()) return certificate.error();
  authority_ = certificate->authority;
  renew_at_ = certificate->renew_at;
  return http::TlsContext::server(certificate->pair);
}

void CertificateKeeper::start(Use use) {
  use_ = std::move(use);
  if (options_.given_certificate.empty()) group_.spawn("renewal", renew());
}

void CertificateKeeper::reload() {
  auto context = load();
  if (context.has_error()) {
    base::log_error("tls", "the certificate in use stays", {{"error", context.error().message}});
    return;
  }
  if (use_) use_(*context);
}

Task<void> CertificateKeeper::renew() {
  while (true) {
    co_await clock_.sleep_for(kLookAgain);
    if (clock_.system_now() >= renew_at_) reload();
  }
}

Task<void> CertificateKeeper::stop() {
  use_ = nullptr;
  co_await group_.stop();
}

}  // namespace berth::app
