"""guardrank audit --alternatives from outside: alternatives_test.py GUARDRANK. What the audit says of an alternative
is held against `guardrank rank` on inputs changed by hand."""
import json
import math
import sys
import unittest
import xml.etree.ElementTree

import support

sys.argv = sys.argv[:1]
sys.path.insert(0, str(support.ROOT / "tests/conformance"))
from make_bundles import safetensors  # noqa: E402
from xxh64 import xxh64_short  # noqa: E402

MODEL = {
    "format": 1, "name": "alternatives", "version": "1", "levels": [],
    "fields": [
        {"name": "skill", "side": "context", "type": "f64", "output": "dense",
         "transforms": [{"op": "clip", "min": -2, "max": 2}]},
        {"name": "zip", "side": "context", "type": "string", "output": "embedding", "dim": 1,
         "transforms": [{"op": "vocabulary", "values": ["north", "south"]}]},
        {"name": "quality", "side": "candidate", "type": "f64", "output": "dense",
         "transforms": [{"op": "clip", "min": -2, "max": 2}]}],
    "heads": [{"name": "approve", "kind": "probability", "tower": [], "negative_sampling_rate": 1.0,
               "sampling_handled": "none", "calibrator": {"kind": "identity"}}],
    "lineage": {"code": "", "data": "", "features": "", "config": "", "lock": "", "evaluation": {}}}
# Dense inputs stand first in a block: skill, zip, then quality. Rows of zip: missing, unknown, north, south.
WEIGHTS = {"embedding.zip.weight": [[0.0], [0.0], [0.0], [-1.0]],
           "tower.approve.layer.0.weight": [[1.0, 1.0, 0.8]], "tower.approve.layer.0.bias": [0.0]}
OFFERS = (("plain", 0.5, 20.0), ("gold", 0.0, 45.0), ("black", -0.5, 60.0))
FLOOR = {"value": 0.5, "min": 0.3, "max": 0.7}
PUSH = {"value": 10.0, "min": 0.0, "max": 90.0}


def policy(floor: float = 0.5, push: float = 10.0, risk: float = 0.0, guarded: bool = True, barred: bool = True) -> str:
    """Rules read what the model reads: `barred` says whether zip closes the door on its own."""
    document = {
        "format": 1, "name": "alternatives", "version": "1",
        "facts": {"ctx.zip": {"type": "string"}, "offer.cpa": {"type": "double"}},
        "parameters": {"floor": {**FLOOR, "value": floor, "owner": "risk"},
                       "push": {**PUSH, "value": push, "owner": "growth"},
                       "free": {"value": 1.0, "owner": "growth"}},
        "terms": [{"id": "revenue", "kind": "revenue", "unit": "USD", "expr": "offer.cpa * reach.approve"},
                  {"id": "push", "kind": "bonus", "unit": "USD", "expr": "param.push * reach.approve"},
                  {"id": "risk", "kind": "penalty", "unit": "USD", "expr": f"{risk!r} * (1.0 - p.approve)"}]}
    if barred:
        document["rules"] = [{"id": "zip", "expr": "ctx.zip != 'closed'", "code": "ZIP", "text": "Not here"}]
    if guarded:
        document["guardrails"] = [{"id": "floor", "expr": "p.approve >= param.floor", "code": "LOW", "text": "Low"}]
    return json.dumps(document)


def catalog(has_quality: bool = True) -> str:
    rows = [f"{name},,,{quality if has_quality else ''},{cpa}" for name, quality, cpa in OFFERS]
    return "\n".join(("offer,valid_from,valid_to,offer.quality,offer.cpa", *rows)) + "\n"


