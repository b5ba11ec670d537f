// The order of what is shown: guardrails remove, then slots are filled from the first down.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/policy.h"
#include "core/expr/expression.h"
#include "core/frame/exclusion.h"

namespace guardrank {

struct CompiledMandate {
  Program when;
  bool has_when = false;
};

struct PlacementPlan {
  const Policy* policy = nullptr;
  std::span<const Program> guardrails;
  std::span<const CompiledMandate> mandated;
  std::span<const std::uint32_t> cap_facts;         // ordinals, one per cap
  std::span<const std::uint32_t> diversity_facts;
};

// A fact that caps and diversity group offers by: its ordinal. Status::name, protected_fact, typecheck.
Status find_group(std::string_view name, std::string_view where, const FactTable& facts,
                  std::uint32_t* ordinal, Error* error);

Status prepare_placement(const Policy& policy, const FactTable& facts, Arena* arena,
                         PlacementPlan* plan, Error* error);

// Removes rows for which a guardrail is false or unknown, with reasons; `score` (by present row) is
// compacted along with the frame.
Status apply_guardrails(const PlacementPlan& plan, Frame* frame, ExclusionList* exclusions,
                        std::span<const std::uint32_t>* kept);

struct Placed {
  std::uint32_t row = 0;                            // of the frame
  double propensity = 1;
  bool is_mandated = false;
};

// Fills up to `limit` slots (0: as many as rows, at most limits::slots). `score`: micros by row.
// Slot by slot, among the rows still feasible under the caps: a mandated offer at its slot, else
// exploration's draw, else the best by diversity-adjusted score; ties by offer id.
Status place(const PlacementPlan& plan, Frame* frame, std::span<const std::int64_t> score,
             std::uint32_t limit, std::span<const Placed>* placed);

}  // namespace guardrank
