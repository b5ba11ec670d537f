#include <cmath>
#include <cstdint>
#include <optional>
#include <random>

#include "core/expr/program.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

constexpr ExprType integer = ExprType::integer;
constexpr ExprType natural = ExprType::unsigned_integer;
constexpr ExprType number = ExprType::number;
constexpr ExprType string = ExprType::string;

// One context with every type, one fact of each left out ("no_*").
World& plain_world() {
  static World* world = [] {
    World* made = new World;
    made->ctx("age", FactType::i64);
    made->ctx("income", FactType::f64);
    made->ctx("state", FactType::string);
    made->ctx("is_member", FactType::boolean);
    made->ctx("joined", FactType::timestamp);
    made->ctx("no_int", FactType::i64);
    made->ctx("no_bool", FactType::boolean);
    made->ctx("no_text", FactType::string);
    made->ctx("zero", FactType::i64);
    made->add(Namespace::time, "now", FactType::timestamp);
    made->candidates(1);
    made->set_ctx("age", std::int64_t{34});
    made->set_ctx("income", 82000.5);
    made->set_ctx("state", std::string_view{"CA"});
    made->set_ctx("is_member", true);
    made->set_ctx("zero", std::int64_t{0});
    Value joined = Value::of(std::int64_t{1000});
    joined.type = FactType::timestamp;
    REQUIRE(made->request().set_context(made->facts.find(Namespace::context, "joined"), joined,
                                        &made->error) == Status::ok);
    made->request().set_time(2000);
    made->open();
    return made;
  }();
  return *world;
}

std::string eval(std::string_view source, ExprType wanted = ExprType::boolean) {
  return plain_world().eval(source, wanted);
}

TEST_CASE("literals have CEL's values") {
  CHECK(eval("9223372036854775807", integer) == "9223372036854775807");
  CHECK(eval("-9223372036854775808", integer) == "-9223372036854775808");
  CHECK(eval("0x7FfF", integer) == "32767");
  CHECK(eval("-0x10", integer) == "-16");
  CHECK(eval("18446744073709551615u", natural) == "18446744073709551615u");
  CHECK(eval("0xFFU", natural) == "255u");
  CHECK(eval("1.5e3", number) == "1500");
  CHECK(eval(".25", number) == "0.25");
  CHECK(eval("007.5", number) == "7.5");
  CHECK(eval("1e-400", number) == "0");
  CHECK(eval("-1.5", number) == "-1.5");
  CHECK(eval("'it\\'s'", string) == "'it's'");
  CHECK(eval("\"a\\tb\"", string) == "'a\tb'");
  CHECK(eval("r'a\\tb'", string) == "'a\\tb'");
  CHECK(eval("'''a'b\n''c'''", string) == "'a'b\n''c'");
  CHECK(eval("'\\x41\\u00e9\\U0001F600\\101'", string) == "'A\xC3\xA9\xF0\x9F\x98\x80""A'");
  CHECK(eval("''", string) == "''");
  CHECK(eval("1 // one\n + 2", integer) == "3");
}

TEST_CASE("arithmetic is CEL's, with overflow and division by zero as errors") {
  CHECK(eval("7 / 2", integer) == "3");
  CHECK(eval("-7 / 2", integer) == "-3");
  CHECK(eval("-7 % 3", integer) == "-1");
  CHECK(eval("7 % -3", integer) == "1");
  CHECK(eval("9223372036854775807 + 1", integer) == "overflow");
  CHECK(eval("-9223372036854775808 - 1", integer) == "overflow");
  CHECK(eval("-(-9223372036854775808)", integer) == "overflow");
  CHECK(eval("-9223372036854775808 / -1", integer) == "overflow");
  CHECK(eval("-9223372036854775808 % -1", integer) == "overflow");
  CHECK(eval("5000000000 * 5000000000", integer) == "overflow");
  CHECK(eval("1 / ctx.zero", integer) == "zero");
  CHECK(eval("1 % ctx.zero", integer) == "zero");
  CHECK(eval("1u - 2u", natural) == "overflow");
  CHECK(eval("18446744073709551615u + 1u", natural) == "overflow");
  CHECK(eval("18446744073709551615u / 2u", natural) == "9223372036854775807u");
  CHECK(eval("1u / 0u", natural) == "zero");
  CHECK(eval("1.0 / 0.0", number) == "inf");
  CHECK(eval("0.1 + 0.2", number) == "0.30000000000000004");
  CHECK(eval("double(3) / 2.0", number) == "1.5");
  CHECK(eval("double(18446744073709551615u)", number) == "1.8446744073709552e+19");
  CHECK(eval("2 + 3 * 4 - 10 / 5 % 3", integer) == "12");   // 2 + 12 - ((10 / 5) % 3)
  CHECK(eval("10 - 4 - 3", integer) == "3");
  CHECK(eval("- -3", integer) == "3");
}

