"""guardrank audit from outside: audit_test.py GUARDRANK. Populations, bundles, steering, bad input, wrong usage."""
import json
import math
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import support
from support import BUNDLE, COMMAND, ROOT

sys.argv = sys.argv[:1]
SOURCE = ROOT / "tests/conformance/sources/cards"


def run(*arguments, data: str = "", code: int = 0) -> str:
    done = subprocess.run([COMMAND, "audit", *map(str, arguments)], input=data.encode(), capture_output=True)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: exit code {done.returncode}, wanted {code}: {done.stderr.decode()}")
    return done.stdout.decode() if code != 1 or "--json" in arguments else done.stderr.decode()


def population(n: int = 120) -> str:
    rows = [f"{i},{'a' if i % 2 else 'b'},{int(i % 4 != 0)},{i % 10},{i % 7}" for i in range(n)]
    return "id,group,chosen,income,debt\n" + "\n".join(rows) + "\n"


def requests(n: int) -> str:
    return "".join(json.dumps({"request_id": f"r-{i}", "time": "2026-03-21T10:00:00Z",
                               "context": {"age": 19 + i, "state": ["CA", "NY", "TX"][i % 3],
                                           "income": 82000}}) + "\n" for i in range(n))


class Population(support.Folder):
    def test_hand_computed(self):
        text = run("--population", "-", "--outcome", "chosen", "--group", "group", "--json", data=population())
        groups = {group["group"]: group for group in json.loads(text)["attributes"][0]["groups"]}
        self.assertEqual((groups["a"]["rate"], groups["b"]["rate"]), (1.0, 0.5))     # even i: every other one
        self.assertEqual(groups["b"]["air"], 0.5)
        self.assertEqual(groups["b"]["four_fifths"], "adverse")

    def test_text_and_page_and_report(self):
        page, report = self.folder / "audit.html", self.folder / "audit.json"
        text = run("--population", "-", "--outcome", "chosen=1", "--score", "income", "--group", "group",
                   "--features", "income,debt", "--search", 20, "--draws", 100, "--max-loss", 0.1,
                   "--html", page, "--report", report, data=population(600))
        for part in ("AIR", "UNDER 4/5, beyond chance", "alternatives: ", "full model", "SMD"):
            self.assertIn(part, text)
        html = page.read_text()
        tree = xml.etree.ElementTree.fromstring(html)                 # well formed
        self.assertTrue(list(tree.iter("{http://www.w3.org/2000/svg}svg")))
        for word in ("<script", "http://", "https://", "url(", "src=", "href="):
            self.assertNotIn(word, html.replace("http://www.w3.org/2000/svg", ""))
        self.assertIn("alternatives", json.loads(report.read_text()))
        self.assertIn("viewport", html)

    def test_groups_in_their_own_file(self):
        without = "\n".join(",".join(line.split(",")[::2]) for line in population().splitlines()) + "\n"
        groups = self.file("who.csv", "\n".join(",".join(line.split(",")[:2]) for line in population().splitlines()))
        options = ("--outcome", "chosen", "--group", "group", "--json")
        apart = run("--population", "-", "--groups", groups, "--key", "id", *options, data=without)
        together = run("--population", "-", *options, data=population())
        self.assertEqual(json.loads(apart)["attributes"], json.loads(together)["attributes"])

    def test_bad_input_is_1_and_says_where(self):
        for data, part in ((population().replace("chosen", "picked"), 'no column "chosen"'),
                           ("group,chosen\na,1\nb,x\n", "row 3, column chosen"),
                           ("group,chosen\na,1\nb,\n", "--allow-missing"), ("", "wanted a header"),
                           ("group,chosen\n", "no rows"), ("group,chosen\na,1\na,0\n", "every row is in one group"),
                           ('group,chosen\n"a,1\n', "does not end"), ("group,chosen\na,1\nb,0,1\n", "wanted 2 fields")):
            message = run("--population", "-", "--outcome", "chosen", "--group", "group", data=data, code=1)
            self.assertIn(part, message)
        message = run("--population", "-", "--score", "income", "--group", "group", "--json", code=1,
                      data="group,income\na,1\nb,NaN\n")
        self.assertEqual(json.loads(message)["error"]["name"], "GR_STATUS_NOT_FINITE")
        message = run("--population", "-", "--outcome", "chosen", "--group", "group", "--reference", "c",
                      data=population(), code=1)
        self.assertIn('no row is in the reference group "c"; its groups are a, b', message)
        run("--population", "/nowhere.csv", "--outcome", "chosen", "--group", "group", code=1)

    def test_wrong_usage_is_2(self):
        for arguments in ((), ("--population", "-"), ("--population", "-", "--requests", "-"), ("--requests", "-"),
                          ("--population", "-", "--group", "g", "--bundle", BUNDLE),
                          ("--population", "-", "--group", "g", "--threshold", 1),
                          ("--population", "-", "--group", "g", "--score", "s", "--threshold", "nan"),
                          ("--population", "-", "--group", "g", "--score", "s", "--threshold", "inf"),
                          ("--population", "-", "--group", "g", "--outcome", "o", "--features", "f",
                           "--select-rate", "nan"),
                          ("--population", "-", "--group", "g", "--outcome", "o", "--features", "f",
                           "--max-loss", "nan"),
                          ("--population", "-", "--group", "g", "--groups", "f"),
                          ("--population", "-", "--group", "g", "--by", "offer.partner"),
                          ("--requests", "-", "--bundle", BUNDLE, "--group", "g"),
                          ("--requests", "-", "--bundle", BUNDLE, "--outcome", "chosen")):
            run(*arguments, code=2)

    def test_no_alternative_sees_a_group_or_the_outcome(self):
        for features, message in (("f,g", "g is a column of groups"), ("o", "o is the outcome itself")):
            error = run("--population", "-", "--group", "g", "--outcome", "o", "--features", features, "--json",
                        data="g,o,f\na,1,2\n", code=1)
            self.assertIn(message, error)

    def test_help(self):
        text = run("--help")
        for part in ("--population", "--requests", "--groups", "four-fifths", "--payout", "--json"):
            self.assertIn(part, text)


