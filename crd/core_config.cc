#include <algorithm>

#include "crd/cause.h"
#include "crd/core_kinds.h"
#include "crd/core_schema.h"
#include "crd/fields.h"
#include "crd/formats.h"

namespace berth::crd::core {

namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;  // of all values together
constexpr const char* kImmutable = "field is immutable when `immutable` is set";

std::string key_path(const char* field, const std::string& key) { return std::string(field) + "[" + key + "]"; }

std::vector<std::string> config_key_errors(const std::string& key) {
  std::vector<std::string> errors;
  const bool known = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(static_cast<char>(c)) || c == '-' || c == '_' || c == '.';
  });
  if (key.size() > 253) errors.emplace_back("must be no more than 253 bytes");
  if (!known) {
    errors.emplace_back(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
        "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
  }
  if (key == ".") errors.emplace_back("must not be '.'");
  if (key == "..") {
    errors.emplace_back("must not be '..'");
  } else if (key.starts_with("..")) {
    errors.emplace_back("must not start with '..'");
  }
  return errors;
}

void check_config_keys(const json& values, const char* field, std::vector<Cause>& causes) {
  for (const auto& [key, value] : values.items()) {
    for (const auto& error : config_key_errors(key)) causes.push_back(cause::invalid(key_path(field, key), key, error));
  }
}

// Of canonical base64.
std::size_t decoded_size(const std::string& encoded) {
  const auto padding = static_cast<std::size_t>(std::count(encoded.begin(), encoded.end(), '='));
  return encoded.size() / 4 * 3 - padding;
}

std::size_t text_bytes(const json& values) {
  std::size_t bytes = 0;
  for (const json& value : values) bytes += value.get_ref<const std::string&>().size();
  return bytes;
}

std::size_t encoded_bytes(const json& values) {
  std::size_t bytes = 0;
  for (const json& value : values) bytes += decoded_size(value.get_ref<const std::string&>());
  return bytes;
}

bool is_base64_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '+' || c == '/' || c == '\r' || c == '\n';
}

// Lays down the canonical form of each value. Errors: BadRequest for what is no base64; the value is not told.
Result<void> read_base64(json& object, const char* field, const char* kind) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_object()) return {};
  for (auto& [key, value] : found->items()) {
    if (!value.is_string()) continue;
    const auto& encoded = value.get_ref<const std::string&>();
    const auto decoded = decode_base64(encoded);
    if (!decoded) {
      const auto bad = std::find_if_not(encoded.begin(), encoded.end(), is_base64_character);
      return base::error(Reason::BadRequest, std::string(kind) + " in version \"v1\" cannot be handled as a " + kind +
                                                 ": illegal base64 data at input byte " + std::to_string(bad - encoded.begin()) +
                                                 " of " + key_path(field, key));
    }
    value = encode_base64(*decoded);
  }
  return {};
}

// stringData is for writing only: it goes into data.
Result<void> prepare_secret(json& secret) {
  if (auto read = read_base64(secret, "data", "Secret"); read.has_error()) return read;
  const auto given = secret.find("stringData");
  if (given == secret.end() || !given->is_object()) return {};
  for (const auto& [key, value] : given->items()) {
    if (!value.is_string()) return {};  // the schema reports it
  }
  const json texts = *given;
  secret.erase(given);
  for (const auto& [key, value] : texts.items()) secret["data"][key] = encode_base64(value.get_ref<const std::string&>());
  return {};
}

Result<void> prepare_config_map(json& map) { return read_base64(map, "binaryData", "ConfigMap"); }

