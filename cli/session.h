#pragma once

#include <string>

#include "api/client/client.h"
#include "base/clock.h"
#include "cli/connection.h"
#include "cli/io.h"
#include "cli/remote.h"
#include "crd/scheme.h"

namespace berth::cli {

// What every command works with. Owned by the caller of the command; loop thread only.
struct Session {
  Executor executor;
  base::Clock& clock;
  const crd::Scheme& scheme;
  api::Client& client;
  Remote& remote;
  Io& io;
  std::string ns = "default";
  bool ns_given = false;  // by -n: an object that names another is an error. BERTH_NAMESPACE only fills in
  std::string server;     // as a person writes it
  bool quiet = false;     // no progress
  ConnectionFlags connection;  // what was said about the server
};

}  // namespace berth::cli
