// One expression against facts in JSON, for people who write policies.
#include <memory>
#include <string>

#include "capi/tools/src/border.h"
#include "capi/tools/src/expression_text.h"
#include "capi/tools/src/json_facts.h"
#include "capi/tools/src/tools_text.h"
#include "core/expr/expression.h"
#include "models/pack/expressions/failure_finder.h"
#include "models/pack/expressions/failure_place.h"

namespace {

using guardrank::Arena;
using guardrank::Error;
using guardrank::EvaluatedColumn;
using guardrank::ExprType;
using guardrank::ExprValue;
using guardrank::Fact;
using guardrank::Report;
using guardrank::RowState;
using guardrank::Status;
using guardrank::as_view;
using guardrank::tools::JsonFacts;

constexpr std::string_view where = "expression";

// {"type", "value", "text", "cost"}, or {"type": "unknown", "fact", "cost"}.
Status write_result(const JsonFacts& given, const EvaluatedColumn& column, std::uint64_t cost,
                    Arena* arena, gr_tools_text* out) {
  guardrank::JsonWriter writer(arena);
  writer.begin_object();
  if (column.state(0) == RowState::unknown) {
    const Fact& fact = given.facts[column.missing[0]];
    const std::string name =
        std::string(namespace_name(fact.space)) + "." + std::string(fact.name);
    writer.key("type").string("unknown").key("fact").string(name);
  } else {
    const ExprValue value = guardrank::pack::first_value(column);
    guardrank::tools::write_members(value, &writer);
    writer.key("text").string(guardrank::tools::expression_text(value));
  }
  writer.key("cost").natural(cost).end_object();
  out->text = std::string(writer.view());
  return writer.status();
}

// Whatever a null may be; an error is that of the first try.
Status compile_given(std::string_view expression, const guardrank::ExpressionScope& scope,
                     JsonFacts* given, guardrank::Program* program, Error* error) {
  Arena& arena = given->memory.arena();
  const Status first = compile_expression(expression, where, scope, ExprType::dyn, &arena, program,
                                          error);
  Status status = first;
  while (status == Status::typecheck && given->take_next_types()) {
    Error ignored;
    status = compile_expression(expression, where, scope, ExprType::dyn, &arena, program, &ignored);
  }
  return status == Status::ok ? status : first;
}

Status evaluate_expression(const gr_tools_expression_options& options, gr_tools_text* out,
                           Error* error) {
  const std::string_view expression = as_view(options.expression), json = as_view(options.facts);
  JsonFacts given(json.empty() ? "{}" : json);
  Arena& arena = given.memory.arena();
  guardrank::ExpressionScope scope;
  scope.facts = &given.facts;
  scope.allowed = guardrank::facts_and_outcomes;
  scope.constants = given.constants;
  scope.container = as_view(options.container);
  scope.is_checked = options.is_checked != 0;
  if (!scope.is_checked) given.add_missing(expression);
  guardrank::Program program;
  GUARDRANK_TRY(compile_given(expression, scope, &given, &program, error));
  guardrank::Request request(given.facts, nullptr, guardrank::default_allocator());
  const std::string_view offers[] = {"offer"};
  GUARDRANK_TRY(request.set_candidates(offers, error));
  request.set_time(given.now);
  guardrank::Frame frame;
  EvaluatedColumn column;
  Status status = frame.open(request, &arena);
  if (status == Status::ok) status = evaluate(program, &frame, &column);
  if (status != Status::ok)
    return error->set(status, where, {status == Status::limit ? "takes too long" : "no memory"});
  if (column.state(0) == RowState::error)
    return guardrank::pack::report_failure(expression, where, scope, column.problems[0], &frame,
                                           &arena, error);
  return write_result(given, column, program.cost, &arena, out);
}

}  // namespace

gr_status gr_tools_evaluate_expression(const char* expression, size_t expression_size,
                                       const char* facts, size_t facts_size,
                                       gr_tools_text** result, gr_error** error) {
  Report report(error);
  if (expression == nullptr && expression_size != 0) return report.null("expression");
  if (facts == nullptr && facts_size != 0) return report.null("facts");
  gr_tools_expression_options options{};
  options.struct_size = sizeof options;
  options.is_checked = 1;
  options.expression = {expression, expression_size};
  options.facts = {facts, facts_size};
  return gr_tools_evaluate_expression_as(&options, result, error);
}

gr_status gr_tools_evaluate_expression_as(const gr_tools_expression_options* options,
                                          gr_tools_text** result, gr_error** error) {
  Report report(error);
  if (options == nullptr) return report.null("options");
  if (result == nullptr) return report.null("result");
  *result = nullptr;
  return guardrank::tools::at_border(&report, [&] {
    gr_tools_expression_options known;
    GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, report.error()));
    auto made = std::make_unique<gr_tools_text>();
    GUARDRANK_TRY(evaluate_expression(known, made.get(), report.error()));
    *result = made.release();
    return Status::ok;
  });
}
