// Hostile sources: limits from both sides, random bytes, random tokens.
#include <random>

#include "core/base/limits.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

struct Hostile : World {
  Program program;
  Hostile() {
    ctx("a", FactType::i64);
    ctx("s", FactType::string);
    offer("b", FactType::f64);
  }
  Status check(const std::string& source, ExprType wanted = ExprType::boolean) {
    arena.reset();
    facts = FactTable();
    REQUIRE(facts.open(8, &arena, &error) == Status::ok);
    ctx("a", FactType::i64);
    ctx("s", FactType::string);
    offer("b", FactType::f64);
    return compile(source, wanted, &program);
  }
};

std::string repeat(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST_CASE("nesting stops at limits::expression_depth") {
  Hostile hostile;
  // The whole expression is the first level.
  const auto parens = [](std::size_t n) { return repeat("(", n) + "true" + repeat(")", n); };
  CHECK(hostile.check(parens(limits::expression_depth - 2)) == Status::ok);
  CHECK(hostile.check(parens(limits::expression_depth - 1)) == Status::ok);
  CHECK(hostile.check(parens(limits::expression_depth)) == Status::limit);
  CHECK(hostile.error.message().find("nested deeper than 64 levels") != std::string_view::npos);
  CHECK(hostile.check(repeat("!", limits::expression_depth - 1) + "true") == Status::ok);
  CHECK(hostile.check(repeat("!", limits::expression_depth) + "true") == Status::limit);
  CHECK(hostile.check(repeat("true ? true : ", 63) + "true") == Status::ok);
  CHECK(hostile.check(repeat("true ? true : ", 64) + "true") == Status::limit);
}

TEST_CASE("bombs of every kind are refused without harm") {
  Hostile hostile;
  for (const std::string_view piece : {"(", "[", "!", "-", "- ", "has(", "f(", "1 in [", "a.b(",
                                       "true ? ", "true?true:", "'''", "a.", "1+(", "{", "--1"}) {
    CAPTURE(piece);
    const Status status = hostile.check(repeat(piece, limits::expression_bytes / piece.size()));
    CHECK(status != Status::ok);
    CHECK(status != Status::internal);
  }
}

TEST_CASE("nodes stop at limits::expression_nodes, bytes at limits::expression_bytes") {
  Hostile hostile;
  // n ones and n - 1 additions.
  const auto sum = [](std::size_t n) { return "1" + repeat("+1", n - 1); };
  const std::size_t most = (limits::expression_nodes + 1) / 2;
  CHECK(hostile.check(sum(most - 1), ExprType::integer) == Status::ok);
  CHECK(hostile.check(sum(most), ExprType::integer) == Status::ok);
  CHECK(hostile.check(sum(most + 1), ExprType::integer) == Status::limit);
  CHECK(hostile.error.message().find("more than 4096 parts") != std::string_view::npos);
  const auto text = [](std::size_t n) { return "'" + std::string(n - 8, 'x') + "'==''+"; };
  CHECK(hostile.check("'" + std::string(limits::expression_bytes - 7, 'x') + "'==s " ) ==
        Status::name);
  CHECK(hostile.check("s==\n'" + std::string(limits::expression_bytes - 6, 'x') + "'") ==
        Status::name);
  CHECK(hostile.check("'" + std::string(limits::expression_bytes - 6, 'x') + "'==''") ==
        Status::ok);
  CHECK(hostile.check("'" + std::string(limits::expression_bytes - 5, 'x') + "'==''") ==
        Status::limit);
  CHECK(hostile.check(text(2 * limits::expression_bytes)) == Status::limit);
}

TEST_CASE("a sum of 2000 rows of operands evaluates") {
  Hostile hostile;
  hostile.check("true");
  hostile.candidates(600);
  for (std::uint32_t i = 0; i < 600; ++i) hostile.set_offer(i, "b", 1.0 + i);
  hostile.open();
  std::string source = "offer.b in [";
  for (int i = 0; i < 900; ++i) source += "offer.b,";   // all operands live at once
  CHECK(hostile.eval(source + "0.0]", ExprType::boolean, 599) == "true");
  CHECK(hostile.eval("offer.b" + repeat("+1.0", 1500), ExprType::number, 599) == "2100");
}

TEST_CASE("invalid UTF-8 is refused before anything is shown") {
  Hostile hostile;
  for (const std::string_view bad :
       {"'\xFF'", "'\xC0\x80'", "'\xED\xA0\x80'", "\xF5", "'\xE2\x82'"}) {
    CHECK(hostile.check(std::string(bad)) == Status::parse);
    CHECK(hostile.error.message().find("is not valid UTF-8") != std::string_view::npos);
  }
}

TEST_CASE("no bytes and no tokens break the compiler") {
  Hostile hostile;
  std::mt19937_64 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::string source(random() % 40, ' ');
    for (char& byte : source) byte = static_cast<char>(random() % (round % 2 == 0 ? 256 : 128));
    CHECK(hostile.check(source) != Status::internal);
  }
  const std::string_view tokens[] = {"ctx.a", "ctx.s", "offer.b", "1", "2.5", "3u", "'x'", "true",
                                     "null", "(", ")", "[", "]", ",", "+", "-", "*", "/", "%", "!",
                                     "&&", "||", "==", "!=", "<", ">=", "in", "?", ":", "has(",
                                     "double(", ".", "now", "x", "{", "}", ".all(x,", ".map(x,", "b'a'", "dyn(",
                                     "size(", "[0]", "type(", "duration('1s')", "\n", "//c\n", "'", "\"\"\""};
  hostile.check("true");
  int n_valid = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string source;
    for (std::size_t i = random() % 9 + 1; i > 0; --i) {
      source += tokens[random() % std::size(tokens)];
      source += ' ';
    }
    const Status status = hostile.check(source);
    CHECK(status != Status::internal);
    n_valid += status == Status::ok ? 1 : 0;
  }
  CHECK(n_valid > 100);
}

