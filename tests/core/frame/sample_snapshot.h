// A small catalog of four offers and the facts of its snapshot, written by hand.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/frame/frame.h"
#include "tests/core/support/test_memory.h"

namespace guardrank {

struct SampleSnapshot {
  static constexpr std::uint32_t n_offers = 4;

  SampleSnapshot() {
    open_catalog();
    open_facts();
  }

  std::uint32_t fact(Namespace space, std::string_view name) const {
    const std::uint32_t ordinal = facts.find(space, name);
    REQUIRE(ordinal != no_fact);
    return ordinal;
  }
  std::uint32_t context(std::string_view name) const { return fact(Namespace::context, name); }
  std::uint32_t offer(std::string_view name) const { return fact(Namespace::candidate, name); }
  std::uint32_t pair(std::string_view name) const { return fact(Namespace::pair, name); }

  Request request() { return Request(facts, &catalog, memory.allocator()); }

  TestMemory memory;
  Arena arena{memory.allocator(), 1 << 24};
  Error error;
  Catalog catalog;
  FactTable facts;

 private:
  void open_catalog() {
    catalog.n_offers = n_offers;
    catalog.ids = ids_;
    catalog.order = order_;
    catalog.rank = rank_;
    columns_ = {column("apr", FactType::f64),        column("min_age", FactType::i64),
                column("name", FactType::string),    column("tags", FactType::string_list),
                column("cpa", FactType::f64),        column("vec", FactType::f32_vector),
                column("active", FactType::boolean), column("since", FactType::timestamp)};
    columns_[0].column.numbers = apr_;
    columns_[1].column.integers = min_age_;
    columns_[1].column.present = min_age_present_;
    columns_[2].column.strings = names_;
    columns_[3].column.strings = tags_;
    columns_[3].column.list_offsets = tag_offsets_;
    columns_[3].column.present = tags_present_;
    columns_[4].column.numbers = apr_;
    columns_[5].column.floats = vec_;
    columns_[5].column.width = 2;
    columns_[6].column.booleans = active_;
    columns_[7].column.integers = since_;
    catalog.columns = columns_;
  }

  static CatalogColumn column(std::string_view name, FactType type) {
    CatalogColumn made;
    made.name = name;
    made.column.type = type;
    made.column.n_rows = n_offers;
    return made;
  }

  void open_facts() {
    REQUIRE(facts.open(64, &arena, &error) == Status::ok);
    add(Namespace::context, "income", FactType::f64);
    add(Namespace::context, "age", FactType::i64);
    add(Namespace::context, "state", FactType::string);
    add(Namespace::context, "surface", FactType::string);
    add(Namespace::context, "since", FactType::timestamp);
    add(Namespace::context, "tags", FactType::string_list);
    add(Namespace::context, "vec", FactType::f32_vector, 3);
    add(Namespace::context, "vip", FactType::boolean);
    for (std::uint32_t i = 0; i < columns_.size(); ++i) {
      Fact fact;
      fact.space = Namespace::candidate;
      fact.name = columns_[i].name;
      fact.type = columns_[i].column.type;
      fact.width = columns_[i].column.width;
      fact.catalog_column = i;
      fact.may_override = fact.name != "cpa";
      if (fact.name == "min_age") {
        fact.fallback.type = FactType::i64;
        fact.fallback.n_rows = 1;
        fact.fallback.integers = &default_age_;
      }
      REQUIRE(facts.add(fact, nullptr, &error) == Status::ok);
    }
    add(Namespace::candidate, "offer_id", FactType::string);
    add(Namespace::candidate, "bonus", FactType::f64);   // not in the catalog
    add(Namespace::pair, "seen_before", FactType::i64);
    add(Namespace::pair, "labels", FactType::string_list);
    add(Namespace::probability, "click", FactType::f64);
    add(Namespace::time, "now", FactType::timestamp);
  }

  void add(Namespace space, std::string_view name, FactType type, std::uint32_t width = 0) {
    Fact fact;
    fact.space = space;
    fact.name = name;
    fact.type = type;
    fact.width = width;
    REQUIRE(facts.add(fact, nullptr, &error) == Status::ok);
  }

  const std::string_view ids_[n_offers] = {"o-3", "o-1", "o-2", "o-4"};
  const std::uint32_t order_[n_offers] = {1, 2, 0, 3};
  const std::uint32_t rank_[n_offers] = {2, 0, 1, 3};
  const double apr_[n_offers] = {3.5, 1.5, 2.5, 4.5};
  const std::int64_t min_age_[n_offers] = {30, 0, 21, 0};
  const std::uint8_t min_age_present_[n_offers] = {1, 0, 1, 0};
  const std::string_view names_[n_offers] = {"three", "one", "two", "four"};
  const std::string_view tags_[3] = {"cash", "travel", "cash"};
  const std::uint32_t tag_offsets_[n_offers + 1] = {0, 2, 2, 3, 3};
  const std::uint8_t tags_present_[n_offers] = {1, 0, 1, 1};
  const float vec_[2 * n_offers] = {3, 30, 1, 10, 2, 20, 4, 40};
  const std::uint8_t active_[n_offers] = {1, 0, 1, 1};
  const std::int64_t since_[n_offers] = {3'000'000, 1'000'000, 2'000'000, 4'000'000};
  const std::int64_t default_age_ = 18;
  std::vector<CatalogColumn> columns_;
};

}  // namespace guardrank
