// all, exists, exists_one, map and filter: the elements of the rows' lists become the rows of a
// level of their own, a chunk at a time, and what the body gives for them is taken together again.
#include <algorithm>

#include "core/expr/flat_lists.h"

namespace guardrank {
namespace {

class MacroRun {
 public:
  MacroRun(const Operation& operation, Machine& machine)
      : operation_(operation), machine_(machine), level_(machine.program->levels[operation.level]),
        rows_(machine.elements[operation.level]), target_(machine.lanes[operation.target]),
        outer_n_rows_(machine.n_rows), outer_first_row_(machine.first_row),
        outer_parents_(machine.parents), outer_roots_(machine.roots) {}

  void run() {
    open();
    const Lane& range = machine_.lanes[operation_.left];
    if (!is_flat(range) || !run_flat(range.flat)) gather(range);
    if (operation_.macro == Macro::exists_one)
      for (std::uint32_t row = 0; row < outer_n_rows_; ++row) holds_[row] = holds_[row] == 1;
    if (has_failures_) target_.publish_states();
  }

 private:
  bool makes_list() const {
    return operation_.macro == Macro::map || operation_.macro == Macro::filter;
  }
  bool absorbs() const {
    return operation_.macro == Macro::all || operation_.macro == Macro::exists;
  }
  std::uint8_t deciding() const { return operation_.macro == Macro::all ? 0 : 1; }

  void open() {
    machine_.lanes[level_.element].type = level_.element_type;
    __builtin_memset(target_.own_states, state_value, outer_n_rows_);
    if (makes_list()) {
      lists_ = target_.write<ExprValue>();
      for (std::uint32_t row = 0; row < outer_n_rows_; ++row)
        lists_[row] = ExprValue::of_list(nullptr, 0);
    } else {
      holds_ = target_.write<std::uint8_t>();
      __builtin_memset(holds_, operation_.macro == Macro::all ? 1 : 0, outer_n_rows_);
    }
  }

  // Whether elements may run as they stand: nothing else that the body reads differs by row. Where
  // lists are long, elements that come after a deciding one are better left out.
  bool is_flat(const Lane& range) const {
    constexpr std::uint32_t short_size = 16;
    const FlatLists& lists = range.flat;
    if (lists.offsets == nullptr || !absorbs() || machine_.counts_steps ||
        level_.element_type != ExprType::string ||
        lists.offsets[outer_n_rows_] - lists.offsets[0] > short_size * outer_n_rows_)
      return false;
    for (const Operation& operation : widenings())
      if (operation.code == OpCode::widen && !machine_.lanes[operation.left].is_uniform)
        return false;
    return true;
  }

  // Lists that stand one after the other need no copies of their elements. False where an element
  // gives no value: whatever was decided stays so.
  bool run_flat(const FlatLists& lists) {
    Lane& lane = machine_.lanes[level_.element];
    const Lane& test = machine_.lanes[operation_.right];
    FlatRows rows(lists, outer_n_rows_, machine_.element_rows, holds_);
    machine_.first_row = 0;
    machine_.parents = nullptr;
    bool has_values = true;
    for (bool is_first = true; rows.n_elements() != 0 && has_values; is_first = false) {
      lane.values = rows.elements();
      lane.states = nullptr;
      machine_.n_rows = rows.n_elements();
      if (is_first) machine_.run(level_.first_widening, level_.n_widenings);
      machine_.run(level_.first_operation, level_.n_operations);
      has_values = machine_.status == Status::ok && test.states == nullptr;
      if (has_values) rows.find(test.read<std::uint8_t>(), deciding());
    }
    go_up();
    return has_values;
  }

  std::span<const Operation> widenings() const {
    return machine_.program->operations.subspan(level_.first_widening, level_.n_widenings);
  }

  // Back to the rows of the level above.
  void go_up() {
    machine_.n_rows = outer_n_rows_;
    machine_.first_row = outer_first_row_;
    machine_.parents = outer_parents_;
    machine_.roots = outer_roots_;
  }

  void gather(const Lane& range) {
    const bool holds_values = value_bytes(range.type) == sizeof(ExprValue) &&
                              range.type != ExprType::string;
    for (std::uint32_t row = 0; row < outer_n_rows_ && machine_.status == Status::ok; ++row) {
      if (range.state(row) != state_value) spoil(range, row, row);
      else if (holds_values) add_row(row, range.read<ExprValue>()[row]);
      else fail(row, EvalProblem::no_overload);
    }
    flush();
  }

  void fail(std::uint32_t row, EvalProblem problem) {
    target_.own_states[row] = state_error;
    target_.own_problems[row] = problem;
    has_failures_ = true;
  }

  void add_row(std::uint32_t row, const ExprValue& range) {
    if (range.kind != ExprType::list && range.kind != ExprType::map)
      return fail(row, EvalProblem::no_overload);
    const std::uint64_t steps_per_element = level_.n_widenings + level_.n_operations + 1;
    if (!machine_.charge(row, range.size * steps_per_element)) return fail(row, EvalProblem::limit);
    if (makes_list() && range.size > 0) {
      lists_[row].elements =
          static_cast<ExprValue*>(machine_.take(row, range.size * sizeof(ExprValue)));
      if (lists_[row].elements == nullptr) return fail(row, EvalProblem::limit);
    }
    // What is decided when a chunk has run needs no further elements.
    for (std::uint32_t i = 0; i < range.size && (i == 0 || !is_decided(row));)
      i += add_elements(row, range, i);
  }