// What some types of Secret must hold.
void check_secret_type(const std::string& type, const json& data, std::vector<Cause>& causes) {
  const auto need = [&](const std::string& key) {
    if (!data.contains(key)) causes.push_back(cause::required(key_path("data", key)));
  };
  const auto need_json = [&](const std::string& key) {
    need(key);
    const auto content = decode_base64(text_at(data, key));
    if (data.contains(key) && !(content && json::accept(*content))) {
      causes.push_back(cause::invalid(key_path("data", key), "<secret contents redacted>", "must be JSON"));
    }
  };
  if (type == "kubernetes.io/dockercfg") need_json(".dockercfg");
  if (type == "kubernetes.io/dockerconfigjson") need_json(".dockerconfigjson");
  if (type == "kubernetes.io/ssh-auth") need("ssh-privatekey");
  if (type == "kubernetes.io/tls") {
    need("tls.crt");
    need("tls.key");
  }
  if (type == "kubernetes.io/basic-auth" && !data.contains("username") && !data.contains("password")) {
    need("username");
    need("password");
  }
}

// Of objects that were made immutable.
void check_immutable(const json& object, const json& old, std::initializer_list<const char*> fields, std::vector<Cause>& causes) {
  if (!flag_at(old, "immutable")) return;
  if (!flag_at(object, "immutable")) causes.push_back(cause::forbidden("immutable", kImmutable));
  for (const char* field : fields) {
    if (object_at(object, field) != object_at(old, field)) causes.push_back(cause::forbidden(field, kImmutable));
  }
}

std::vector<Cause> secret_rules(const json& secret, const json* old) {
  std::vector<Cause> causes;
  const json& data = object_at(secret, "data");
  check_config_keys(data, "data", causes);
  if (encoded_bytes(data) > kMostBytes) causes.push_back(cause::too_long("data", kMostBytes));
  const auto type = text_at(secret, "type");
  check_secret_type(type, data, causes);
  if (!old) return causes;
  if (type != text_at(*old, "type")) causes.push_back(cause::invalid("type", type, "field is immutable"));
  check_immutable(secret, *old, {"data"}, causes);
  return causes;
}

std::vector<Cause> config_map_rules(const json& map, const json* old) {
  std::vector<Cause> causes;
  const json& data = object_at(map, "data");
  const json& binary = object_at(map, "binaryData");
  check_config_keys(data, "data", causes);
  check_config_keys(binary, "binaryData", causes);
  for (const auto& [key, value] : data.items()) {
    if (binary.contains(key)) causes.push_back(cause::invalid(key_path("data", key), key, "duplicate of key present in binaryData"));
  }
  if (text_bytes(data) + encoded_bytes(binary) > kMostBytes) causes.push_back(cause::too_long("[]", kMostBytes));
  if (old) check_immutable(map, *old, {"data", "binaryData"}, causes);
  return causes;
}

}  // namespace

ResourceInfo secret_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Secret"};
  info.plural = "secrets";
  info.singular = "secret";
  info.selectable_fields = {"type"};
  info.schema = object(
      "Secret holds secret data of a certain type. All values together must be less than 1 MiB.",
      {{"data", bytes_map("The secret data: keys of letters, digits, '-', '_' and '.', values as base64.")},
       {"stringData", text_map("Secret data as plain text, for writing only: it is put into data, over what is there, and never "
                               "shown.")},
       {"type", with_default(text("What it is for, so that programs know which keys to expect."), "Opaque")},
       {"immutable", flag("True: its data can no longer be changed, only the whole be deleted.")}});
  info.prepare = prepare_secret;
  info.rules = secret_rules;
  info.columns = {{"Type", "string", ".type", "What it is for."}, age_column()};
  return info;
}

ResourceInfo config_map_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "ConfigMap"};
  info.plural = "configmaps";
  info.singular = "configmap";
  info.short_names = {"cm"};
  info.schema = object(
      "ConfigMap holds configuration for services to read. All values together must be less than 1 MiB.",
      {{"data", text_map("The configuration: keys of letters, digits, '-', '_' and '.', values of UTF-8 text.")},
       {"binaryData", bytes_map("Values that are no UTF-8 text, as base64. Its keys must not be in data.")},
       {"immutable", flag("True: its data can no longer be changed, only the whole be deleted.")}});
  info.prepare = prepare_config_map;
  info.rules = config_map_rules;
  info.columns = {age_column()};
  return info;
}

}  // namespace berth::crd::core
