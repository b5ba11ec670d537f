// A request whose expressions take too much fails by the name of what took it.
#include <doctest/doctest.h>

#ifdef GUARDRANK_HAS_PACK

#include "tests/core/decision/drawn_policy.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

// 40 offers with 700 texts each: 490,000 texts are made for each of them, 64 MiB in all are allowed.
std::string large_request() {
  std::string states = "\"s0\"";
  for (int i = 1; i < 700; ++i) states += ", \"s" + std::to_string(i) + "\"";
  std::string text = R"({"time": "2026-11-22T10:00:00Z", "context": {"age": 40}, "candidates": [)";
  for (int i = 0; i < 40; ++i)
    text += std::string(i == 0 ? "" : ", ") + R"({"offer": "x-)" + std::to_string(i) +
            R"(", "facts": {"states": [)" + states + "]}}";
  return text + "]}";
}

// What ranking it fails with.
Error failure(const PolicyParts& parts) {
  DrawnWorld world(parts, R"({"format": 1, "name": "n", "version": "1", "unlisted": true, "offers": []})");
  const Pipeline& pipeline = world.snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, world.memory.allocator());
  Error error;
  REQUIRE_MESSAGE(read_request_json(large_request(), &request, &error) == Status::ok, error.message());
  Decision decision;
  CHECK(rank(pipeline, request, &world.session, &decision, &error) == Status::limit);
  return error;
}

// What ranking it fails with behind a request that takes little.
Error failure_among_two(const PolicyParts& parts) {
  DrawnWorld world(parts, R"({"format": 1, "name": "n", "version": "1", "unlisted": true, "offers": []})");
  const Pipeline& pipeline = world.snapshot.pipeline();
  const char* small_request = R"({"time": "2026-11-22T10:00:00Z", "context": {"age": 40},
      "candidates": [{"offer": "x-1", "facts": {"states": ["s0"]}}]})";
  Request small(*pipeline.facts, pipeline.catalog, world.memory.allocator());
  Request large(*pipeline.facts, pipeline.catalog, world.memory.allocator());
  Error error;
  REQUIRE(read_request_json(small_request, &small, &error) == Status::ok);
  REQUIRE(read_request_json(large_request(), &large, &error) == Status::ok);
  const Request* both[] = {&small, &large};
  Decision decisions[2];
  Decision* filled[] = {&decisions[0], &decisions[1]};
  CHECK(rank_many(pipeline, both, &world.session, filled, &error) == Status::limit);
  return error;
}

}  // namespace

TEST_CASE("a request that takes too much names the rule, guardrail, term or mandate") {
  const std::string large = "offer.states.all(x, offer.states.all(y, x != y + 'z'))";
  const Error rule = failure({{"ctx.age > 3", large, "ctx.age > 4"}, {}, {"1.0"}, "{}"});
  CHECK(rule.where() == "rules.r1");
  CHECK(rule.message() ==
        "rules.r1: eligibility: its expression takes more steps or memory than a request has");
  CHECK(failure_among_two({{large}, {}, {"1.0"}, "{}"}).where() == "requests[1].rules.r0");
  CHECK(failure_among_two({{}, {}, {"1.0", "(" + large + ") ? 1.0 : 2.0"}, "{}"}).where() ==
        "requests[1].terms.t1");
  CHECK(failure({{}, {"true", large}, {"1.0"}, "{}"}).where() == "guardrails.g1");
  CHECK(failure({{}, {}, {"1.0", "(" + large + ") ? 1.0 : 2.0"}, "{}"}).where() == "terms.t1");
  const std::string mandated = R"({"mandated": [{"offer": "x-3", "slot": 1, "when": ")" + large + "\"}]}";
  CHECK(failure({{}, {}, {"1.0"}, mandated}).where() == "placement.mandated.x-3");
}

#endif
