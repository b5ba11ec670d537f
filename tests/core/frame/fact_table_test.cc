#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/frame/exclusion.h"
#include "core/frame/fact_table.h"
#include "tests/core/support/test_memory.h"

namespace guardrank {

namespace {

Fact fact_of(Namespace space, std::string_view name, FactType type = FactType::f64) {
  Fact fact;
  fact.space = space;
  fact.name = name;
  fact.type = type;
  return fact;
}

struct Table {
  TestMemory memory;
  Arena arena{memory.allocator(), 1 << 24};
  Error error;
  FactTable facts;
};

}  // namespace

TEST_CASE("facts are found by namespace and name") {
  Table t;
  REQUIRE(t.facts.open(3, &t.arena, &t.error) == Status::ok);
  std::uint32_t a = 9, b = 9, again = 9;
  REQUIRE(t.facts.add(fact_of(Namespace::context, "age"), &a, &t.error) == Status::ok);
  REQUIRE(t.facts.add(fact_of(Namespace::candidate, "age"), &b, &t.error) == Status::ok);
  REQUIRE(t.facts.add(fact_of(Namespace::context, "age"), &again, &t.error) == Status::ok);
  CHECK(a == 0);
  CHECK(b == 1);
  CHECK(again == 0);
  CHECK(t.facts.size() == 2);
  CHECK(t.facts.find(Namespace::context, "age") == 0);
  CHECK(t.facts.find(Namespace::pair, "age") == no_fact);
  CHECK(t.facts.find(Namespace::context, "ag") == no_fact);
  CHECK(FactTable().find(Namespace::context, "age") == no_fact);
}

TEST_CASE("all of the most facts are found again") {
  Table t;
  REQUIRE(t.facts.open(limits::facts, &t.arena, &t.error) == Status::ok);
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < limits::facts; ++i) names.push_back("fact" + std::to_string(i));
  for (const std::string& name : names) {
    REQUIRE(t.facts.add(fact_of(Namespace::context, name), nullptr, &t.error) == Status::ok);
  }
  for (std::uint32_t i = 0; i < limits::facts; ++i) {
    REQUIRE(t.facts.find(Namespace::context, names[i]) == i);
  }
  CHECK(t.facts.add(fact_of(Namespace::context, "more"), nullptr, &t.error) == Status::limit);
  CHECK(t.error.where() == "ctx.more");
  CHECK(t.facts.find(Namespace::context, "more") == no_fact);
}

TEST_CASE("limits and memory of a table") {
  Table t;
  CHECK(t.facts.open(limits::facts + 1, &t.arena, &t.error) == Status::limit);
  t.memory.n_left = 0;
  CHECK(t.facts.open(10, &t.arena, &t.error) == Status::memory);
  CHECK(t.facts.add(fact_of(Namespace::context, "a"), nullptr, &t.error) == Status::internal);
}

TEST_CASE("the id of an offer is a text") {
  Table t;
  REQUIRE(t.facts.open(8, &t.arena, &t.error) == Status::ok);
  Fact id = fact_of(Namespace::candidate, "offer_id");
  id.type = FactType::i64;
  CHECK(t.facts.add(id, nullptr, &t.error) == Status::type);
  CHECK(t.error.where() == "offer.offer_id");
  id.type = FactType::string;
  CHECK(t.facts.add(id, nullptr, &t.error) == Status::ok);
  id.space = Namespace::context;
  id.type = FactType::i64;
  CHECK(t.facts.add(id, nullptr, &t.error) == Status::ok);
}

TEST_CASE("two parties name one fact") {
  Table t;
  REQUIRE(t.facts.open(8, &t.arena, &t.error) == Status::ok);
  Fact declared = fact_of(Namespace::candidate, "cpa");
  declared.is_declared = true;
  declared.may_override = false;
  Fact listed = fact_of(Namespace::candidate, "cpa");
  listed.catalog_column = 5;
  listed.is_protected = true;
  std::uint32_t ordinal = 9;
  REQUIRE(t.facts.add(declared, &ordinal, &t.error) == Status::ok);
  REQUIRE(t.facts.add(listed, &ordinal, &t.error) == Status::ok);
  const Fact& joined = t.facts[ordinal];
  CHECK(joined.is_declared);
  CHECK(joined.is_protected);
  CHECK_FALSE(joined.may_override);
  CHECK(joined.catalog_column == 5);

  const FactType text = FactType::string;
  CHECK(t.facts.add(fact_of(Namespace::candidate, "cpa", text), nullptr, &t.error) == Status::type);
  CHECK(t.error.message() ==
        "offer.cpa: wanted f64 as the policy declares it, found string as the model has it");
  CHECK(t.facts[ordinal].type == FactType::f64);
}

