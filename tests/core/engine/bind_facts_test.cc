#include "core/engine/bind_facts.h"

#include <doctest/doctest.h>

#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

// A model with one field, a policy with one fact, a catalog with one column.
struct Sample {
  Sample() {
    field.name = "apr";
    field.side = Side::candidate;
    fact.space = Namespace::candidate;
    fact.name = "apr";
    fact.is_declared = true;
    column.name = "apr";
    column.column.type = FactType::f64;
    column.column.n_rows = 1;
    model.fields = {&field, 1};
    policy.facts = {&fact, 1};
    catalog.columns = {&column, 1};
  }

  Status bind() { return bind_facts(model, policy, catalog, &arena, &facts, &error); }

  TestMemory memory;
  Arena arena{memory.allocator(), 1 << 20};
  Field field;
  Fact fact;
  CatalogColumn column;
  Model model;
  Policy policy;
  Catalog catalog;
  FactTable facts;
  Error error;
};

}  // namespace

TEST_CASE("model, policy and catalog meet in one fact") {
  Sample sample;
  REQUIRE(sample.bind() == Status::ok);
  const std::uint32_t apr = sample.facts.find(Namespace::candidate, "apr");
  REQUIRE(apr != no_fact);
  CHECK(sample.facts[apr].is_declared);
  CHECK(sample.facts[apr].catalog_column == 0);
}

TEST_CASE("a column of another type is refused by name") {
  Sample sample;
  sample.column.column.type = FactType::string;
  CHECK(sample.bind() == Status::type);
  CHECK(sample.error.where() == "catalog.columns.apr");
  CHECK(sample.error.expected() == "f64");
  CHECK(sample.error.found() == "string");
}

TEST_CASE("a column that nobody names is still a fact, undeclared") {
  Sample sample;
  sample.column.name = "brand";
  sample.column.column.type = FactType::string;
  REQUIRE(sample.bind() == Status::ok);
  const std::uint32_t brand = sample.facts.find(Namespace::candidate, "brand");
  REQUIRE(brand != no_fact);
  CHECK(!sample.facts[brand].is_declared);
}

TEST_CASE("a model that reads a protected fact is refused") {
  Sample sample;
  sample.fact.is_protected = true;
  CHECK(sample.bind() == Status::protected_fact);
  CHECK(sample.error.where() == "model.fields.apr");
}

TEST_CASE("a head whose calibrator a protected fact would pick is refused") {
  Sample sample;
  Head heads[2];
  heads[0].name = "click";
  heads[1].name = "apply";
  heads[1].segment_field = "race";
  sample.model.heads = heads;
  Fact race = fact_of(Namespace::context, FactType::string, "race", true);
  sample.policy.facts = {&race, 1};
  CHECK(sample.bind() == Status::ok);
  race.is_protected = true;
  CHECK(sample.bind() == Status::protected_fact);
  CHECK(sample.error.where() == "model.heads.apply");
}

TEST_CASE("parameters become facts with their value") {
  Sample sample;
  const Parameter cost{"cost", {}, {}, 2.5, 0, 10};
  sample.policy.parameters = {&cost, 1};
  REQUIRE(sample.bind() == Status::ok);
  const Fact& fact = sample.facts[sample.facts.find(Namespace::parameter, "cost")];
  CHECK(fact.is_declared);
  CHECK(fact.fallback.numbers[0] == 2.5);
}
