#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/tls.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task_group.h"
#include "controller/app/tls_files.h"

namespace berth::app {

struct CertificateOptions {
  std::filesystem::path directory;  // of berthd's own
  std::vector<std::string> names;   // of berthd's own
  std::string given_certificate;    // files; "" = berthd's own
  std::string given_key;
};

// The certificate of the https listeners through the life of a daemon: berthd's own is renewed before it ends, a given one is read
// again when asked to. Loop thread only; reads and writes small files there.
class CertificateKeeper {
 public:
  using Use = std::function<void(std::shared_ptr<const http::TlsContext>)>;

  CertificateKeeper(Executor executor, base::Clock& clock, CertificateOptions options);

  // What to begin with. Errors: as own_certificate() and given_certificate().
  Result<std::shared_ptr<const http::TlsContext>> load();
  // The file with which clients check it; "" when it was given. After load().
  const std::string& authority() const { return authority_; }
  // Hands every later certificate to `use`.
  void start(Use use);
  // Reads the files again; what is wrong with them is logged, and the certificate in use stays.
  void reload();
  Task<void> stop();

 private:
  Task<void> renew();

  base::Clock& clock_;
  CertificateOptions options_;
  std::string authority_;
  base::SystemTime renew_at_ = base::SystemTime::max();
  Use use_;
  TaskGroup group_;
};

}  // namespace berth::app
