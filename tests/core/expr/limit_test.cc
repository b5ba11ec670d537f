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
                                     "double(", ".", "now", "x", "\n", "//c\n", "'", "\"\"\""};
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

TEST_CASE("every lack of memory is a status") {
  World world;
  world.ctx("a", FactType::i64);
  bool succeeded = false;
  for (std::size_t bytes = 64; bytes < (1u << 18) && !succeeded; bytes += 64) {
    Arena small(host_allocator(), bytes);
    Program program;
    Error error;
    const Status status =
        compile_expression("ctx.a in [1, 2, 3] && 'x' != 'y' || .5 > 1.0", "w", world.facts,
                           facts_only, ExprType::boolean, &small, &program, &error);
    succeeded = status == Status::ok;
    if (!succeeded) REQUIRE(status == Status::memory);
    if (!succeeded) REQUIRE(error.code() == Status::memory);
  }
  CHECK(succeeded);
}

}  // namespace
}  // namespace guardrank::testing
