// Runs a program: context operations once, then the others tile by tile, so that registers stay
// small and in the processor's cache whatever the number of candidates.
#include <algorithm>
#include <new>

#include "core/base/limits.h"
#include "core/expr/machine.h"

namespace guardrank {
namespace {

constexpr std::uint32_t shortest_tile = 32;
constexpr std::uint32_t tile_cells = 1u << 14;   // registers times rows, about

// Sums up what is needed first and hands it out afterwards, in the same order.
class Layout {
 public:
  explicit Layout(std::byte* base) : base_(base) {}

  template <typename T>
  T* take(std::size_t count) {
    constexpr std::size_t alignment = 16;
    T* place = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += (count * sizeof(T) + alignment - 1) / alignment * alignment;
    return place;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

struct Run {
  const Program* program = nullptr;
  std::uint32_t n_rows = 0, tile_rows = 0;
  Machine machine;
  std::byte* values = nullptr;                  // of the result, when it varies
  std::uint8_t* states = nullptr;
  std::uint32_t* missing = nullptr;
  EvalProblem* problems = nullptr;
  bool has_states = false;
};

std::uint32_t choose_tile(const Program& program) {
  const std::uint32_t wide = tile_cells / (program.n_registers + 1);
  return std::max(shortest_tile, std::min(longest_tile, wide / 8 * 8));
}

std::uint32_t rows_of(const Run& run, std::uint32_t level) {
  if (level == context_level) return 1;
  return level == row_level ? run.tile_rows : run.machine.element_rows;
}

// A lane's own arrays, one after the other; the widest first, so that each is aligned.
constexpr std::size_t lane_row_bytes =
    register_row_bytes + sizeof(std::uint32_t) + sizeof(std::uint8_t) + sizeof(EvalProblem);

void open_lane(std::byte* memory, std::size_t rows, Lane* place) {
  Lane* lane = ::new (static_cast<void*>(place)) Lane();
  lane->own_values = memory;
  memory += rows * register_row_bytes;
  lane->own_missing = reinterpret_cast<std::uint32_t*>(memory);
  memory += rows * sizeof(std::uint32_t);
  lane->own_states = reinterpret_cast<std::uint8_t*>(memory);
  lane->own_problems = reinterpret_cast<EvalProblem*>(memory + rows);
}

// A level's lanes, and what its macro keeps.
void lay_out_level(std::uint32_t level, const Run& run, bool is_real, Layout* layout,
                   ElementRows* elements, Lane* lanes) {
  const std::size_t rows = (std::size_t{rows_of(run, level)} + 15) / 16 * 16;
  const ProgramLevel& laid = run.program->levels[level];
  ElementRows made;
  if (level >= first_macro_level) {
    made.parents = layout->take<std::uint32_t>(rows);
    made.roots = layout->take<std::uint32_t>(rows);
  }
  const std::size_t bytes = rows * lane_row_bytes;
  std::byte* memory = layout->take<std::byte>(laid.n_registers * bytes);
  if (!is_real) return;
  ::new (static_cast<void*>(elements + level)) ElementRows(made);
  for (std::uint32_t i = 0; i < laid.n_registers; ++i)
    open_lane(memory + i * bytes, rows, lanes + laid.first_register + i);
}

// Lays all of a run's memory out from `base`; with a null base only counts. Returns the bytes.
std::size_t lay_out(std::byte* base, Run* run) {
  const Program& program = *run->program;
  Machine& machine = run->machine;
  Layout layout(base);
  const std::uint32_t n_levels = static_cast<std::uint32_t>(program.levels.size());
  Lane* lanes = layout.take<Lane>(program.n_registers);
  Column* columns = layout.take<Column>(program.n_loads);
  ElementRows* elements = layout.take<ElementRows>(n_levels);
  machine.arguments = layout.take<ExprValue>(program.n_arguments);
  machine.steps_left = layout.take<std::uint64_t>(run->tile_rows);
  for (std::uint32_t level = 0; level < n_levels; ++level)
    lay_out_level(level, *run, base != nullptr, &layout, elements, lanes);
  const std::size_t rows = program.varies ? run->n_rows : 0;
  run->values = layout.take<std::byte>(rows * value_bytes(program.type));
  run->states = layout.take<std::uint8_t>(rows);
  run->missing = layout.take<std::uint32_t>(rows);
  run->problems = layout.take<EvalProblem>(rows);
  if (base == nullptr) return layout.used();
  for (std::uint32_t i = 0; i < program.n_loads; ++i)
    ::new (static_cast<void*>(columns + i)) Column();
  machine.lanes = {lanes, program.n_registers};
  machine.columns = {columns, program.n_loads};
  machine.elements = {elements, n_levels};
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
    case FactType::string_list: return type == ExprType::list;
    case FactType::f32_vector: break;
  }
  return false;
}

Status fetch_columns(Frame* frame, const Run& run) {
  for (const Operation& operation : run.program->operations) {
    if (operation.code != OpCode::load && operation.code != OpCode::has_fact) continue;
    Column& column = run.machine.columns[operation.load];
    GUARDRANK_TRY(frame->column(operation.fact, &column));
    if (operation.code == OpCode::load && !holds(column, operation.type)) return Status::internal;
    if (column.n_rows > 1 && column.n_rows != run.n_rows) return Status::internal;
  }
  return Status::ok;
}

// Appends the tile's result; states are written from the first tile on that has any.
void collect(std::uint32_t first_row, std::uint32_t n_rows, Run* run) {
  const Lane& lane = run->machine.lanes[run->program->result];
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
    case ExprType::boolean: result->booleans = static_cast<const std::uint8_t*>(values); break;
    case ExprType::number: result->numbers = static_cast<const double*>(values); break;
    case ExprType::string: result->strings = static_cast<const std::string_view*>(values); break;
    case ExprType::integer: case ExprType::unsigned_integer:
      result->integers = static_cast<const std::int64_t*>(values);
      break;
    default: result->values = static_cast<const ExprValue*>(values); break;
  }
}

// Whether a limit may be reached: what a program costs at most is known, but for what it makes.
bool needs_counting(const Program& program, std::uint32_t n_rows) {
  return program.makes_values || program.cost > limits::evaluation_row_steps ||
         program.cost * n_rows > limits::evaluation_steps;
}

void open_rows(std::uint32_t first_row, std::uint32_t n_rows, Machine* machine) {
  machine->first_row = first_row;
  machine->n_rows = n_rows;
  if (!machine->counts_steps) return;
  for (std::uint32_t i = 0; i < n_rows; ++i)
    machine->steps_left[i] = limits::evaluation_row_steps;
}

// What a tile made is forgotten with it, unless the result looks into it.
void run_rows(Run* run) {
  const Program& program = *run->program;
  Machine& machine = run->machine;
  const ProgramLevel& level = program.levels[row_level];
  open_rows(0, run->tile_rows, &machine);
  machine.run(level.first_widening, level.n_widenings);
  const bool is_plain = value_bytes(program.type) <= 8 && program.type != ExprType::string;
  const ValueHeap::Mark mark = machine.heap->mark();
  for (std::uint32_t first = 0; first < run->n_rows && machine.status == Status::ok;
       first += run->tile_rows) {
    const std::uint32_t n_rows = std::min(run->tile_rows, run->n_rows - first);
    open_rows(first, n_rows, &machine);
    machine.run(level.first_operation, level.n_operations);
    if (machine.status == Status::ok) collect(first, n_rows, run);
    if (is_plain) machine.heap->rewind(mark);
  }
}

}  // namespace

Status evaluate(const Program& program, Frame* frame, EvaluationMemory* memory,
                EvaluatedColumn* result) {
  *result = {};
  result->type = program.type;
  Run run;
  Machine& machine = run.machine;
  ValueHeap heap(&frame->arena(), &memory->heap);
  machine.program = run.program = &program;
  machine.heap = &heap;
  machine.all_steps_left = limits::evaluation_steps;
  machine.element_rows = choose_tile(program);
  run.n_rows = frame->n_rows();
  machine.counts_steps = needs_counting(program, run.n_rows);
  run.tile_rows = std::max(std::min(machine.element_rows, run.n_rows), 1u);
  GUARDRANK_TRY(provide_memory(frame, memory, &run));
  GUARDRANK_TRY(fetch_columns(frame, run));
  open_rows(0, 1, &machine);
  machine.run(program.levels[context_level].first_operation,
              program.levels[context_level].n_operations);
  if (!program.varies) {
    const Lane& lane = machine.lanes[program.result];
    result->n_rows = 1;
    result->states = lane.states;
    result->missing = lane.missing;
    result->problems = lane.problems;
    publish(lane.values, result);
    return machine.status;
  }
  run_rows(&run);
  result->n_rows = run.n_rows;
  if (run.has_states) {
    result->states = run.states;
    result->missing = run.missing;
    result->problems = run.problems;
  }
  publish(run.values, result);
  return machine.status;
}

Status evaluate(const Program& program, Frame* frame, EvaluatedColumn* result) {
  EvaluationMemory memory;
  return evaluate(program, frame, &memory, result);
}

}  // namespace guardrank
