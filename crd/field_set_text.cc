#include "crd/field_set.h"
#include "crd/quoted.h"

namespace berth::crd {
namespace {

bool is_key(const json& value) {
  if (!value.is_object() || value.empty()) return false;
  for (const json& part : value) {
    if (part.is_structured()) return false;
  }
  return true;
}

// "" for a step of a sort that is not known.
std::string canonical_element(const std::string& element) {
  if (element.starts_with("f:")) return element;
  const std::string rest = element.size() < 2 ? "" : element.substr(2);
  if (element.starts_with("i:")) {
    const bool number = !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
    return number ? element : "";
  }
  if (!element.starts_with("k:") && !element.starts_with("v:")) return "";
  const json value = json::parse(rest, nullptr, false);
  if (element.starts_with("k:")) return is_key(value) ? key_element(value) : "";
  return value.is_discarded() || value.is_structured() ? "" : value_element(value);
}

// Builds the set while the text is read, without a tree of JSON in between.
class FieldSetReader final : public nlohmann::json_sax<json> {
 public:
  FieldSet take() { return std::move(root_); }

  bool start_object(std::size_t) override {
    if (open_.size() >= kMaxDepth) return false;
    open_.push_back({std::move(step_), FieldSet()});
    step_.clear();
    return true;
  }
  bool key(std::string& text) override {
    if (text == ".") {
      if (open_.size() > 1) open_.back().set.add_here();
      step_.clear();
    } else {
      step_ = canonical_element(text);
    }
    return true;
  }
  bool end_object() override {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (open_.empty()) {
      root_ = std::move(done.set);
    } else if (!done.step.empty()) {
      if (done.set.empty()) done.set.add_here();
      open_.back().set.add(std::move(done.step), std::move(done.set));
    }
    return true;
  }
  // Only objects are part of the format.
  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(number_integer_t) override { return false; }
  bool number_unsigned(number_unsigned_t) override { return false; }
  bool number_float(number_float_t, const string_t&) override { return false; }
  bool string(string_t&) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static constexpr std::size_t kMaxDepth = 256;
  struct Open {
    std::string step;
    FieldSet set;
  };
  std::vector<Open> open_;
  std::string step_;
  FieldSet root_;
};

}  // namespace

std::string FieldSet::text() const {
  std::string out;
  append_text(out);
  return out;
}

void FieldSet::append_text(std::string& out) const {
  out += '{';
  bool first = true;
  if (here_ && !children_.empty()) {
    out += "\".\":{}";
    first = false;
  }
  for (const auto& child : children_) {
    if (!first) out += ',';
    first = false;
    append_quoted(out, child.element);
    out += ':';
    child.set.append_text(out);
  }
  out += '}';
}

Result<FieldSet> FieldSet::parse(std::string_view text) {
  FieldSetReader reader;
  if (!json::sax_parse(text, &reader)) {
    return base::error(Reason::BadRequest, "fieldsV1: must be an object of objects whose keys begin with f:, k:, v: or i:");
  }
  return reader.take();
}

}  // namespace berth::crd
