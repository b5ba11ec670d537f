#include "core/store/metadata_shape.h"

#include "core/base/limits.h"

namespace guardrank {

namespace {

constexpr std::string_view top_level[] = {"root", "timestamp", "snapshot", "targets"};

class ShapeCheck {
 public:
  ShapeCheck(std::string_view role, Error* error) : role_(role), error_(error) {}

  Status root(const JsonValue& part);
  Status timestamp(const JsonValue& part);
  Status snapshot(const JsonValue& part);
  Status targets(const JsonValue& part);

 private:
  Status keys(const JsonValue* keys);
  Status signers(const JsonValue* role, std::string_view name);
  Status delegation(const JsonValue& role, const JsonValue* first);
  Status succinct(const JsonValue& role);
  Status texts(const JsonValue* list, std::string_view name);
  Status bad(std::initializer_list<TextPiece> message) {
    return error_->set(Status::json, role_, message);
  }
  Status too_many(std::string_view what, std::uint32_t found, std::uint32_t most) {
    return error_->set(Status::limit, role_, {"has ", found, " ", what, ", at most ", most});
  }

  std::string_view role_;
  Error* error_;
};

Status ShapeCheck::texts(const JsonValue* list, std::string_view name) {
  if (list == nullptr) return bad({name, " must be an array of strings"});
  for (const JsonValue* one = list->first; one != nullptr; one = one->next)
    if (one->type != JsonType::string) return bad({name, " must be an array of strings"});
  return Status::ok;
}

Status ShapeCheck::keys(const JsonValue* keys) {
  if (keys == nullptr) return bad({"keys must be an object"});
  if (keys->n_children > limits::metadata_keys)
    return too_many("keys", keys->n_children, limits::metadata_keys);
  for (const JsonValue* key = keys->first; key != nullptr; key = key->next) {
    if (member_of(key, "keytype", JsonType::string) == nullptr ||
        member_of(key, "scheme", JsonType::string) == nullptr ||
        member_of(key, "keyval", JsonType::object) == nullptr)
      return bad({"key ", key->key, " must have keytype, scheme and keyval"});
  }
  return Status::ok;
}

Status ShapeCheck::signers(const JsonValue* role, std::string_view name) {
  if (role == nullptr || role->type != JsonType::object) return bad({"role ", name, " is missing"});
  const JsonValue* ids = member_of(role, "keyids", JsonType::array);
  GUARDRANK_TRY(texts(ids, "keyids"));
  if (ids->n_children > limits::metadata_role_keys)
    return too_many("keyids", ids->n_children, limits::metadata_role_keys);
  std::int64_t threshold = 0;
  if (!integer_of(role, "threshold", 1, &threshold) || threshold > limits::metadata_signatures)
    return bad({"threshold of ", name, " must be 1 to ", limits::metadata_signatures});
  return Status::ok;
}

Status ShapeCheck::root(const JsonValue& part) {
  GUARDRANK_TRY(keys(member_of(&part, "keys", JsonType::object)));
  const JsonValue* roles = member_of(&part, "roles", JsonType::object);
  for (const std::string_view name : top_level)
    GUARDRANK_TRY(signers(member_of(roles, name, JsonType::object), name));
  const JsonValue* consistent = part.member("consistent_snapshot");
  if (consistent != nullptr && consistent->type != JsonType::boolean)
    return bad({"consistent_snapshot must be true or false"});
  return Status::ok;
}

Status ShapeCheck::timestamp(const JsonValue& part) {
  const JsonValue* meta = member_of(&part, "meta", JsonType::object);
  const JsonValue* snapshot = member_of(meta, "snapshot.json", JsonType::object);
  FileFacts facts;
  if (snapshot == nullptr || !read_file_facts(*snapshot, true, &facts))
    return bad({"meta must name snapshot.json with version, and length and a sha256 or sha512 if at all"});
  return Status::ok;
}

Status ShapeCheck::snapshot(const JsonValue& part) {
  const JsonValue* meta = member_of(&part, "meta", JsonType::object);
  if (meta == nullptr) return bad({"meta must be an object"});
  FileFacts facts;
  for (const JsonValue* one = meta->first; one != nullptr; one = one->next)
    if (!read_file_facts(*one, true, &facts))
      return bad({"meta: ", one->key, " must have version, and length and a sha256 or sha512 if at all"});
  return Status::ok;
}

Status ShapeCheck::delegation(const JsonValue& role, const JsonValue* first) {
  const JsonValue* name = member_of(&role, "name", JsonType::string);
  if (name == nullptr || name->text.empty() || name->text.size() > limits::name_bytes)
    return bad({"a delegated role must have a name of 1 to ", limits::name_bytes, " bytes"});
  // Such a name would stand for a file that it is not.
  for (const std::string_view taken : top_level)
    if (name->text == taken) return bad({"a delegated role may not be called ", taken});
  for (const JsonValue* other = first; other != &role; other = other->next)
    if (other->member("name")->text == name->text) return bad({"two delegations to ", name->text});
  GUARDRANK_TRY(signers(&role, name->text));
  if (member_of(&role, "terminating", JsonType::boolean) == nullptr)
    return bad({"terminating of ", name->text, " must be true or false"});
  const JsonValue* paths = role.member("paths");
  const JsonValue* prefixes = role.member("path_hash_prefixes");
  if ((paths == nullptr) == (prefixes == nullptr))
    return bad({"a delegation has either paths or path_hash_prefixes: ", name->text});
  const std::string_view which = paths != nullptr ? "paths" : "path_hash_prefixes";
  return texts(member_of(&role, which, JsonType::array), which);
}

Status ShapeCheck::succinct(const JsonValue& role) {
  GUARDRANK_TRY(signers(&role, "succinct_roles"));
  std::int64_t bits = 0;
  const JsonValue* prefix = member_of(&role, "name_prefix", JsonType::string);
  if (!integer_of(&role, "bit_length", 1, &bits) || bits > 32 || prefix == nullptr ||
      prefix->text.size() > limits::name_bytes - 9)
    return bad({"succinct_roles must have bit_length 1 to 32 and name_prefix"});
  return Status::ok;
}

Status ShapeCheck::targets(const JsonValue& part) {
  if (member_of(&part, "targets", JsonType::object) == nullptr)
    return bad({"targets must be an object"});
  const JsonValue* delegations = part.member("delegations");
  if (delegations == nullptr || delegations->type == JsonType::null) return Status::ok;
  GUARDRANK_TRY(keys(member_of(delegations, "keys", JsonType::object)));
  const JsonValue* roles = delegations->member("roles");
  const JsonValue* bins = delegations->member("succinct_roles");
  if ((roles == nullptr) == (bins == nullptr))
    return bad({"delegations have either roles or succinct_roles"});
  if (bins != nullptr) return succinct(*bins);
  if (roles->type != JsonType::array) return bad({"delegations: roles must be an array"});
  if (roles->n_children > limits::metadata_delegations)
    return too_many("delegations", roles->n_children, limits::metadata_delegations);
  for (const JsonValue* role = roles->first; role != nullptr; role = role->next)
    GUARDRANK_TRY(delegation(*role, roles->first));
  return Status::ok;
}

}  // namespace

Status check_metadata_shape(MetadataKind kind, std::string_view role, const JsonValue& signed_part,
                            Error* error) {
  ShapeCheck check(role, error);
  switch (kind) {
    case MetadataKind::root: return check.root(signed_part);
    case MetadataKind::timestamp: return check.timestamp(signed_part);
    case MetadataKind::snapshot: return check.snapshot(signed_part);
    case MetadataKind::targets: return check.targets(signed_part);
  }
  return Status::internal;
}

Authority authority_of(std::string_view name, const JsonValue* keys, const JsonValue& role) {
  return {name, keys, role.member("keyids"),
          static_cast<std::uint32_t>(role.member("threshold")->integer)};
}

}  // namespace guardrank
