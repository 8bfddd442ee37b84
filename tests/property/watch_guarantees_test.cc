// What a watch of the API promises, named as Kubernetes and etcd name it, over every store, while clients lose their connection and the
// process is stopped, killed and started again.

#include <map>

#include "tests/property/api_node.h"
#include "tests/property/holds.h"

namespace berth::api {
namespace {

using storage::Revision;

constexpr const char* kConfigMaps = "/api/v1/configmaps";

struct Step {
  enum Kind { Create, Replace, Delete, Release, Hold, Disconnect, Pause, Restart, Crash } kind = Create;
  int key = 0;
};

void showValue(const Step& step, std::ostream& out) {
  static const char* const kNames[] = {"create", "replace", "delete", "release", "hold", "disconnect", "pause", "restart", "crash"};
  out << kNames[step.kind];
  if (step.kind <= Step::Delete) out << "(" << step.key << ")";
}

rc::Gen<std::vector<Step>> steps() {
  const auto kind = rc::gen::weightedElement<Step::Kind>({{6, Step::Create},
                                                          {6, Step::Replace},
                                                          {3, Step::Delete},
                                                          {4, Step::Release},
                                                          {1, Step::Hold},
                                                          {2, Step::Disconnect},
                                                          {2, Step::Pause},
                                                          {1, Step::Restart},
                                                          {1, Step::Crash}});
  return rc::gen::container<std::vector<Step>>(
      rc::gen::build<Step>(rc::gen::set(&Step::kind, kind), rc::gen::set(&Step::key, rc::gen::inRange(0, 3))));
}

std::string path_of(int key) { return "/api/v1/namespaces/" + std::string(key == 2 ? "dev" : "ci") + "/configmaps"; }
std::string name_of(int key) { return "n" + std::to_string(key); }
std::string body_of(int key, int value) {
  json body = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}};
  body["metadata"]["name"] = name_of(key);
  body["data"]["value"] = std::to_string(value);
  return body.dump();
}

struct Change {
  std::string type;
  Revision revision = 0;
  std::string name;
  std::string value;
  bool operator==(const Change&) const = default;
};

void showValue(const Change& change, std::ostream& out) {
  out << change.type << " " << change.name << "@" << change.revision << "=" << change.value;
}

Revision revision_of(const json& object) { return std::stoull(object["metadata"]["resourceVersion"].get<std::string>()); }

Change change_of(const std::string& type, const json& object) {
  return {type, revision_of(object), object["metadata"]["name"], object["data"]["value"]};
}

// Lists, watches, and takes the watch up again where it ended, as client-go's reflector does.
template <class S>
class Client {
 public:
  // A session is what followed one list.
  struct Session {
    Revision listed = 0;
    Revision last = 0;
    std::vector<Change> seen;
  };

  explicit Client(ApiNode<S>& node, bool only_from_bookmarks) : node_(node), only_from_bookmarks_(only_from_bookmarks) {}

  // Reads what has come; connects where it is not connected.
  void look() {
    if (watch_) read();
    while (!watch_ || watch_->lost || watch_->ended) connect();
  }
  void disconnect() {
    if (watch_) read();
    if (watch_) watch_->received.gone = true;
    watch_ = nullptr;
  }
  const std::vector<Session>& sessions() const { return sessions_; }
  const std::map<std::string, std::string>& state() const { return state_; }
  int resumed_from_bookmark = 0;

 private:
  void connect() {
    if (sessions_.empty() || expired_) list();
    auto& session = sessions_.back();
    const auto from = only_from_bookmarks_ ? bookmark_ : session.last;
    resumed_from_bookmark += from == bookmark_ && from > session.listed;
    resuming_at_ = from;
    watch_ = node_.watch(std::string(kConfigMaps) + "?watch=1&allowWatchBookmarks=true&resourceVersion=" + std::to_string(from));
    at_ = 0;
    read();
  }
  void list() {
    const auto listed = node_.read(kConfigMaps).value();
    state_.clear();
    for (const auto& item : listed["items"]) state_[item["metadata"]["name"]] = item["data"]["value"];
    sessions_.push_back({revision_of(listed), revision_of(listed), {}});
    bookmark_ = sessions_.back().listed;
    expired_ = false;
  }
  void read() {
    const auto& body = watch_->received.body;
    for (auto end = body.find('\n', at_); end != std::string::npos; end = body.find('\n', at_)) {
      const auto event = json::parse(body.substr(at_, end - at_));
      at_ = end + 1;
      take(event["type"], event["object"]);
    }
  }
  void take(const std::string& type, const json& object) {
    auto& session = sessions_.back();
    if (type == "ERROR") {
      RC_ASSERT(object["code"] == 410);
      expired_ = true;
      return;
    }
    if (type == "BOOKMARK") {
      RC_ASSERT(revision_of(object) >= session.last);  // everything before it was said
      bookmark_ = session.last = revision_of(object);
      return;
    }
    auto change = change_of(type, object);
    RC_ASSERT(change.revision > resuming_at_);  // ordered, and nothing twice on one connection
    resuming_at_ = change.revision;
    if (change.revision <= session.last) {  // known already: only who resumes from an old bookmark is told again
      RC_ASSERT(only_from_bookmarks_);
      RC_ASSERT(std::find(session.seen.begin(), session.seen.end(), change) != session.seen.end());
      return;
    }
    RC_ASSERT(state_.contains(change.name) == (type != "ADDED"));
    if (type == "DELETED") {
      RC_ASSERT(state_[change.name] == change.value);
      state_.erase(change.name);
    } else {
      state_[change.name] = change.value;
    }
    session.last = change.revision;
    session.seen.push_back(std::move(change));
  }

