#include "core/store/metadata_document.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/store/key.h"
#include "core/store/metadata_shape.h"

namespace guardrank {

namespace {

// The major version that is understood; what stands after its dot adds and never changes.
constexpr std::string_view known_specification = "1.";

}  // namespace

std::string_view metadata_kind_name(MetadataKind kind) {
  constexpr std::string_view names[] = {"root", "timestamp", "snapshot", "targets"};
  return names[static_cast<std::size_t>(kind)];
}

const JsonValue* member_of(const JsonValue* object, std::string_view name, JsonType type) {
  if (object == nullptr) return nullptr;
  const JsonValue* value = object->member(name);
  return value != nullptr && value->type == type ? value : nullptr;
}

bool integer_of(const JsonValue* object, std::string_view name, std::int64_t least,
                std::int64_t* value) {
  const JsonValue* number = member_of(object, name, JsonType::number);
  if (number == nullptr || !number->is_integer || number->integer < least) return false;
  *value = number->integer;
  return true;
}

bool read_file_facts(const JsonValue& value, bool has_version, FileFacts* facts) {
  *facts = {};
  if (value.type != JsonType::object) return false;
  if (has_version && !integer_of(&value, "version", 1, &facts->version)) return false;
  if (value.member("length") != nullptr && !integer_of(&value, "length", 0, &facts->length))
    return false;
  if (value.member("hashes") == nullptr) return true;
  const JsonValue* hashes = member_of(&value, "hashes", JsonType::object);
  const JsonValue* hash = member_of(hashes, "sha256", JsonType::string);
  std::size_t wanted = Sha256Digest{}.size(), size = 0;
  if (hash == nullptr) {
    hash = member_of(hashes, "sha512", JsonType::string);
    wanted = Sha512Digest{}.size();
  }
  if (hash == nullptr || !read_hexadecimal(hash->text, facts->hash, &size) || size != wanted) return false;
  facts->hash_bytes = static_cast<std::uint32_t>(size);
  return true;
}

HashText hash_text(std::span<const std::uint8_t> hash) {
  constexpr char digits[] = "0123456789abcdef";
  HashText text;
  for (const std::uint8_t byte : hash) {
    const char two[2] = {digits[byte >> 4], digits[byte & 15]};
    text.append({std::string_view(two, 2)});
  }
  return text;
}

Status check_file_facts(const FileFacts& facts, Bytes bytes, std::string_view where, Error* error) {
  if (facts.length >= 0 && static_cast<std::uint64_t>(facts.length) != bytes.size())
    return error->wanted(Status::hash, where, {facts.length, " bytes"}, {bytes.size(), " bytes"});
  if (facts.hash_bytes == 0) return Status::ok;
  FileFacts found;
  found.hash_bytes = facts.hash_bytes;
  if (facts.hash_bytes == Sha256Digest{}.size()) {
    const Sha256Digest digest = sha256(bytes);
    std::copy(digest.begin(), digest.end(), found.hash.begin());
  } else {
    found.hash = sha512(bytes);
  }
  if (found.hash == facts.hash) return Status::ok;
  return error->wanted(Status::hash, where, {"hash ", hash_text(facts.hash_view()).view()},
                       {hash_text(found.hash_view()).view()});
}

Status MetadataDocument::bad(Error* error, std::string_view member, std::string_view wanted) const {
  return error->set(Status::json, role_, {member, " must be ", wanted});
}

void MetadataDocument::clear() {
  arena_.release();
  bytes_ = {};
  role_ = {};
  signed_ = signatures_ = nullptr;
}

Status MetadataDocument::read_signatures(const JsonValue& list, Error* error) {
  if (list.n_children > limits::metadata_signatures)
    return error->set(Status::limit, role_, {"has ", list.n_children, " signatures, at most ",
                                             limits::metadata_signatures});
  for (const JsonValue* one = list.first; one != nullptr; one = one->next) {
    const JsonValue* id = member_of(one, "keyid", JsonType::string);
    if (id == nullptr || member_of(one, "sig", JsonType::string) == nullptr)
      return bad(error, "signatures", "objects of keyid and sig");
    for (const JsonValue* other = list.first; other != one; other = other->next)
      if (other->member("keyid")->text == id->text)
        return error->set(Status::json, role_, {"has two signatures of key ", id->text});
  }
  signatures_ = &list;
  return Status::ok;
}

Status MetadataDocument::read_common(Error* error) {
  const JsonValue* type = member_of(signed_, "_type", JsonType::string);
  if (type == nullptr || type->text != metadata_kind_name(kind_))
    return bad(error, "_type", metadata_kind_name(kind_));
  const JsonValue* specification = member_of(signed_, "spec_version", JsonType::string);
  if (specification == nullptr) return bad(error, "spec_version", "a string");
  if (!specification->text.starts_with(known_specification))
    return error->wanted(Status::version, role_, {"spec_version 1.x"}, {specification->text});
  if (!integer_of(signed_, "version", 1, &version_))
    return bad(error, "version", "a whole number above 0");
  const JsonValue* expires = member_of(signed_, "expires", JsonType::string);
  if (expires == nullptr || expires->text.find('T') == std::string_view::npos ||
      !parse_timestamp(expires->text, &expires_))
    return bad(error, "expires", "a time");
  expires_text_ = expires->text;
  return Status::ok;
}

Status MetadataDocument::read_parts(Error* error) {
  const JsonValue* root = nullptr;
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  if (const Status status = parse_json(text, &arena_, &root, error); status != Status::ok) {
    error->within(Text<Error::max_part_bytes>{role_, ": "});
    return status;
  }
  signed_ = member_of(root, "signed", JsonType::object);
  if (signed_ == nullptr) return bad(error, "signed", "an object");
  const JsonValue* signatures = member_of(root, "signatures", JsonType::array);
  if (signatures == nullptr) return bad(error, "signatures", "an array");
  GUARDRANK_TRY(read_signatures(*signatures, error));
  GUARDRANK_TRY(read_common(error));
  return check_metadata_shape(kind_, role_, *signed_, error);
}

Status MetadataDocument::read(MetadataKind kind, std::string_view role, Bytes bytes, Error* error) {
  clear();
  kind_ = kind;
  std::span<char> name;
  std::span<std::uint8_t> copy;
  Status status = arena_.make_uninitialised(role.size(), &name);
  if (status == Status::ok) status = arena_.make_uninitialised(bytes.size(), &copy);
  if (status == Status::ok) {
    std::copy(role.begin(), role.end(), name.begin());
    std::copy(bytes.begin(), bytes.end(), copy.begin());
    role_ = {name.data(), name.size()};
    bytes_ = copy;
    status = read_parts(error);
  }
  if (status == Status::memory)
    error->set(status, metadata_kind_name(kind), {"no memory left for metadata"});
  if (status != Status::ok) clear();
  return status;
}

bool MetadataDocument::is_consistent_snapshot() const {
  const JsonValue* value = member_of(signed_, "consistent_snapshot", JsonType::boolean);
  return value != nullptr && value->boolean;
}

Authority MetadataDocument::authority(MetadataKind role) const {
  const std::string_view name = metadata_kind_name(role);
  return authority_of(name, signed_->member("keys"), *signed_->member("roles")->member(name));
}

std::int64_t MetadataDocument::minimum_version(std::string_view role) const {
  std::int64_t version = 1;
  (void)integer_of(member_of(signed_, "x-guardrank-minimum", JsonType::object), role, 1, &version);
  return version;
}

bool MetadataDocument::file_facts(std::string_view role, FileFacts* facts) const {
  constexpr std::string_view suffix = ".json";
  for (const JsonValue* one = signed_->member("meta")->first; one != nullptr; one = one->next) {
    if (one->key.size() != role.size() + suffix.size() || !one->key.starts_with(role) ||
        !one->key.ends_with(suffix))
      continue;
    return read_file_facts(*one, true, facts);
  }
  return false;
}

Status MetadataDocument::check_not_older(const MetadataDocument& older, Error* error) const {
  const JsonValue* first = signed_->member("meta")->first;
  // Members mostly stand in the same order, so the next one is looked at first.
  const JsonValue* likely = first;
  for (const JsonValue* was = older.signed_->member("meta")->first; was != nullptr; was = was->next) {
    const JsonValue* is = likely;
    if (is == nullptr || is->key != was->key)
      for (is = first; is != nullptr && is->key != was->key;) is = is->next;
    if (is == nullptr)
      return error->set(Status::rollback, role_, {"version ", version_, " no longer names ", was->key});
    likely = is->next;
    const std::int64_t had = was->member("version")->integer, has = is->member("version")->integer;
    if (has < had)
      return error->set(Status::rollback, role_, {"version ", version_, " leads ", was->key,
                                                  " back from version ", had, " to ", has});
  }
  return Status::ok;
}

const JsonValue* MetadataDocument::target(std::string_view path) const {
  return signed_->member("targets")->member(path);
}

const JsonValue* MetadataDocument::delegations() const {
  return member_of(signed_, "delegations", JsonType::object);
}

}  // namespace guardrank
