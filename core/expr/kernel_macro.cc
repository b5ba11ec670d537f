// all, exists, exists_one, map and filter: the elements of the rows' lists become the rows of a
// level of their own, a chunk at a time, and what the body gives for them is taken together again.
#include "core/base/limits.h"
#include "core/expr/machine.h"

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
    const Lane& range = machine_.lanes[operation_.left];
    results_ = target_.write<ExprValue>();
    machine_.lanes[level_.element].type = level_.element_type;
    for (std::uint32_t row = 0; row < outer_n_rows_ && machine_.status == Status::ok; ++row) {
      if (range.state(row) != state_value) {
        copy_state(range, row, row, &target_);
        results_[row] = {};
      } else {
        add_row(row, value_at(range, row));
      }
    }
    flush();
    finish();
  }

 private:
  bool makes_list() const {
    return operation_.macro == Macro::map || operation_.macro == Macro::filter;
  }

  void fail(std::uint32_t row, EvalProblem problem) {
    target_.own_states[row] = state_error;
    target_.own_problems[row] = problem;
  }

  void add_row(std::uint32_t row, const ExprValue& range) {
    target_.own_states[row] = state_value;
    results_[row] = ExprValue::of(std::int64_t{operation_.macro == Macro::all});
    if (makes_list()) results_[row] = ExprValue::of_list(nullptr, 0);
    if (range.kind != ExprType::list && range.kind != ExprType::map)
      return fail(row, EvalProblem::no_overload);
    const std::uint64_t steps_per_element = level_.n_widenings + level_.n_operations + 1;
    if (!machine_.charge(row, range.size * steps_per_element)) return fail(row, EvalProblem::limit);
    if (makes_list() && range.size > 0) {
      results_[row].elements =
          static_cast<ExprValue*>(machine_.take(row, range.size * sizeof(ExprValue)));
      if (results_[row].elements == nullptr) return fail(row, EvalProblem::limit);
    }
    for (std::uint32_t i = 0; i < range.size && machine_.status == Status::ok; ++i)
      add_element(row, element_of(range, i));
  }

  void add_element(std::uint32_t row, const ExprValue& element) {
    Lane& lane = machine_.lanes[level_.element];
    if (n_elements_ == 0) lane.write<std::byte>();
    const EvalProblem problem = store_value(element, n_elements_, &lane);
    lane.own_states[n_elements_] = problem == EvalProblem::none ? state_value : state_error;
    lane.own_problems[n_elements_] = problem;
    if (problem != EvalProblem::none) lane.publish_states();
    rows_.parents[n_elements_] = row;
    rows_.roots[n_elements_] = outer_roots_ == nullptr ? row : outer_roots_[row];
    if (++n_elements_ == machine_.element_rows) flush();
  }

  // Runs the body over the elements gathered so far.
  void flush() {
    if (n_elements_ == 0) return;
    machine_.first_row = 0;
    machine_.n_rows = n_elements_;
    machine_.parents = rows_.parents;
    machine_.roots = rows_.roots;
    machine_.run(level_.first_widening, level_.n_widenings);
    machine_.run(level_.first_operation, level_.n_operations);
    if (machine_.status == Status::ok)
      for (std::uint32_t i = 0; i < n_elements_; ++i) take_element(i, rows_.parents[i]);
    machine_.n_rows = outer_n_rows_;
    machine_.first_row = outer_first_row_;
    machine_.parents = outer_parents_;
    machine_.roots = outer_roots_;
    n_elements_ = 0;
  }

  void take_element(std::uint32_t element, std::uint32_t row) {
    const bool has_test = operation_.right != no_register;
    const Lane* test = has_test ? &machine_.lanes[operation_.right] : nullptr;
    if (operation_.macro == Macro::all || operation_.macro == Macro::exists)
      return absorb(*test, element, row);
    if (has_test && test->state(element) != state_value) return spoil(*test, element, row);
    if (has_test && test->read<std::uint8_t>()[element] == 0) return;
    if (target_.own_states[row] != state_value) return;
    ExprValue& result = results_[row];
    if (operation_.macro == Macro::exists_one) {
      ++result.integer;
      return;
    }
    const std::uint32_t made =
        operation_.third != no_register ? operation_.third : level_.element;
    const Lane& lane = machine_.lanes[made];
    if (lane.state(element) != state_value) return spoil(lane, element, row);
    const_cast<ExprValue*>(result.elements)[result.size++] = value_at(lane, element);
  }

  // Unknown goes before error, the first before later ones; neither is forgotten.
  void spoil(const Lane& lane, std::uint32_t element, std::uint32_t row) {
    const std::uint8_t state = target_.own_states[row];
    if (state == state_value || (state == state_error && lane.state(element) == state_unknown))
      copy_state(lane, element, row, &target_);
  }

  // As && and || do: one element decides, whatever the others are.
  void absorb(const Lane& test, std::uint32_t element, std::uint32_t row) {
    const std::int64_t deciding = operation_.macro == Macro::all ? 0 : 1;
    ExprValue& result = results_[row];
    if (target_.own_states[row] == state_value && result.integer == deciding) return;
    if (test.state(element) != state_value) return spoil(test, element, row);
    if (test.read<std::uint8_t>()[element] != deciding) return;
    result.integer = deciding;
    target_.own_states[row] = state_value;
  }

  // Bools are packed in place: the byte of a row lies before the value of every later row.
  void finish() {
    bool has_failures = false;
    std::uint8_t* bools = static_cast<std::uint8_t*>(target_.own_values);
    for (std::uint32_t row = 0; row < outer_n_rows_; ++row) {
      has_failures = has_failures || target_.own_states[row] != state_value;
      if (makes_list()) continue;
      const std::int64_t value = results_[row].integer;
      bools[row] = value == 1 ? 1 : 0;
    }
    if (has_failures) target_.publish_states();
  }

  const Operation& operation_;
  Machine& machine_;
  const Level& level_;
  const ElementRows& rows_;
  Lane& target_;
  ExprValue* results_ = nullptr;
  std::uint32_t n_elements_ = 0;
  const std::uint32_t outer_n_rows_, outer_first_row_;
  const std::uint32_t* const outer_parents_;
  const std::uint32_t* const outer_roots_;
};

}  // namespace

void macro_kernel(const Operation& operation, Machine& machine) {
  MacroRun(operation, machine).run();
}

}  // namespace guardrank
