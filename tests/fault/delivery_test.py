"""`guardrank fetch` of several releases: fallbacks, shadows, patience, and what it says when something fails.

Usage: delivery_test.py COMMAND BREAK_AT|- [TEST...]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import server as faults
from artifacts import Publisher, identity, parts, ranked
from server import Server

COMMAND, BREAK_AT = (str(pathlib.Path(path).resolve()) if path != "-" else None for path in sys.argv[1:3])
REQUEST = {"time": "2026-11-21T10:00:00Z", "seed": 5, "limit": 20, "explain": False,
           "context": {"age": 34, "state": "CA", "income": 80000}}
NETWORK, EXPIRED, DEADLINE, VERSION, REFERENCE, LIMIT, INTERNAL = 700, 702, 704, 303, 305, 800, 901


class Delivery(unittest.TestCase):
    """"cards" serves all; "gold" those who ask for cards, with "cards" to fall back to; "next" is its
    shadow; "late", for "late" alone, wants an engine that is yet to come."""

    @classmethod
    def setUpClass(cls):
        publisher = Publisher(COMMAND)
        cls.addClassCleanup(publisher.close)
        changed = ({}, {5: 1000000}, {5: 2000000, 6: 3000000})
        bundles = dict(zip(("cards", "gold", "next"), (publisher.bundle(50, one) for one in changed)))
        publisher.begin(bundles["cards"])
        routes = publisher.folder / "routes.json"
        routes.write_text(json.dumps([{"product": "card"}]))
        late = publisher.folder / "late.json"
        late.write_text(json.dumps([{"product": "late"}]))
        bundles["late"] = bundles["gold"]
        for name, words in (("gold", ("--routes", routes, "--stage", "full", "--fallback", "cards")),
                            ("late", ("--routes", late, "--stage", "full", "--fallback", "cards",
                                      "--minimum-engine", "99.0.0")),
                            ("next", ("--stage", "shadow"))):
            publisher.run("publish", "--origin", "origin", "--release", name, "--bundle", bundles[name],
                          "--key", "keys/publisher.pem", *words)
        cls.files, cls.root = publisher.files(), publisher.folder / "root.json"
        publisher.run("publish", "--origin", "origin", "--release", "cards", "--bundle", bundles["next"],
                      "--stage", "full", "--key", "keys/publisher.pem")
        cls.updated = publisher.files()          # "cards" has another version, with the catalog of "next"
        cls.requests = {product: publisher.folder / f"{product}.json" for product in ("card", "loan", "late")}
        for product, path in cls.requests.items():
            path.write_text(json.dumps({**REQUEST, "route": {"product": product}}))
        asked = ("--request", cls.requests["loan"], "--json")
        cls.truths = {name: ranked(publisher.run("rank", "--bundle", bundle, *asked))
                      for name, bundle in bundles.items()}
        # The catalog: the releases have the rest in common.
        cls.blobs = {name: "blobs/" + identity(parts(bundle)["catalog"]) for name, bundle in bundles.items()}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-fault-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cache = self.folder / "cache"
        self.server = Server(dict(self.files))
        self.addCleanup(self.server.close)

    def fetch(self, *words, releases=("cards", "gold"), product="card", cache=None, environment={}):
        command = [COMMAND, "fetch", "--origin", self.server.address("").rstrip("/"), "--root", self.root,
                   "--cache", cache or self.cache, "--request", self.requests[product],
                   "--release", *releases, *words]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "no_proxy": "127.0.0.1", **environment})
        self.took = time.monotonic() - began
        return done

    def told(self, *words, **how):
        done = self.fetch("--json", *words, **how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refusal(self, *words, **how):
        done = self.fetch("--json", *words, **how)
        self.assertEqual(done.returncode, 1, done.stdout)
        return json.loads(done.stdout)["error"]

    def n_asked(self, path):
        return [asked for asked, _ in self.server.requests].count(path)

    def break_blob(self, release, fault):
        self.server.faults[self.blobs[release]] = [fault]

    # ---- Fallbacks

    def test_no_time_for_the_origin_is_time_for_the_folder(self):
        self.told()
        for timeout in ("0", "1"):
            self.assertEqual(self.told("--timeout-ms", timeout, "--at-hand")["release"], "gold")

    def test_a_fallback_in_the_folder_serves_when_time_is_up(self):
        self.assertEqual(self.told(product="loan")["release"], "cards")
        self.break_blob("gold", faults.stall)
        told = self.told("--timeout-ms", "800")
        self.assertEqual((told["release"], told["instead_of"], told["why_fallback"]),
                         ("cards", "gold", "GR_STATUS_DEADLINE"))
        self.assertLess(self.took, 3)

    def test_a_fallback_serves_at_once_when_the_primary_is_not_to_be_had(self):
        self.told(product="loan")
        self.break_blob("gold", faults.status(404))
        told = self.told("--timeout-ms", "20000")
        self.assertEqual((told["release"], told["why_fallback"]), ("cards", "GR_STATUS_REFERENCE"))
        self.assertLess(self.took, 5)

    def test_a_fallback_is_fetched_in_the_rest_of_the_time(self):
        self.break_blob("gold", faults.status(404))
        self.assertEqual(self.told()["release"], "cards")

    def test_a_fallback_serves_in_place_of_what_cannot_be_opened(self):
        for _ in range(2):                       # cold, then in the folder
            told = self.told("--rank", product="late", releases=("cards", "late"))
            self.assertEqual(told["release"], "cards")
            self.assertEqual(told["served"],
                             {"stage": "full", "instead_of": "late", "reason": "GR_STATUS_VERSION"})
            self.assertEqual(told["ranked"], self.truths["cards"]["ranked"])
        refusal = self.refusal(product="late", releases=("late",))
        self.assertEqual(refusal["code"], VERSION)
        self.assertIn("99.0.0", refusal["message"])

    # ---- A clock that jumps

    @unittest.skipIf(BREAK_AT is None, "sanitizers bear no preloaded library")
    def test_a_clock_that_is_put_ahead_or_back_neither_ends_a_wait_nor_prolongs_it(self):
        def jump(seconds):
            return {"LD_PRELOAD": BREAK_AT, "CLOCK_AHEAD": str(seconds), "CLOCK_AFTER": "300"}
        self.break_blob("cards", faults.late(1))
        told = self.told("--timeout-ms", "20000", product="loan", environment=jump(3600))
        self.assertEqual((told["release"], told["fallback"]), ("cards", False))
        shutil.rmtree(self.cache)
        self.break_blob("cards", faults.stall)
        refusal = self.refusal("--timeout-ms", "1500", product="loan", environment=jump(-3600))
        self.assertEqual(refusal["code"], DEADLINE)
        self.assertLess(self.took, 10)

    # ---- What a release was before

    def test_what_served_goes_on_when_only_half_of_an_update_came_and_the_origin_went(self):
        served = self.told("--rank", product="loan")
        self.assertEqual(served["ranked"], self.truths["cards"]["ranked"])
        self.server.files = dict(self.updated)
        self.break_blob("next", faults.status(404))
        for _ in range(2):                       # with the origin's metadata, then with nothing of the origin
            told = self.told("--rank", product="loan")
            self.assertEqual(told["ranked"], served["ranked"])
            self.assertEqual((told["release"], told["served"]["instead_of"]), ("cards", "cards"))
            for path in list(self.server.files):
                self.server.faults[path] = [faults.reset]
        self.server.faults.clear()
        told = self.told("--rank", product="loan")
        self.assertEqual(told["ranked"], self.truths["next"]["ranked"])
        self.assertEqual(told["served"], {"stage": "full"})
        self.assertEqual(len(list((self.cache / "targets").iterdir())), 3)     # the two, and "gold"

    # ---- Shadows

    def test_shadows_are_ranked_apart(self):
        told = self.told("--rank", product="loan", releases=("cards", "next"))
        self.assertEqual({name: told[name] for name in ("ranked", "excluded")}, self.truths["cards"])
        [shadow] = told["shadows"]
        self.assertEqual({name: shadow[name] for name in ("ranked", "excluded")}, self.truths["next"])
        self.assertEqual(shadow["served"]["stage"], "shadow")
        self.assertNotEqual(self.truths["cards"], self.truths["next"])
        self.assertNotIn("shadows", self.told("--rank", product="loan", releases=("cards",)))

    def test_a_shadow_that_fails_harms_nobody(self):
        for fault, code in ((faults.status(404), REFERENCE), (faults.stall, DEADLINE)):
            self.break_blob("next", fault)
            told = self.told("--rank", "--timeout-ms", "1500", product="loan", releases=("cards", "next"))
            self.assertEqual({name: told[name] for name in ("ranked", "excluded")}, self.truths["cards"])
            [shadow] = told["shadows"]
            self.assertEqual((shadow["error"]["code"], shadow["error"]["where"]), (code, "next"))
            self.assertLess(self.took, 5)

    # ---- Patience

    def test_opening_counts_and_what_is_in_the_folder_serves(self):
        self.server.faults["metadata/timestamp.json"] = [faults.stall]
        error = self.refusal("--timeout-ms", "1000")
        self.assertEqual(error["code"], DEADLINE)
        self.assertLess(self.took, 3)
        self.server.faults.clear()
        self.told()
        self.server.faults["metadata/timestamp.json"] = [faults.stall]
        self.assertEqual(self.told("--timeout-ms", "1000")["release"], "gold")
        self.assertLess(self.took, 3)

    def test_four_tries_in_all(self):
        self.break_blob("gold", faults.status(500))
        self.assertEqual(self.refusal("--timeout-ms", "30000", releases=("gold",))["code"], NETWORK)
        self.assertEqual(self.n_asked(self.blobs["gold"]), 4)

    def test_an_origin_that_asks_to_be_left_alone_is(self):
        self.break_blob("gold", faults.status(503, Retry_After="3600"))
        error = self.refusal("--timeout-ms", "30000", releases=("gold",))
        self.assertEqual(error["code"], NETWORK)
        self.assertIn("HTTP status 503", error["message"])
        self.assertEqual(self.n_asked(self.blobs["gold"]), 1)
        self.server.faults[self.blobs["gold"]] = [faults.status(429, Retry_After="2"), faults.fine]
        self.server.repeats = False
        self.told("--timeout-ms", "30000", releases=("gold",))
        self.assertGreater(self.took, 2)
        self.assertEqual(self.n_asked(self.blobs["gold"]), 3)

    # ---- What it says

    def test_a_message_says_its_place_once_and_the_cause(self):
        self.server.faults["metadata/timestamp.json"] = [faults.reset]
        message = self.refusal("--timeout-ms", "30000")["message"]
        self.assertEqual(message.count("timestamp.json"), 1)
        self.server.faults.clear()
        for fault, cause in ((faults.status(404), "HTTP status 404"), (faults.status(500), "HTTP status 500"),
                             (faults.truncate, "GR_STATUS_DEADLINE; "), (faults.reset, "GR_STATUS_DEADLINE; ")):
            self.break_blob("gold", fault)
            message = self.refusal("--timeout-ms", "900", releases=("gold",))["message"]
            self.assertEqual(message.count("gold"), 1)
            self.assertIn(self.blobs["gold"] + ": ", message)
            if "HTTP" in cause:
                self.assertIn(cause, message)
        target = next(path for path in self.files if path.startswith("targets/") and path.endswith("gold.release"))
        self.server.faults = {target: [faults.status(404)]}
        message = self.refusal(releases=("gold",), cache=self.folder / "other")["message"]
        self.assertEqual(message.count("gold"), 1)

    def test_too_small_a_budget_is_named(self):
        error = self.refusal("--memory-bytes", "5000", releases=("gold",))
        self.assertEqual(error["code"], LIMIT)
        self.assertIn("of at most 5000 bytes", error["message"])

    # ---- The folder

    def test_without_a_folder_memory_serves(self):
        (self.folder / "file").write_bytes(b"")
        told = self.told(cache=self.folder / "file" / "deep")
        self.assertEqual(told["release"], "gold")
        self.assertFalse(told["cache_writable"])
        command = [COMMAND, "tuf", "--metadata-dir", self.folder / "file" / "deep", "--json", "init", self.root]
        done = subprocess.run(command, capture_output=True, text=True)
        error = json.loads(done.stdout)["error"]
        self.assertEqual(error["code"], INTERNAL)
        self.assertIn("Not a directory", error["message"])

    def test_a_time_that_was_tampered_with_is_forgotten_on_request(self):
        self.told()
        (self.cache / "highest_time").write_text("4102444800000000")
        self.assertEqual(self.refusal()["code"], EXPIRED)
        self.assertEqual(self.told("--forget-time")["release"], "gold")
        self.assertEqual(self.told()["release"], "gold")
        self.assertLess(int((self.cache / "highest_time").read_text()), 4102444800000000)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