TEST_CASE("f64 and i64 meet in i64, whichever comes first") {
  for (const bool whole_first : {true, false}) {
    Table t;
    REQUIRE(t.facts.open(8, &t.arena, &t.error) == Status::ok);
    const double number = 7.0;
    Fact wide = fact_of(Namespace::context, "age");
    wide.fallback.n_rows = 1;
    wide.fallback.numbers = &number;
    const Fact whole = fact_of(Namespace::context, "age", FactType::i64);
    REQUIRE(t.facts.add(whole_first ? whole : wide, nullptr, &t.error) == Status::ok);
    REQUIRE(t.facts.add(whole_first ? wide : whole, nullptr, &t.error) == Status::ok);
    CHECK(t.facts[0].type == FactType::i64);
    REQUIRE(t.facts[0].fallback.type == FactType::i64);
    CHECK(t.facts[0].fallback.integers[0] == 7);
  }
}

TEST_CASE("a default that does not suit the joined fact is refused") {
  Table t;
  REQUIRE(t.facts.open(8, &t.arena, &t.error) == Status::ok);
  const double number = 7.5;
  Fact wide = fact_of(Namespace::context, "age");
  wide.fallback.n_rows = 1;
  wide.fallback.numbers = &number;
  REQUIRE(t.facts.add(wide, nullptr, &t.error) == Status::ok);
  const Fact whole = fact_of(Namespace::context, "age", FactType::i64);
  CHECK(t.facts.add(whole, nullptr, &t.error) == Status::type);
  CHECK(t.facts[0].type == FactType::f64);
  Fact text = fact_of(Namespace::context, "name", FactType::string);
  text.fallback = wide.fallback;
  CHECK(t.facts.add(text, nullptr, &t.error) == Status::type);
}

TEST_CASE("vectors of one name have one width") {
  Table t;
  REQUIRE(t.facts.open(8, &t.arena, &t.error) == Status::ok);
  Fact vector = fact_of(Namespace::context, "v", FactType::f32_vector);
  REQUIRE(t.facts.add(vector, nullptr, &t.error) == Status::ok);   // the policy names no width
  vector.width = 4;
  REQUIRE(t.facts.add(vector, nullptr, &t.error) == Status::ok);
  CHECK(t.facts[0].width == 4);
  vector.width = 5;
  CHECK(t.facts.add(vector, nullptr, &t.error) == Status::type);
  CHECK(t.error.message() == "ctx.v: wanted width 4, found width 5");
}

TEST_CASE("names") {
  CHECK(namespace_name(Namespace::context) == "ctx");
  CHECK(namespace_name(Namespace::candidate) == "offer");
  CHECK(namespace_name(Namespace::probability) == "p");
  CHECK(namespace_name(Namespace::time) == "now");
  CHECK(fact_type_name(FactType::boolean) == "bool");
  CHECK(fact_type_name(FactType::string_list) == "string[]");
  CHECK(exclusion_stage_name(ExclusionStage::guardrail) == "guardrail");
  CHECK(reason_value_name(ReasonValue::is_false) == "false");
  CHECK(reason_value_name(ReasonValue::not_finite) == "not_finite");
}

TEST_CASE("exclusions keep each candidate's reasons together") {
  Table t;
  ExclusionList list(&t.arena);
  CHECK(list.add({}) == Status::internal);
  for (std::uint32_t i = 0; i < 100; ++i) {
    REQUIRE(list.begin(i * 2, ExclusionStage::value) == Status::ok);
    for (std::uint32_t j = 0; j < i % 4; ++j) {
      REQUIRE(list.add({ReasonKind::rule, ReasonValue::unknown, i * 10 + j, 3}) == Status::ok);
    }
  }
  REQUIRE(list.exclusions().size() == 100);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Exclusion& exclusion = list.exclusions()[i];
    CHECK(exclusion.candidate == i * 2);
    REQUIRE(list.reasons(exclusion).size() == i % 4);
    for (std::uint32_t j = 0; j < i % 4; ++j) {
      CHECK(list.reasons(exclusion)[j].index == i * 10 + j);
    }
  }
}

}  // namespace guardrank
