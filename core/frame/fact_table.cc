#include "core/frame/fact_table.h"

#include <bit>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/frame/fact_path.h"

namespace guardrank {

namespace {

using FactPath = Text<Error::max_part_bytes>;

FactPath path_of(const Fact& fact) { return {namespace_name(fact.space), ".", fact.name}; }

bool is_number(FactType type) { return type == FactType::f64 || type == FactType::i64; }

// The type of a fact that two parties name: f64 and i64 meet in i64.
bool join_types(const Fact& a, const Fact& b, FactType* type) {
  const bool are_numbers = is_number(a.type) && is_number(b.type);
  *type = a.type == b.type ? a.type : FactType::i64;
  return a.type == b.type || are_numbers;
}

// A default written as f64 for a fact that became i64.
Status convert_fallback(Arena* arena, Fact* fact, Error* error) {
  Column& fallback = fact->fallback;
  if (fallback.n_rows == 0 || fallback.type == fact->type || !fallback.is_present(0)) {
    return Status::ok;
  }
  if (fallback.type != FactType::f64 || fact->type != FactType::i64) {
    return error->wanted(Status::type, path_of(*fact).view(),
                         {"a default of type ", fact_type_name(fact->type)},
                         {fact_type_name(fallback.type)});
  }
  constexpr double largest_exact = 0x1p53;
  const double value = fallback.numbers[0];
  const bool is_in_range = value >= -largest_exact && value <= largest_exact;
  if (!is_in_range || static_cast<double>(static_cast<std::int64_t>(value)) != value) {
    return error->wanted(Status::type, path_of(*fact).view(), {"a whole default"}, {value});
  }
  std::span<std::int64_t> whole;
  if (arena->make(1, &whole) != Status::ok) {
    return error->no_memory(path_of(*fact).view());
  }
  whole[0] = static_cast<std::int64_t>(value);
  fallback.type = fact->type;
  fallback.integers = whole.data();
  return Status::ok;
}

// Of two that name a fact, where one is the policy and the other is not, who says the type.
const char* owner_of(const Fact& fact, const Fact& other) {
  if (fact.is_declared == other.is_declared) return "";
  return fact.is_declared ? " as the policy declares it" : " as the model has it";
}

// Lays what `other` says over `fact`; `fact` is a copy that the caller stores on success.
Status join(const Fact& other, Arena* arena, Fact* fact, Error* error) {
  FactType type;
  if (!join_types(*fact, other, &type)) {
    return error->wanted(Status::type, path_of(other).view(),
                         {fact_type_name(fact->type), owner_of(*fact, other)},
                         {fact_type_name(other.type), owner_of(other, *fact)});
  }
  if (fact->width != 0 && other.width != 0 && fact->width != other.width) {
    return error->wanted(Status::type, path_of(other).view(), {"width ", fact->width},
                         {"width ", other.width});
  }
  fact->type = type;
  if (fact->width == 0) fact->width = other.width;
  fact->is_declared |= other.is_declared;
  fact->is_protected |= other.is_protected;
  fact->may_override &= other.may_override;
  fact->may_be_missing &= other.may_be_missing;
  if (other.has_reason()) {
    fact->reason_code = other.reason_code;
    fact->reason_text = other.reason_text;
    fact->adverse_action = other.adverse_action;
  }
  if (other.catalog_column != no_column) fact->catalog_column = other.catalog_column;
  if (other.fallback.n_rows != 0) fact->fallback = other.fallback;
  return convert_fallback(arena, fact, error);
}

std::uint64_t hash_of(Namespace space, std::string_view name) {
  return xxh64(name, static_cast<std::uint64_t>(space));
}

}  // namespace

std::string_view namespace_name(Namespace space) {
  switch (space) {
    case Namespace::context: return "ctx";
    case Namespace::candidate: return "offer";
    case Namespace::pair: return "pair";
    case Namespace::probability: return "p";
    case Namespace::reach: return "reach";
    case Namespace::value: return "value";
    case Namespace::parameter: return "param";
    case Namespace::time: return "now";
  }
  return "unknown";
}

Fact fact_of(Namespace space, FactType type, std::string_view name, bool is_declared) {
  Fact fact;
  fact.space = space;
  fact.type = type;
  fact.name = name;
  fact.is_declared = is_declared;
  return fact;
}

Status FactTable::open(std::uint32_t capacity, Arena* arena, Error* error) {
  *this = FactTable();
  if (capacity > limits::facts) {
    return error->over_limit("facts", limits::facts, " (limits::facts)", capacity);
  }
  // At most half full, so that a search ends soon; never without an empty slot.
  const std::size_t n_slots = std::bit_ceil(std::size_t{capacity} * 2 + 2);
  if (arena->make(capacity, &facts_) != Status::ok || arena->make(n_slots, &slots_) != Status::ok) {
    *this = FactTable();
    return error->no_memory("facts");
  }
  for (std::uint32_t& slot : slots_) slot = no_fact;
  arena_ = arena;
  return Status::ok;
}

// The slot that holds the fact, or the empty one where it belongs.
std::size_t FactTable::slot_of(Namespace space, std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash_of(space, name)) & mask;
  for (; slots_[slot] != no_fact; slot = (slot + 1) & mask) {
    const Fact& fact = facts_[slots_[slot]];
    if (fact.space == space && fact.name == name) break;
  }
  return slot;
}

Status FactTable::add(const Fact& fact, std::uint32_t* ordinal, Error* error) {
  if (slots_.empty()) return error->set(Status::internal, "facts", {"the table is not open"});
  if (is_offer_id(fact) && fact.type != FactType::string) {
    return error->wanted(Status::type, path_of(fact).view(), {fact_type_name(FactType::string)},
                         {fact_type_name(fact.type)});
  }
  std::uint32_t& slot = slots_[slot_of(fact.space, fact.name)];
  if (slot != no_fact) {
    Fact joined = facts_[slot];
    GUARDRANK_TRY(join(fact, arena_, &joined, error));
    facts_[slot] = joined;
  } else {
    if (size_ == facts_.size()) {
      return error->set(Status::limit, path_of(fact).view(),
                        {"more than ", facts_.size(), " facts"});
    }
    Fact added = fact;
    GUARDRANK_TRY(convert_fallback(arena_, &added, error));
    facts_[size_] = added;
    slot = size_++;
  }
  if (ordinal != nullptr) *ordinal = slot;
  return Status::ok;
}

std::uint32_t FactTable::find(Namespace space, std::string_view name) const {
  return slots_.empty() ? no_fact : slots_[slot_of(space, name)];
}

}  // namespace guardrank
