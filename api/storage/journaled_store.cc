#include "api/storage/journaled_store.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/log.h"

namespace berth::storage {

namespace {

constexpr std::size_t kGarbagePerBatch = 256;

Error not_found(const StoreKey& key) { return base::error(Reason::NotFound, key.str() + " not found"); }

Error stopping() { return base::error(Reason::Cancelled, "the store is stopping"); }

}  // namespace

struct JournaledStore::Ticket {
  explicit Ticket(Executor executor) : signal(std::move(executor)) {}
  base::Signal signal;
  std::optional<Result<ObjectPtr>> result;

  void settle(Result<ObjectPtr> value) {
    result = std::move(value);
    signal.notify_all();
  }
};

JournaledStore::JournaledStore(Executor executor, StoreOptions options, std::unique_ptr<Journal> journal)
    : executor_(executor),
      hub_(executor, options),
      journal_(std::move(journal)),
      batch_done_(executor),
      change_published_(executor),
      alive_(std::make_shared<bool>(true)) {}

JournaledStore::~JournaledStore() { *alive_ = false; }

void JournaledStore::load(JournalChange change, Revision compacted) {
  const auto found = state_.find(change.key);
  const Entry before = found == state_.end() ? Entry{} : found->second;
  published_ = change.revision;

  if (change.revision <= compacted) {
    if (before.text) garbage_.push_back(before.revision);
    if (!change.body) garbage_.push_back(change.revision);
  } else {
    if (hub_.horizon() < compacted) hub_.start_at(compacted);
    Record record;
    record.type = !change.body ? EventType::Deleted : before.text ? EventType::Modified : EventType::Added;
    record.revision = change.revision;
    record.previous_revision = before.revision;
    record.key = change.key;
    record.text = change.body ? change.body : before.text;
    record.previous = before.text;
    hub_.publish(std::move(record));
  }
  if (change.body) {
    state_[std::move(change.key)] = Entry{KeptObject(), std::move(change.body), change.revision};
  } else if (found != state_.end()) {
    state_.erase(found);
  }
}

Result<void> JournaledStore::finish_load(Revision compacted, std::uint64_t epoch) {
  epoch_ = epoch;
  if (hub_.horizon() < compacted) hub_.start_at(compacted);
  collect_garbage();
  published_ = std::max(published_, compacted);
  assigned_ = published_;
  for (auto& [key, entry] : state_) {
    auto object = read_stored(entry.text, entry.revision);
    if (object.has_error()) {
      return base::error(Reason::InternalError, "stored " + key.str() + " cannot be read: " + object.error().message);
    }
    entry.object = KeptObject(object.value());
  }
  return {};
}

Task<Result<ObjectPtr>> JournaledStore::commit(Write write) {
  while (auto refused = refusal(write)) {
    const auto found = in_flight_.find(write.key);
    if (found == in_flight_.end()) co_return std::move(*refused);
    const auto cause = found->second.ticket;
    while (!cause->result) co_await cause->signal.wait();
    if (cause->result->has_value()) co_return std::move(*refused);
  }
  if (stopping_) co_return stopping();
  auto prepared = prepare(std::move(write));
  if (prepared.has_error()) co_return prepared.error();
  if (!journal_) {
    publish(prepared.value());
    co_return prepared.value().made;
  }
  auto& pending = prepared.value();
  const auto ticket = std::make_shared<Ticket>(executor_);
  pending.ticket = ticket;
  Entry expected = pending.after;
  if (!pending.change.body) expected.object = KeptObject();
  in_flight_[pending.change.key] = InFlight{std::move(expected), ticket};
  queue_.push_back(std::move(pending));
  schedule_flush();
  while (!ticket->result) co_await ticket->signal.wait();
  co_return *ticket->result;
}

Task<Result<void>> JournaledStore::compact(Revision revision) {
  hub_.forget(std::min(revision, published_));
  collect_garbage();
  if (!journal_) co_return Result<void>();
  struct Guard {
    JournaledStore& store;
    explicit Guard(JournaledStore& s) : store(s) { ++store.compacting_; }
    ~Guard() {
      --store.compacting_;
      store.batch_done_.notify_all();
    }
  } const guard(*this);
  // A batch that starts after this one carries the new horizon; further ones until the garbage is gone.
  const auto first = batches_started_ + 1;
  do {
    if (stopping_) co_return stopping();
    schedule_flush();
    co_await batch_done_.wait();
    if (batches_ended_ >= first && last_batch_.has_error()) co_return last_batch_.error();
  } while (batches_ended_ < first || !garbage_.empty());
  co_return Result<void>();
}

Task<Result<StoreCopy>> JournaledStore::copy() {
  if (!journal_) co_return base::error(Reason::MethodNotAllowed, "this store keeps nothing, so there is nothing to copy");
  if (stopping_) co_return stopping();
  struct Answer {
    explicit Answer(Executor executor) : arrived(std::move(executor)) {}
    base::Signal arrived;
    std::optional<Result<StoreCopy>> copy;
  };
  const auto answer = std::make_shared<Answer>(executor_);
  journal_->copy([answer](Result<StoreCopy> copy) {
    answer->copy.emplace(std::move(copy));
    answer->arrived.notify_all();
  });
  while (!answer->copy) co_await answer->arrived.wait();
  co_return std::move(*answer->copy);
}

bool JournaledStore::writable() {
  if (last_batch_.has_error() && !stopping_) schedule_flush();
  return last_batch_.has_value();
}

Task<void> JournaledStore::stop() {
  stopping_ = true;
  hub_.close();
  change_published_.notify_all();
  while (busy_ || flush_scheduled_ || !queue_.empty() || compacting_ > 0) co_await batch_done_.wait();
}

// The state of `key` as the next commit meets it; null when it is not there then.
const JournaledStore::Entry* JournaledStore::current(const StoreKey& key) const {
  if (const auto found = in_flight_.find(key); found != in_flight_.end()) {
    return found->second.entry.object ? &found->second.entry : nullptr;
  }
  const auto found = state_.find(key);
  return found == state_.end() ? nullptr : &found->second;
}

std::optional<Error> JournaledStore::refusal(const Write& write) const {
  const Entry* there = current(write.key);
  if (write.expected == Revision{0} && there) {
    return base::error(Reason::AlreadyExists, write.key.str() + " already exists");
  }
  if (!there && (!write.body || write.expected.value_or(0) != 0)) return not_found(write.key);
  if (there && write.expected && *write.expected != there->revision) {
    return base::error(Reason::Conflict, write.key.str() + " has revision " +
                                             std::to_string(there->revision) + ", not " +
                                             std::to_string(*write.expected));
  }
  return std::nullopt;
}

// REQUIRES: no refusal().
Result<JournaledStore::Pending> JournaledStore::prepare(Write write) {
  const Entry* there = current(write.key);
  Pending pending;
  const Revision revision = assigned_ + 1;
  json body = write.body ? std::move(*write.body) : there->object.get()->body();
  if (body.is_object() && body.contains("metadata") && body["metadata"].is_object())
    stamp_revision(body, revision);
  auto object = Object::make(std::move(body));
  if (object.has_error()) return object.error();

  assigned_ = revision;
  if (there) pending.before = *there;
  const Text text = write.body ? object.value()->text() : pending.before.text;
  pending.made = std::move(object.value());
  pending.after = Entry{KeptObject(pending.made), text, revision};
  pending.change = JournalChange{revision, std::move(write.key), write.body ? text : nullptr};
  return pending;
}

void JournaledStore::collect_garbage() {
  const auto garbage = hub_.take_garbage();
  if (journal_) garbage_.insert(garbage_.end(), garbage.begin(), garbage.end());
}

// From the loop, so that commits of the same turn share the first batch too.
void JournaledStore::schedule_flush() {
  if (flush_scheduled_ || busy_) return;
  flush_scheduled_ = true;
  asio::post(executor_, [this, alive = alive_] {
    if (!*alive) return;
    flush_scheduled_ = false;
    flush();
  });
}

void JournaledStore::flush() {
  busy_ = true;
  ++batches_started_;
  running_ = std::exchange(queue_, {});
  const auto end =
      garbage_.begin() + static_cast<std::ptrdiff_t>(std::min(garbage_.size(), kGarbagePerBatch));
  running_garbage_.assign(garbage_.begin(), end);
  garbage_.erase(garbage_.begin(), end);

  JournalBatch batch;
  batch.erase = running_garbage_;
  batch.compacted = hub_.horizon();
  for (const auto& pending : running_) batch.changes.push_back(pending.change);
  journal_->write(std::move(batch), [this, alive = alive_](Result<void> result) {
    if (*alive) written(result);
  });
}

void JournaledStore::written(const Result<void>& result) {
  busy_ = false;
  ++batches_ended_;
  if (result.has_error() && last_batch_.has_value()) {
    base::log_error("store", "cannot write, changes are refused", {{"error", result.error().message}});
  } else if (result.has_value() && last_batch_.has_error()) {
    base::log_info("store", "can write again");
  }
  last_batch_ = result;
  if (result.has_error()) {
    garbage_.insert(garbage_.begin(), running_garbage_.begin(), running_garbage_.end());
    fail_everything_in_flight(result.error());
  }
  running_garbage_.clear();
  for (auto& pending : std::exchange(running_, {})) {
    publish(pending);
    pending.ticket->settle(pending.made);
  }
  if (!queue_.empty()) schedule_flush();
  batch_done_.notify_all();
}

void JournaledStore::publish(const Pending& pending) {
  const auto& key = pending.change.key;
  const bool deletion = !pending.change.body;
  published_ = pending.change.revision;
  if (deletion) {
    state_.erase(key);
  } else {
    state_[key] = pending.after;
  }
  if (const auto found = in_flight_.find(key);
      found != in_flight_.end() && found->second.entry.revision == published_) {
    in_flight_.erase(found);
  }

  Record record;
  record.type = deletion                ? EventType::Deleted
                : pending.before.object ? EventType::Modified
                                        : EventType::Added;
  record.revision = published_;
  record.previous_revision = pending.before.revision;
  record.key = key;
  record.text = pending.after.text;
  record.previous = pending.before.text;
  record.object = pending.made;
  const ObjectPtr before = pending.before.object.get();
  record.previous_object = before;
  hub_.publish(std::move(record));
  change_published_.notify_all();
  collect_garbage();
}

void JournaledStore::fail_everything_in_flight(const Error& error) {
  for (auto* pendings : {&running_, &queue_}) {
    for (auto& pending : *pendings) pending.ticket->settle(error);
    pendings->clear();
  }
  in_flight_.clear();
}

}  // namespace berth::storage
