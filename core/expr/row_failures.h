// Which rows failed which expression: gathered expression by expression, handed out row by row.
#pragma once

#include <cstdint>
#include <span>

#include "core/expr/expression.h"
#include "core/frame/exclusion.h"

namespace guardrank {

// The state of a row that is no value, or a false one, as a reason.
Reason reason_of(ReasonKind kind, std::uint32_t index, const EvaluatedColumn& column,
                 std::uint32_t row);

// A boolean result that is true, and one that is false; an unknown or an error is neither.
inline bool is_true(const EvaluatedColumn& column, std::uint32_t row) {
  return column.state(row) == RowState::value && column.booleans[column.row_of(row)] != 0;
}
inline bool is_false(const EvaluatedColumn& column, std::uint32_t row) {
  return column.state(row) == RowState::value && column.booleans[column.row_of(row)] == 0;
}

// In the frame's arena. A row's reasons keep the order in which they were added.
class RowFailures {
 public:
  explicit RowFailures(Frame* frame) : frame_(*frame) {}

  Status open();
  Status add(std::uint32_t row, const Reason& reason);
  bool has_failed(std::uint32_t row) const { return first_[row] != nullptr; }

  // Excludes the rows that failed, ascending, and keeps the others in the frame. `kept`: the rows
  // kept, as indices before.
  Status apply(ExclusionStage stage, ExclusionList* exclusions,
               std::span<const std::uint32_t>* kept);

 private:
  struct Failure {
    Reason reason;
    Failure* next = nullptr;
  };

  Frame& frame_;
  std::span<Failure*> first_, last_;   // by row
  std::span<Failure> block_;           // room for the next ones
};

}  // namespace guardrank
