// Writers with preconditions, all at once, through the API: whatever was answered, there is one order of the requests, each somewhere
// between its beginning and its answer, in which one after the other they would have answered the same. Requests whose process died before
// the answer happened once or never. The check is that of Wing and Gong, one object at a time.

#include <algorithm>
#include <climits>
#include <map>
#include <set>

#include "tests/property/api_node.h"
#include "tests/property/holds.h"

namespace berth::api {
namespace {

constexpr const char* kConfigMaps = "/api/v1/namespaces/ci/configmaps";

struct Step {
  enum Kind { Get, Create, Replace, ReplaceIf, Delete, DeleteIf, Release, Hold, Crash } kind = Get;
  int key = 0;
  int back = 0;  // of a precondition: how many versions ago was it right
};

void showValue(const Step& step, std::ostream& out) {
  static const char* const kNames[] = {"get", "create", "replace", "replace-if", "delete", "delete-if", "release", "hold", "crash"};
  out << kNames[step.kind];
  if (step.kind < Step::Release) out << "(" << step.key << ", " << step.back << ")";
}

rc::Gen<std::vector<Step>> steps() {
  const auto kind = rc::gen::weightedElement<Step::Kind>({{4, Step::Get},
                                                          {4, Step::Create},
                                                          {2, Step::Replace},
                                                          {6, Step::ReplaceIf},
                                                          {1, Step::Delete},
                                                          {3, Step::DeleteIf},
                                                          {3, Step::Release},
                                                          {3, Step::Hold},
                                                          {1, Step::Crash}});
  return rc::gen::container<std::vector<Step>>(
      rc::gen::build<Step>(rc::gen::set(&Step::kind, kind), rc::gen::set(&Step::key, rc::gen::inRange(0, 2)),
                           rc::gen::set(&Step::back, rc::gen::weightedElement<int>({{5, 0}, {2, 1}, {1, 2}}))));
}

// What is there; of a change that was never answered the version is not known.
struct State {
  bool exists = false;
  std::string value;
  std::string version;
  auto operator<=>(const State&) const = default;
};

struct Request {
  Step::Kind kind = Step::Get;
  std::string value;     // written
  std::string expected;  // a precondition; "": none
  int begun = 0;
  int ended = INT_MAX;  // never
  int status = 0;
  State shown;  // by the answer
};

// The state after `request`, or nullopt when it cannot have answered what it did in `before`.
std::optional<State> apply(const Request& request, const State& before) {
  const bool answered = request.ended != INT_MAX;
  const bool meets = request.expected.empty() || before.version.empty() || before.version == request.expected;
  const auto answers = [&](int status) { return !answered || request.status == status; };
  State after = before;
  switch (request.kind) {
    case Step::Get:
      if (!before.exists) return answers(404) ? std::optional(before) : std::nullopt;
      if (!answers(200) || (answered && request.shown.value != before.value)) return std::nullopt;
      if (answered && !before.version.empty() && request.shown.version != before.version) return std::nullopt;
      if (answered) after.version = request.shown.version;
      return after;
    case Step::Create:
      if (before.exists) return answers(409) ? std::optional(before) : std::nullopt;
      if (!answers(201)) return std::nullopt;
      return State{true, request.value, request.shown.version};
    case Step::Replace:
    case Step::ReplaceIf:
      if (!before.exists) return answers(404) ? std::optional(before) : std::nullopt;
      if (answered && request.status == 409) return meets && !before.version.empty() ? std::nullopt : std::optional(before);
      if (!meets) return answered ? std::nullopt : std::optional(before);
      if (!answers(200)) return std::nullopt;
      return State{true, request.value, request.shown.version};
    case Step::Delete:
    case Step::DeleteIf:
      if (!before.exists) return answers(404) ? std::optional(before) : std::nullopt;
      if (answered && request.status == 409) return meets && !before.version.empty() ? std::nullopt : std::optional(before);
      if (!meets) return answered ? std::nullopt : std::optional(before);
      if (!answers(200)) return std::nullopt;
      return State{};
    default: return std::nullopt;
  }
}

// Is there an order? `done` marks those that are in it already.
class Search {
 public:
  explicit Search(const std::vector<Request>& requests) : requests_(requests) {}

