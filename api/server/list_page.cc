#include "api/server/list_page.h"

namespace berth::api {

namespace {

Error page_expired(const ListOptions& options) {
  if (!options.next) return base::error(Reason::Expired, "The resourceVersion for the provided list is too old.");
  return base::error(Reason::Expired,
                     "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                     "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
                     "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
                     "modified, or deleted between the time the first chunk was returned and now may show up in the list.");
}

storage::Revision snapshot_of(const ListOptions& options, storage::Revision now) {
  if (options.next) {
    return options.next->revision == ContinueToken::kInconsistent ? now : static_cast<storage::Revision>(options.next->revision);
  }
  return options.exact ? options.revision.value_or(now) : now;
}

}  // namespace

Result<ListPage> read_page(const storage::Store& store, const crd::ResourceInfo& resource, const std::string& ns,
                           const ListOptions& options) {
  ListPage page;
  page.revision = snapshot_of(options, store.revision());
  // A token of another time, before the store was restored.
  if (page.revision > store.revision()) return page_expired(options);
  bool more = false;
  const auto take = [&](const ObjectPtr& object) {
    const bool full = options.limit > 0 && page.items.size() == options.limit;
    if (full && options.everything()) return false;
    if (!options.matches(*object)) return true;
    if (full) {
      more = true;
      return false;
    }
    page.items.push_back(object);
    return true;
  };
  const auto start = options.next ? options.next->start : ObjectKey();
  const auto left = store.visit(resource.group_resource(), ns, page.revision, start, take);
  if (!left) return page_expired(options);
  if (options.everything()) more = *left > 0;
  if (!more) return page;
  if (options.everything()) page.remaining = *left;
  page.next = encode_continue({static_cast<std::int64_t>(page.revision), ContinueToken::after(*page.items.back())});
  return page;
}

}  // namespace berth::api
