// Every function and every kind of value, one small case each; what CEL's own cases leave open is
// computed by hand or with Python (datetime, math).
#include <cmath>

#include "core/base/math.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

World& function_world() {
  static World* world = [] {
    World* made = new World;
    made->ctx("name", FactType::string);
    made->ctx("missing", FactType::string);
    made->ctx("since", FactType::timestamp);
    made->ctx("tags", FactType::string_list);
    made->ctx("no_tags", FactType::string_list);
    made->ctx("amount", FactType::f64);
    made->ctx("count", FactType::i64);
    made->add(Namespace::time, "now", FactType::timestamp);
    made->candidates(1);
    made->set_ctx("name", std::string_view{"Gr\xC3\xBC\xC3\x9F""e"});
    made->set_ctx("amount", 2.5);
    made->set_ctx("count", std::int64_t{3});
    Value since = Value::of(std::int64_t{1'234'567'890'500'000});   // 2009-02-13T23:31:30.5Z
    since.type = FactType::timestamp;
    REQUIRE(made->request().set_context(2, since, &made->error) == Status::ok);
    static constexpr std::string_view tags[] = {"cash", "travel", "gold"};
    Value list;
    list.type = FactType::string_list;
    list.is_missing = false;
    list.strings = tags;
    REQUIRE(made->request().set_context(3, list, &made->error) == Status::ok);
    made->request().set_time(1'234'567'950'000'000);                // a minute later, less a half
    made->open();
    return made;
  }();
  return *world;
}

std::string eval(std::string_view source) { return function_world().eval(source, ExprType::dyn); }

TEST_CASE("lists") {
  CHECK(eval("[1, 'a', null, [2u]]") == "[1, 'a', null, [2u]]");
  CHECK(eval("ctx.tags + ['new']") == "['cash', 'travel', 'gold', 'new']");
  CHECK(eval("ctx.tags[1]") == "'travel'");
  CHECK(eval("ctx.tags[3]") == "no such index");
  CHECK(eval("ctx.tags[-1]") == "no such index");
  CHECK(eval("size(ctx.tags)") == "3");
  CHECK(eval("'gold' in ctx.tags && !('silver' in ctx.tags)") == "true");
  CHECK(eval("ctx.tags == ['cash', 'travel', 'gold']") == "true");
  CHECK(eval("ctx.name in ctx.no_tags") == "unknown ctx.no_tags");
  CHECK(eval("[ctx.count, 1] == [3, 1.0]") == "true");
  CHECK(eval("dyn([1, 2])[dyn('0')]") == "no such overload");
}

TEST_CASE("sums of numbers of one type, and of durations") {
  CHECK(eval("sum([1, 2, 3])") == "6");
  CHECK(eval("[1.5, 2.25, -0.5].sum()") == "3.25");
  CHECK(eval("[7u, 8u].sum()") == "15u");
  CHECK(eval("sum([duration('90s'), duration('1500ms')])") == "91s 500000000ns");
  CHECK(eval("ctx.tags.map(t, double(size(t))).sum()") == "14");
  CHECK(eval("ctx.tags.filter(t, t == 'none').map(t, 1.5).sum() == 0.0") == "true");
  CHECK(eval("sum([])") == "0");
  // From the first on: 1e16 swallows each 1 by itself.
  CHECK(eval("sum([1e16, 1.0, 1.0]) == 1e16 && sum([1.0, 1.0, 1e16]) == 1e16 + 2.0") == "true");
  CHECK(eval("sum([9223372036854775807, 1])") == "overflow");
  CHECK(eval("sum([dyn(1), dyn(2.0)])") == "no such overload");
  CHECK(eval("sum([dyn('a')])") == "no such overload");
  CHECK(eval("ctx.no_tags.map(t, 1).sum()") == "unknown ctx.no_tags");
  CHECK(eval("sum(ctx.tags)").find("'sum' does not take list(string)") != std::string::npos);
  // What an offer earns in three months, each kept by fewer and worth less: 10 + 10 * 0.9 * 0.5 + ...
  CHECK(eval("sum([0.0, 1.0, 2.0].map(t, exp(t * ln(0.9)) * exp(t * ln(0.5)) * 10.0)) > 16.52 && "
             "sum([0.0, 1.0, 2.0].map(t, exp(t * ln(0.9)) * exp(t * ln(0.5)) * 10.0)) < 16.53") ==
        "true");
}

TEST_CASE("events that count by weight") {
  CHECK(eval("decayed_count([0.0, 24.0, 48.0], 24.0, [1.0, 2.0, 8.0])") == "4");
  CHECK(eval("decayed_count([duration('48h')], duration('24h'), [-3.0])") == "-0.75");
  CHECK(eval("decayed_count([], 24.0, [])") == "0");
  CHECK(eval("decayed_count([0.0, 24.0], 24.0, [1.0])") == "no such index");
  CHECK(eval("decayed_count([0.0], 24.0, [1])").find("does not take list(int)") !=
        std::string::npos);
  CHECK(eval("decayed_count([0.0], 24.0, [dyn(1)])") == "no such overload");
}

TEST_CASE("what is no number is not convertible, what is too large is out of range") {
  for (const char* text : {"int('abc')", "int('1.5')", "int('')", "int('-')", "uint('-5a')",
                           "uint('0x1')", "uint('')", "timestamp('2020-01-01')",
                           "timestamp('2020-01-01 10:00')"})
    CHECK_MESSAGE(eval(text) == "not convertible", text);
  for (const char* text : {"int('9223372036854775808')", "uint('-5')", "uint('18446744073709551616')"})
    CHECK_MESSAGE(eval(text) == "out of range", text);
  CHECK(eval("timestamp('2020-01-01T00:00:00Z')") == "1577836800s 0ns");
}

TEST_CASE("maps") {
  CHECK(eval("{'b': 1, 'a': 2u}") == "{'a': 2u, 'b': 1}");    // keys ascending
  CHECK(eval("{'a': 1.5, 'b': 2.5}['b']") == "2.5");
  CHECK(eval("{'a': 1}.a") == "1");
  CHECK(eval("{'a': 1}['b']") == "no such key");
  CHECK(eval("{1: 'x', true: 'y', 'z': 0}[true]") == "'y'");
  CHECK(eval("{1u: 'x'}[dyn(1.0)]") == "'x'");
  CHECK(eval("has({'a': {'b': 1}}.a.b) && !has({'a': {'b': 1}}.a.c)") == "true");
  CHECK(eval("{ctx.name: ctx.count}") == "{'Gr\xC3\xBC\xC3\x9F""e': 3}");
  CHECK(eval("{ctx.name: 1, 'Gr\xC3\xBC\xC3\x9F""e': 2}") == "repeated key");
  CHECK(eval("{dyn(1.5): 1}") == "unsupported key type");
  CHECK(eval("{ctx.missing: 1}") == "unknown ctx.missing");
  CHECK(eval("size({'a': 1, 'b': 2})") == "2");
  CHECK(eval("{'a': 1} == {'a': 1.0} && {'a': 1} != {'a': 2}") == "true");
}

TEST_CASE("macros over lists and maps") {
  CHECK(eval("ctx.tags.all(t, size(t) > 3) && !ctx.tags.all(t, t == 'cash')") == "true");
  CHECK(eval("ctx.tags.exists(t, t.startsWith('tra'))") == "true");
  CHECK(eval("ctx.tags.exists_one(t, t.contains('a'))") == "false");   // cash, travel
  CHECK(eval("ctx.tags.exists_one(t, t.contains('o'))") == "true");
  CHECK(eval("ctx.tags.filter(t, size(t) == 4)") == "['cash', 'gold']");
  CHECK(eval("ctx.tags.map(t, size(t))") == "[4, 6, 4]");
  CHECK(eval("ctx.tags.map(t, size(t) > 4, t + '!')") == "['travel!']");
  CHECK(eval("{'a': 1, 'b': 2}.map(k, k + k)") == "['aa', 'bb']");
  CHECK(eval("[[1, 2], [3]].map(l, l.map(x, x * ctx.count))") == "[[3, 6], [9]]");
  CHECK(eval("[1, 2].all(x, [3, 4].exists(y, y == x + 2))") == "true");
  CHECK(eval("ctx.no_tags.all(t, true)") == "unknown ctx.no_tags");
  CHECK(eval("[1, 2].all(x, ctx.missing == 'a')") == "unknown ctx.missing");
  CHECK(eval("[1, 2].exists(x, x == 2 || ctx.missing == 'a')") == "true");
  CHECK(eval("[1, 0].map(x, 6 / x)") == "zero");
  CHECK(eval("[1, 0].all(x, 6 / x > 9)") == "false");       // decided by 1, whatever 0 does
  CHECK(eval("[true].all(x, x) && [].all(x, x)") == "true");
  CHECK(eval("[1, 2, 3].map(x, x > 1, x).size()") == "2");
}

TEST_CASE("texts and bytes") {
  CHECK(eval("size(ctx.name)") == "5");
  CHECK(eval("size(bytes(ctx.name))") == "7");
  CHECK(eval("ctx.name + '!'") == "'Gr\xC3\xBC\xC3\x9F""e!'");
  CHECK(eval("ctx.name.contains('\xC3\xBC\xC3\x9F') && ctx.name.endsWith('e') && !ctx.name.startsWith('g')") ==
        "true");
  CHECK(eval("string(b'\\xc3\\xa9')") == "'\xC3\xA9'");
  CHECK(eval("string(b'\\xc3')") == "not convertible");
  CHECK(eval("b'ab' < b'b' && b'ab' + b'c' == b'abc'") == "true");
  CHECK(eval("'a' + ctx.missing") == "unknown ctx.missing");
}

TEST_CASE("conversions") {
  CHECK(eval("int('-42')") == "-42");
  CHECK(eval("int('4 2')") == "not convertible");
  CHECK(eval("int(9.9e18)") == "out of range");
  CHECK(eval("int(0.0 / 0.0)") == "out of range");
  CHECK(eval("uint('18446744073709551615')") == "18446744073709551615u");
  CHECK(eval("uint('18446744073709551616')") == "out of range");
  CHECK(eval("uint(-1)") == "out of range");
  CHECK(eval("double('-Infinity')") == "-inf");
  CHECK(eval("double('abc')") == "not convertible");
  CHECK(eval("string(0.1) + string(5u) + string(true)") == "'0.15true'");
  CHECK(eval("string(1.0 / 0.0)") == "'Infinity'");
  CHECK(eval("bool('T')") == "not convertible");
  CHECK(eval("type(ctx.tags) == list && type(1u) == uint && type(type(1)) == type") == "true");
  CHECK(eval("type(null) == null_type && type(now) == google.protobuf.Timestamp") == "true");
  CHECK(eval("dyn(1) + dyn(2)") == "3");
  CHECK(eval("dyn(1) + dyn('a')") == "no such overload");
  CHECK(eval("dyn(ctx.amount) * 2.0") == "5");
}

TEST_CASE("times and durations") {
  CHECK(eval("ctx.since") == "1234567890s 500000000ns");
  CHECK(eval("now - ctx.since") == "59s 500000000ns");
  CHECK(eval("now - ctx.since < duration('1m')") == "true");
  CHECK(eval("string(ctx.since)") == "'2009-02-13T23:31:30.500Z'");
  CHECK(eval("string(ctx.since + duration('-1h30m0.5s'))") == "'2009-02-13T22:01:30Z'");
  CHECK(eval("string(duration('1h1m1.001001s'))") == "'3661.001001s'");
  CHECK(eval("string(duration('-1.5h')) + string(duration('-1ms'))") == "'-5400s-0.001s'");
  CHECK(eval("string(duration('1us1ns'))") == "'0.000001001s'");
  CHECK(eval("duration('1')") == "not convertible");
  CHECK(eval("duration('9223372036854775807ns')") == "9223372036s 854775807ns");
  CHECK(eval("duration('9223372036854775808ns')") == "not convertible");
  CHECK(eval("duration('-9223372036854775808ns')") == "-9223372036s -854775808ns");
  CHECK(eval("now - duration('-9223372036854775808ns')") == "out of range");
  CHECK(eval("-duration('5s') == duration('-5s')") == "true");
  CHECK(eval("timestamp('2026-02-29T00:00:00Z')") == "not convertible");
  CHECK(eval("string(timestamp('1969-12-31T23:59:59.123456789Z'))") ==
        "'1969-12-31T23:59:59.123456789Z'");
  CHECK(eval("int(timestamp('1969-12-31T23:59:59.9Z'))") == "-1");
  // 2024-12-31 is a Tuesday, the 366th day of its year; at +14:00 it is New Year already.
  const std::string time = "timestamp('2024-12-31T20:05:09.25Z')";
  CHECK(eval(time + ".getDayOfWeek()") == "2");
  CHECK(eval(time + ".getDayOfYear()") == "365");
  CHECK(eval(time + ".getDayOfYear('+14:00')") == "0");
  CHECK(eval(time + ".getFullYear('+14:00')") == "2025");
  CHECK(eval(time + ".getMonth('-00:30')") == "11");
  CHECK(eval(time + ".getDate() + " + time + ".getDayOfMonth()") == "61");
  CHECK(eval(time + ".getHours('05:30') * 100 + " + time + ".getMinutes('05:30')") == "135");
  CHECK(eval(time + ".getSeconds() * 1000 + " + time + ".getMilliseconds()") == "9250");
  CHECK(eval(time + ".getHours('Europe/' + 'Paris')") == "unknown time zone");
  CHECK(eval(time + ".getHours('+24' + ':00')") == "unknown time zone");
  CHECK(eval("timestamp('1600-02-29T12:00:00Z').getDayOfWeek()") == "2");
  CHECK(eval("duration('90061.5s').getHours() * 100000 + duration('90061.5s').getMinutes()") ==
        "2501501");
  CHECK(eval("duration('-1.25s').getMilliseconds()") == "-250");
}

TEST_CASE("a fact's time beyond the calendar") {
  World world;
  world.ctx("far", FactType::timestamp);
  world.candidates(1);
  Value far = Value::of(std::int64_t{INT64_MAX});
  far.type = FactType::timestamp;
  REQUIRE(world.request().set_context(0, far, &world.error) == Status::ok);
  world.open();
  CHECK(world.eval("ctx.far.getFullYear('+23:59')", ExprType::integer) == "9999");
  CHECK(world.eval("string(ctx.far).startsWith('9999-12-31T23:59:59')") == "true");
  CHECK(world.eval("ctx.far + duration('1h') > ctx.far") == "out of range");
}

TEST_CASE("mathematics for terms") {
  CHECK(eval("least(3, 1, 2)") == "1");
  CHECK(eval("greatest(1.5, ctx.amount)") == "2.5");
  CHECK(eval("least(2u, 1u)") == "1u");
  CHECK(eval("greatest(dyn(1), 2)") == "2");
  CHECK(eval("least(dyn(1), 2.0)") == "no such overload");
  CHECK(eval("least(1.0, 0.0 / 0.0) == 1.0 || least(0.0 / 0.0, 1.0) == 1.0") == "false");
  CHECK(eval("clamp(ctx.amount, 0.0, 1.0)") == "1");
  CHECK(eval("clamp(-5, 0, 3)") == "0");
  CHECK(eval("abs(-5) + abs(5)") == "10");
  CHECK(eval("abs(-9223372036854775808)") == "overflow");
  CHECK(eval("abs(-0.25)") == "0.25");
  CHECK(eval("sqrt(2.25)") == "1.5");
  CHECK(eval("sqrt(-1.0)") == "nan");
  CHECK(eval("exp(0.0) + ln(1.0)") == "1");
  CHECK(eval("ln(exp(1.0))") == "1");
  CHECK(eval("exp(dyn(1))") == "no such overload");
  CHECK(eval("sqrt(dyn(16.0))") == "4");
}

// 2^-0.5 and the sums by Python.
TEST_CASE("events that count for less as they grow old") {
  CHECK(eval("decayed_count([], 24.0)") == "0");
  CHECK(eval("decayed_count([0.0, 24.0, 48.0], 24.0)") == "1.75");
  CHECK(eval("decayed_count([-5.0, 240.0], 24.0)") == "1.0009765625");    // to come; 2^-10
  CHECK(eval("abs(decayed_count([12.0], 24.0) - 0.7071067811865476) < 2e-16") == "true");
  CHECK(eval("decayed_count([25728.0], 24.0)") == "1.9762625833649862e-323");  // 2^-1072, far below normal
  CHECK(eval("decayed_count([1e300, 1.0 / 0.0], 24.0)") == "0");
  CHECK(eval("decayed_count([0.0 / 0.0], 24.0)") == "nan");
  CHECK(eval("decayed_count([duration('0s'), duration('36h')], duration('12h'))") == "1.125");
  CHECK(eval("decayed_count(['2026-06-01T00:00:00Z', '2026-05-30T00:00:00Z']"
             ".map(t, timestamp('2026-06-01T00:00:00Z') - timestamp(t)), duration('24h'))") ==
        "1.25");
  CHECK(eval("decayed_count([1.0], 0.0)") == "out of range");
  CHECK(eval("decayed_count([1.0], 1.0 / 0.0)") == "out of range");
  CHECK(eval("decayed_count([duration('1s')], duration('-1s'))") == "out of range");
  CHECK(eval("decayed_count([dyn(1)], 2.0)") == "no such overload");
  CHECK(eval("decayed_count([1.0], duration('1s'))") == "no such overload");
}

// By RE2's documented syntax; Python's re agrees on each (with fullmatch = False).
TEST_CASE("patterns") {
  const struct {
    std::string_view text, pattern;
    bool matches;
  } cases[] = {
      {"abc", "^a.c$", true},        {"abc", "b$", false},          {"aaa", "^a{3}$", true},
      {"aaaa", "^a{2,3}$", false},   {"aa", "^a{2,}$", true},       {"", "^a{0}$", true},
      {"a{", "a{", true},            {"xyz", "[^x-z]", false},      {"x-", "^[x-]$", false},
      {"--", "[x-]-", true},         {"a1_", "^\\w+$", true},       {"12", "^\\D+$", false},
      {"a b", "a\\sb", true},        {"ABC", "(?i)abc", true},      {"ABC", "(?i:a)bc", false},
      {"aBC", "a(?i:bc)", true},     {"a\nb", "a.b", false},        {"a\nb", "(?s)a.b", true},
      {"a\nb", "(?m)^b$", true},     {"a\nb", "^b$", false},        {"foo bar", "\\bbar\\b", true},
      {"foobar", "\\bbar", false},   {"a.b", "\\Qa.b\\E", true},    {"axb", "\\Qa.b\\E", false},
      {"\xC3\xA9", "^.$", true},
      {"\xC3\x89", "^[\xC3\xA0-\xC3\xBF\xC3\x80-\xC3\x9D]$", true},
      {"k", "(?i)[^K]", false},
      {"x", "(a|b|c)", false},       {"c", "^(a|b|c)$", true},      {"abcabc", "^(abc)+?$", true},
      {"", "()*", true},             {"]", "[]]", true},            {"A", "[[:upper:]]", true},
      {"a", "[[:^alpha:]]", false},  {"\t", "\\x09", true},         {"\xF0\x9F\x98\x80", "\\x{1F600}", true},
      {"ab", "(?P<n>a)b", true},     {"aXb", "a[\\d\\WX]b", true},  {"abab", "^(?:ab){2}$", true},
      {"ab", "a|", true},            {"zz", "^(a?){40}a{0}$", false}};
  World& world = function_world();
  for (const auto& [text, pattern, matches] : cases) {
    CAPTURE(text);
    CAPTURE(pattern);
    const NamedConstant constants[] = {{"t", ExprType::string, ExprValue::of(text)},
                                       {"p", ExprType::string, ExprValue::of(pattern)},
                                       {"q", ExprType::dyn, ExprValue::of(pattern)}};
    ExpressionScope scope;
    scope.facts = &world.facts;
    scope.constants = constants;
    for (const std::string_view source : {"t.matches(p)", "matches(t, q)", "t.matches('' + p)"}) {
      Program program;
      REQUIRE_MESSAGE(compile_expression(source, "r", scope, ExprType::boolean, &world.arena,
                                         &program, &world.error) == Status::ok,
                      world.error.message());
      EvaluatedColumn column;
      REQUIRE(evaluate(program, &world.frame, &column) == Status::ok);
      CHECK(world.text(column, 0) == (matches ? "true" : "false"));
    }
  }
  for (const std::string_view bad : {"(", ")", "[", "a**", "*", "a{1001}", "\\\\1", "\\\\pL", "(?x)a",
                                     "[[:nope:]]", "\\\\", "a{3,2}", "(?P<n", "\\\\x{110000}"})
    CHECK(function_world().eval("'a'.matches('" + std::string(bad) + "')").find("rules.r: 1:13") == 0);
  CHECK(eval("'a'.matches('(' + '')") == "invalid pattern");
}

TEST_CASE("names that stand for values") {
  World& world = function_world();
  const NamedConstant constants[] = {{"limits.high", ExprType::integer, ExprValue::of(std::int64_t{9})},
                                     {"x", ExprType::dyn, ExprValue::of(std::string_view{"v"})}};
  ExpressionScope scope;
  scope.facts = &world.facts;
  scope.allowed = facts_only;
  scope.constants = constants;
  Program program;
  REQUIRE(compile_expression("limits.high > ctx.count && has(limits.high) && x == 'v'", "r", scope,
                             ExprType::boolean, &world.arena, &program, &world.error) ==
          Status::ok);
  EvaluatedColumn column;
  REQUIRE(evaluate(program, &world.frame, &column) == Status::ok);
  CHECK(world.text(column, 0) == "true");
}

// Elements of many rows share chunks; lengths from none to more than a chunk, some rows missing.
TEST_CASE("macros over rows agree with a loop") {
  World world;
  const std::uint32_t tags = world.offer("tags", FactType::string_list);
  world.offer("least", FactType::i64);
  constexpr std::uint32_t n = 1100;
  world.candidates(n);
  std::vector<std::vector<std::string_view>> lists(n);
  static constexpr std::string_view words[] = {"", "a", "ab", "abc", "abcd"};
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t size = i % 97 == 0 ? 1500 : i % 5;
    for (std::uint32_t j = 0; j < size; ++j) lists[i].push_back(words[(i * 7 + j * 3) % 5]);
    Value list;
    list.type = FactType::string_list;
    list.is_missing = false;
    list.strings = lists[i];
    if (i % 11 != 3) REQUIRE(world.request().set_candidate(i, tags, list, &world.error) == Status::ok);
    if (i % 13 != 5) world.set_offer(i, "least", static_cast<std::int64_t>(i % 4));
  }
  world.open();
  Program program;
  REQUIRE(world.compile("size(offer.tags.filter(t, size(t) > offer.least).map(t, t + 'x'))",
                        ExprType::integer, &program) == Status::ok);
  EvaluatedColumn column;
  REQUIRE(evaluate(program, &world.frame, &column) == Status::ok);
  for (std::uint32_t i = 0; i < n; ++i) {
    CAPTURE(i);
    std::string wanted = "unknown offer.tags";
    if (i % 11 != 3 && i % 13 == 5) wanted = lists[i].empty() ? "0" : "unknown offer.least";
    if (i % 11 != 3 && i % 13 != 5) {
      std::uint32_t count = 0;
      for (const std::string_view word : lists[i]) count += word.size() > i % 4 ? 1 : 0;
      wanted = std::to_string(count);
    }
    REQUIRE(world.text(column, i) == wanted);
  }
}

}  // namespace
}  // namespace guardrank::testing