  bool from(const std::vector<bool>& done, const State& state) {
    if (!visited_.insert({done, state}).second) return false;
    int first_end = INT_MAX;
    bool all_answered = true;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (done[i]) continue;
      first_end = std::min(first_end, requests_[i].ended);
      all_answered = all_answered && requests_[i].ended == INT_MAX;
    }
    if (all_answered) return true;  // what is left was never answered, and never happened
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (done[i] || requests_[i].begun > first_end) continue;
      const auto after = apply(requests_[i], state);
      if (!after) continue;
      auto next = done;
      next[i] = true;
      if (from(next, *after)) return true;
    }
    return false;
  }

 private:
  const std::vector<Request>& requests_;
  std::set<std::pair<std::vector<bool>, State>> visited_;
};

bool is_linearizable(const std::vector<Request>& requests) {
  return Search(requests).from(std::vector<bool>(requests.size()), State{});
}

template <class S>
class Trial {
 public:
  void run(const std::vector<Step>& script) {
    for (const auto& step : script) {
      act(step);
      collect();
    }
    release();
    for (int key = 0; key < 2; ++key) act({Step::Get, key, 0});
    release();
    for (const auto& [key, requests] : requests_) {
      if (!is_linearizable(requests)) RC_FAIL("no order of the requests gives these answers:\n" + show(requests));
    }
  }

 private:
  struct Open {
    int key = 0;
    std::size_t number = 0;
    typename ApiNode<S>::CallPtr call;
  };

  void act(const Step& step) {
    switch (step.kind) {
      case Step::Release: return release();
      case Step::Hold:
        if constexpr (S::kCrashes) node_.implementation.disk->hold = true;
        return;
      case Step::Crash:
        if constexpr (S::kCrashes) node_.crash();
        return;
      default: return begin(step);
    }
  }
  void begin(const Step& step) {
    const auto name = "n" + std::to_string(step.key);
    const auto target = std::string(kConfigMaps) + "/" + name;
    Request request;
    request.kind = step.kind;
    request.begun = ++now_;
    json body = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}};
    body["metadata"]["name"] = name;
    body["data"]["value"] = request.value = std::to_string(now_);
    auto& versions = versions_[step.key];
    if (step.kind == Step::ReplaceIf || step.kind == Step::DeleteIf) {
      const auto back = static_cast<std::size_t>(step.back);
      request.expected = back < versions.size() ? versions[versions.size() - 1 - back] : "999999";
    }
    typename ApiNode<S>::CallPtr call;
    if (step.kind == Step::Get) {
      call = node_.write("GET", target);
    } else if (step.kind == Step::Create) {
      call = node_.write("POST", kConfigMaps, body.dump());
    } else if (step.kind == Step::Delete || step.kind == Step::DeleteIf) {
      json options = json::object();
      if (!request.expected.empty()) options["preconditions"]["resourceVersion"] = request.expected;
      call = node_.write("DELETE", target, options.dump());
    } else {
      if (!request.expected.empty()) body["metadata"]["resourceVersion"] = request.expected;
      call = node_.write("PUT", target, body.dump());
    }
    requests_[step.key].push_back(std::move(request));
    open_.push_back({step.key, requests_[step.key].size() - 1, std::move(call)});
  }
  void collect() {
    ++now_;
    std::erase_if(open_, [&](const Open& open) {
      if (open.call->lost) return true;
      if (!open.call->ended) return false;
      auto& request = requests_[open.key][open.number];
      request.ended = now_;
      request.status = open.call->received.status;
      const bool shows = request.status < 300 && request.kind < Step::Delete;
      if (!shows) return true;
      const auto object = open.call->received.value();
      request.shown = {true, object["data"]["value"], object["metadata"]["resourceVersion"]};
      versions_[open.key].push_back(request.shown.version);
      return true;
    });
  }
  void release() {
    if constexpr (S::kCrashes) {
      node_.implementation.disk->hold = false;
      node_.implementation.disk->release();
    }
    node_.finish();
    collect();
  }
  static std::string show(const std::vector<Request>& requests) {
    static const char* const kNames[] = {"get", "create", "replace", "replace-if", "delete", "delete-if"};
    std::string text;
    for (const auto& request : requests) {
      text += std::to_string(request.begun) + "-" + (request.ended == INT_MAX ? "?" : std::to_string(request.ended)) + " " +
              kNames[request.kind] + " " + request.value + (request.expected.empty() ? "" : " if " + request.expected) + ": " +
              std::to_string(request.status) + " " + request.shown.value + "@" + request.shown.version + "\n";
    }
    return text;
  }

  ApiNode<S> node_{"configmaps"};
  std::map<int, std::vector<Request>> requests_;
  std::map<int, std::vector<std::string>> versions_;
  std::vector<Open> open_;
  int now_ = 0;
};

