#pragma once

#include "cli/session.h"

namespace berth::cli {

// Lets an environment outlive the one who holds it by a Lease: its leaseDurationSeconds goes, and without a ttlSeconds
// it gets one that ends an hour from now. One that has Failed is left as it is, because a changed spec would start it
// again and its lease no longer counts. The Lease itself is the caller's, to be removed afterwards: removed before, it
// would end the environment. Returns the environment as it is stored. Errors: NotFound (gone, another one of that name,
// being deleted, or expired), Conflict (changed again and again meanwhile), the server's.
Task<Result<ObjectPtr>> keep_for_debugging(Session& session, ObjectPtr environment);

// When a kept environment goes by itself; nullopt when nothing says so.
std::optional<base::SystemTime> end_of(const Object& environment);

}  // namespace berth::cli
