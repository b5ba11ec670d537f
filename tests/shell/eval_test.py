"""guardrank eval from outside, as contracts.md section 5 has it: eval_test.py GUARDRANK."""
import json
import sys
import unittest

from support import run


class Eval(unittest.TestCase):
    FACTS = json.dumps({"ctx": {"age": 34, "tags": ["a", "b"], "income": None, "profile": {"score": 2.5}},
                        "offer": {"min_age": 21}, "now": "2026-11-21T10:00:00Z", "rates": [1, 2.5]})

    def test_typed_values(self):
        for expression, text in (("ctx.age >= offer.min_age", "bool true"), ("ctx.age + 1", "int 35"),
                                 ("rates[1] * 2.0", "double 5.0"), ("ctx.profile.score", "double 2.5"),
                                 ("ctx.tags.map(t, t + '!')", "list ['a!', 'b!']"), ("{'k': 1u}", "map {'k': 1u}"),
                                 ("now + duration('1h')", "timestamp timestamp('2026-11-21T11:00:00Z')"),
                                 ("b'\\xff'", "bytes b'\\xff'"), ("type(1)", "type int"), ("null", "null null"),
                                 ("ctx.income > 3.0", "unknown: nothing is given for ctx.income")):
            self.assertEqual(run("eval", "--expr", expression, "--facts", self.FACTS), text + "\n")

    def test_json(self):
        done = json.loads(run("eval", "--expr", "ctx.income", "--facts", "@-", "--json", data=self.FACTS))
        self.assertEqual((done["type"], done["fact"]), ("unknown", "ctx.income"))

    def test_null_and_absent_mean_missing(self):
        for expression in ('ctx.state == "CA"', "ctx.tags.exists(t, t == 'a')", "ctx.flag && true", "ctx.n % 2 == 0",
                           "ctx.since < timestamp('2026-01-01T00:00:00Z')"):
            name = expression.split()[0].split(".exists")[0]
            nothing = json.dumps({"ctx": {name.split(".")[1]: None}})
            text = f"unknown: nothing is given for {name}\n"
            self.assertEqual(run("eval", "--expr", expression, "--facts", '{"ctx": {}}'), text)
            self.assertEqual(run("eval", "--expr", expression), text)
            self.assertEqual(run("eval", "--expr", expression, "--facts", nothing), text)
            self.assertEqual(run("eval", "--expr", expression, "--facts", nothing, "--check"), text)
        both = json.dumps({"ctx": {"state": None, "flag": None}})
        two = "ctx.flag || ctx.state == 'CA' || has(ctx.state)"
        self.assertEqual(run("eval", "--expr", two, "--facts", both, "--check"),
                         "unknown: nothing is given for ctx.flag\n")
        self.assertEqual(run("eval", "--expr", "has(ctx.state) && ctx.state == 'CA'"), "bool false\n")
        self.assertEqual(run("eval", "--expr", "'ctx.state' != '' && offer.x > 1"),
                         "unknown: nothing is given for offer.x\n")
        # As many types as four may have are tried, and the error is that of the first.
        four = json.dumps({"ctx": dict.fromkeys("abcd")})
        wrong = " && ".join(f"ctx.{name} == 'CA'" for name in "abcd") + " && 1 == 'CA'"
        error = json.loads(run("eval", "--expr", wrong, "--facts", four, "--check", "--json", code=1))["error"]
        self.assertEqual(error["name"], "GR_STATUS_TYPECHECK")
        self.assertIn("1:7: '==' does not take double and string", error["message"])
        for expression, facts in (("ctx.state == 1 && ctx.state == 'CA'", both), ("ctx.gone > 1", both)):
            run("eval", "--expr", expression, "--facts", facts, "--check", code=1)

    def test_errors(self):
        error = json.loads(run("eval", "--expr", "1 / 0", "--json", code=1))["error"]
        self.assertEqual((error["name"], error["message"]),
                         ("GR_STATUS_EVAL", "expression: 1:3: division by zero\n1 / 0\n  ^"))
        words = ("eval", "--expr", "ctx.agee > 1", "--facts", self.FACTS, "--json")
        self.assertEqual(json.loads(run(*words))["fact"], "ctx.agee")
        error = json.loads(run(*words, "--check", code=1))["error"]
        self.assertEqual(error["name"], "GR_STATUS_NAME")
        self.assertIn("1:1: no fact is called 'ctx.agee'; did you mean ctx.age?\nctx.agee > 1\n^", error["message"])
        run("eval", "--expr", "1 +", code=1)
        run("eval", "--expr", "1", "--facts", "[]", code=1)
        run("eval", "--expr", "1", "--facts", "@/nowhere.json", code=1)
        run("eval", code=2)

    def test_a_failure_has_its_place(self):
        facts = ("--facts", json.dumps({"ctx": {"l": [3, 1, 0]}, "s": "1.5", "m": {"k": 1}}))
        for expression, place, message in (
                ("nowhere.agee >= 1", 1, "unknown name 'nowhere.agee'"), ("1 + 2 / (ctx.l[2])", 7, "division by zero"),
                ("int('abc')", 1, "not convertible"), ("2 + int(s)", 5, "not convertible"),
                ("ctx.l[7] == 1", 6, "no such index"), ("m.other", 3, "no such key"),
                ("true && 1 / 0 > 0", 11, "division by zero"), ("1 / 0 > 0 || 2 / 0 > 0", 3, "division by zero"),
                # What decides, and the branch that is not taken, are not to blame.
                ("(1 / 0 > 0 || true) && int('x') > 0", 24, "not convertible"),
                ("false ? 1 / 0 : int('x')", 17, "not convertible"),
                ("1 / 0 > 0 ? 1 : int('x')", 3, "division by zero"),
                ("ctx.l.map(x, 6 / x)", 16, "division by zero"),
                ("ctx.l.map(x, ctx.l.map(y, 6 / (x + y)))", 29, "division by zero"),
                ("[[1], [0]].map(l, l.map(y, 6 / y))", 30, "division by zero"),
                ("ctx.l.all(x, x > 0 || int('x') > 0)", 23, "not convertible"),
                ("{'a': 1, 'a': 2}[s]", 1, "repeated key"), ("ctx.l.filter(x, 1 % x == 0)", 19, "division by zero")):
            error = json.loads(run("eval", "--expr", expression, *facts, "--json", code=1))["error"]
            self.assertEqual(error["message"],
                             f"expression: 1:{place}: {message}\n{expression}\n{' ' * (place - 1)}^")
        checked = json.loads(run("eval", "--check", "--expr", "ctx.l.map(x, 6 / x)", *facts, "--json", code=1))
        self.assertIn("1:16: division by zero", checked["error"]["message"])

    def typed(self, expression: str, *words) -> dict:
        """The type and the value, as contracts.md section 5 has them."""
        told = json.loads(run("eval", "--expr", expression, "--json", *words))
        return {"type": told["type"], "value": told["value"]}

    def test_values_are_those_of_the_contract(self):
        one, text = {"type": "int", "value": 1}, {"type": "string", "value": "a"}
        for expression, kind, value in (
                ("null", "null", None), ("true", "bool", True), ("-3", "int", -3),
                ("9007199254740993", "int", "9007199254740993"),
                ("18446744073709551615u", "uint", "18446744073709551615"),
                ("0.5", "double", 0.5), ("0.0 / 0.0", "double", "NaN"), ("1.0 / 0.0", "double", "Infinity"),
                ("-1.0 / 0.0", "double", "-Infinity"), ("'a'", "string", "a"), ("b'a\\xff'", "bytes", "Yf8="),
                ("[1, 'a']", "list", [one, text]), ("{'a': 1}", "map", [[text, one]]), ("[]", "list", []),
                ("[[1], {'a': [1]}]", "list", [{"type": "list", "value": [one]},
                                               {"type": "map", "value": [[text, {"type": "list", "value": [one]}]]}]),
                ("timestamp('2026-11-21T10:00:00Z')", "timestamp", "2026-11-21T10:00:00Z"),
                ("duration('3500ms')", "duration", "3.5s"), ("duration('-0.25s')", "duration", "-0.25s"),
                ("duration('100s')", "duration", "100s"), ("type(1)", "type", "int")):
            self.assertEqual(self.typed(expression), {"type": kind, "value": value})
            self.assertEqual(self.typed(expression, "--check"), {"type": kind, "value": value})

    def test_typed_facts_come_back_as_they_went_in(self):
        one, exact = {"$type": "int", "value": 1}, "2026-11-21T10:00:00.123456789Z"
        for kind, value, wanted in (
                ("null", None, None), ("bool", False, False), ("int", "9007199254740993", "9007199254740993"),
                ("int", -5, -5), ("uint", 5, 5), ("uint", "18446744073709551615", "18446744073709551615"),
                ("double", 2, 2), ("double", "-Infinity", "-Infinity"), ("double", "NaN", "NaN"), ("string", "5", "5"),
                ("bytes", "Yf8=", "Yf8="), ("timestamp", exact, exact),
                ("duration", "90m", "5400s"), ("type", "list", "list"),
                ("list", [one, {"type": "int", "value": 1}, 1], [{"type": "int", "value": 1}] * 3),
                ("map", [[{"$type": "uint", "value": 1}, [one]]],
                 [[{"type": "uint", "value": 1}, {"type": "list", "value": [{"type": "int", "value": 1}]}]])):
            given = {"$type": kind, "value": value}
            for name, facts in (("x", {"x": given}), ("ctx.x", {"ctx": {"x": given}}),
                                ("x[0].y", {"x": [{"y": given}]})):
                self.assertEqual(self.typed(name, "--facts", json.dumps(facts)), {"type": kind, "value": wanted})
        self.assertEqual(self.typed("x + 1u", "--facts", '{"x": {"$type": "uint", "value": 5}}', "--check"),
                         {"type": "uint", "value": 6})

    def test_typed_facts_that_are_none(self):
        for given, where in (
                ({"$type": "unt", "value": 5}, "x.$type"), ({"$type": 5, "value": 5}, "x.$type"),
                ({"$type": "int"}, "x"),
                ({"$type": "int", "value": 5, "more": 1}, "x"), ({"$type": "int", "value": 1.5}, "x.value"),
                ({"$type": "int", "value": "9223372036854775808"}, "x.value"),
                ({"$type": "uint", "value": -1}, "x.value"),
                ({"$type": "bytes", "value": "YQ"}, "x.value"), ({"$type": "bytes", "value": "Y*=="}, "x.value"),
                ({"$type": "double", "value": "1"}, "x.value"), ({"$type": "timestamp", "value": "today"}, "x.value"),
                ({"$type": "duration", "value": "3"}, "x.value"), ({"$type": "null", "value": 0}, "x.value"),
                ({"$type": "list", "value": {}}, "x.value"),
                ({"$type": "list", "value": [{"$type": "?", "value": 1}]}, "x.value[0].$type"),
                ({"$type": "map", "value": [[1]]}, "x.value[0]"),
                ({"$type": "map", "value": [[1.5, 1]]}, "x.value[0][0]"),
                ({"$type": "map", "value": [[1, 1], [{"$type": "uint", "value": 1}, 2]]}, "x.value")):
            facts = json.dumps({"x": given})
            error = json.loads(run("eval", "--expr", "1", "--facts", facts, "--json", code=1))["error"]
            self.assertEqual((error["name"], error["where"]), ("GR_STATUS_TYPE", where), given)

    def test_static_checking_only_when_asked_for(self):
        self.assertEqual(self.typed("true || 1 + 'a' == 2"), {"type": "bool", "value": True})
        for words, name in (((), "GR_STATUS_EVAL"), (("--check",), "GR_STATUS_TYPECHECK")):
            error = json.loads(run("eval", "--expr", '1+"a"', "--json", *words, code=1))["error"]
            self.assertEqual(error["name"], name)
        facts = '{"x": {"$type": "int", "value": 1}}'
        run("eval", "--expr", "x + 'a'", "--facts", facts, "--check", code=1)

    def test_a_container(self):
        words = ("--facts", '{"a.b.x": 1, "a.x": 2, "x": 3}')
        for container, wanted in (("a.b", 1), ("a", 2), ("a.c", 2), ("", 3)):
            self.assertEqual(self.typed("x", "--container", container, *words)["value"], wanted)
        self.assertEqual(self.typed(".x", "--container", "a.b", *words)["value"], 3)

    def test_standard_input(self):
        told = json.loads(run("eval", "--expr", "x", "--facts", "-", "--json", data='{"x": 7}'))
        self.assertEqual(told["value"], 7)
        error = json.loads(run("eval", "--expr", "-", "--facts", "-", "--json", data="{}", code=1))["error"]
        self.assertIn("read already", error["message"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
