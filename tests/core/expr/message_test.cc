// What policy authors read when an expression is wrong.
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

struct Schema : World {
  Schema() {
    ctx("age", FactType::i64);
    ctx("income", FactType::f64);
    ctx("state", FactType::string);
    add(Namespace::context, "race", FactType::string, true, true);
    add(Namespace::context, "undeclared", FactType::i64, false);
    offer("min_age", FactType::i64);
    offer("vector", FactType::f32_vector);
    offer("tags", FactType::string_list);
    add(Namespace::probability, "approve", FactType::f64, false);
    add(Namespace::parameter, "cost", FactType::f64, false);
    add(Namespace::time, "now", FactType::timestamp, false);
  }
  Program program;
  Status check(std::string_view source, ExprType wanted = ExprType::boolean,
               NamespaceSet allowed = facts_only) {
    return compile(source, wanted, &program, allowed);
  }
  bool says(std::string_view text) const {
    return error.message().find(text) != std::string_view::npos;
  }
};

TEST_CASE("a message has line, column, the line and a caret") {
  Schema schema;
  CHECK(schema.check("ctx.age >= offer.min_agee") == Status::name);
  CHECK(schema.error.message() ==
        "rules.r: 1:12: no fact is called 'offer.min_agee'; did you mean offer.min_age?\n"
        "ctx.age >= offer.min_agee\n"
        "           ^");
  CHECK(schema.error.where() == "rules.r");
  CHECK(schema.check("ctx.age >=\n  18 &&\n\tctx.age <") == Status::parse);
  CHECK(schema.error.message() ==
        "rules.r: 3:11: wanted a value, found the end\n"
        " ctx.age <\n"
        "          ^");
  // Columns count characters: the name after a two-byte letter is the eighth.
  CHECK(schema.check("'\xC3\xA9' == nam") == Status::name);
  CHECK(schema.says("rules.r: 1:8: "));
  CHECK(schema.says("\n'\xC3\xA9' == nam\n       ^"));
}

TEST_CASE("a long line is shown in part, the caret under its place") {
  Schema schema;
  const std::string source =
      std::string(300, ' ') + "ctx.age == ctx.agge" + " && true" + std::string(300, ' ');
  CHECK(schema.check(source) == Status::name);
  const std::string message(schema.error.message());
  const std::size_t line = message.find('\n') + 1, caret = message.find('\n', line) + 1;
  CHECK(message.find('\n', caret) == std::string::npos);
  CHECK(caret - line < 90);
  CHECK(message.back() == '^');
  CHECK(message.substr(line + (message.size() - 1 - caret), 8) == "ctx.agge");
}

TEST_CASE("parse errors") {
  Schema schema;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "1:1: wanted a value, found the end"},
      {"1 +", "1:4: wanted a value"},
      {"(1", "1:3: wanted ')', found the end"},
      {"1 2", "1:3: wanted an operator or the end, found 'a number'"},
      {"'abc", "1:1: this string is not closed"},
      {"'a\nb'", "1:1: this string is not closed on its line"},
      {"'''a", "1:1: this string is not closed"},
      {"'\\q'", "1:2: unknown escape"},
      {"'\\ud800'", "1:2: this escape is no Unicode character"},
      {"'\\U00110000'", "1:2: this escape is no Unicode character"},
      {"'\\x4'", "1:2: this escape needs more digits"},
      {"9223372036854775808", "1:1: this number does not fit int"},
      {"-9223372036854775809", "1:1: this number does not fit int"},
      {"18446744073709551616u", "1:1: this number does not fit uint"},
      {"1e999", "1:1: this number does not fit double"},
      {"0x", "1:1: 0x must be followed"},
      {"1e", "1:2: an exponent needs digits"},
      {"12ab", "1:3: a number must end before a letter"},
      {"ctx.age = 3", "1:9: '=' is no operator here; equality is '=='"},
      {"true & false", "'and' is '&&'"},
      {"true | false", "'or' is '||'"},
      {"#", "1:1: this character has no meaning here"},
      {"ctx.", "1:5: wanted a name after '.'"},
      {"true ? 1", "1:9: wanted ':'"},
      {"has(ctx)", "has(...) takes one fact"},
      {"has(1)", "has(...) takes one fact"},
      {"has(has(ctx.age))", "has(...) takes one fact"},
      {"has(offer.tags[0])", "has(...) takes one fact or field"},
      {"[1, 2", "1:6: wanted ']'"},
      {"while", "'while' is reserved"},
      {"offer.tags[0 == 'a'", "1:20: wanted ']', found the end"},
      {"{1 2}", "1:4: wanted ':', found 'a number'"},
      {"{1: 2", "1:6: wanted '}', found the end"},
      {"b'\\u0041' == b''", "bytes take \\xHH and octal escapes only"},
      {"b'\\400' == b''", "unknown escape"},
      {"offer.tags.`x", "1:12: this quoted name is not closed"},
      {"M{a: 1}", "messages are not part of this language"},
      {"offer.tags.all(t)", "'all' takes a name and an expression"},
      {"offer.tags.exists(t, true, true)", "'exists' takes a name and an expression"},
      {"ctx.state.matches('a(')", "1:19: a '(' is not closed"},
      {"ctx.state.matches('[z-a]')", "a range from high to low"},
      {"now.getHours('Europe/Paris') < 9", "1:14: 'UTC' or an offset like '+02:00' is wanted"},
      {"now.getFullYear('+24:00') > 2000", "1:17: 'UTC' or an offset"},
      {"double(1,)", "wanted an argument"},
  };
  for (const auto& [source, message] : cases) {
    CAPTURE(source);
    CHECK(schema.check(source) == Status::parse);
    CHECK_MESSAGE(schema.says(message), schema.error.message());
  }
}