template <class S>
struct Linearizable : testing::Test {};
using Stores = testing::Types<storage::Memory, storage::Journaled, storage::Sqlite>;
TYPED_TEST_SUITE(Linearizable, Stores);

TYPED_TEST(Linearizable, WritersWithPreconditions) {
  holds([] {
    const auto script = *steps();
    Trial<TypeParam> trial;
    trial.run(script);
  });
}

// The check itself: it finds what it is for.
Request request(Step::Kind kind, int begun, int ended, int status, std::string value, std::string expected, State shown) {
  return {kind, std::move(value), std::move(expected), begun, ended, status, std::move(shown)};
}

TEST(LinearizableCheck, FindsAnOrderWhereThereIsOne) {
  EXPECT_TRUE(is_linearizable({request(Step::Create, 1, 9, 201, "a", "", {true, "a", "1"}), request(Step::Get, 2, 3, 404, "", "", {}),
                               request(Step::Get, 4, 5, 200, "", "", {true, "a", "1"})}));
  EXPECT_TRUE(is_linearizable({request(Step::Create, 1, INT_MAX, 0, "a", "", {}), request(Step::Get, 2, 3, 404, "", "", {})}));
  EXPECT_TRUE(is_linearizable({request(Step::Create, 1, INT_MAX, 0, "a", "", {}),
                               request(Step::Get, 2, 3, 200, "", "", {true, "a", "1"}),
                               request(Step::ReplaceIf, 4, 5, 200, "b", "1", {true, "b", "2"})}));
}

TEST(LinearizableCheck, FindsALostUpdateAStaleReadAndAnAnswerFromNowhere) {
  const auto made = request(Step::Create, 1, 2, 201, "a", "", {true, "a", "1"});
  EXPECT_FALSE(is_linearizable({made, request(Step::ReplaceIf, 3, 6, 200, "b", "1", {true, "b", "2"}),
                                request(Step::ReplaceIf, 4, 5, 200, "c", "1", {true, "c", "3"})}));
  EXPECT_FALSE(is_linearizable({made, request(Step::Replace, 3, 4, 200, "b", "", {true, "b", "2"}),
                                request(Step::Get, 5, 6, 200, "", "", {true, "a", "1"})}));
  EXPECT_FALSE(is_linearizable({made, request(Step::Get, 3, 4, 404, "", "", {})}));
  EXPECT_FALSE(is_linearizable({made, request(Step::ReplaceIf, 3, 4, 409, "b", "1", {})}));
  EXPECT_FALSE(is_linearizable({made, request(Step::Delete, 3, 4, 200, "", "", {}), request(Step::Get, 5, 6, 200, "", "", {true, "a", "1"})}));
}

}  // namespace
}  // namespace berth::api
