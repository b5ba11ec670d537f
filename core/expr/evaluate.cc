// Runs a program: context operations once, then the others tile by tile, so that registers stay
// small and in the processor's cache whatever the number of candidates.
#include <algorithm>
#include <new>

#include "core/expr/registers.h"

namespace guardrank {
namespace {

constexpr std::uint32_t longest_tile = 512, shortest_tile = 32;
constexpr std::uint32_t tile_cells = 1u << 14;   // registers times rows, about

// Sums up what is needed first and hands it out afterwards, in the same order.
class Layout {
 public:
  explicit Layout(std::byte* base) : base_(base) {}

  template <typename T>
  T* take(std::size_t count) {
    constexpr std::size_t alignment = 64;
    T* place = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += (count * sizeof(T) + alignment - 1) / alignment * alignment;
    return place;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

std::size_t value_bytes(ExprType type) {
  switch (type) {
    case ExprType::boolean: case ExprType::null: return 1;
    case ExprType::string: return sizeof(std::string_view);
    default: return 8;
  }
}

struct Run {
  const Program* program = nullptr;
  std::uint32_t n_rows = 0, tile_rows = 0;
  std::span<Lane> lanes;
  std::span<Column> columns;
  std::byte* values = nullptr;                  // of the result, when it varies
  std::uint8_t* states = nullptr;
  std::uint32_t* missing = nullptr;
  EvalProblem* problems = nullptr;
  bool has_states = false;

  bool varies() const { return program->result >= program->n_context_registers; }
};

std::uint32_t choose_tile(const Program& program, std::uint32_t n_rows) {
  const std::uint32_t wide = tile_cells / (program.n_registers + 1);
  const std::uint32_t tile = std::max(shortest_tile, std::min(longest_tile, wide / 8 * 8));
  return std::max(std::min(tile, n_rows), 1u);
}

// Lays all of a run's memory out from `base`; with a null base only counts. Returns the bytes.
std::size_t lay_out(std::byte* base, Run* run) {
  const Program& program = *run->program;
  Layout layout(base);
  Lane* lanes = layout.take<Lane>(program.n_registers);
  Column* columns = layout.take<Column>(program.n_loads);
  for (std::uint32_t i = 0; i < program.n_registers; ++i) {
    const std::size_t rows = i < program.n_context_registers ? 1 : run->tile_rows;
    Lane lane;
    lane.own_values = layout.take<std::byte>(rows * register_row_bytes);
    lane.own_states = layout.take<std::uint8_t>(rows);
    lane.own_missing = layout.take<std::uint32_t>(rows);
    lane.own_problems = layout.take<EvalProblem>(rows);
    if (base != nullptr) ::new (static_cast<void*>(lanes + i)) Lane(lane);
  }
  const std::size_t rows = run->varies() ? run->n_rows : 0;
  run->values = layout.take<std::byte>(rows * value_bytes(program.type));
  run->states = layout.take<std::uint8_t>(rows);
  run->missing = layout.take<std::uint32_t>(rows);
  run->problems = layout.take<EvalProblem>(rows);
  if (base == nullptr) return layout.used();
  for (std::uint32_t i = 0; i < program.n_loads; ++i)
    ::new (static_cast<void*>(columns + i)) Column();
  run->lanes = {lanes, program.n_registers};
  run->columns = {columns, program.n_loads};
  return layout.used();
}

Status provide_memory(Frame* frame, EvaluationMemory* memory, Run* run) {
  const std::size_t needed = lay_out(nullptr, run);
  if (memory->bytes.size() < needed) {
    // A quarter more, so that programs that grow slowly do not each leave a block behind.
    memory->bytes = {};
    GUARDRANK_TRY(frame->arena().make_uninitialised(needed + needed / 4, &memory->bytes));
  }
  lay_out(memory->bytes.data(), run);
  return Status::ok;
}

bool holds(const Column& column, ExprType type) {
  if (column.n_rows == 0) return true;   // nothing there: nothing to read
  switch (column.type) {
    case FactType::f64: return type == ExprType::number;
    case FactType::i64: return type == ExprType::integer;
    case FactType::boolean: return type == ExprType::boolean;
    case FactType::string: return type == ExprType::string;
    case FactType::timestamp: return type == ExprType::timestamp;
    case FactType::string_list: return type == ExprType::string_list;
    case FactType::f32_vector: break;
  }
  return false;
}

Status fetch_columns(Frame* frame, const Run& run) {
  for (const Operation& operation : run.program->operations) {
    if (operation.code != OpCode::load && operation.code != OpCode::has_fact) continue;
    Column& column = run.columns[operation.load];
    GUARDRANK_TRY(frame->column(operation.fact, &column));
    if (operation.code == OpCode::load && !holds(column, operation.type)) return Status::internal;
    if (column.n_rows > 1 && column.n_rows != run.n_rows) return Status::internal;
  }
  return Status::ok;
}

void run_operations(std::span<const Operation> operations, std::uint32_t first_row,
                    std::uint32_t n_rows, const Run& run) {
  const Tile tile{run.columns, first_row, n_rows};
  for (const Operation& operation : operations)
    find_kernel(operation.code)(operation, tile, run.lanes);
}

// Appends the tile's result; states are written from the first tile on that has any.
void collect(std::uint32_t first_row, std::uint32_t n_rows, Run* run) {
  const Lane& lane = run->lanes[run->program->result];
  const std::size_t width = value_bytes(run->program->type);
  __builtin_memcpy(run->values + first_row * width, lane.values, n_rows * width);
  if (lane.states == nullptr && !run->has_states) return;
  if (!run->has_states) __builtin_memset(run->states, state_value, first_row);
  run->has_states = true;
  if (lane.states == nullptr) {
    __builtin_memset(run->states + first_row, state_value, n_rows);
    return;
  }
  for (std::uint32_t i = 0; i < n_rows; ++i) {
    run->states[first_row + i] = lane.states[i];
    run->missing[first_row + i] = lane.states[i] == state_unknown ? lane.missing[i] : no_fact;
    run->problems[first_row + i] =
        lane.states[i] == state_error ? lane.problems[i] : EvalProblem::none;
  }
}

void publish(const void* values, EvaluatedColumn* result) {
  switch (result->type) {
    case ExprType::boolean:
    case ExprType::null: result->booleans = static_cast<const std::uint8_t*>(values); break;
    case ExprType::number: result->numbers = static_cast<const double*>(values); break;
    case ExprType::string: result->strings = static_cast<const std::string_view*>(values); break;
    default: result->integers = static_cast<const std::int64_t*>(values); break;
  }
}

void run_rows(std::span<const Operation> operations, Run* run) {
  const Program& program = *run->program;
  run_operations(operations.subspan(program.n_context_operations, program.n_broadcasts), 0,
                 run->tile_rows, *run);
  const auto by_row = operations.subspan(program.n_context_operations + program.n_broadcasts);
  for (std::uint32_t first = 0; first < run->n_rows; first += run->tile_rows) {
    const std::uint32_t n_rows = std::min(run->tile_rows, run->n_rows - first);
    run_operations(by_row, first, n_rows, *run);
    collect(first, n_rows, run);
  }
}

}  // namespace

Status evaluate(const Program& program, Frame* frame, EvaluationMemory* memory,
                EvaluatedColumn* result) {
  *result = {};
  result->type = program.type;
  Run run;
  run.program = &program;
  run.n_rows = frame->n_rows();
  run.tile_rows = choose_tile(program, run.n_rows);
  GUARDRANK_TRY(provide_memory(frame, memory, &run));
  GUARDRANK_TRY(fetch_columns(frame, run));
  run_operations(program.operations.subspan(0, program.n_context_operations), 0, 1, run);
  if (!run.varies()) {
    const Lane& lane = run.lanes[program.result];
    result->n_rows = 1;
    result->states = lane.states;
    result->missing = lane.missing;
    result->problems = lane.problems;
    publish(lane.values, result);
    return Status::ok;
  }
  run_rows(program.operations, &run);
  result->n_rows = run.n_rows;
  if (run.has_states) {
    result->states = run.states;
    result->missing = run.missing;
    result->problems = run.problems;
  }
  publish(run.values, result);
  return Status::ok;
}

Status evaluate(const Program& program, Frame* frame, EvaluatedColumn* result) {
  EvaluationMemory memory;
  return evaluate(program, frame, &memory, result);
}

}  // namespace guardrank
