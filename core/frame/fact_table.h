// All facts that a snapshot knows by name: what the model reads, what the policy declares, what the
// catalog carries and what the stages compute. Names are resolved once, to ordinals.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/frame/column.h"

namespace guardrank {

enum class Namespace : std::uint8_t {
  context = 0,      // ctx: one row
  candidate = 1,    // offer: one row per candidate, from the catalog or the request
  pair = 2,         // pair: one row per candidate, from the request
  probability = 3,  // p: of a head, given its condition
  reach = 4,        // reach: unconditional
  value = 5,        // value: expected amount of a value head
  parameter = 6,    // param: one row, from the policy
  time = 7,         // now: one row
};

// As expressions write it: "ctx", "offer", "pair", "p", "reach", "value", "param", "now".
std::string_view namespace_name(Namespace space);

inline constexpr std::uint32_t no_fact = UINT32_MAX;
inline constexpr std::uint32_t no_column = UINT32_MAX;

struct Fact {
  Namespace space = Namespace::context;
  FactType type = FactType::f64;
  std::string_view name;                 // without the namespace
  std::uint32_t width = 0;               // f32_vector
  bool is_declared = false;              // by the policy: rules and terms may name it
  bool is_protected = false;             // refused in every expression
  bool may_override = true;              // candidate: a request may set it
  std::uint32_t catalog_column = no_column;
  Column fallback{};                     // one row; n_rows 0: no default, so absent is unknown
  bool may_be_missing = true;            // else candidates without it are not eligible
  // What is told where it is missing, in place of what the rule that reads it says of those who fail.
  std::string_view reason_code, reason_text, adverse_action;

  bool has_reason() const {
    return !reason_code.empty() || !reason_text.empty() || !adverse_action.empty();
  }
};

// A fact without a default. Out of line: a fact has many members.
Fact fact_of(Namespace space, FactType type, std::string_view name, bool is_declared);

// Filled while a snapshot is prepared, constant afterwards.
class FactTable {
 public:
  // Room for `capacity` facts (at most limits::facts). Names are not copied: they must outlive it.
  Status open(std::uint32_t capacity, Arena* arena, Error* error);

  // Adds a fact, or joins it with the one of that name: the same type, or f64 with i64, which
  // makes i64 (a default must then be whole); another type, or another width of a vector, is
  // Status::type. Declared, protected and refusing to be overridden or missing hold if either says so; a
  // catalog column or default given later replaces the earlier. `ordinal` may be null.
  Status add(const Fact& fact, std::uint32_t* ordinal, Error* error);

  std::uint32_t find(Namespace space, std::string_view name) const;   // no_fact when unknown
  const Fact& operator[](std::uint32_t ordinal) const { return facts_[ordinal]; }
  Fact& at(std::uint32_t ordinal) { return facts_[ordinal]; }
  std::uint32_t size() const { return size_; }
  std::span<const Fact> facts() const { return {facts_.data(), size_}; }

 private:
  std::size_t slot_of(Namespace space, std::string_view name) const;

  std::span<Fact> facts_;
  std::span<std::uint32_t> slots_;      // open addressing over (space, name)
  std::uint32_t size_ = 0;
  Arena* arena_ = nullptr;              // for defaults that change their type
};

}  // namespace guardrank
