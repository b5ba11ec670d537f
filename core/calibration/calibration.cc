// Logits of one request to probabilities, reach and expected amounts.
#include "core/calibration/calibration.h"

#include "core/base/math.h"
#include "core/base/number_text.h"

namespace guardrank {
namespace {

// One head's columns over the rows, before any candidate is excluded.
struct HeadColumns {
  std::span<float> logit;
  std::span<double> corrected, probability, reach;
};

// The text by which a segment is looked up; empty where the fact is missing.
Status segment_value(std::uint32_t fact, Frame* frame, char* digits, std::string_view* value) {
  *value = {};
  if (fact == no_fact) return Status::ok;
  Column column;
  GUARDRANK_TRY(frame->column(fact, &column));
  if (column.n_rows == 0 || !column.is_present(0)) return Status::ok;
  switch (column.type) {
    case FactType::string: *value = column.strings[0]; break;
    case FactType::i64: *value = {digits, write_integer(column.integers[0], digits)}; break;
    case FactType::boolean: *value = column.booleans[0] != 0 ? "true" : "false"; break;
    default: return Status::type;
  }
  return Status::ok;
}

// Null: the segment is missing or has no calibrator of its own.
Status find_segment(const Head& head, std::uint32_t fact, Frame* frame,
                    const SegmentCalibrator** found) {
  *found = nullptr;
  if (head.segments.empty()) return Status::ok;
  char digits[max_number_text_bytes];
  std::string_view value;
  GUARDRANK_TRY(segment_value(fact, frame, digits, &value));
  for (const SegmentCalibrator& segment : head.segments) {
    if (!value.empty() && segment.value == value) *found = &segment;
  }
  return Status::ok;
}

void compute_probability(const Head& head, const SegmentCalibrator* segment,
                         const HeadColumns* given, HeadColumns* columns) {
  correct_logits(head, columns->logit, columns->corrected);
  calibrate_rows(head.calibrator, segment, head.kappa, columns->corrected, columns->probability);
  for (std::size_t row = 0; row < columns->logit.size(); ++row) {
    const double p = columns->probability[row];
    columns->reach[row] = given != nullptr ? p * given->reach[row] : p;
  }
}

Status compute_head(const CalibrationPlan& plan, std::size_t h, Frame* frame,
                    std::span<HeadColumns> columns) {
  const Head& head = plan.heads[h];
  HeadColumns& own = columns[h];
  own.logit = frame->logits[h];
  GUARDRANK_TRY(frame->arena().make(own.logit.size(), &own.probability));
  if (head.kind == HeadKind::log_amount) {
    for (std::size_t row = 0; row < own.logit.size(); ++row) {
      own.probability[row] = expected_amount(head, static_cast<double>(own.logit[row]));
    }
    return Status::ok;
  }
  GUARDRANK_TRY(frame->arena().make(own.logit.size(), &own.corrected));
  GUARDRANK_TRY(frame->arena().make(own.logit.size(), &own.reach));
  const SegmentCalibrator* segment;
  GUARDRANK_TRY(find_segment(head, plan.facts[h].segment, frame, &segment));
  compute_probability(head, segment, head.given == no_head ? nullptr : &columns[head.given], &own);
  return Status::ok;
}

// The logit says it all but for what a calibrator or the exponential then overflows on.
bool is_usable(const HeadColumns& columns, std::size_t row) {
  return is_finite(static_cast<double>(columns.logit[row])) && is_finite(columns.probability[row]);
}

Status exclude(std::uint32_t candidate, std::span<const HeadColumns> columns, std::size_t row,
               ExclusionList* exclusions) {
  GUARDRANK_TRY(exclusions->begin(candidate, ExclusionStage::value));
  for (std::uint32_t h = 0; h < columns.size(); ++h) {
    if (is_usable(columns[h], row)) continue;
    GUARDRANK_TRY(exclusions->add({ReasonKind::probability, ReasonValue::not_finite, h}));
  }
  return Status::ok;
}

// Rows whose every head is usable; the others go to `exclusions`.
Status find_kept(std::span<const HeadColumns> columns, Frame* frame, ExclusionList* exclusions,
                 std::span<std::uint32_t>* kept) {
  GUARDRANK_TRY(frame->arena().make(frame->n_rows(), kept));
  std::size_t n_kept = 0;
  for (std::uint32_t row = 0; row < frame->n_rows(); ++row) {
    bool is_kept = true;
    for (const HeadColumns& head : columns) is_kept = is_kept && is_usable(head, row);
    if (is_kept) {
      (*kept)[n_kept++] = row;
    } else {
      GUARDRANK_TRY(exclude(frame->rows()[row], columns, row, exclusions));
    }
  }
  *kept = kept->first(n_kept);
  return Status::ok;
}

// In place: `kept` is ascending, so no value is overwritten before it is read.
template <typename T>
void compact(std::span<const std::uint32_t> kept, std::span<T>* values) {
  if (values->empty()) return;
  for (std::size_t i = 0; i < kept.size(); ++i) (*values)[i] = (*values)[kept[i]];
  *values = values->first(kept.size());
}

Status drop_unusable(std::span<HeadColumns> columns, Frame* frame, ExclusionList* exclusions) {
  std::span<std::uint32_t> kept;
  GUARDRANK_TRY(find_kept(columns, frame, exclusions, &kept));
  if (kept.size() == frame->n_rows()) return Status::ok;
  const std::span<std::span<float>> logits = frame->logits;  // `keep` forgets them
  GUARDRANK_TRY(frame->keep(kept));
  frame->logits = logits;
  for (std::size_t h = 0; h < columns.size(); ++h) {
    compact(kept, &columns[h].logit);
    compact(kept, &columns[h].corrected);
    compact(kept, &columns[h].probability);
    compact(kept, &columns[h].reach);
    frame->logits[h] = columns[h].logit;
  }
  return Status::ok;
}

void set_numbers(std::uint32_t fact, std::span<const double> numbers, Frame* frame) {
  if (fact == no_fact) return;
  Column column;
  column.type = FactType::f64;
  column.n_rows = static_cast<std::uint32_t>(numbers.size());
  column.numbers = numbers.data();
  frame->set_column(fact, column);
}

}  // namespace

void set_outcomes(const CalibrationPlan& plan, std::span<const HeadOutcome> outcomes,
                  Frame* frame) {
  for (std::size_t h = 0; h < outcomes.size(); ++h) {
    set_numbers(plan.facts[h].probability, outcomes[h].probability, frame);
    set_numbers(plan.facts[h].reach, outcomes[h].reach, frame);
    set_numbers(plan.facts[h].value, outcomes[h].probability, frame);
  }
}

Status apply_calibration(const CalibrationPlan& plan, Frame* frame, ExclusionList* exclusions,
                         std::span<HeadOutcome>* outcomes) {
  if (frame->logits.size() != plan.heads.size()) return Status::internal;
  std::span<HeadColumns> columns;
  GUARDRANK_TRY(frame->arena().make(plan.heads.size(), &columns));
  for (std::size_t h = 0; h < columns.size(); ++h) {
    if (frame->logits[h].size() != frame->n_rows()) return Status::internal;
    GUARDRANK_TRY(compute_head(plan, h, frame, columns));
  }
  GUARDRANK_TRY(drop_unusable(columns, frame, exclusions));
  GUARDRANK_TRY(frame->arena().make(columns.size(), outcomes));
  for (std::size_t h = 0; h < columns.size(); ++h) {
    const HeadColumns& head = columns[h];
    (*outcomes)[h] = {head.logit, head.corrected, head.probability, head.reach};
  }
  set_outcomes(plan, *outcomes, frame);
  return Status::ok;
}

}  // namespace guardrank
