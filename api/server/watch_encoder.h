#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "api/http/chunk.h"
#include "api/server/shaper.h"
#include "base/clock.h"

namespace berth::api {

// What many watchers are sent, each thing made once for all who want it; the newest are kept. Value: a pointer to what has a size().
template <class Key, class Value>
class Newest {
 public:
  Newest(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  template <class Make>
  Value get(const Key& key, Make make) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&key](const auto& entry) { return entry.first == key; });
    if (found != entries_.end()) return found->second;
    Value value = make();
    entries_.emplace_front(key, value);
    bytes_ += value->size();
    while (!entries_.empty() && (entries_.size() > most_ || bytes_ > most_bytes_)) {
      bytes_ -= entries_.back().second->size();
      entries_.pop_back();
    }
    return value;
  }

 private:
  const std::size_t most_;
  const std::size_t most_bytes_;
  std::deque<std::pair<Key, Value>> entries_;  // newest first
  std::size_t bytes_ = 0;
};

// The changes as texts and as pieces of streams. Loop thread only.
struct WatchTexts {
  struct Key {
    const crd::ResourceInfo* resource = nullptr;
    storage::Revision revision = 0;
    bool departed = false;  // the object as it was when a selection lost sight of it, at `revision`
    Shape shape = Shape::Object;
    IncludeObject include = IncludeObject::Metadata;
    bool beta = false;        // v1beta1
    std::int64_t second = 0;  // of a Table, whose ages change
    bool operator==(const Key&) const = default;
  };
  // All changes of a resource in a namespace from one revision to another.
  struct Span {
    Key last;
    std::string ns;
    storage::Revision first = 0;
    bool operator==(const Span&) const = default;
  };
  Newest<Key, crd::Text> changes{128, 4 * 1024 * 1024};
  Newest<Span, http::SharedChunk> spans{16, 4 * 1024 * 1024};
};

// Writes the JSON lines of one watch. Loop thread only; the references outlive it.
class WatchEncoder {
 public:
  WatchEncoder(const crd::ResourceInfo& resource, Accepted accepted, IncludeObject include, const TablePrinter& printer,
               base::Clock& clock, WatchTexts& texts);

  // An object that is there at the start.
  void added(std::string& out, const Object& object);
  // Changes, one after the other as the store made them, as a watcher of `ns` ("" = all) with these selectors sees them: an object that
  // enters the selection is ADDED, one that leaves it is DELETED with its last matching content and the new revision. Nothing for
  // what it does not see. Not empty.
  http::SharedChunk changes(const std::vector<storage::WatchEvent>& events, const std::string& ns, const ListOptions& options);
  // `initial_end`: all that was there has been sent.
  void bookmark(std::string& out, storage::Revision revision, bool initial_end) const;
  static void error(std::string& out, const Error& error);

 private:
  void change(std::string& out, const storage::WatchEvent& event, const ListOptions& options);
  void line(std::string& out, const char* type, const Object& object);
  void departed(std::string& out, const Object& last, storage::Revision revision);
  void line_of_item(std::string& out, const char* type, const WatchTexts::Key& key, const std::function<ObjectPtr()>& object);
  WatchTexts::Key key_of(storage::Revision revision, bool departed) const;

  const crd::ResourceInfo& resource_;
  const Accepted accepted_;
  const IncludeObject include_;
  const TablePrinter& printer_;
  base::Clock& clock_;
  WatchTexts& texts_;
  bool first_ = true;  // of a Table's events, which alone names the columns
};

}  // namespace berth::api