def people(n: int = 320) -> list:
    """Group b lives in the south, but for every eighth; skill is spread alike over both. A few zips are closed."""
    found = []
    for i in range(n):
        group = "b" if i % 2 else "a"
        home = "closed" if i % 16 in (6, 7) else "south" if (group == "b") != (i // 2 % 8 == 0) else "north"
        found.append((f"r-{i}", group, home, (i // 2 * 37 % 101) / 50 - 1))
    return found


def lines(persons: list, has_zip: bool = True, has_skill: bool = True) -> str:
    text = ""
    for name, _, home, skill in persons:
        context = ({"zip": home} if has_zip else {}) | ({"skill": skill} if has_skill else {})
        text += json.dumps({"request_id": name, "time": "2026-03-21T10:00:00Z", "limit": 2, "context": context}) + "\n"
    return text


class Alternatives(support.Folder):
    def setUp(self):
        super().setUp()
        (self.folder / "model").mkdir()
        self.file("model/model.json", json.dumps(MODEL))
        (self.folder / "model/weights.safetensors").write_bytes(safetensors(WEIGHTS))
        rows = [{"context": {"skill": s, "zip": z}, "candidate": {"quality": q}}
                for s in (-1, 1) for z in ("north", "south") for q in (-0.5, 0.5)]
        self.file("model/calibration.jsonl", "\n".join(map(json.dumps, rows)) + "\n")

    def source(self, rules: str, offers: str) -> tuple:
        return ("--model", self.folder / "model", "--policy", self.file("policy.json", rules),
                "--catalog", self.file("catalog.csv", offers), "--requests", "-")

    def audit(self, persons: list, *options, rules: str | None = None, code: int = 0) -> dict:
        who = self.file("who.csv", "request_id,group\n" + "".join(f"{p[0]},{p[1]}\n" for p in persons))
        text = support.run("audit", *self.source(rules or policy(), catalog()), "--groups", who, "--group", "group",
                           "--reference", "a", "--no-steering", "--draws", 200, "--alternatives", *options, "--json",
                           data=lines(persons), code=code)
        return json.loads(text) if code == 0 else json.loads(text)["error"]

    def rank(self, requests: str, rules: str, offers: str = catalog()) -> dict:
        text = support.run("rank", *self.source(rules, offers), data=requests)
        return {one["request_id"]: one["ranked"] for one in map(json.loads, text.splitlines())}

    def recomputed(self, persons: list, shown: dict, own: str) -> dict:
        """Of each half: mean value, ratio of the shares shown anything, ratio of mean reach. Every offer is valued by
        the deployed policy less its guardrail and rule, and by the model that is told everything."""
        worth = {name: {row["offer"]: row for row in rows} for name, rows in
                 self.rank(lines(persons).replace('"limit": 2', '"limit": 9'), own).items()}
        halves = {}
        for half, bit in (("validation", 0), ("test", 1)):
            sums = {"a": [0, 0, 0.0], "b": [0, 0, 0.0]}
            value = n = 0
            for name, group, _, _ in persons:
                if xxh64_short(name.encode(), 1) & 1 != bit:
                    continue
                n += 1
                sums[group][0] += 1
                sums[group][1] += bool(shown[name])
                for row in shown[name]:
                    exposure = 1 / math.log2(1 + row["position"])
                    by_deployed = worth[name][row["offer"]]
                    value += exposure * by_deployed["score_micros"] / 1e6
                    sums[group][2] += exposure * by_deployed["heads"]["approve"]["probability"]
            rate, reach = ({g: s[at] / s[0] for g, s in sums.items()} for at in (1, 2))
            halves[half] = (value / n, rate["b"] / rate["a"], reach["b"] / reach["a"])
        return halves

    def check(self, said: dict, halves: dict, at: int):
        for half, figures in halves.items():
            if f"value_{half}" in said:
                self.assertAlmostEqual(said[f"value_{half}"], figures[0], places=9)
                folded = min(figures[at], 1 / figures[at])
                self.assertAlmostEqual(said[f"air_{half}"], folded, places=9)

    def test_a_proxy_is_found_confirmed_and_costs_nothing(self):
        persons = people()
        report = self.audit(persons, "--drop", "ctx.zip,ctx.skill,offer.quality")
        found = report["alternatives"]
        self.assertEqual(found["judged_by"], "shown")
        self.assertEqual(found["deployed"]["air_test"] < 0.6, True)
        [best] = found["best"]
        self.assertEqual(found["unconfirmed"], [])
        self.assertEqual((best["kind"], best["dropped"], best["parameters"]), ("facts withheld", ["ctx.zip"], {}))
        self.assertGreater(best["air_change_interval"][0], 0)
        self.assertGreaterEqual(best["value_change"], 0)
        # As rank tells of requests without zip, where the rule that reads zip is played by hand.
        without = self.rank(lines(persons, has_zip=False), policy(barred=False))
        shown = {name: [] if home == "closed" else without[name] for name, _, home, _ in persons}
        valuing = policy(guarded=False, barred=False)
        self.check(best, self.recomputed(persons, shown, valuing), 1)
        deployed = self.recomputed(persons, self.rank(lines(persons), policy()), valuing)
        self.check(found["deployed"], deployed, 1)
        self.assertAlmostEqual(best["value_change"], best["value_test"] - deployed["test"][0])
        self.assertAlmostEqual(best["value_change_share"], best["value_change"] / deployed["test"][0])
        [group] = best["groups"]
        self.assertEqual((group["group"], group["reference"]), ("b", "a"))
        self.assertAlmostEqual(group["air"], self.recomputed(persons, shown, valuing)["test"][1])

    def test_a_parameter_ranks_by_its_value_and_is_worth_what_is_deployed(self):
        persons = people()
        found = self.audit(persons, "--vary", "push", "--judge", "reach", "--search", 2)["alternatives"]
        low, high = found["moves"]
        self.assertEqual((low["parameters"], high["parameters"]), ({"push": 0.0}, {"push": 90.0}))
        valuing = policy(guarded=False, barred=False)
        for move in (low, high):
            shown = self.rank(lines(persons), policy(push=move["parameters"]["push"]))
            self.check(move, self.recomputed(persons, shown, valuing), 2)
        # A push that is moved away from what is deployed can only lose by the deployed push's own measure.
        self.assertLess(high["value_validation"], found["deployed"]["value_validation"])

    def test_an_offers_fact_and_a_floor(self):
        persons = people()
        found = self.audit(persons, "--drop", "offer.quality", "--vary", "param.floor", "--search", 2)["alternatives"]
        dropped, moved = found["moves"]
        self.assertEqual((dropped["dropped"], moved["parameters"]), (["offer.quality"], {"floor": 0.3}))
        valuing = policy(guarded=False, barred=False)
        shown = self.rank(lines(persons), policy(), catalog(has_quality=False))
        self.check(dropped, self.recomputed(persons, shown, valuing), 1)
        self.check(moved, self.recomputed(persons, self.rank(lines(persons), policy(floor=0.3)), valuing), 1)

    def test_what_costs_too_much_is_not_found(self):
        # Whoever the floor lets through without zip loses money by what the deployed model says.
        persons, rules = people(), policy(risk=32.0)
        strict = self.audit(persons, "--drop", "ctx.zip", rules=rules)["alternatives"]
        self.assertEqual((strict["best"], strict["unconfirmed"]), ([], []))
        [move] = strict["moves"]
        self.assertGreater(move["air_validation"], strict["deployed"]["air_validation"])
        self.assertLess(move["value_validation"], strict["least_value"])
        self.assertGreater(strict["deployed"]["value_validation"], 0)
        loss = 1 - move["value_validation"] / strict["deployed"]["value_validation"]
        wide = self.audit(persons, "--drop", "ctx.zip", "--max-value-loss", 2 * loss, rules=rules)
        self.assertEqual([one["dropped"] for one in wide["alternatives"]["best"]], [["ctx.zip"]])
        self.assertLess(wide["alternatives"]["best"][0]["value_change"], 0)

    def test_where_nothing_helps_there_is_no_best(self):
        # A rule of the south alone: no move touches it.
        rules = json.loads(policy())
        rules["rules"] = [{"id": "zip", "expr": "ctx.zip != 'south'", "code": "ZIP", "text": "Not here"}]
        rules["guardrails"] = []
        found = self.audit(people(), rules=json.dumps(rules))["alternatives"]
        self.assertEqual((found["best"], found["unconfirmed"]), ([], []))
        self.assertEqual({one[1] for one in found["points"]}, {found["deployed"]["air_validation"]})

    def test_chance_is_not_confirmed(self):
        persons = [(name, "b" if xxh64_short(name.encode(), 77) & 1 else "a", home, skill)
                   for name, _, home, skill in people(160)]
        found = self.audit(persons)["alternatives"]
        self.assertEqual(found["best"], [])
        self.assertEqual(len(found["points"]), found["tried"] + 1)
        for one in found["unconfirmed"]:
            self.assertGreater(one["air_validation"], found["deployed"]["air_validation"])

    def test_moves_together_text_and_page(self):
        persons = people()
        page = self.folder / "audit.html"
        found = self.audit(persons, "--html", page)["alternatives"]
        self.assertEqual(found["facts"], ["ctx.zip", "ctx.skill", "offer.quality"])
        self.assertEqual([one["name"] for one in found["parameters"]], ["floor", "push"])
        self.assertEqual(found["parameters_without_bounds"], ["free"])
        self.assertEqual(len(found["points"]), found["tried"] + 1)
        self.assertTrue(50 < found["tried"] <= 100)
        frontier = found["frontier"]
        for better, worse in zip(frontier, frontier[1:]):
            self.assertGreaterEqual(better["value_validation"], worse["value_validation"])
            self.assertLess(better["air_validation"], worse["air_validation"])
        tree = xml.etree.ElementTree.fromstring(page.read_text())
        self.assertTrue(list(tree.iter("{http://www.w3.org/2000/svg}svg")))
        for part in ("without ctx.zip", "floor = 0.3", "better beyond chance", "Every move alone",
                     "Deployed: floor = 0.5, push = 10."):
            self.assertIn(part, page.read_text())
        again = self.audit(persons)["alternatives"]
        self.assertEqual(again, found)
        who = self.folder / "who.csv"
        text = support.run("audit", *self.source(policy(), catalog()), "--groups", who, "--group", "group",
                           "--no-steering", "--draws", 100, "--alternatives", "--search", 5, data=lines(persons))
        for part in ("alternatives: 5 tried (3 facts kept from the model, 2 parameters moved)", "deployed",
                     "without ctx.zip", "better beyond chance"):
            self.assertIn(part, text)

    def test_reach_judges_where_everybody_is_shown_something(self):
        persons = [one for one in people() if one[2] != "closed"]
        report = self.audit(persons, "--search", 4, rules=policy(guarded=False))
        self.assertEqual(report["alternatives"]["judged_by"], "reach")
        whole = report["attributes"][0]["groups"][1]
        self.assertEqual(whole["air"], 1)
        own = self.audit(persons, "--search", 4, "--judge", "shown", rules=policy(guarded=False))["alternatives"]
        self.assertEqual((own["judged_by"], own["deployed"]["air_test"], own["best"]), ("shown", 1, []))

    def test_bad_input(self):
        persons = people(64)
        for options, where, part in (
                (("--drop", "ctx.age"), "specification.drop", "it reads ctx.zip, ctx.skill, offer.quality"),
                (("--vary", "tilt"), "specification.vary", 'no parameter "tilt"'),
                (("--vary", "free"), "specification.vary", "no minimum or no maximum"),
                (("--max-value-loss", 1.5), "specification.max_value_loss", "0 to 1"),
                (("--search", 0), "specification.search", "1 to 10000"),
                (("--min-group", 100), "groups", "no group beside the reference")):
            error = self.audit(persons, *options, code=1)
            self.assertEqual(error["where"], where)
            self.assertIn(part, error["message"])
        self.assertIn("of group b each half", self.audit(people(24), "--min-group", 5, code=1)["message"])
        bundle = ("audit", "--bundle", support.BUNDLE, "--requests", "-")
        for options in (("--alternatives",), ("--search", 5), ("--drop", "ctx.zip"), ("--max-value-loss", 0.1),
                        ("--alternatives", "--groups", "g", "--group", "g", "--judge", "both"),
                        ("--alternatives", "--groups", "g", "--group", "g", "--max-value-loss", "nan")):
            support.run(*bundle, *options, code=2)
        support.run("audit", "--population", "-", "--group", "g", "--alternatives", code=2)
        self.assertIn("--alternatives", support.run("audit", "--help"))


if __name__ == "__main__":
    unittest.main()
