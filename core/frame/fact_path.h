// How messages name the facts of a request: as they stand in its JSON form.
#pragma once

#include "core/base/status.h"
#include "core/frame/fact_table.h"

namespace guardrank {

using FactPath = Text<Error::max_part_bytes>;

// "context.income", "candidates[3].facts.apr", "candidates[3].pair.seen_before".
inline FactPath fact_path(const Fact& fact, std::uint32_t row) {
  if (fact.space == Namespace::candidate) return {"candidates[", row, "].facts.", fact.name};
  if (fact.space == Namespace::pair) return {"candidates[", row, "].pair.", fact.name};
  if (fact.space == Namespace::context) return {"context.", fact.name};
  return {namespace_name(fact.space), ".", fact.name};
}

// The candidate's own id under the name of a fact (contracts.md, section 1): never given as one.
inline constexpr std::string_view offer_id_name = "offer_id";
inline bool is_offer_id(const Fact& fact) {
  return fact.space == Namespace::candidate && fact.name == offer_id_name;
}

}  // namespace guardrank
