// A policy artifact as plain values. Expressions are source text; compiling is the snapshot's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"
#include "core/frame/fact_table.h"

namespace guardrank {

inline constexpr std::int64_t always_from = INT64_MIN;   // validity without a start
inline constexpr std::int64_t always_to = INT64_MAX;     // validity without an end

struct Parameter {
  std::string_view name, owner, experiment;
  double value = 0, minimum = 0, maximum = 0;
};

// True: eligible. `when` empty: always applies; otherwise the rule applies where it is true, and
// where `when` is unknown the candidate is not eligible.
struct Rule {
  std::string_view id, expr, code, text, adverse_action, when;
  std::int64_t from = always_from, to = always_to;       // applies while from <= now < to
};

struct Guardrail {
  std::string_view id, expr, code, text;
};

enum class TermKind : std::uint8_t { revenue = 0, penalty = 1, bonus = 2 };

struct Term {
  std::string_view id, unit, expr;
  TermKind kind = TermKind::revenue;
};

struct MandatedOffer {
  std::string_view offer, when;
  std::uint32_t slot = 1;                                // from 1
};

struct Cap {
  std::string_view fact;                                 // candidate fact, without "offer."
  std::uint32_t max = 0, within = 0;
};

struct Diversity {
  std::span<const std::string_view> facts;               // candidate facts, without "offer."
  double lambda = 0;                                     // 0: off
  std::uint32_t within = 0;
};

enum class ExplorationKind : std::uint8_t { none = 0, epsilon = 1, plackett_luce = 2 };

struct Exploration {
  ExplorationKind kind = ExplorationKind::none;
  double epsilon = 0, temperature = 1;
};

struct TwoStage {
  bool is_set = false;
  double budget_us = 0, fixed_us = 0, c1_us = 0, c2_us = 0, min_value_recall = 0.99;
  double measured_value_recall = 0;                      // 0: never measured
};

struct Policy {
  Container container;
  std::string_view name, version;
  std::span<const Fact> facts;                           // is_declared set
  std::span<const Parameter> parameters;
  std::span<const Rule> rules;
  std::span<const Guardrail> guardrails;
  std::span<const Term> terms;
  std::span<const MandatedOffer> mandated;
  std::span<const Cap> caps;
  Diversity diversity;
  Exploration exploration;
  TwoStage two_stage;
  std::string_view source;                               // as reviewed
};

Status open_policy(Bytes bytes, Check check, Arena* arena, Policy* policy, Error* error);

}  // namespace guardrank
