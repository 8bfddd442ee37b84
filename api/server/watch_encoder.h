#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "api/server/shaper.h"
#include "base/clock.h"

namespace berth::api {

// Texts of changes that many watchers are sent, each made once for all who want it in one shape; the newest are kept. Loop thread
// only.
class ChangeTexts {
 public:
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
  crd::Text get(const Key& key, const std::function<std::string()>& make);

 private:
  struct Entry {
    Key key;
    crd::Text text;
  };
  std::deque<Entry> entries_;  // newest first
  std::size_t bytes_ = 0;      // of their texts
};

// Writes the JSON lines of one watch. Loop thread only; the references outlive it.
class WatchEncoder {
 public:
  WatchEncoder(const crd::ResourceInfo& resource, Accepted accepted, IncludeObject include, const TablePrinter& printer,
               base::Clock& clock, ChangeTexts& texts);

  // An object that is there at the start.
  void added(std::string& out, const Object& object);
  // A change as a watcher with these selectors sees it: an object that enters the selection is ADDED, one that leaves it is DELETED
  // with its last matching content and the new revision. Nothing for what it does not see.
  void change(std::string& out, const storage::WatchEvent& event, const ListOptions& options);
  // `initial_end`: all that was there has been sent.
  void bookmark(std::string& out, storage::Revision revision, bool initial_end) const;
  static void error(std::string& out, const Error& error);

 private:
  void line(std::string& out, const char* type, const Object& object);
  void departed(std::string& out, const Object& last, storage::Revision revision);
  void line_of_item(std::string& out, const char* type, const ChangeTexts::Key& key, const std::function<ObjectPtr()>& object);
  ChangeTexts::Key key_of(storage::Revision revision, bool departed) const;

  const crd::ResourceInfo& resource_;
  const Accepted accepted_;
  const IncludeObject include_;
  const TablePrinter& printer_;
  base::Clock& clock_;
  ChangeTexts& texts_;
  bool first_ = true;  // of a Table's events, which alone names the columns
};

}  // namespace berth::api
