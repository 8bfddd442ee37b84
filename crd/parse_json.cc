#include <set>

#include "crd/field_path.h"
#include "crd/object.h"

namespace berth::crd {
namespace {

constexpr std::size_t kMaxDepth = 128;
constexpr std::size_t kMaxMessage = 200;

// Builds the value like nlohmann's own DOM parser does, and sees what that one hides: depth and duplicate
// keys.
class Builder : public nlohmann::json_sax<json> {
 public:
  explicit Builder(std::vector<std::string>* duplicates) : duplicates_(duplicates) {}

  json take() { return std::move(root_); }
  const std::string& failure() const { return failure_; }
  std::size_t failed_at() const { return failed_at_; }
  bool too_deep() const { return too_deep_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    Frame& frame = frames_.back();
    frame.key = std::move(key);
    auto [it, fresh] = frame.container->get_ref<json::object_t&>().try_emplace(frame.key);
    if (!fresh && duplicates_ && duplicates_->size() < kMaxDuplicateKeys)
      duplicates_->push_back(child(path(frames_.size() - 1), frame.key));
    frame.slot = &it->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    failed_at_ = position;
    failure_ = exception.what();
    return false;
  }

 private:
  struct Frame {
    json* container;
    std::string key = {};
    json* slot = nullptr;
  };

  json* add(json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Frame& frame = frames_.back();
    if (frame.container->is_array()) {
      frame.container->push_back(std::move(value));
      return &frame.container->back();
    }
    *frame.slot = std::move(value);
    return frame.slot;
  }

  bool open(json container) {
    if (frames_.size() >= kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    frames_.push_back({add(std::move(container))});
    return true;
  }

  bool close() {
    frames_.pop_back();
    return true;
  }

  // The path of the container that frames_[depth] holds.
  std::string path(std::size_t depth) const {
    std::string out;
    for (std::size_t i = 0; i < depth; ++i) {
      const Frame& frame = frames_[i];
      out = frame.container->is_array() ? item(out, frame.container->size() - 1) : child(out, frame.key);
    }
    return out;
  }

  std::vector<std::string>* duplicates_;
  json root_;
  std::vector<Frame> frames_;
  std::string failure_;
  std::size_t failed_at_ = 0;
  bool too_deep_ = false;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> "syntax error ..."
std::string plain_message(std::string what) {
  if (const auto close = what.find("] "); what.starts_with('[') && close != std::string::npos)
    what.erase(0, close + 2);
  if (const auto colon = what.find(": "); what.starts_with("parse error at") && colon != std::string::npos) {
    what.erase(0, colon + 2);
  }
  if (what.size() > kMaxMessage) what.replace(kMaxMessage, std::string::npos, "...");
  const std::string valid = dump(what);
  return json::parse(valid).get<std::string>();
}

std::string line_and_column(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : std::min(position - 1, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto last = before.rfind('\n');
  const auto column = 1 + (last == std::string_view::npos ? before.size() : before.size() - last - 1);
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

}  // namespace

Result<json> parse_json(std::string_view text, std::vector<std::string>* duplicates) {
  Builder builder(duplicates);
  if (json::sax_parse(text.begin(), text.end(), &builder)) {
    return Result<json>(boost::system::in_place_value, builder.take());
  }
  if (builder.too_deep()) {
    return base::error(Reason::BadRequest, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  return base::error(Reason::BadRequest, line_and_column(text, builder.failed_at()) + plain_message(builder.failure()));
}

}  // namespace berth::crd