TEST_CASE("numbers of different types compare on one line") {
  // 2^53 + 1 has no double: rounding it first would call the two equal.
  CHECK(eval("9007199254740993 == 9007199254740992.0") == "false");
  CHECK(eval("9007199254740993 > 9007199254740992.0") == "true");
  CHECK(eval("9007199254740992.0 < 9007199254740993") == "true");
  CHECK(eval("9007199254740993u > 9007199254740992.0") == "true");
  CHECK(eval("-1 < 0u") == "true");
  CHECK(eval("18446744073709551615u > 9223372036854775807") == "true");
  CHECK(eval("1 == 1u && 1 == 1.0 && 1u == 1.0") == "true");
  CHECK(eval("-3 > -3.5 && 3 < 3.5 && -3.5 < -3") == "true");
  CHECK(eval("ctx.age < 34.5 && 33.5 < ctx.age") == "true");
  CHECK(eval("1 < 1e300 && 1 > -1e300 && 0u > -0.5") == "true");
  CHECK(eval("1 != 0.0 / 0.0") == "true");
  CHECK(eval("1 < 0.0 / 0.0 || 1 >= 0.0 / 0.0 || 1 == 0.0 / 0.0") == "false");
  CHECK(eval("0.0 / 0.0 == 0.0 / 0.0") == "false");
  CHECK(eval("0.0 == -0.0") == "true");
}

TEST_CASE("strings stand in code point order, bools and times too") {
  CHECK(eval("'a' < 'b' && 'Z' < 'a' && '' < 'a' && 'ab' > 'a'") == "true");
  // U+FFFD comes before U+1F600, though not in UTF-16.
  CHECK(eval("'\\uFFFD' < '\\U0001F600'") == "true");
  CHECK(eval("ctx.state == 'CA' && ctx.state != 'NY'") == "true");
  CHECK(eval("false < true && true >= true") == "true");
  CHECK(eval("ctx.joined < now && now == now") == "true");
}

TEST_CASE("in") {
  CHECK(eval("ctx.state in ['NY', 'CA']") == "true");
  CHECK(eval("ctx.state in ['NY', 'TX', ]") == "false");
  CHECK(eval("ctx.state in []") == "false");
  CHECK(eval("ctx.age in [1, 2, 34]") == "true");
  CHECK(eval("ctx.age in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 34]") == "true");
  CHECK(eval("ctx.age in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 35]") == "false");
  CHECK(eval("ctx.age in [34.0, 34.5]") == "true");
  CHECK(eval("ctx.age in [34.5]") == "false");
  CHECK(eval("ctx.income in [82000.5]") == "true");
  CHECK(eval("9007199254740993 in [9007199254740992.0]") == "false");
  CHECK(eval("9007199254740992.0 in [9007199254740993]") == "false");
  CHECK(eval("0.0 / 0.0 in [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]") == "false");
  CHECK(eval("ctx.age in [ctx.zero, 30 + 4]") == "true");
  CHECK(eval("ctx.age in [34, ctx.no_int]") == "unknown ctx.no_int");   // the list is strict
  CHECK(eval("ctx.age in [34, 1 / ctx.zero]") == "zero");
  CHECK(eval("ctx.is_member in [false, true]") == "true");
  CHECK(eval("now in [ctx.joined, now]") == "true");
  CHECK(eval("ctx.no_text in ['a']") == "unknown ctx.no_text");
  CHECK(eval("2u in [1, 2]") == "true");
}

