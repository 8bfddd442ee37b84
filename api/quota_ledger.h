#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "api/quota.h"
#include "api/storage/store.h"
#include "base/result.h"

namespace berth::api {

// Keeps writes within the ResourceQuotas of their namespace. Knows what is stored and what is being stored, so that of two writes
// at once not both get the last place. Loop thread only.
class QuotaLedger {
  struct Pending;

 public:
  // A place that was given to a write; held until the write is done, whatever came of it.
  using Hold = std::shared_ptr<const Pending>;

  QuotaLedger(const crd::Scheme& scheme, storage::Store& store) : scheme_(scheme), store_(store) {}

  // Whether `body` may become the next state of `old` (null for a new object). A null Hold when no quota is concerned. Errors:
  // Forbidden, with Kubernetes' words.
  Result<Hold> admit(const crd::ResourceInfo& resource, const json& body, const Object* old);
  // What the namespace uses of the names in `hard`, as it is stored.
  Amounts used(const std::string& ns, const Amounts& hard) const;

 private:
  struct Pending {
    storage::StoreKey key;
    storage::Revision replaced = 0;  // 0: a new object
    Amounts added;
  };
  // The stored objects of one kind.
  Amounts stored(const crd::ResourceInfo& resource, const std::string& ns, const Amounts& hard) const;
  const Amounts& usage(const crd::ResourceInfo& resource, const Object& object) const;
  void add_pending(Amounts& used, const std::string& resource, const std::string& ns);

  const crd::Scheme& scheme_;
  storage::Store& store_;
  std::list<std::weak_ptr<const Pending>> pending_;
  // Of environments, which are many and are kept as text: what each uses, by namespace and name.
  struct Known {
    std::string uid;
    std::int64_t generation = 0;
    Amounts amounts;
  };
  mutable std::map<std::string, std::map<std::string, Known>> known_;
};

}  // namespace berth::api
