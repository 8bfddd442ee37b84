#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/server/options.h"
#include "api/storage/store.h"

namespace berth::api {

// One answer to a list: everything, or `limit` objects and where to go on.
struct ListPage {
  std::vector<ObjectPtr> items;          // ordered by namespace, then name
  storage::Revision revision = 0;        // of the snapshot
  std::string next;                      // the continue token; "" when nothing is left
  std::optional<std::size_t> remaining;  // behind this page; not known with a selector
};

// Reads from memory at once. REQUIRES: options.revision <= store.revision().
// Errors: Expired, with the words of a Kubernetes server: the snapshot is no longer kept.
Result<ListPage> read_page(const storage::Store& store, const crd::ResourceInfo& resource, const std::string& ns,
                           const ListOptions& options);

}  // namespace berth::api