// Kleene's strong tables with CEL's errors: a decided side wins over everything, then unknown.
TEST_CASE("truth tables of and, or, not") {
  const std::string t = "true", f = "false", u = "ctx.no_bool", e = "1 / ctx.zero == 1";
  const std::string unknown = "unknown ctx.no_bool", error = "zero";
  struct Row {
    std::string left, right, both, either;
  };
  const Row rows[] = {
      {t, t, t, t}, {t, f, f, t}, {f, t, f, t}, {f, f, f, f},
      {t, u, unknown, t}, {u, t, unknown, t}, {f, u, f, unknown}, {u, f, f, unknown},
      {u, u, unknown, unknown},
      {t, e, error, t}, {e, t, error, t}, {f, e, f, error}, {e, f, f, error},
      {e, e, error, error}, {u, e, unknown, unknown}, {e, u, unknown, unknown},
  };
  for (const Row& row : rows) {
    CAPTURE(row.left);
    CAPTURE(row.right);
    CHECK(eval(row.left + " && " + row.right) == row.both);
    CHECK(eval(row.left + " || " + row.right) == row.either);
  }
  CHECK(eval("!true") == "false");
  CHECK(eval("!ctx.no_bool") == "unknown ctx.no_bool");
  CHECK(eval("!(1 / ctx.zero == 1)") == "zero");
}

TEST_CASE("unknown names the first missing fact; the conditional takes only its branch") {
  CHECK(eval("ctx.no_int > 3") == "unknown ctx.no_int");
  CHECK(eval("ctx.no_int > 3 && ctx.no_text == 'a'") == "unknown ctx.no_int");
  CHECK(eval("ctx.no_text == 'a' || ctx.no_int > 3") == "unknown ctx.no_text");
  CHECK(eval("ctx.no_int + 1 / ctx.zero", integer) == "unknown ctx.no_int");
  CHECK(eval("true ? 1 : ctx.no_int", integer) == "1");
  CHECK(eval("false ? 1 / ctx.zero : 2", integer) == "2");
  CHECK(eval("ctx.zero != 0 ? 10 / ctx.zero : 0", integer) == "0");
  CHECK(eval("ctx.no_bool ? 1 : 1", integer) == "unknown ctx.no_bool");
  CHECK(eval("has(ctx.no_int)") == "false");
  CHECK(eval("has(ctx.age) && !has(ctx.no_bool)") == "true");
  CHECK(eval("has(ctx.no_int) ? ctx.no_int : -1", integer) == "-1");
  CHECK(eval("true ? 'x' : 'y'", string) == "'x'");
  CHECK(eval("false ? 1 : true ? 2 : 3", integer) == "2");
}

