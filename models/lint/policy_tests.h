// Tests that a policy author writes: facts and what should come of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/catalog.h"
#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "models/pack/documents/document_node.h"

namespace guardrank::lint {

struct TestOutcome {
  std::string name;
  bool has_passed = false;
  std::string difference;     // what was wanted and what was found; empty when it passed
};

// Runs every test of the document through eligibility, value, guardrails and placement with the
// probabilities it states. Throws PackError for a malformed document, one without tests, a test that
// expects nothing, or a policy that does not compile.
std::vector<TestOutcome> run_policy_tests(const pack::DocumentNode& document, const Policy& policy,
                                          const Catalog& catalog, std::span<const Head> heads,
                                          std::int64_t now);

}  // namespace guardrank::lint