  ApiNode<S>& node_;
  const bool only_from_bookmarks_;
  std::vector<Session> sessions_;
  std::map<std::string, std::string> state_;
  typename ApiNode<S>::CallPtr watch_;
  std::size_t at_ = 0;
  Revision bookmark_ = 0;
  Revision resuming_at_ = 0;
  bool expired_ = false;
};

// A script, a client that follows it, and what the store says in the end.
template <class S>
class Trial {
 public:
  explicit Trial(bool only_from_bookmarks, storage::StoreOptions options = {})
      : node("configmaps", options), client(node, only_from_bookmarks) {}

  void run(const std::vector<Step>& script) {
    act({Step::Create, 0});  // revision 0 is none that a watch could go on from
    node.finish();
    client.look();
    for (const auto& step : script) {
      act(step);
      client.look();
    }
    release();
    pass(std::chrono::seconds(2));  // what a watch held back to write it together
    client.look();
    check();
  }

  ApiNode<S> node;
  Client<S> client;

 private:
  void act(const Step& step) {
    const auto target = path_of(step.key) + "/" + name_of(step.key);
    switch (step.kind) {
      case Step::Create: node.write("POST", path_of(step.key), body_of(step.key, ++value_)); break;
      case Step::Replace: node.write("PUT", target, body_of(step.key, ++value_)); break;
      case Step::Delete: node.write("DELETE", target); break;
      case Step::Release: release(); break;
      case Step::Hold: hold(); break;
      case Step::Disconnect: client.disconnect(); break;
      case Step::Pause: pass(std::chrono::seconds(40)); break;
      case Step::Restart:
        release();
        if (S::kDurable) node.restart();
        break;
      case Step::Crash:
        if constexpr (S::kCrashes) node.crash();
        break;
    }
  }
  // Only where S can: a commit waits for its batch.
  void hold() {
    if constexpr (S::kCrashes) node.implementation.disk->hold = true;
  }
  void release() {
    if constexpr (S::kCrashes) {
      node.implementation.disk->hold = false;
      node.implementation.disk->release();
    }
    node.finish();
  }
  void pass(base::Duration time) { fakes::run_for(node.io, node.clock, time); }
  void check() {
    static const char* const kTypes[] = {"ADDED", "MODIFIED", "DELETED"};
    std::vector<Change> all;
    for (const auto& event : node.history()) all.push_back(change_of(kTypes[static_cast<int>(event.type)], event.object->body()));
    for (const auto& session : client.sessions()) {
      std::vector<Change> expected;
      for (const auto& change : all) {
        if (change.revision > session.listed && change.revision <= session.last) expected.push_back(change);
      }
      RC_ASSERT(session.seen == expected);
    }
    std::map<std::string, std::string> state;
    for (const auto& object : node.store().list("configmaps", "").items) {
      state[object->name()] = object->body()["data"]["value"];
    }
    RC_ASSERT(client.state() == state);
  }

  int value_ = 0;
};

template <class S>
struct WatchGuarantees : testing::Test {};
using Stores = testing::Types<storage::Memory, storage::Journaled, storage::Sqlite>;
TYPED_TEST_SUITE(WatchGuarantees, Stores);

// Every change that is in the store in the end was told, once, in the order of its revision, and nothing that is not: also not what a
// crash took back. A watch goes on from whatever it said last.
TYPED_TEST(WatchGuarantees, OrderedUniqueReliableAtomicResumable) {
  holds([] {
    const auto script = *steps();
    Trial<TypeParam> trial(false);
    trial.run(script);
  });
}

// A bookmark is a place to go on from: everything up to it was told, everything after it is told again.
TYPED_TEST(WatchGuarantees, Bookmarkable) {
  holds([] {
    const auto script = *steps();
    Trial<TypeParam> trial(true);
    trial.run(script);
    RC_CLASSIFY(trial.client.resumed_from_bookmark > 0, "resumed from a bookmark");
  });
}

// With little history a watch that cannot go on says so (410), and the list after it closes the gap.
TYPED_TEST(WatchGuarantees, ResumableOrExpired) {
  holds([] {
    const auto script = *steps();
    storage::StoreOptions options;
    options.history = *rc::gen::inRange<std::size_t>(1, 6);
    Trial<TypeParam> trial(*rc::gen::arbitrary<bool>(), options);
    trial.run(script);
    RC_CLASSIFY(trial.client.sessions().size() > 1, "listed again");
  });
}

}  // namespace
}  // namespace berth::api
