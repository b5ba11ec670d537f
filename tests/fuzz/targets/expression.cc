// Any bytes as an expression against a few facts: a status, or a program that evaluates.
#include <string_view>

#include "core/expr/expression.h"
#include "core/expr/threshold.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

void add(FactTable* facts, Namespace space, std::string_view name, FactType type) {
  Error error;
  Fact fact;
  fact.space = space;
  fact.name = name;
  fact.type = type;
  fact.is_declared = true;
  (void)facts->add(fact, nullptr, &error);
}

// The parts of what compiles as a rule compile too.
void look_for_changes(std::string_view source, const Request& request, Arena* arena) {
  Error error;
  Program program;
  if (compile_expression(source, "rules.fuzz", request.facts(), facts_only, ExprType::boolean,
                         arena, &program, &error) != Status::ok)
    return;
  Thresholds thresholds;
  const Status status =
      find_thresholds(source, request.facts(), facts_only, arena, &thresholds);
  if (status != Status::ok && status != Status::memory) __builtin_trap();
  Frame frame;
  ThresholdColumns columns;
  if (frame.open(request, arena) != Status::ok ||
      columns.open(thresholds, &frame) != Status::ok)
    return;
  for (std::uint32_t row = 0; row < frame.n_rows(); ++row) (void)columns.nearest(row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  FactTable facts;
  if (facts.open(8, &arena, &error) != Status::ok) return 0;
  add(&facts, Namespace::context, "age", FactType::i64);
  add(&facts, Namespace::context, "state", FactType::string);
  add(&facts, Namespace::context, "tags", FactType::string_list);
  add(&facts, Namespace::context, "income", FactType::f64);
  add(&facts, Namespace::context, "since", FactType::timestamp);
  add(&facts, Namespace::context, "member", FactType::boolean);
  Request request(facts, nullptr, fuzz::allocator());
  (void)request.set_context(0, Value::of(std::int64_t{34}), &error);
  (void)request.set_context(1, Value::of(std::string_view("CA")), &error);
  const std::string_view offers[] = {"a", "b"};
  (void)request.set_candidates(offers, &error);
  const std::string_view tags[] = {"cash", "travel"};
  Value list;
  list.type = FactType::string_list;
  list.is_missing = false;
  list.strings = tags;
  (void)request.set_context(2, list, &error);
  look_for_changes(source, request, &arena);
  ExpressionScope scope;
  scope.facts = &facts;
  scope.allowed = facts_only;
  // Checked and not, as one row and by row: what compiles must evaluate, whatever it comes to.
  for (const unsigned mode : {0u, 1u, 2u, 3u}) {
    scope.is_checked = (mode & 1) == 0;
    scope.is_by_row = (mode & 2) != 0;
    for (const ExprType wanted : {ExprType::boolean, ExprType::number, ExprType::dyn}) {
      Program program;
      if (compile_expression(source, "rules.fuzz", scope, wanted, &arena, &program, &error) !=
          Status::ok) {
        continue;
      }
      Frame frame;
      if (frame.open(request, &arena) != Status::ok) return 0;
      EvaluatedColumn result;
      (void)evaluate(program, &frame, &result);
    }
  }
  return 0;
}
