// All fields of a model over a request: the frame's rows, broadcasting, and the offers' ids.
#include <doctest/doctest.h>

#include <deque>

#include "tests/core/feature/field_fixture.h"

using namespace guardrank;
using guardrank::testing::FieldFixture;
using guardrank::testing::heap;

TEST_CASE("context fields have one row, others one per candidate in play") {
  FieldFixture state(FactType::string), apr(FactType::f64), seen(FactType::i64),
      both(FactType::f64);
  state.named("state").embedding().vocabulary({"CA", "NY"});
  apr.named("apr").on(Side::candidate);
  seen.named("seen").on(Side::pair).fill(-1.0);
  both.named("both").on(Side::pair).crossing({"state", "offer_id"}).hash(5000, 2).embedding();
  const std::vector<Field> fields = {state.field(), apr.field(), seen.field(), both.field()};

  Arena arena(heap, std::size_t{1} << 24);
  Error error;
  FactTable facts;
  FeaturePlan plan;
  REQUIRE(facts.open(16, &arena, &error) == Status::ok);
  REQUIRE(add_model_facts(fields, &facts, &error) == Status::ok);
  REQUIRE(prepare_features(fields, facts, &arena, &plan, &error) == Status::ok);

  Catalog catalog;
  catalog.allows_unlisted = true;
  Request request(facts, &catalog, heap);
  const std::string_view offers[] = {"o-9", "o-1", "o-2"};
  REQUIRE(request.set_candidates(offers, &error) == Status::ok);
  const auto fact = [&](Namespace space, std::string_view name) { return facts.find(space, name); };
  REQUIRE(request.set_context(fact(Namespace::context, "state"), Value::of(std::string_view("CA")),
                              &error) == Status::ok);
  REQUIRE(request.set_candidate(1, fact(Namespace::candidate, "apr"), Value::of(19.5), &error) ==
          Status::ok);
  REQUIRE(request.set_pair(2, fact(Namespace::pair, "seen"), Value::of(std::int64_t{4}), &error) ==
          Status::ok);

  Frame frame;
  REQUIRE(frame.open(request, &arena) == Status::ok);
  const std::uint32_t kept[] = {1, 2};
  REQUIRE(frame.keep(kept) == Status::ok);
  REQUIRE(encode_features(plan, &frame) == Status::ok);

  REQUIRE(frame.encoded.size() == 4);
  CHECK(frame.encoded[0].n_rows == 1);
  CHECK(frame.encoded[0].codes[0] == 2);
  REQUIRE(frame.encoded[1].n_rows == 2);
  CHECK(frame.encoded[1].dense[0] == 19.5f);
  CHECK(frame.encoded[1].is_missing[1] == 1);
  CHECK(frame.encoded[2].dense[0] == -1.0f);
  CHECK(frame.encoded[2].dense[1] == 4.0f);
  // CA with o-1 and o-2: see code_transforms_test.cc
  CHECK(frame.encoded[3].codes[0] == 1258);
  CHECK(frame.encoded[3].codes[1] == 4800);

  REQUIRE(frame.keep({}) == Status::ok);
  REQUIRE(encode_features(plan, &frame) == Status::ok);
  CHECK(frame.encoded[0].n_rows == 1);
  CHECK(frame.encoded[3].n_rows == 0);
}