TEST_CASE("what takes too long or too much is an error of its row") {
  Hostile hostile;
  hostile.check("true");
  hostile.candidates(3);
  hostile.set_ctx("s", std::string_view{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"});
  for (std::uint32_t i = 0; i < 3; ++i) hostile.set_offer(i, "b", 1.0 + i);
  hostile.open();
  std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  // Ten to the seventh elements, from literals alone and by row.
  const auto nested = [&](const std::string& body) {
    std::string source = body;
    for (const char* name : {"g", "f", "e", "d", "c", "b", "a"})
      source = ten + ".all(" + name + ", " + source + ")";
    return source;
  };
  CHECK(hostile.eval(nested("a + g >= 0")) == "over the limit of steps or size");
  CHECK(hostile.eval(nested("offer.b > 0.0"), ExprType::boolean, 2) == "over the limit of steps or size");
  CHECK(hostile.eval("offer.b < 0.0 || " + nested("a >= 0") + " || offer.b > 2.0",
                     ExprType::boolean, 2) == "true");   // absorbed like any other error
  // Doubling: 2^40 elements, characters.
  std::string list = "[1]", text = "'x'";
  for (int i = 0; i < 9; ++i) {
    list = "[" + list + "].map(l, l + l)[0]";
    text = "[" + text + "].map(t, t + t + t + t)[0]";
  }
  CHECK(hostile.eval("size(" + list + ")", ExprType::integer) == "512");
  CHECK(hostile.eval("size(" + text + ")", ExprType::integer) == "262144");
  CHECK(hostile.eval("size(" + text + " + 'x')", ExprType::integer) == "over the limit of steps or size");
  // Patterns that make a backtracking matcher exponential.
  CHECK(hostile.eval("ctx.s.matches('^(a+)+$')") == "false");
  CHECK(hostile.eval("ctx.s.matches('^(a|aa)+$')") == "false");
  CHECK(hostile.eval("ctx.s.matches('(a?){40}a{40}')") == "true");
  CHECK(hostile.eval("ctx.s.matches('((a{50}){50}){50}')").find("the pattern is too large") !=
        std::string::npos);
  CHECK(hostile.eval("ctx.s.matches('" + repeat("(", 40) + repeat(")", 40) + "')")
            .find("nested too deep") != std::string::npos);
  CHECK(hostile.eval("ctx.s.matches('" + std::string(limits::pattern_bytes + 1, 'a') + "')")
            .find("too long") != std::string::npos);
  CHECK(hostile.eval("[" + text + "].exists(t, t.matches('(x|y){200}z'))") == "over the limit of steps or size");
}

TEST_CASE("cost is estimated from how long lists may be") {
  World world;
  world.offer("tags", FactType::string_list);
  world.offer("b", FactType::f64);
  Program program;
  const auto cost = [&](std::string_view source) {
    REQUIRE_MESSAGE(world.compile(source, ExprType::boolean, &program) == Status::ok,
                    world.error.message());
    return program.cost;
  };
  CHECK(cost("offer.b > 1.0") < 10);
  const std::uint64_t one = cost("offer.tags.all(t, t != 'a')");
  CHECK(one > limits::list_elements);
  CHECK(one < limits::evaluation_row_steps);
  CHECK(cost("[1, 2, 3].all(t, t > 0)") < 20);
  CHECK(cost("offer.tags.all(t, offer.tags.all(u, u != t || u == 'a'))") >
        limits::evaluation_row_steps);
  // What is no list has no elements; lists in lists are as long as they are written.
  world.offer("at", FactType::timestamp);
  world.add(Namespace::time, "now", FactType::timestamp);
  CHECK(cost("timestamp('2026-01-01T00:00:00Z') < offer.at + duration('1h')") < 20);
  CHECK(cost("offer.tags.map(t, now - timestamp(t)).all(d, d > duration('1h'))") <
        limits::evaluation_row_steps);
  CHECK(cost("[[1, 2], [3]].map(l, l.map(x, x + 1))[0][0] > 0") < 100);
  CHECK(cost("[[1, 2], [3]].all(l, [l, l].all(m, m.all(x, x > 0)))") < 100);
  CHECK(cost("(offer.b > 0.0 ? [[1], [2, 3, 4]] : [[5]])[1].all(x, x > 0)") < 60);
  CHECK(cost("dyn([[1]])[0].all(x, x > 0)") < 20);
  // What a fact may hold is as long as it can be, wherever it goes.
  CHECK(cost("dyn([offer.tags])[0].all(x, x != 'a')") > limits::list_elements);
  CHECK(cost("{'k': offer.tags}.k.all(x, x != 'a')") > limits::list_elements);
  CHECK(cost("[1].map(i, [offer.tags])[0][0].all(x, x != 'a')") > limits::list_elements);
  CHECK(cost("[offer.tags].all(l, l.all(t, t != 'a'))") > limits::list_elements);
  CHECK(cost("[offer.tags + offer.tags].all(l, l.all(t, t != 'a'))") > 2 * limits::list_elements);
  std::string deep = "true";
  for (int i = 0; i < 12; ++i) deep = "offer.tags.all(t, " + deep + ")";
  CHECK(cost(deep) == UINT64_MAX);
}

TEST_CASE("evaluating again takes no new memory") {
  World world;
  world.offer("b", FactType::f64);
  world.candidates(900);
  for (std::uint32_t i = 0; i < 900; ++i) world.set_offer(i, "b", 1.0 + i);
  world.open();
  Program program;
  REQUIRE(world.compile("[1.0, 2.0].map(x, [x, x * offer.b])[1][1]", ExprType::number, &program) ==
          Status::ok);
  EvaluationMemory memory;
  EvaluatedColumn column;
  for (int i = 0; i < 3; ++i) REQUIRE(evaluate(program, &world.frame, &memory, &column) == Status::ok);
  CHECK(column.numbers[899] == 1800.0);
  const std::size_t used = world.session.used_bytes();
  for (int i = 0; i < 3; ++i) REQUIRE(evaluate(program, &world.frame, &memory, &column) == Status::ok);
  CHECK(world.session.used_bytes() == used);
}

TEST_CASE("every lack of memory is a status") {
  World world;
  world.ctx("a", FactType::i64);
  bool succeeded = false;
  for (std::size_t bytes = 64; bytes < (1u << 18) && !succeeded; bytes += 64) {
    Arena small(host_allocator(), bytes);
    Program program;
    Error error;
    const Status status =
        compile_expression("ctx.a in [1, 2, 3] && 'x' != 'y' || .5 > 1.0 || 'a'.matches('b+') || "
                           "[[1], [ctx.a]].exists(l, l.map(x, x + ctx.a) == [2])", "w", world.facts,
                           facts_only, ExprType::boolean, &small, &program, &error);
    succeeded = status == Status::ok;
    if (!succeeded) REQUIRE(status == Status::memory);
    if (!succeeded) REQUIRE(error.code() == Status::memory);
  }
  CHECK(succeeded);
}

}  // namespace
}  // namespace guardrank::testing
