// A program while it runs: a lane per register over the rows of a level, memory for what is made,
// and the steps that are left.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/expr/program.h"

namespace guardrank {

inline constexpr std::uint8_t state_value = static_cast<std::uint8_t>(RowState::value);
inline constexpr std::uint8_t state_unknown = static_cast<std::uint8_t>(RowState::unknown);
inline constexpr std::uint8_t state_error = static_cast<std::uint8_t>(RowState::error);

// Of two operands: unknown goes before error, error before a value.
constexpr std::uint8_t joined(std::uint8_t left, std::uint8_t right) {
  const unsigned both = unsigned{left} | right;
  return static_cast<std::uint8_t>((both & state_unknown) != 0 ? state_unknown : both);
}
static_assert(state_value == 0 && state_unknown == 1 && state_error == 2);

// Rows that run at a time, at most.
inline constexpr std::uint32_t longest_tile = 256;
inline constexpr std::uint8_t no_states[longest_tile] = {};

// The texts of row i's list are texts[offsets[i]] up to texts[offsets[i + 1]].
struct FlatLists {
  const std::string_view* texts = nullptr;
  const std::uint32_t* offsets = nullptr;        // null: the lists do not stand like this
};

// Values of one register: a view, and memory of its own for operations that write. By type: a byte
// for bool, 8 bytes for int, uint and double, a string_view, else an ExprValue.
// A row whose state is not `value` holds some value all the same, so that loops need not branch.
struct Lane {
  const void* values = nullptr;
  const std::uint8_t* states = nullptr;          // null: every row has a value
  const std::uint32_t* missing = nullptr;        // fact ordinal where unknown
  const EvalProblem* problems = nullptr;         // where error
  ExprType type = ExprType::null;
  bool is_uniform = false;                       // one value in all rows, for certain
  FlatLists flat;                                // what a column's lists are made of

  void* own_values = nullptr;
  std::uint8_t* own_states = nullptr;
  std::uint32_t* own_missing = nullptr;
  EvalProblem* own_problems = nullptr;

  template <typename T>
  const T* read() const { return static_cast<const T*>(values); }
  // Own memory for new values; all rows count as values until states are published.
  template <typename T>
  T* write() {
    values = own_values;
    states = nullptr;
    return static_cast<T*>(own_values);
  }
  // One byte per row, all `value` where it has no states.
  const std::uint8_t* states_or_none() const { return states == nullptr ? no_states : states; }
  std::uint8_t state(std::uint32_t row) const { return states == nullptr ? 0 : states[row]; }
  void publish_states() {
    states = own_states;
    missing = own_missing;
    problems = own_problems;
  }
};

std::size_t value_bytes(ExprType type);
ExprValue value_at(const Lane& lane, std::uint32_t row);
// Writes to the lane's own memory. A value of another type than the lane's is no_overload.
EvalProblem store_value(const ExprValue& value, std::uint32_t row, Lane* lane);
// Takes over the state of one row of an operand that is no value.
void copy_state(const Lane& from, std::uint32_t from_row, std::uint32_t row, Lane* to);
// The states of `from` for rows that have none of their own; what is not theirs is never read.
void take_states(const Lane& from, std::uint32_t n_rows, Lane* to);
// out[i] = from[rows[i]], or the first of `from` for all where `rows` is null.
void copy_values(const void* from, const std::uint32_t* rows, ExprType type, std::uint32_t n_rows,
                 void* out);
// Values and states, likewise.
void copy_rows(const Lane& from, const std::uint32_t* rows, std::uint32_t n_rows, Lane* to);

// Facts and problems of the rows whose own states, already written, are no value: from the first
// operand of that state, else they are the target's own. Publishes.
void name_causes(const Lane& left, const Lane& right, std::uint32_t n_rows, Lane* target);
// The states of a strict operation's rows: unknown if an operand is (the left one's fact first),
// else the left or right error, else its own problem, else a value. Own problems were written for
// all rows if `has_problems`. `right` may be null.
void settle(const Lane& left, const Lane* right, std::uint32_t n_rows, bool has_problems,
            Lane* target);

// Memory for texts, lists and maps: from the request's arena, kept for the next evaluation.
class ValueHeap {
 public:
  ValueHeap(Arena* arena, std::span<std::byte>* chunk) : arena_(*arena), chunk_(*chunk) {}

  // Null where there is no more; `status` then says why.
  void* take(std::size_t bytes);
  template <typename T>
  T* take_array(std::size_t count) { return static_cast<T*>(take(count * sizeof(T))); }
  Status status() const { return status_; }

  struct Mark {
    const std::byte* chunk;
    std::size_t used;
  };
  Mark mark() const { return {chunk_.data(), used_}; }
  void rewind(const Mark& mark) { used_ = mark.chunk == chunk_.data() ? mark.used : 0; }

 private:
  Arena& arena_;
  std::span<std::byte>& chunk_;
  std::size_t used_ = 0, taken_ = 0;
  Status status_ = Status::ok;
};

// What a macro keeps for its level.
struct ElementRows {
  std::uint32_t* parents = nullptr;   // row in the level above, by row
  std::uint32_t* roots = nullptr;     // row whose steps are counted, by row
};

struct Machine {
  const Program* program = nullptr;
  std::span<Lane> lanes;
  std::span<Column> columns;              // by Operation::load
  std::span<ElementRows> elements;        // by level
  ExprValue* arguments = nullptr;         // operands of one operation in one row
  bool counts_steps = true;               // else no row can take too many
  std::uint64_t* steps_left = nullptr;    // by row of the tile
  std::uint64_t all_steps_left = 0;
  std::uint32_t element_rows = 0;         // that a macro's level holds at a time
  ValueHeap* heap = nullptr;
  Status status = Status::ok;             // fails the whole evaluation
  // The rows that run now.
  std::uint32_t first_row = 0, n_rows = 0;
  const std::uint32_t* parents = nullptr;
  const std::uint32_t* roots = nullptr;

  const Lane& lane(std::uint32_t ordinal) const { return lanes[ordinal]; }
  // Counts steps of a row; false when it has none left.
  bool charge(std::uint32_t row, std::uint64_t steps) {
    if (!counts_steps) return true;
    std::uint64_t& left = steps_left[roots == nullptr ? row : roots[row]];
    if (steps > left || steps > all_steps_left) return charge_the_last(&left, steps);
    left -= steps;
    all_steps_left -= steps;
    return true;
  }
  // Memory for a row, counted; null when there is none left.
  void* take(std::uint32_t row, std::size_t bytes);
  // The widenings or the operations of a level, over the rows that are set.
  void run(std::uint32_t first_operation, std::uint32_t n_operations);

 private:
  bool charge_the_last(std::uint64_t* left, std::uint64_t steps);
};

// The kernels, one file per kind.
void constant_kernel(const Operation&, Machine&);
void failure_kernel(const Operation&, Machine&);
void load_kernel(const Operation&, Machine&);
void has_fact_kernel(const Operation&, Machine&);
void widen_kernel(const Operation&, Machine&);
void generic_kernel(const Operation&, Machine&);
void macro_kernel(const Operation&, Machine&);
// By code; null where it is none of theirs.
Kernel arithmetic_kernel(OpCode code);
Kernel comparison_kernel(OpCode code);
Kernel logic_kernel(OpCode code);
Kernel membership_kernel(OpCode code);
Kernel text_kernel(OpCode code);
Kernel find_kernel(OpCode code);

}  // namespace guardrank
