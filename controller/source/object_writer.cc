#include "controller/source/object_writer.h"

#include "base/log.h"
#include "controller/source/documents.h"
#include "crd/scheme.h"

namespace berth::source {

namespace {

constexpr std::size_t kParallel = 64;
constexpr base::Backoff kRetry{std::chrono::milliseconds(50), std::chrono::seconds(30), 2.0};
constexpr base::Backoff kQuarrel{std::chrono::milliseconds(200), std::chrono::seconds(60), 2.0};
constexpr int kFreeRounds = 3;
constexpr base::Duration kPeace = std::chrono::minutes(2);

// Whether another attempt with the same content would fail again.
bool hopeless(Reason reason) {
  return reason == Reason::Invalid || reason == Reason::BadRequest || reason == Reason::RequestEntityTooLarge;
}

// Whether the manifest itself is checked on the way.
bool says_something(const Decision& decision) {
  return decision.verb == Verb::Create || decision.verb == Verb::Replace || decision.remakes;
}

// Whether somebody else was faster; the informer brings the news.
bool overtaken(Reason reason) {
  return reason == Reason::Conflict || reason == Reason::AlreadyExists || reason == Reason::NotFound;
}

api::WriteOptions write_options() {
  api::WriteOptions options;
  options.field_validation = api::FieldValidation::Strict;
  options.field_manager = "manifests";
  return options;
}

}  // namespace

ObjectWriter::ObjectWriter(Executor executor, Parts parts) : parts_(std::move(parts)), tasks_(executor, "manifests") {}

void ObjectWriter::touch(const ObjectKey& key) {
  dirty_.insert(key);
  pump();
}

void ObjectWriter::changed(const ObjectPtr& now) {
  const auto applied = applied_.find(now->key());
  const auto known = applied == applied_.end() ? std::nullopt : std::optional<Applied>(applied->second);
  if (!now->deleting() && made_by_directory(*now, known)) {
    const bool news = finished(*now)
                          ? parts_.records.put(now->key(), {now->annotation(crd::kSourceHashAnnotation),
                                                            now->annotation(crd::kSourceAnnotation)})
                          : parts_.records.erase(now->key());
    if (news) parts_.records_changed();
  }
  touch(now->key());
}

std::set<std::string> ObjectWriter::refused_files() const {
  std::set<std::string> files;
  for (const auto& [key, refusal] : refused_) files.insert(refusal.file);
  return files;
}

std::set<std::string> ObjectWriter::foreign_files() const {
  std::set<std::string> files;
  for (const auto& [key, refusal] : foreign_) files.insert(refusal.file);
  return files;
}

void ObjectWriter::pump() {
  for (auto it = dirty_.begin(); it != dirty_.end() && busy_.size() < kParallel;) {
    const ObjectKey key = *it;
    if (busy_.contains(key)) {
      ++it;
      continue;
    }
    it = dirty_.erase(it);
    start(key);
  }
}

void ObjectWriter::start(const ObjectKey& key) {
  Facts facts;
  facts.want = parts_.ledger.want(key);
  if (facts.want.wish == Wish::None) return;
  facts.actual = parts_.environments.get(key);
  if (const auto it = applied_.find(key); it != applied_.end()) facts.applied = it->second;
  facts.finished_hash = parts_.records.hash_of(key);
  Decision decision = decide(facts);

  if (decision.verb == Verb::Foreign) {
    report_foreign(key, facts);
    return;
  }
  if (foreign_.erase(key) > 0) parts_.counts_changed();
  const auto refusal = refused_.find(key);
  if (refusal != refused_.end()) {
    if (says_something(decision) && refusal->second.hash == facts.want.manifest->hash) return;
    refused_.erase(refusal);
    parts_.counts_changed();
  }
  if (decision.verb == Verb::None) return;
  if (decision.verb == Verb::Forget) {
    forget(key);
    return;
  }
  if (decision.reverts && held_by_quarrel(key)) return;
  busy_.insert(key);
  tasks_.spawn(key.str(), write(key, std::move(facts), std::move(decision)));
}

bool ObjectWriter::held_by_quarrel(const ObjectKey& key) {
  Quarrel& quarrel = quarrels_[key];
  const auto now = parts_.clock.steady_now();
  if (now - quarrel.last > kPeace) quarrel.rounds = 0;
  if (quarrel.rounds >= kFreeRounds) {
    const auto due = quarrel.last + kQuarrel.delay(quarrel.rounds - kFreeRounds);
    if (now < due) {
      retry(key, due - now);
      return true;
    }
  }
  ++quarrel.rounds;
  quarrel.last = now;
  return false;
}

void ObjectWriter::retry(const ObjectKey& key, base::Duration delay) {
  if (waiting_.insert(key).second) tasks_.spawn("retry " + key.str(), retry_later(key, delay));
}

Task<void> ObjectWriter::retry_later(ObjectKey key, base::Duration delay) {
  co_await parts_.clock.sleep_for(delay);
  waiting_.erase(key);
  touch(key);
}

Task<void> ObjectWriter::write(ObjectKey key, Facts facts, Decision decision) {
  auto result = co_await call(key, facts, decision);
  busy_.erase(key);
  if (result.has_error()) {
    failed(key, facts, decision, result.error());
  } else {
    attempts_.erase(key);
    if (decision.verb == Verb::Delete) {
      removed(key, facts, decision, result.value());
    } else {
      wrote(key, facts, decision, result.value());
    }
  }
  pump();
}

Task<Result<ObjectPtr>> ObjectWriter::call(ObjectKey key, Facts facts, Decision decision) {
  api::WriteOptions options = write_options();
  if (decision.verb == Verb::Create) {
    std::string ns = key.ns;
    auto created = co_await parts_.client.create(parts_.resource, std::move(ns), std::move(decision.body), options);
    co_return created;
  }
  if (decision.verb == Verb::Replace) {
    auto replaced = co_await parts_.client.replace(parts_.resource, key, std::move(decision.body), options);
    co_return replaced;
  }
  if (decision.remakes) {
    std::string ns = key.ns;
    options.dry_run = true;
    auto tried = co_await parts_.client.create(parts_.resource, std::move(ns), std::move(decision.body), options);
    // It has the same name, and that is all that may be wrong with it.
    if (tried.has_error() && tried.error().reason != Reason::AlreadyExists) co_return tried.error();
  }
  api::DeletePreconditions preconditions;
  preconditions.uid = facts.actual->uid();
  auto gone = co_await parts_.client.remove(parts_.resource, key, std::move(preconditions));
  co_return gone;
}

void ObjectWriter::wrote(const ObjectKey& key, const Facts& facts, const Decision& decision, const ObjectPtr& object) {
  const Manifest& manifest = *facts.want.manifest;
  const bool again = decision.verb == Verb::Create && facts.applied && facts.applied->manifest->hash == manifest.hash;
  const bool written = !facts.actual || facts.actual->revision() != object->revision();
  applied_[key] = {facts.want.manifest, object->uid(), object->generation()};
  if (decision.verb == Verb::Create && parts_.records.erase(key)) parts_.records_changed();
  if (written) {
    if (!decision.reverts && !again) {
      parts_.metrics.sync(std::chrono::duration<double>(parts_.clock.steady_now() - facts.want.noticed).count());
    }
    base::log_info(kComponent, decision.verb == Verb::Create ? "environment created" : "environment updated",
                   {{"env", key.str()}, {"file", manifest.file}, {"revision", object->revision()}});
    if (again) {
      parts_.emit(object, false, "Recreated", "it was deleted while " + manifest.file + " declares it");
    } else if (decision.adopts) {
      parts_.emit(object, false, "Adopted", "from now on " + manifest.file + " has the say");
    } else if (decision.reverts) {
      parts_.emit(object, true, "Reverted", "somebody's change was undone: " + manifest.file + " has the say");
    }
    if (decision.verb == Verb::Create) {  // until now there was nothing to tell it of
      for (auto& conflict : parts_.ledger.conflicts_of(key)) parts_.emit(object, true, "ManifestConflict", std::move(conflict));
    }
  }
  parts_.environments.observe(object);
  dirty_.insert(key);
}

void ObjectWriter::removed(const ObjectKey& key, const Facts& facts, const Decision& decision, const ObjectPtr& object) {
  const std::string file = parts_.ledger.owner(key);  // observe() may lead to forget()
  if (object && object->deleting()) parts_.environments.observe(object);
  if (decision.remakes) {
    const std::string why = decision.adopts ? "it was handed over to " : "its manifest changed in ";
    base::log_info(kComponent, "finished environment is made anew",
                   {{"env", key.str()}, {"reason", why + facts.want.manifest->file}});
    if (object) parts_.emit(object, false, "Remaking", why + facts.want.manifest->file);
    dirty_.insert(key);
    return;
  }
  base::log_info(kComponent, "environment deleted: its manifest is gone", {{"env", key.str()}, {"file", file}});
  if (object) parts_.emit(object, false, "ManifestRemoved", "its manifest is gone from " + file);
  // Its file may have come back in the meantime.
  if (parts_.ledger.want(key).wish == Wish::Gone) {
    forget(key);
  } else {
    dirty_.insert(key);
  }
}

void ObjectWriter::failed(const ObjectKey& key, const Facts& facts, const Decision& decision, const Error& error) {
  if (says_something(decision) && hopeless(error.reason)) {
    const Manifest& manifest = *facts.want.manifest;
    const std::string text = explain(manifest, error);
    refused_[key] = {manifest.hash, manifest.file};
    parts_.metrics.error();
    parts_.counts_changed();
    base::log_error(kComponent, "manifest refused", {{"env", key.str()}, {"error", text}});
    if (facts.actual) {
      parts_.emit(facts.actual, true, "ManifestInvalid", text + "\nIt stays as it was.");
    }
    dirty_.insert(key);
    return;
  }
  const int attempt = attempts_[key]++;
  if (!overtaken(error.reason) || attempt > 3) {
    base::log_warn(kComponent, "write failed, trying again",
                   {{"env", key.str()}, {"reason", base::to_string(error.reason)}, {"error", error.message}});
  }
  retry(key, kRetry.delay(attempt));
}

void ObjectWriter::report_foreign(const ObjectKey& key, const Facts& facts) {
  const Manifest& manifest = *facts.want.manifest;
  Refusal& known = foreign_[key];
  if (known.hash == manifest.hash && known.file == manifest.file) return;
  known = {manifest.hash, manifest.file};
  const std::string text = manifest.place("metadata.name") + ": TestEnvironment " + key.str() +
                           " exists and was not made by a watched directory; it is left alone. Delete it, or hand it "
                           "over with the annotation berth.dev/adopt: \"true\"";
  parts_.metrics.error();
  parts_.counts_changed();
  base::log_error(kComponent, "manifest conflicts with an object", {{"env", key.str()}, {"error", text}});
  parts_.emit(facts.actual, true, "ManifestConflict", text);
}

void ObjectWriter::forget(const ObjectKey& key) {
  parts_.ledger.forget(key);
  applied_.erase(key);
  attempts_.erase(key);
  quarrels_.erase(key);
  refused_.erase(key);
  foreign_.erase(key);
  if (parts_.records.erase(key)) parts_.records_changed();
  parts_.counts_changed();
}

}  // namespace berth::source
