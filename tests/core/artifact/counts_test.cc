// Counts at, below and above their limits.
#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

TEST_CASE("counts stand at, below and above their limits") {
  for (const std::uint32_t n_rows : {15u, 16u, 17u}) {
    pack::Memory memory;
    Model model = sample_model(&memory);
    GoldenRequest& golden = at(model.golden, 0);
    golden.n_rows = n_rows;
    golden.logits = memory.copy(std::vector<float>(n_rows * 3, 1.0f));
    golden.probabilities = memory.copy(std::vector<double>(n_rows * 3, 0.5));
    const pack::AlignedBytes bytes = pack::write_model(model);
    Arena arena(pack::system_allocator(), 1 << 22);
    Error error;
    CHECK(open_and_read(ArtifactKind::model, bytes, Check::full, &arena, &error) ==
          (n_rows <= 16 ? Status::ok : Status::limit));
  }
  for (const std::size_t n_terms : {63u, 64u, 65u}) {
    pack::Memory memory;
    Policy policy = sample_policy(&memory);
    std::vector<Term> terms(n_terms, policy.terms[0]);
    for (std::size_t i = 0; i < n_terms; ++i) terms[i].id = memory.text(std::to_string(i));
    policy.terms = terms;
    const pack::AlignedBytes bytes = pack::write_policy(policy);
    Arena arena(pack::system_allocator(), 1 << 22);
    Error error;
    CHECK(open_and_read(ArtifactKind::policy, bytes, Check::full, &arena, &error) ==
          (n_terms <= 64 ? Status::ok : Status::limit));
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