TEST_CASE("type errors say what would be right") {
  Schema schema;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ctx.income * 2 > 1.0", "1:12: '*' does not take double and int; write 2.0 instead of 2"},
      {"ctx.age * 2.5 > 1.0", "convert with double(...)"},
      {"1 + 1u == 2u", "write both as int or both as uint"},
      {"5.5 % 2.5 == 0.5", "the remainder is for int and uint"},
      {"ctx.state > 3", "'>' does not take string and int"},
      {"ctx.age == null", "whether a fact is there is has(...)"},
      {"!ctx.age", "'!' does not take int"},
      {"-ctx.state == 'a'", "'-' does not take string"},
      {"-1u == 1u", "'-' does not take uint"},
      {"ctx.age && true", "'&&' does not take int and bool"},
      {"ctx.age ? true : false", "the condition before '?' must be bool, found int"},
      {"true ? 1 : 2.0", "'?:' needs one type on both sides, found int and double; write 1.0"},
      {"ctx.age", "1:1: wanted an expression of type bool, found int"},
      {"ctx.age in ['a']", "'in' does not take int and list(string)"},
      {"ctx.age in {'a': 1}", "'in' does not take int and map(string, int)"},
      {"ctx.age in offer.tags", "'in' does not take int and list(string)"},
      {"[1]", "1:1: wanted an expression of type bool, found list(int)"},
      {"1 in [[1]]", "'in' does not take int and list(list)"},
      {"{'a': 1}[2] == 1", "'[]' does not take map(string, int) and int"},
      {"offer.tags['a'] == 'a'", "'[]' does not take list(string) and string"},
      {"{1.5: 1} == {}", "1:2: a key of a map cannot be double"},
      {"ctx.age.all(x, true)", "a macro goes over a list or a map, found int"},
      {"offer.tags.all(t, size(t))", "the test of each element must be bool, found int"},
      {"offer.tags.exists(t, t > 3)", "1:24: '>' does not take string and int"},
      {"[1, 2].map(x, x * 2.0) == []", "'*' does not take int and double; convert with double(...)"},
      {"size(ctx.age) == 1", "'size' does not take int"},
      {"now + now == now", "'+' does not take timestamp and timestamp"},
      {"clamp(1, 2.0, 3) == 1", "'clamp' does not take int and double"},
      {"least(1) == 1", "'least' takes 2 arguments, found 1"},
      {"null < null", "'<' does not take null_type and null_type"},
      {"ctx.age.years == 3", "a value of type int has no field 'years'"},
      {"double(1, 2) > 1.0", "'double' takes 1 argument, found 2"},
      {"offer.vector == 1.0", "'offer.vector' is a vector"},
  };
  for (const auto& [source, message] : cases) {
    CAPTURE(source);
    CHECK(schema.check(source) == Status::typecheck);
    CHECK_MESSAGE(schema.says(message),
                  schema.error.message());
  }
  CHECK(schema.check("1", ExprType::number) == Status::typecheck);
  CHECK(schema.says("wanted an expression of type double, found int; write 1.0"));
  CHECK(schema.check("ctx.age", ExprType::number) == Status::typecheck);
  CHECK(schema.says("convert with double(...)"));
}

TEST_CASE("names") {
  Schema schema;
  CHECK(schema.check("age > 3") == Status::name);
  CHECK(schema.says("unknown name 'age'; did you mean ctx.age?"));
  CHECK(schema.check("context.age > 3") == Status::name);
  CHECK(schema.says("did you mean ctx.age?"));
  CHECK(schema.check("offer.income > 3.0") == Status::name);
  CHECK(schema.says("did you mean ctx.income?"));
  CHECK(schema.check("ctx.entirely_different == 3") == Status::name);
  CHECK(!schema.says("did you mean"));
  CHECK(schema.check("ctx.undeclared == 3") == Status::name);
  CHECK(schema.says("the policy declares no fact 'ctx.undeclared'"));
  CHECK(schema.check("ctx.race == 'x'") == Status::protected_fact);
  CHECK(schema.says("'ctx.race' is protected"));
  CHECK(schema.check("has(ctx.race)") == Status::protected_fact);
  CHECK(schema.check("ctx.racf == 'x'") == Status::name);
  CHECK(!schema.says("ctx.race?"));   // never proposes a protected fact
  CHECK(schema.check("p.approve > 0.5") == Status::name);
  CHECK(schema.says("known only after the model has run"));
  CHECK(schema.check("p.approve > param.cost", ExprType::boolean, facts_and_outcomes) ==
        Status::ok);
  CHECK(schema.check("now == now") == Status::ok);
  CHECK(schema.check("now.year == 3") == Status::name);
  CHECK(schema.check("f(3)") == Status::name);
  CHECK(schema.says("no function is called 'f'"));
  CHECK(schema.check("ctx.state.startswith('C')") == Status::name);
  CHECK(schema.check("startsWith(ctx.state, 'C')") == Status::name);   // only x.startsWith(y)
  CHECK(schema.check("offer.tags.exists(t, u == t)") == Status::name);
  CHECK(schema.says("1:22: unknown name 'u'"));
  const std::string long_name = "ctx." + std::string(5000, 'a') + " > 1";
  CHECK(schema.check(long_name) == Status::name);
}

}  // namespace
}  // namespace guardrank::testing