class Bundle(support.Folder):
    def test_groups_and_steering(self):
        lines = [f"r-{i},{'x' if i < 30 else 'y'}\n" for i in range(60)]
        groups = self.file("who.csv", "request_id,race\n" + "".join(lines))
        page = self.folder / "audit.html"
        text = run("--bundle", BUNDLE, "--requests", "-", "--groups", groups, "--group", "race", "--by",
                   "offer.partner", "--draws", 100, "--html", page, "--json", data=requests(60))
        report = json.loads(text)
        race = report["attributes"][0]
        self.assertEqual([group["rows"] for group in race["groups"]], [30, 30])
        self.assertEqual(race["by"]["fact"], "offer.partner")
        self.assertEqual(report["steering"]["payouts"], ["offer.cpa"])
        xml.etree.ElementTree.fromstring(page.read_text())
        for one in report["steering"]["by"]["values"]:
            self.assertAlmostEqual(one["exposure_share"] - one["exposure_share_equal"], one["change"])

    def test_equal_payouts_rank_as_a_catalog_with_equal_payouts(self):
        sys.path.insert(0, str(ROOT / "tests/conformance"))
        from make_bundles import weights_of
        (self.folder / "weights.safetensors").write_bytes(weights_of(SOURCE))
        for name in ("model.json", "calibration.jsonl"):
            self.file(name, (SOURCE / name).read_text())
        lines = [line.split(",") for line in (SOURCE / "catalog.csv").read_text().splitlines()]
        place = lines[0].index("offer.cpa")
        for number, line in enumerate(lines[1:]):
            line[place] = line[place] and ["5.0", "700.0", "60.0"][number % 3]
        actual = self.file("actual.csv", "\n".join(map(",".join, lines)) + "\n")
        paid = [float(line[place]) for line in lines[1:] if line[place]]
        for line in lines[1:]:
            line[place] = line[place] and repr(sum(paid) / len(paid))
        catalog = self.file("equal.csv", "\n".join(map(",".join, lines)) + "\n")
        data = requests(12)
        source = ("--model", self.folder, "--policy", SOURCE / "policy.yaml", "--requests", "-", "--catalog")
        ranked = subprocess.run([COMMAND, "rank", *source, catalog], input=data.encode(), capture_output=True,
                                check=True)
        positions, exposures = {}, {}
        for line in ranked.stdout.splitlines():
            for row in json.loads(line)["ranked"]:
                positions.setdefault(row["offer"], []).append(row["position"])
        report = json.loads(run(*source, actual, "--json", data=data))
        self.assertGreater(report["steering"]["requests_with_another_order"], 0)
        for offer in report["steering"]["offers"]:
            seen = positions.get(offer["offer"], [])
            self.assertEqual(offer["ranked"] - offer["only_with_payouts"] + offer["only_with_equal_payouts"], len(seen))
            self.assertAlmostEqual(offer["exposure_equal"], sum(1 / math.log2(1 + at) for at in seen) / 12)

    def test_bad_input(self):
        groups = self.file("who.csv", "request_id,race\nother,x\n")
        options = ("--bundle", BUNDLE, "--requests", "-")
        joined = (*options, "--groups", groups, "--group", "race")
        self.assertIn("no key is the same", run(*joined, data=requests(3), code=1))
        self.assertIn("line 2", run(*options, data=requests(1) + "nonsense\n", code=1))
        self.assertIn("offer.apr2", run(*options, "--payout", "offer.apr2", data=requests(1), code=1))
        self.assertIn("no request to rank", run(*options, data="\n", code=1))
        self.assertIn("no probability head", run(*options, "--head", "balance", data=requests(1), code=1))
        self.assertIn("offer.colour", run(*options, "--by", "offer.colour", data=requests(1), code=1))


if __name__ == "__main__":
    unittest.main()