  bool is_decided(std::uint32_t row) const {
    return machine_.status != Status::ok ||
           (absorbs() && target_.own_states[row] == state_value && holds_[row] == deciding());
  }

  // As many from `first` on as the chunk has room for.
  std::uint32_t add_elements(std::uint32_t row, const ExprValue& range, std::uint32_t first) {
    Lane& lane = machine_.lanes[level_.element];
    if (n_elements_ == 0) {
      lane.write<std::byte>();
      __builtin_memset(lane.own_states, state_value, machine_.element_rows);
    }
    const std::uint32_t n = std::min(range.size - first, machine_.element_rows - n_elements_);
    for (std::uint32_t i = 0; i < n; ++i) {
      rows_.parents[n_elements_ + i] = row;
      add_value(element_of(range, first + i), n_elements_ + i, &lane);
    }
    if (outer_roots_ != nullptr)
      for (std::uint32_t i = 0; i < n; ++i) rows_.roots[n_elements_ + i] = outer_roots_[row];
    n_elements_ += n;
    if (n_elements_ == machine_.element_rows) flush();
    return n;
  }

  static void add_value(const ExprValue& element, std::uint32_t at, Lane* lane) {
    const EvalProblem problem = store_value(element, at, lane);
    if (problem == EvalProblem::none) return;
    lane->own_states[at] = state_error;
    lane->own_problems[at] = problem;
    lane->publish_states();
  }

  // Runs the body over the elements gathered so far.
  void flush() {
    if (n_elements_ == 0) return;
    machine_.first_row = 0;
    machine_.n_rows = n_elements_;
    machine_.parents = rows_.parents;
    machine_.roots = outer_roots_ == nullptr ? rows_.parents : rows_.roots;
    machine_.run(level_.first_widening, level_.n_widenings);
    machine_.run(level_.first_operation, level_.n_operations);
    if (machine_.status == Status::ok) take_elements();
    go_up();
    n_elements_ = 0;
  }

  void take_elements() {
    const bool has_test = operation_.right != no_register;
    const Lane* test = has_test ? &machine_.lanes[operation_.right] : nullptr;
    if (absorbs() && test->states == nullptr && !has_failures_) return absorb_all(*test);
    for (std::uint32_t i = 0; i < n_elements_; ++i) {
      if (absorbs()) absorb(*test, i, rows_.parents[i]);
      else take_element(test, i, rows_.parents[i]);
    }
  }

  // No row or element has anything but a value.
  void absorb_all(const Lane& test) {
    const std::uint8_t* bools = test.read<std::uint8_t>();
    const std::uint32_t* parents = rows_.parents;
    if (deciding() == 0)
      for (std::uint32_t i = 0; i < n_elements_; ++i) holds_[parents[i]] &= bools[i];
    else
      for (std::uint32_t i = 0; i < n_elements_; ++i) holds_[parents[i]] |= bools[i];
  }

  void take_element(const Lane* test, std::uint32_t element, std::uint32_t row) {
    if (test != nullptr && test->state(element) != state_value) return spoil(*test, element, row);
    if (test != nullptr && test->read<std::uint8_t>()[element] == 0) return;
    if (target_.own_states[row] != state_value) return;
    if (operation_.macro == Macro::exists_one) {
      holds_[row] = holds_[row] == 0 ? 1 : 2;   // more than one is as many as two
      return;
    }
    const std::uint32_t made =
        operation_.third != no_register ? operation_.third : level_.element;
    const Lane& lane = machine_.lanes[made];
    if (lane.state(element) != state_value) return spoil(lane, element, row);
    ExprValue& list = lists_[row];
    const_cast<ExprValue*>(list.elements)[list.size++] = value_at(lane, element);
  }

  // Unknown goes before error, the first before later ones; neither is forgotten.
  void spoil(const Lane& lane, std::uint32_t element, std::uint32_t row) {
    const std::uint8_t state = target_.own_states[row];
    if (state == state_value || (state == state_error && lane.state(element) == state_unknown))
      copy_state(lane, element, row, &target_);
    has_failures_ = true;
  }

  // As && and || do: one element decides, whatever the others are.
  void absorb(const Lane& test, std::uint32_t element, std::uint32_t row) {
    if (target_.own_states[row] == state_value && holds_[row] == deciding()) return;
    if (test.state(element) != state_value) return spoil(test, element, row);
    if (test.read<std::uint8_t>()[element] != deciding()) return;
    holds_[row] = deciding();
    target_.own_states[row] = state_value;
  }

  const Operation& operation_;
  Machine& machine_;
  const ProgramLevel& level_;
  const ElementRows& rows_;
  Lane& target_;
  ExprValue* lists_ = nullptr;       // map, filter
  std::uint8_t* holds_ = nullptr;    // the others; of exists_one how many do
  std::uint32_t n_elements_ = 0;
  bool has_failures_ = false;
  const std::uint32_t outer_n_rows_, outer_first_row_;
  const std::uint32_t* const outer_parents_;
  const std::uint32_t* const outer_roots_;
};

}  // namespace

void macro_kernel(const Operation& operation, Machine& machine) {
  MacroRun(operation, machine).run();
}

}  // namespace guardrank
