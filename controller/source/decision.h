#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controller/source/ledger.h"
#include "crd/object.h"

namespace berth::source {

// What was last written for a key, or found to be there as wanted.
struct Applied {
  ManifestPtr manifest;
  std::string uid;
  std::int64_t generation = 0;  // of the object after that write; a later one means that somebody changed the spec
};

// Everything one decision looks at.
struct Facts {
  Want want;
  ObjectPtr actual;                          // null: there is none
  std::optional<Applied> applied;            // nullopt: nothing was written by this process
  std::optional<std::string> finished_hash;  // the content under which the key's last environment Failed or Expired
};

enum class Verb {
  None,
  Create,
  Replace,
  Delete,
  Foreign,  // an object that a directory did not make has the name: leave it alone and say so
  Forget,   // nothing is left to do for a key that nobody wants
};

struct Decision {
  Verb verb = Verb::None;
  json body = nullptr;   // Create, Replace; of a Delete that remakes: what will be created, to be tried before the deletion
  bool reverts = false;  // Replace: undoes somebody else's edit
  bool adopts = false;   // Replace, Delete that remakes: takes over an object that asked for it
  bool remakes = false;  // Delete: to make the finished environment anew
};

// Whether the object is over: Expired, or Failed as it stands (a Failed one whose spec was changed starts anew).
bool finished(const Object& object);
// Whether a directory made it: marked so, or written by this process.
bool made_by_directory(const Object& object, const std::optional<Applied>& applied);
// Who wins between file and API, and what a finished environment does. Pure: the same facts, the same decision.
//
// The file has the whole spec, and the labels and annotations that it names; those that others added stay. A finished
// environment is made anew, by deletion and creation, only when its document says something else than when it ran; so is one
// that asks to be adopted, since what is over runs no more.
Decision decide(const Facts& facts);

}  // namespace berth::source
