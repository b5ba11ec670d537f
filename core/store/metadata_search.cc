#include "core/store/metadata_search.h"

#include <algorithm>

#include "core/store/target_path.h"

namespace guardrank {

namespace {

constexpr std::size_t most_pending = limits::metadata_delegations;

}  // namespace

void HeldRoles::open(const Allocator& allocator) {
  for (HeldRole& role : roles_) role.document.open(allocator);
}

HeldRole* HeldRoles::find(std::string_view name, std::string_view delegator) {
  for (HeldRole& role : roles_)
    if (role.is_verified && role.name.view() == name && role.delegator.view() == delegator) return &role;
  return nullptr;
}

HeldRole* HeldRoles::place(std::string_view name, std::string_view delegator) {
  HeldRole* free_place = nullptr;
  for (HeldRole& role : roles_) {
    const bool is_own = role.name.view() == name && role.delegator.view() == delegator;
    if (is_own || role.name.view().empty()) free_place = &role;
    if (is_own) break;
  }
  if (free_place == nullptr) return nullptr;
  free_place->name.assign({name});
  free_place->delegator.assign({delegator});
  free_place->is_verified = false;
  return free_place;
}

void HeldRoles::clear() {
  for (HeldRole& role : roles_) {
    role.document.clear();
    role.name.clear();
    role.is_verified = false;
  }
}

bool HeldRoles::has_room() const {
  std::size_t n_free = 0;
  for (const HeldRole& role : roles_) n_free += role.name.view().empty();
  return n_free >= limits::metadata_search_roles;
}

Status TargetSearch::begin(std::string_view path) {
  arena_.reset();
  n_visited_ = 0;
  std::span<char> copy;
  GUARDRANK_TRY(arena_.make_uninitialised(path.size(), &copy));
  GUARDRANK_TRY(arena_.make(most_pending, &pending_));
  std::copy(path.begin(), path.end(), copy.begin());
  path_ = {copy.data(), copy.size()};
  path_hash_ = sha256({reinterpret_cast<const std::uint8_t*>(path_.data()), path_.size()});
  pending_[0] = {metadata_kind_name(MetadataKind::targets), nullptr, nullptr};
  n_pending_ = 1;
  return Status::ok;
}

bool TargetSearch::is_visited(std::string_view role) const {
  return std::find(visited_, visited_ + n_visited_, role) != visited_ + n_visited_;
}

Status TargetSearch::next(bool* has_next, Step* step, Error* error) {
  while (n_pending_ != 0 && is_visited(pending_[n_pending_ - 1].role)) --n_pending_;
  *has_next = n_pending_ != 0;
  if (!*has_next) return Status::ok;
  if (n_visited_ == limits::metadata_search_roles)
    return error->set(Status::limit, path_, {"is not in the first ", n_visited_, " roles that it is delegated to"});
  *step = pending_[--n_pending_];
  visited_[n_visited_++] = step->role;
  return Status::ok;
}

Status TargetSearch::push(const Step& step, Error* error) {
  if (n_pending_ == pending_.size())
    return error->set(Status::limit, path_, {"is delegated to more than ", most_pending, " roles"});
  pending_[n_pending_++] = step;
  return Status::ok;
}

bool TargetSearch::matches(const JsonValue& delegation) const {
  if (const JsonValue* paths = delegation.member("paths"); paths != nullptr) {
    for (const JsonValue* one = paths->first; one != nullptr; one = one->next)
      if (matches_path_pattern(one->text, path_)) return true;
    return false;
  }
  const JsonValue* prefixes = delegation.member("path_hash_prefixes");
  for (const JsonValue* one = prefixes->first; one != nullptr; one = one->next)
    if (matches_hash_prefix(one->text, path_hash_)) return true;
  return false;
}

// Succinct hash bins (TAP 15): the first bits of the path's hash number the role.
Status TargetSearch::add_bin(const MetadataDocument& role, const JsonValue& bins, Error* error) {
  const auto bits = static_cast<std::uint32_t>(bins.member("bit_length")->integer);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | path_hash_[i];
  number >>= 32 - bits;
  const std::string_view prefix = bins.member("name_prefix")->text;
  const std::uint32_t n_digits = (bits + 3) / 4;
  std::span<char> name;
  GUARDRANK_TRY(arena_.make_uninitialised(prefix.size() + 1 + n_digits, &name));
  char* out = std::copy(prefix.begin(), prefix.end(), name.data());
  *out++ = '-';
  for (std::uint32_t i = n_digits; i-- > 0;) *out++ = "0123456789abcdef"[number >> (4 * i) & 15];
  return push({{name.data(), name.size()}, &role, &bins}, error);
}

Status TargetSearch::add_delegations(const MetadataDocument& role, Error* error) {
  const JsonValue* delegations = role.delegations();
  if (delegations == nullptr) return Status::ok;
  if (const JsonValue* bins = delegations->member("succinct_roles"); bins != nullptr)
    return add_bin(role, *bins, error);
  std::size_t first = n_pending_;
  for (const JsonValue* one = delegations->member("roles")->first; one != nullptr; one = one->next) {
    if (!matches(*one)) continue;
    GUARDRANK_TRY(push({one->member("name")->text, &role, one}, error));
    if (!one->member("terminating")->boolean) continue;
    // Only the roles delegated to here, up to this one, are left.
    std::copy(pending_.begin() + static_cast<std::ptrdiff_t>(first),
              pending_.begin() + static_cast<std::ptrdiff_t>(n_pending_), pending_.begin());
    n_pending_ -= first;
    first = 0;
    break;
  }
  std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first),
               pending_.begin() + static_cast<std::ptrdiff_t>(n_pending_));
  return Status::ok;
}

}  // namespace guardrank