// Rows in plain C++ against columns, with missing values, over several tiles and a ragged end.
TEST_CASE("columns agree with row by row arithmetic") {
  World world;
  world.ctx("budget", FactType::f64);
  world.offer("a", FactType::i64);
  world.offer("b", FactType::i64);
  world.offer("x", FactType::f64);
  world.offer("name", FactType::string);
  constexpr std::uint32_t n = 1555;
  world.candidates(n);
  world.set_ctx("budget", 0.5);
  std::mt19937_64 random(7);
  std::vector<std::optional<std::int64_t>> a(n), b(n);
  std::vector<std::optional<double>> x(n);
  std::vector<std::optional<std::string>> name(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (random() % 5 != 0) a[i] = static_cast<std::int64_t>(random() % 7) - 3;
    if (random() % 5 != 0) b[i] = static_cast<std::int64_t>(random() % 5) - 2;
    if (random() % 5 != 0) x[i] = static_cast<double>(random() % 1000) / 999;
    if (random() % 5 != 0) name[i] = std::string(random() % 3, 'k');
    if (random() % 50 == 0) a[i] = INT64_MAX;
    if (a[i]) world.set_offer(i, "a", *a[i]);
    if (b[i]) world.set_offer(i, "b", *b[i]);
    if (x[i]) world.set_offer(i, "x", *x[i]);
    if (name[i]) world.set_offer(i, "name", std::string_view{*name[i]});
  }
  world.open();

  const auto run = [&](std::string_view source, ExprType wanted, auto expected) {
    CAPTURE(source);
    Program program;
    REQUIRE_MESSAGE(world.compile(source, wanted, &program) == Status::ok, world.error.message());
    EvaluatedColumn column;
    REQUIRE(evaluate(program, &world.frame, &column) == Status::ok);
    REQUIRE(column.n_rows == n);
    for (std::uint32_t i = 0; i < n; ++i) {
      if (world.text(column, i) == expected(i)) continue;
      CAPTURE(i);
      CHECK(world.text(column, i) == expected(i));
      return;
    }
  };
  run("offer.a / offer.b", integer, [&](std::uint32_t i) -> std::string {
    if (!a[i]) return "unknown offer.a";
    if (!b[i]) return "unknown offer.b";
    if (*b[i] == 0) return "zero";
    return std::to_string(*a[i] / *b[i]);
  });
  run("offer.a + offer.b", integer, [&](std::uint32_t i) -> std::string {
    if (!a[i]) return "unknown offer.a";
    if (!b[i]) return "unknown offer.b";
    std::int64_t sum = 0;
    return __builtin_add_overflow(*a[i], *b[i], &sum) ? "overflow" : std::to_string(sum);
  });
  const std::string_view both = "offer.x > ctx.budget && offer.a >= 0";
  run(both, ExprType::boolean, [&](std::uint32_t i) -> std::string {
    const bool x_false = x[i] && !(*x[i] > 0.5), a_false = a[i] && !(*a[i] >= 0);
    if (x_false || a_false) return "false";
    if (!x[i]) return "unknown offer.x";
    return a[i] ? "true" : "unknown offer.a";
  });
  run("offer.name == 'k' ? double(offer.a) : offer.x", number, [&](std::uint32_t i) -> std::string {
    if (!name[i]) return "unknown offer.name";
    const bool picks_a = *name[i] == "k";
    if (picks_a && !a[i]) return "unknown offer.a";
    if (!picks_a && !x[i]) return "unknown offer.x";
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.17g", picks_a ? static_cast<double>(*a[i]) : *x[i]);
    return digits;
  });
  run("offer.name in ['', 'kk'] || !has(offer.name)", ExprType::boolean,
      [&](std::uint32_t i) -> std::string {
        return !name[i] || *name[i] != "k" ? "true" : "false";
      });
  run("offer.a in [offer.b, 2]", ExprType::boolean, [&](std::uint32_t i) -> std::string {
    if (!a[i]) return "unknown offer.a";
    if (!b[i]) return "unknown offer.b";
    return *a[i] == *b[i] || *a[i] == 2 ? "true" : "false";
  });
}

TEST_CASE("context parts are one row, and memory can be shared between programs") {
  World world;
  world.ctx("x", FactType::f64);
  world.offer("y", FactType::f64);
  world.candidates(700);
  world.set_ctx("x", 2.0);
  for (std::uint32_t i = 0; i < 700; ++i) world.set_offer(i, "y", static_cast<double>(i));
  world.open();
  Program context, rows;
  REQUIRE(world.compile("ctx.x * 2.0 > 3.0", ExprType::boolean, &context) == Status::ok);
  REQUIRE(world.compile("offer.y * (ctx.x * 3.0 + 1.0)", number, &rows) == Status::ok);
  CHECK(context.levels[context_level].n_operations == context.operations.size());
  CHECK(rows.levels[row_level].n_widenings == 1);   // only the context part as a whole
  CHECK(rows.facts.size() == 2);
  EvaluationMemory memory;
  EvaluatedColumn column;
  REQUIRE(evaluate(context, &world.frame, &memory, &column) == Status::ok);
  CHECK(column.n_rows == 1);
  CHECK(column.booleans[0] == 1);
  REQUIRE(evaluate(rows, &world.frame, &memory, &column) == Status::ok);
  CHECK(column.states == nullptr);
  CHECK(column.numbers[699] == 699.0 * 7.0);
  const std::size_t used = world.session.used_bytes();
  REQUIRE(evaluate(context, &world.frame, &memory, &column) == Status::ok);
  REQUIRE(evaluate(rows, &world.frame, &memory, &column) == Status::ok);
  CHECK(world.session.used_bytes() == used);
}

TEST_CASE("a frame without rows") {
  World world;
  world.offer("y", FactType::f64);
  world.candidates(0);
  world.open();
  Program program;
  REQUIRE(world.compile("offer.y > 1.0", ExprType::boolean, &program) == Status::ok);
  EvaluatedColumn column;
  REQUIRE(evaluate(program, &world.frame, &column) == Status::ok);
  CHECK(column.n_rows == 0);
}

