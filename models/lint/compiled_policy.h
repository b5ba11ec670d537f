// A policy bound to its facts with every expression compiled apart, so that one mistake does not
// hide the next.
#pragma once

#include <memory>
#include <vector>

#include "core/artifact/catalog.h"
#include "core/artifact/policy.h"
#include "core/expr/expression.h"
#include "core/frame/fact_table.h"
#include "models/lint/exactness.h"
#include "models/lint/finding.h"
#include "models/lint/stated_heads.h"
#include "models/pack/memory.h"

namespace guardrank::lint {

// One expression of the policy. `is_compiled` false: a finding says why.
struct CompiledExpression {
  std::string where;             // "rules.min_age", "rules.min_age.when"
  std::string_view source;
  bool is_compiled = false;
  Program program;
  Exactness exactness;
};

struct CompiledRuleOf {
  const Rule* rule = nullptr;
  CompiledExpression expr, when; // `when.source` empty: always applies
  bool is_compiled() const {
    return expr.is_compiled && (when.source.empty() || when.is_compiled);
  }
};

class CompiledPolicy {
 public:
  // `fields`: of the model and of its stage one, empty without one. Mistakes become findings; the policy is then bound
  // as far as it goes. Views `policy` and `catalog`.
  CompiledPolicy(const Policy& policy, const Catalog& catalog, std::span<const Field> fields,
                 StatedHeads heads, Findings* findings);

  const Policy& policy() const { return policy_; }
  const Catalog& catalog() const { return catalog_; }
  const FactTable& facts() const { return facts_; }
  std::span<const Head> heads() const { return heads_.heads(); }
  const std::vector<CompiledRuleOf>& rules() const { return rules_; }
  const std::vector<CompiledExpression>& guardrails() const { return guardrails_; }
  const std::vector<CompiledExpression>& terms() const { return terms_; }
  const std::vector<CompiledExpression>& mandates() const { return mandates_; }   // empty: always
  bool is_bound() const { return is_bound_; }
  bool is_all_compiled() const { return is_all_compiled_; }

 private:
  void compile(CompiledExpression* expression, NamespaceSet allowed, ExprType wanted);
  void check_groups();
  void report(Status status, const Error& error);

  const Policy& policy_;
  const Catalog& catalog_;
  StatedHeads heads_;
  Findings* findings_;
  pack::Memory memory_;
  FactTable facts_;
  std::vector<CompiledRuleOf> rules_;
  std::vector<CompiledExpression> guardrails_, terms_, mandates_;
  bool is_bound_ = false, is_all_compiled_ = true;
};

}  // namespace guardrank::lint
