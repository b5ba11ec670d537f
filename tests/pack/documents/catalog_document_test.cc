#include <doctest/doctest.h>

#include <string>

#include "models/pack/artifact/writers.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/csv.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// Candidate facts of every type.
class Schema {
 public:
  Schema() {
    Error error;
    REQUIRE(facts_.open(16, &memory_.arena(), &error) == Status::ok);
    add("cpa", FactType::f64);
    add("min_age", FactType::i64);
    add("secured", FactType::boolean);
    add("partner", FactType::string);
    add("since", FactType::timestamp);
    add("tags", FactType::string_list);
    add("looks", FactType::f32_vector, 2);
    add("offer_id", FactType::string);
  }
  const FactTable& facts() const { return facts_; }

 private:
  void add(std::string_view name, FactType type, std::uint32_t width = 0) {
    Fact fact;
    fact.space = Namespace::candidate;
    fact.name = name;
    fact.type = type;
    fact.width = width;
    Error error;
    REQUIRE(facts_.add(fact, nullptr, &error) == Status::ok);
  }

  Memory memory_;
  FactTable facts_;
};

CatalogDocument csv(const std::string& text) {
  static const Schema schema;
  return read_catalog(text, CatalogFormat::csv, schema.facts(), {"cards", ""});
}

CatalogDocument json(const std::string& text) {
  static const Schema schema;
  return read_catalog(text, CatalogFormat::json, schema.facts(), {"cards", ""});
}

struct Refused {
  Status status = Status::ok;
  std::string where;
};

Refused refuse(CatalogDocument (*read)(const std::string&), const std::string& text) {
  try {
    read(text);
  } catch (const PackError& error) {
    return {error.status(), error.where()};
  }
  return {};
}

const Column& column(const CatalogDocument& document, std::string_view name) {
  for (const CatalogColumn& one : document.catalog().columns)
    if (one.name == name) return one.column;
  FAIL("no column ", std::string(name));
  return document.catalog().columns[0].column;
}

constexpr const char* every_type =
    "\xEF\xBB\xBFoffer,valid_from,valid_to,offer.min_age,offer.cpa,offer.tags,offer.secured,"
    "offer.partner,offer.since,offer.looks\r\n"
    "o-1,,,18,120.0,cash|travel,true,\"Acme, \"\"the\"\" bank\",2026-01-01,1|-2.5\r\n"
    "\r\n"
    "\"o-2\",1970-01-01T00:00:01Z,2026-11-21,,1e-3,cash,false,\"two\r\nlines\",,\r\n"
    "o-3,,,,,,,,,";