TEST_CASE("lists of a fact") {
  World world;
  const std::uint32_t tags = world.offer("tags", FactType::string_list);
  world.ctx("wanted", FactType::string);
  world.candidates(3);
  world.set_ctx("wanted", std::string_view{"travel"});
  const std::string_view values[] = {"cash", "travel"};
  Value list;
  list.type = FactType::string_list;
  list.is_missing = false;
  list.strings = values;
  REQUIRE(world.request().set_candidate(1, tags, list, &world.error) == Status::ok);
  list.strings = {values, 1};
  REQUIRE(world.request().set_candidate(2, tags, list, &world.error) == Status::ok);
  world.open();
  CHECK(world.eval("ctx.wanted in offer.tags", ExprType::boolean, 0) == "unknown offer.tags");
  CHECK(world.eval("ctx.wanted in offer.tags", ExprType::boolean, 1) == "true");
  CHECK(world.eval("ctx.wanted in offer.tags", ExprType::boolean, 2) == "false");
  CHECK(world.eval("'cash' in (has(offer.tags) ? offer.tags : offer.tags)", ExprType::boolean, 2) ==
        "true");
}

// Comparisons are computed either way round; what is told is as it was written.
TEST_CASE("the unknown fact named is the left one, whatever the types and the operator") {
  World w;
  w.ctx("i", FactType::i64);
  w.ctx("d", FactType::f64);
  w.offer("i", FactType::i64);
  w.offer("d", FactType::f64);
  w.candidates(3);
  w.open();
  for (const std::string operation : {"<", "<=", ">", ">=", "==", "!="})
    for (const std::string left : {"ctx.i", "ctx.d", "offer.i", "offer.d"})
      for (const std::string right : {"ctx.i", "ctx.d", "offer.i", "offer.d"}) {
        CAPTURE(left + operation + right);
        CHECK(w.eval(left + " " + operation + " " + right) == "unknown " + left);
      }
}

// Every order of every pair, in columns and against one value, through the loops that are typed.
TEST_CASE("numbers compare alike in columns and as literals") {
  World w;
  const double values[] = {-1.5, -1, 0, 1, 1.5, 2};
  w.offer("i", FactType::i64);
  w.offer("d", FactType::f64);
  w.offer("e", FactType::f64);
  w.candidates(36);
  for (std::uint32_t row = 0; row < 36; ++row) {
    w.set_offer(row, "i", static_cast<std::int64_t>(values[row / 6]));
    w.set_offer(row, "d", values[row / 6]);
    w.set_offer(row, "e", values[row % 6]);
  }
  w.open();
  const auto text = [](bool holds) { return std::string(holds ? "true" : "false"); };
  const auto check = [&](const std::string& left, const std::string& right, auto a, auto b) {
    for (std::uint32_t row = 0; row < 36; ++row) {
      const double x = a(row), y = b(row);
      CAPTURE(left + " and " + right);
      CAPTURE(row);
      CHECK(w.eval(left + " < " + right, ExprType::boolean, row) == text(x < y));
      CHECK(w.eval(left + " <= " + right, ExprType::boolean, row) == text(x <= y));
      CHECK(w.eval(left + " > " + right, ExprType::boolean, row) == text(x > y));
      CHECK(w.eval(left + " >= " + right, ExprType::boolean, row) == text(x >= y));
      CHECK(w.eval(left + " == " + right, ExprType::boolean, row) == text(x == y));
      CHECK(w.eval(left + " != " + right, ExprType::boolean, row) == text(x != y));
    }
  };
  const auto d = [&](std::uint32_t row) { return values[row / 6]; };
  const auto e = [&](std::uint32_t row) { return values[row % 6]; };
  const auto i = [&](std::uint32_t row) { return std::trunc(values[row / 6]); };
  check("offer.d", "offer.e", d, e);
  check("offer.i", "offer.e", i, e);
  check("offer.e", "offer.i", e, i);
  check("offer.i", "1", i, [](auto) { return 1.0; });
  check("1", "offer.i", [](auto) { return 1.0; }, i);
  check("uint(offer.i + 1)", "2u", [&](auto row) { return i(row) + 1; },
        [](auto) { return 2.0; });
}

}  // namespace
}  // namespace guardrank::testing
