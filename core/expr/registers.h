// Registers while a program runs: a lane per register, over the rows of one tile.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/program.h"

namespace guardrank {

using StringList = std::span<const std::string_view>;   // one row's value of a list

// Values of one register: a view, and memory of its own for operations that write.
// A row whose state is not `value` holds some value all the same, so that loops need not branch.
struct Lane {
  const void* values = nullptr;
  const std::uint8_t* states = nullptr;          // null: every row has a value
  const std::uint32_t* missing = nullptr;        // fact ordinal where unknown
  const EvalProblem* problems = nullptr;         // where error

  void* own_values = nullptr;
  std::uint8_t* own_states = nullptr;
  std::uint32_t* own_missing = nullptr;
  EvalProblem* own_problems = nullptr;

  template <typename T>
  const T* read() const { return static_cast<const T*>(values); }
  // Own memory for new values; all rows count as values until `settle`.
  template <typename T>
  T* write() {
    values = own_values;
    states = nullptr;
    return static_cast<T*>(own_values);
  }
  std::uint8_t state(std::uint32_t row) const { return states == nullptr ? 0 : states[row]; }
};

// The rows that operations run over now. `columns` by Operation::load.
struct Tile {
  std::span<const Column> columns;
  std::uint32_t first_row = 0, n_rows = 0;
};

using Kernel = void (*)(const Operation&, const Tile&, std::span<Lane> lanes);
// By OpCode.
Kernel find_kernel(OpCode code);

inline constexpr std::uint8_t state_value = static_cast<std::uint8_t>(RowState::value);
inline constexpr std::uint8_t state_unknown = static_cast<std::uint8_t>(RowState::unknown);
inline constexpr std::uint8_t state_error = static_cast<std::uint8_t>(RowState::error);

// Takes over the state of one row of an operand that is no value.
inline void copy_state(const Lane& from, std::uint32_t row, Lane* to) {
  to->own_states[row] = from.states[row];
  if (from.states[row] == state_unknown) to->own_missing[row] = from.missing[row];
  else to->own_problems[row] = from.problems[row];
}

// The states of a strict operation's rows: unknown if an operand is (the left one's fact first),
// else the left or right error, else its own problem, else a value. Own problems were written for
// all rows if `has_problems`. `right` may be null.
void settle(const Lane& left, const Lane* right, std::uint32_t n_rows, bool has_problems,
            Lane* target);

// The kernels, one file per kind.
void constant_kernel(const Operation&, const Tile&, std::span<Lane>);
void load_kernel(const Operation&, const Tile&, std::span<Lane>);
void has_fact_kernel(const Operation&, const Tile&, std::span<Lane>);
void broadcast_kernel(const Operation&, const Tile&, std::span<Lane>);

Kernel arithmetic_kernel(OpCode code);
Kernel comparison_kernel(OpCode code);
Kernel logic_kernel(OpCode code);
Kernel membership_kernel(OpCode code);

}  // namespace guardrank