TEST_CASE("CSV with every type, quotes, line ends and missing cells") {
  const CatalogDocument document = csv(every_type);
  const Catalog& catalog = document.catalog();
  REQUIRE(catalog.n_offers == 3);
  CHECK(catalog.name == "cards");
  CHECK(catalog.version.size() == 12);
  CHECK(catalog.ids[1] == "o-2");
  CHECK(catalog.valid_from[0] == INT64_MIN);
  CHECK(catalog.valid_from[1] == 1'000'000);
  CHECK(catalog.valid_to[1] == 1'795'219'200'000'000);
  CHECK(column(document, "min_age").integers[0] == 18);
  CHECK_FALSE(column(document, "min_age").is_present(1));
  CHECK(column(document, "cpa").numbers[1] == 0.001);
  CHECK(column(document, "tags").list_offsets[1] == 2);
  CHECK(column(document, "tags").list_offsets[3] == 3);
  CHECK(column(document, "tags").strings[1] == "travel");
  CHECK(column(document, "secured").booleans[0] == 1);
  CHECK(column(document, "partner").strings[0] == "Acme, \"the\" bank");
  CHECK(column(document, "partner").strings[1] == "two\r\nlines");
  CHECK(column(document, "since").integers[0] == 1'767'225'600'000'000);
  CHECK(column(document, "looks").width == 2);
  CHECK(column(document, "looks").floats[1] == -2.5f);
  CHECK_FALSE(column(document, "looks").is_present(2));
}

TEST_CASE("a catalog document packs and opens") {
  const CatalogDocument document = csv(every_type);
  const AlignedBytes bytes = write_catalog(document.catalog());
  Arena arena(system_allocator(), 1 << 20);
  Error error;
  Catalog catalog;
  REQUIRE(open_catalog(bytes, Check::full, &arena, &catalog, &error) == Status::ok);
  CHECK(catalog.find("o-2") == 1);
  CHECK(catalog.columns.size() == 7);
}

TEST_CASE("JSON gives what CSV gives") {
  const CatalogDocument document = json(R"({"format": 1, "version": "7", "name": "mine",
    "unlisted": true, "offers": [
    {"offer": "o-1", "valid_from": "1970-01-01T00:00:01Z", "facts": {"min_age": 18, "cpa": 5,
     "tags": ["a|b", ""], "secured": false, "partner": "x", "since": "1970-01-02",
     "looks": [1, 2]}},
    {"offer": "o-2", "valid_to": null, "facts": {"min_age": null, "cpa": 0.5}},
    {"offer": "o-3", "facts": {"min_age": "9007199254740993"}}]})");
  const Catalog& catalog = document.catalog();
  CHECK(catalog.name == "mine");
  CHECK(catalog.version == "7");
  CHECK(catalog.allows_unlisted);
  CHECK(catalog.valid_from[0] == 1'000'000);
  CHECK(catalog.valid_to.empty());
  CHECK(column(document, "min_age").integers[2] == 9'007'199'254'740'993);
  CHECK_FALSE(column(document, "min_age").is_present(1));
  CHECK(column(document, "tags").strings[0] == "a|b");
  CHECK(column(document, "cpa").numbers[0] == 5);
  CHECK(column(document, "looks").floats[1] == 2);
}

TEST_CASE("the version of a CSV is the start of its SHA-256") {
  // printf 'offer\no-1\n' | sha256sum
  CHECK(csv("offer\no-1\n").catalog().version == "5f0c1d7692c6");
}

TEST_CASE("a whole number may be written as one of a table with gaps") {
  const CatalogDocument cells = csv("offer,offer.min_age\no-1,18.0\no-2,1e3\no-3,-0.0\no-4,9007199254740993\n");
  const CatalogDocument values = json(R"({"format": 1, "offers": [{"offer": "o-1", "facts": {"min_age": 18.0}},
    {"offer": "o-2", "facts": {"min_age": 1e3}}, {"offer": "o-3", "facts": {"min_age": -0.0}},
    {"offer": "o-4", "facts": {"min_age": 9007199254740993}}]})");
  for (const CatalogDocument* document : {&cells, &values}) {
    const std::int64_t* ages = column(*document, "min_age").integers;
    CHECK(ages[0] == 18);
    CHECK(ages[1] == 1000);
    CHECK(ages[2] == 0);
    CHECK(ages[3] == 9'007'199'254'740'993);
  }
  for (const char* other : {"1.5", "9007199254740992.0", "1e300"}) {
    CAPTURE(other);
    CHECK(refuse(csv, "offer,offer.min_age\no-1," + std::string(other) + "\n").status == Status::type);
  }
}

TEST_CASE("what is wrong in a CSV has its status, row and column") {
  struct Case {
    const char* text;
    Status status;
    const char* where;
  };
  const Case cases[] = {
      {"", Status::column, "row 1"},
      {"offer.cpa\n1\n", Status::column, "column offer"},
      {"offer,offer.apr\no-1,2\n", Status::column, "column offer.apr"},
      {"offer,cpa\no-1,2\n", Status::column, "column cpa"},
      {"offer,offer.offer_id\no-1,o-2\n", Status::column, "column offer.offer_id"},
      {"offer,offer\no-1,2\n", Status::column, "column offer"},
      {"offer,offer.cpa\no-1\n", Status::column, "row 2"},
      {"offer,offer.cpa\no-1,1\no-2,1,2\n", Status::column, "row 3"},
      {"offer\no-1\n\no-1\n", Status::duplicate, "row 3, column offer"},
      {"offer,offer.cpa\n,1\n", Status::missing, "row 2, column offer"},
      {"offer,offer.cpa\no-1,abc\n", Status::type, "row 2, column offer.cpa"},
      {"offer,offer.cpa\no-1,NaN\n", Status::type, "row 2, column offer.cpa"},
      {"offer,offer.cpa\no-1,1e999\n", Status::type, "row 2, column offer.cpa"},
      {"offer,offer.min_age\no-1,1.5\n", Status::type, "row 2, column offer.min_age"},
      {"offer,offer.secured\no-1,yes\n", Status::type, "row 2, column offer.secured"},
      {"offer,offer.since\no-1,today\n", Status::type, "row 2, column offer.since"},
      {"offer,valid_from\no-1,today\n", Status::type, "row 2, column valid_from"},
      {"offer,valid_from,valid_to\no-1,2026-02-01,2026-01-01\n", Status::argument,
       "row 2, column valid_to"},
      {"offer,offer.min_age\no-1,99999999999999999999\n", Status::type,
       "row 2, column offer.min_age"},
      {"offer,offer.looks\no-1,1|2|3\n", Status::type, "row 2, column offer.looks"},
      {"offer,offer.tags\no-1,a||b\n", Status::type, "row 2, column offer.tags"},
      {"offer\n\"o-1\n", Status::column, "row 2"},
      {"offer\no\"-1\n", Status::column, "row 2"},
      {"offer\n\"o\"-1\n", Status::column, "row 2"},
      {"offer\no\r-1\n", Status::column, "row 2"},
      {"offer\n\xC3\n", Status::utf8, ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.text);
    const Refused refused = refuse(csv, one.text);
    CHECK(refused.status == one.status);
    CHECK(refused.where == one.where);
  }
  CHECK(refuse(csv, "offer\n" + std::string(257, 'x') + "\n").status == Status::limit);
  CHECK(refuse(csv, "offer\n" + std::string(256, 'x') + "\n").status == Status::ok);
}

TEST_CASE("what is wrong in a JSON catalog has its status and path") {
  struct Case {
    const char* offers;
    Status status;
    const char* where;
  };
  const Case cases[] = {
      {R"({})", Status::missing, "offers[0].offer"},
      {R"({"offer": 7})", Status::type, "offers[0].offer"},
      {R"({"offer": "a", "fact": {}})", Status::json, "offers[0].fact"},
      {R"({"offer": "a", "valid_from": "2026-02-01", "valid_to": "2026-02-01"})",
       Status::argument, "offers[0].valid_to"},
      {R"({"offer": "a", "facts": {"apr": 1}})", Status::column, "offers[0].facts.apr"},
      {R"({"offer": "a", "facts": {"offer_id": "b"}})", Status::column, "offers[0].facts.offer_id"},
      {R"({"offer": "a", "facts": {"cpa": "1"}})", Status::type, "offers[0].facts.cpa"},
      {R"({"offer": "a", "facts": {"tags": "x"}})", Status::type, "offers[0].facts.tags"},
      {R"({"offer": "a", "facts": {"looks": [1]}})", Status::type, "offers[0].facts.looks"},
      {R"({"offer": "a", "facts": {"looks": [1, 1e300]}})", Status::not_finite,
       "offers[0].facts.looks[1]"},
      {R"({"offer": "a"}, {"offer": "a"})", Status::duplicate, "offers[1].offer"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.offers);
    const Refused refused =
        refuse(json, R"({"format": 1, "offers": [)" + std::string(one.offers) + "]}");
    CHECK(refused.status == one.status);
    CHECK(refused.where == one.where);
  }
  CHECK(refuse(json, "{\"format\": 1").status == Status::json);
  CHECK(refuse(json, R"({"format": 1, "format": 1, "offers": []})").status == Status::json);
  CHECK(refuse(json, R"({"format": 1, "offers": []})").status == Status::ok);
}

TEST_CASE("CSV records") {
  CsvReader reader("a,\"b\"\"c\",\n\"\",x\r\n");
  std::vector<std::string_view> fields;
  REQUIRE(reader.next(&fields));
  REQUIRE(fields.size() == 3);
  CHECK(fields[1] == "b\"c");
  CHECK(fields[2].empty());
  REQUIRE(reader.next(&fields));
  CHECK(reader.row() == 2);
  REQUIRE(fields.size() == 2);
  CHECK(fields[1] == "x");
  CHECK_FALSE(reader.next(&fields));
}

}  // namespace
}  // namespace guardrank::pack
