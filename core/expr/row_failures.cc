#include "core/expr/row_failures.h"

namespace guardrank {

Reason reason_of(ReasonKind kind, std::uint32_t index, const EvaluatedColumn& column,
                 std::uint32_t row) {
  Reason reason;
  reason.kind = kind;
  reason.index = index;
  switch (column.state(row)) {
    case RowState::value: reason.value = ReasonValue::is_false; break;
    case RowState::error:
      reason.value = ReasonValue::error;
      reason.problem = static_cast<std::uint8_t>(column.problems[column.row_of(row)]);
      break;
    case RowState::unknown:
      reason.value = ReasonValue::unknown;
      reason.missing_fact = column.missing[column.row_of(row)];
      break;
  }
  return reason;
}

Status RowFailures::open() {
  GUARDRANK_TRY(frame_.arena().make(frame_.n_rows(), &first_));
  return frame_.arena().make(frame_.n_rows(), &last_);
}

Status RowFailures::add(std::uint32_t row, const Reason& reason) {
  constexpr std::size_t failures_per_block = 128;
  if (block_.empty()) GUARDRANK_TRY(frame_.arena().make(failures_per_block, &block_));
  Failure* failure = &block_[0];
  block_ = block_.subspan(1);
  failure->reason = reason;
  (last_[row] == nullptr ? first_[row] : last_[row]->next) = failure;
  last_[row] = failure;
  return Status::ok;
}

Status RowFailures::apply(ExclusionStage stage, ExclusionList* exclusions,
                          std::span<const std::uint32_t>* kept) {
  std::span<std::uint32_t> rows;
  GUARDRANK_TRY(frame_.arena().make_uninitialised(frame_.n_rows(), &rows));
  std::size_t n_kept = 0;
  for (std::uint32_t row = 0; row < frame_.n_rows(); ++row) {
    if (!has_failed(row)) {
      rows[n_kept++] = row;
      continue;
    }
    GUARDRANK_TRY(exclusions->begin(frame_.rows()[row], stage));
    for (const Failure* failure = first_[row]; failure != nullptr; failure = failure->next)
      GUARDRANK_TRY(exclusions->add(failure->reason));
  }
  *kept = rows.subspan(0, n_kept);
  return n_kept == rows.size() ? Status::ok : frame_.keep(*kept);
}

}  // namespace guardrank
