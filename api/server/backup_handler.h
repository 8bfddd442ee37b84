#pragma once

#include "api/server/reply.h"
#include "api/storage/store.h"

namespace berth::api {

// Heads of the answer to GET /berth/v1/backup: of which revision the copy is, and how many objects are in it.
inline constexpr const char* kBackupRevision = "X-Berth-Revision";
inline constexpr const char* kBackupObjects = "X-Berth-Objects";

// Sends a copy of the store. It is made before anything is sent, so that what goes wrong with it is a Status; the answer breaks off where
// the copy cannot be read to its end.
Task<void> serve_backup(storage::Store& store, Reply& reply);

}  // namespace berth::api
