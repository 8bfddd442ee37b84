#pragma once

#include <memory>

#include "api/http/connection.h"
#include "api/http/endpoint.h"
#include "api/http/tls.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"

namespace berth::http {

// Connects to `endpoint`, trying each address of a name in turn, each for its share of the time that is left; for https with the
// handshake, which needs `tls`, a client's context. The connection's deadline stays set to `deadline`.
// Errors: ServiceUnavailable "<endpoint>: <cause>", Timeout. Cancelled: throws operation_aborted.
Task<Result<std::shared_ptr<Connection>>> dial(Executor executor, base::Clock& clock, Endpoint endpoint,
                                               base::Deadline deadline,
                                               std::shared_ptr<const TlsContext> tls = nullptr);

// Sets the connection's timer to what is left of `deadline`.
void apply_deadline(Connection& connection, base::Clock& clock, base::Deadline deadline);

}  // namespace berth::http
