#include "api/quota_ledger.h"

#include <algorithm>

#include "api/errors.h"

namespace berth::api {

namespace {

constexpr const char* kQuotas = "resourcequotas";

bool is_count(const std::string& name, const crd::ResourceInfo& resource) {
  return name == "count/" + resource.group_resource() || name == resource.plural;
}

// Whether a quota speaks of objects of this kind.
bool concerns(const Amounts& hard, const Amounts& amounts) {
  return std::any_of(amounts.begin(), amounts.end(), [&](const auto& amount) { return hard.contains(amount.first); });
}

}  // namespace

Result<QuotaLedger::Hold> QuotaLedger::admit(const crd::ResourceInfo& resource, const json& body, const Object* old) {
  if (!resource.namespaced) return Hold();
  const auto& metadata = body.at("metadata");
  const auto ns = metadata.value("namespace", "");
  const auto quotas = store_.list(kQuotas, ns).items;
  if (quotas.empty()) return Hold();
  auto added = raised(usage_of(resource, body), old ? usage_of(resource, old->body()) : Amounts());
  bool concerned = false;
  for (const auto& quota : quotas) {
    const auto hard = hard_of(quota->body());
    if (!concerns(hard, added)) continue;
    concerned = true;
    auto used = stored(resource, ns, hard);
    add_pending(used, resource.group_resource(), ns);
    if (auto why = quota_violation(quota->name(), hard, used, added)) return forbidden(resource, metadata.value("name", ""), *why);
  }
  if (!concerned) return Hold();
  auto hold = std::make_shared<const Pending>(Pending{{resource.group_resource(), ns, metadata.value("name", "")},
                                                      old ? old->revision() : 0, std::move(added)});
  pending_.push_back(hold);
  return Hold(hold);
}

Amounts QuotaLedger::used(const std::string& ns, const Amounts& hard) const {
  Amounts all;
  for (const auto& resource : scheme_.resources()) {
    if (resource.namespaced) add_amounts(all, stored(resource, ns, hard));
  }
  return all;
}

Amounts QuotaLedger::stored(const crd::ResourceInfo& resource, const std::string& ns, const Amounts& hard) const {
  Amounts sum;
  bool counted = false, summed = resource.gvk.kind == "TestEnvironment";
  for (const auto& [name, limit] : hard) counted = counted || is_count(name, resource);
  if (summed) {
    summed = std::any_of(hard.begin(), hard.end(), [](const auto& limit) { return !limit.first.starts_with("count/"); });
  }
  if (!counted && !summed) return sum;
  const auto listed = store_.list(resource.group_resource(), ns).items;
  if (summed) {
    for (const auto& object : listed) add_amounts(sum, usage(resource, *object));
    if (auto& known = known_[ns]; known.size() > 2 * listed.size()) {  // most are gone
      std::erase_if(known, [&](const auto& item) { return !store_.get({resource.group_resource(), ns, item.first}); });
    }
    if (listed.empty()) known_.erase(ns);
  } else if (!listed.empty()) {
    const Amount count{static_cast<std::int64_t>(listed.size())};
    sum["count/" + resource.group_resource()] = count;
    if (resource.gvk.group.empty()) sum[resource.plural] = count;
  }
  return sum;
}

const Amounts& QuotaLedger::usage(const crd::ResourceInfo& resource, const Object& object) const {
  // Namespaces come and go, and their quotas before them.
  if (!known_.contains(object.ns())) std::erase_if(known_, [&](const auto& item) { return store_.list(kQuotas, item.first).items.empty(); });
  Known& known = known_[object.ns()][object.name()];
  if (known.uid != object.uid() || known.generation != object.generation()) {
    known = {object.uid(), object.generation(), usage_of(resource, object.body())};
  }
  return known.amounts;
}

// What is stored already is no longer pending, though its writer may not have heard of it.
void QuotaLedger::add_pending(Amounts& used, const std::string& resource, const std::string& ns) {
  pending_.remove_if([](const auto& entry) { return entry.expired(); });
  for (const auto& entry : pending_) {
    const auto pending = entry.lock();
    if (!pending || pending->key.resource != resource || pending->key.ns != ns) continue;
    const auto now = store_.get(pending->key);
    if ((now ? now->revision() : 0) == pending->replaced) add_amounts(used, pending->added);
  }
}

}  // namespace berth::api
