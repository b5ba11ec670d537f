#include "core/expr/expression.h"

#include "core/base/limits.h"
#include "core/base/utf8.h"
#include "core/expr/check.h"
#include "core/expr/compile.h"
#include "core/expr/parser.h"

namespace guardrank {
namespace {

// Before any message shows a part of the source.
Status check_source(std::string_view source, std::string_view where, Error* error) {
  if (source.size() > limits::expression_bytes) {
    if (error == nullptr) return Status::limit;
    return error->set(Status::limit, where,
                      {"the expression has ", source.size(), " bytes, more than ",
                       limits::expression_bytes});
  }
  std::size_t offset = 0;
  if (is_valid_utf8(source, &offset)) return Status::ok;
  if (error == nullptr) return Status::parse;
  return error->set(Status::parse, where, {"byte ", offset, " is not valid UTF-8"});
}

Status compile_checked(const Diagnostic& diagnostic, const ExpressionScope& scope, ExprType wanted,
                       Arena* arena, Program* program) {
  SyntaxTree tree;
  GUARDRANK_TRY(parse_expression(diagnostic, scope, arena, &tree));
  GUARDRANK_TRY(check_expression(diagnostic, scope, wanted, &tree));
  return compile_tree(diagnostic, scope, wanted, &tree, arena, program);
}

}  // namespace

Status compile_expression(std::string_view source, std::string_view where,
                          const ExpressionScope& scope, ExprType wanted, Arena* arena,
                          Program* program, Error* error) {
  GUARDRANK_TRY(check_source(source, where, error));
  const Status status = compile_checked({source, where, error}, scope, wanted, arena, program);
  const bool is_unexplained = status == Status::memory || status == Status::internal;
  if (is_unexplained && error != nullptr)
    error->set(status, where, {status == Status::memory ? "no memory to compile this expression"
                                                        : "the compiler contradicts itself"});
  return status;
}

Status compile_expression(std::string_view source, std::string_view where, const FactTable& facts,
                          NamespaceSet allowed, ExprType wanted, Arena* arena, Program* program,
                          Error* error) {
  ExpressionScope scope;
  scope.facts = &facts;
  scope.allowed = allowed;
  return compile_expression(source, where, scope, wanted, arena, program, error);
}

}  // namespace guardrank
