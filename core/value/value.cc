#include "core/value/value.h"

#include "core/base/math.h"
#include "core/expr/row_failures.h"

namespace guardrank {
namespace {

// Wide enough for the exact sum of limits::terms int64.
__extension__ using Wide = __int128;

// What one term came to on one row: micros, or why there are none.
struct TermOutcome {
  bool is_value = true;
  std::int64_t micros = 0;
  Reason reason{ReasonKind::term, ReasonValue::error, 0};
};

TermOutcome fail(ReasonValue value, std::uint32_t missing_fact = no_fact) {
  TermOutcome outcome;
  outcome.is_value = false;
  outcome.reason.value = value;
  outcome.reason.missing_fact = missing_fact;
  return outcome;
}

TermOutcome settle_term(const Term& term, const EvaluatedColumn& column, std::uint32_t row) {
  switch (column.state(row)) {
    case RowState::unknown:
      return fail(ReasonValue::unknown, column.missing[column.row_of(row)]);
    case RowState::error: {
      TermOutcome outcome = fail(ReasonValue::error);
      outcome.reason.problem = static_cast<std::uint8_t>(column.problems[column.row_of(row)]);
      return outcome;
    }
    case RowState::value: break;
  }
  const double units = column.numbers[column.row_of(row)];
  if (!is_finite(units)) return fail(ReasonValue::not_finite);
  const bool is_penalty = term.kind == TermKind::penalty;
  if (is_penalty && units < 0) return fail(ReasonValue::error);
  TermOutcome outcome;
  if (!to_micros(units, &outcome.micros)) return fail(ReasonValue::overflow);
  if (is_penalty) outcome.micros = -outcome.micros;   // not the least int64: it is no negation
  return outcome;
}

class Scoring {
 public:
  Scoring(const ValuePlan& plan, Frame* frame)
      : plan_(plan), frame_(*frame), failures_(frame) {}

  Status open() {
    Arena& arena = frame_.arena();
    GUARDRANK_TRY(arena.make(plan_.terms.size(), &terms_));
    for (auto& term : terms_) GUARDRANK_TRY(arena.make_uninitialised(frame_.n_rows(), &term));
    GUARDRANK_TRY(arena.make_uninitialised(frame_.n_rows(), &score_));
    return failures_.open();
  }

  Status run_term(std::uint32_t ordinal) {
    EvaluatedColumn column;
    frame_.evaluated = {"terms.", plan_.policy->terms[ordinal].id};
    GUARDRANK_TRY(evaluate(plan_.terms[ordinal], &frame_, &memory_, &column));
    for (std::uint32_t row = 0; row < frame_.n_rows(); ++row) {
      const TermOutcome outcome = settle_term(plan_.policy->terms[ordinal], column, row);
      terms_[ordinal][row] = outcome.micros;
      if (!outcome.is_value) GUARDRANK_TRY(add(row, ordinal, outcome.reason));
    }
    return Status::ok;
  }

  // The exact sum, whatever the order; when it leaves int64 its largest term is named.
  Status sum() {
    for (std::uint32_t row = 0; row < frame_.n_rows(); ++row) {
      Wide total = 0;
      for (const auto& term : terms_) total += term[row];
      if (total >= INT64_MIN && total <= INT64_MAX) {
        score_[row] = static_cast<std::int64_t>(total);
        continue;
      }
      score_[row] = 0;
      if (!failures_.has_failed(row))
        GUARDRANK_TRY(add(row, largest_term(row), fail(ReasonValue::overflow).reason));
    }
    return Status::ok;
  }

  // Excludes the rows that failed; scores and frame keep the others.
  Status apply(ExclusionList* exclusions) {
    std::span<const std::uint32_t> kept;
    GUARDRANK_TRY(failures_.apply(ExclusionStage::value, exclusions, &kept));
    if (kept.size() < score_.size()) compact(kept);
    return Status::ok;
  }

  Status publish(Scores* scores) {
    std::span<std::span<const std::int64_t>> terms;
    GUARDRANK_TRY(frame_.arena().make(terms_.size(), &terms));
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = terms_[i];
    scores->terms = terms;
    scores->score = score_;
    return Status::ok;
  }

 private:
  Status add(std::uint32_t row, std::uint32_t term, Reason reason) {
    reason.index = term;
    return failures_.add(row, reason);
  }

  std::uint32_t largest_term(std::uint32_t row) const {
    const auto size_of = [&](std::uint32_t term) {
      const Wide micros = terms_[term][row];
      return micros < 0 ? -micros : micros;
    };
    std::uint32_t largest = 0;
    for (std::uint32_t i = 1; i < terms_.size(); ++i)
      if (size_of(i) > size_of(largest)) largest = i;
    return largest;
  }

  void compact(std::span<const std::uint32_t> kept) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      for (auto& term : terms_) term[i] = term[kept[i]];
      score_[i] = score_[kept[i]];
    }
    for (auto& term : terms_) term = term.subspan(0, kept.size());
    score_ = score_.subspan(0, kept.size());
  }

  const ValuePlan& plan_;
  Frame& frame_;
  EvaluationMemory memory_;
  std::span<std::span<std::int64_t>> terms_;
  std::span<std::int64_t> score_;
  RowFailures failures_;
};

}  // namespace

Status prepare_value(const Policy& policy, const FactTable& facts, Arena* arena, ValuePlan* plan,
                     Error* error) {
  std::span<Program> terms;
  GUARDRANK_TRY(arena->make(policy.terms.size(), &terms));
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Text<Error::max_part_bytes> where({"terms.", policy.terms[i].id});
    GUARDRANK_TRY(compile_expression(policy.terms[i].expr, where, facts, facts_and_outcomes,
                                     ExprType::number, arena, &terms[i], error));
  }
  plan->policy = &policy;
  plan->terms = terms;
  return Status::ok;
}

Status apply_value(const ValuePlan& plan, Frame* frame, ExclusionList* exclusions, Scores* scores) {
  Scoring scoring(plan, frame);
  GUARDRANK_TRY(scoring.open());
  if (frame->n_rows() > 0) {
    for (std::uint32_t i = 0; i < plan.terms.size(); ++i) GUARDRANK_TRY(scoring.run_term(i));
    GUARDRANK_TRY(scoring.sum());
    GUARDRANK_TRY(scoring.apply(exclusions));
  }
  return scoring.publish(scores);
}

}  // namespace guardrank
