"""promote, rollback, status and explain-route from outside: steps_test.py GUARDRANK."""
import hashlib
import json
import pathlib
import resource
import signal
import subprocess
import sys
import time
import unittest

from origin import BUNDLE, OTHER, OnOrigin, nested

COMMAND = OnOrigin.command = str(pathlib.Path(sys.argv.pop()).resolve())


class Steps(OnOrigin):
    def setUp(self):
        super().setUp()
        self.origin.create()

    def promote(self, name, stage, *arguments, **options):
        return self.origin.step("promote", "--release", name, "--to", stage, *arguments, **options)

    def rollback(self, name, **options):
        return self.origin.step("rollback", "--release", name, **options)

    def test_one_stage_at_a_time_forward_any_back(self):
        self.publish("a", "--bundle", BUNDLE)
        self.assertIn("next stage is shadow", self.promote("a", "canary", "--weight", 0.1, code=1)["error"]["message"])
        self.promote("a", "shadow")
        self.assertEqual(self.promote("a", "canary", code=1)["error"]["where"], "weight")
        self.promote("a", "canary", "--weight", 0.1)
        self.assertEqual(self.promote("a", "ab")["weight"], "0.1")           # an experiment keeps its share
        self.promote("a", "full")
        self.promote("a", "offline")
        error = self.promote("a", "full", "--skip", "--weight", 0.1, code=1)["error"]
        self.assertIn("a full route serves the rest", error["message"])
        self.assertEqual(self.origin.run("promote", "--release", "a", "--to", "canary", "--weight", "nan",
                                         "--origin", "origin", code=2, reads=False), None)
        self.promote("a", "full", "--skip")
        self.assertEqual(self.stages(), {"a": "full"})
        self.assertEqual(self.promote("b", "shadow", code=1)["error"]["code"], 202)
        self.assertEqual(self.promote("a", "loud", code=1)["error"]["where"], "stage")

    def test_experiments_of_several_releases_that_take_more_than_all_traffic_are_told(self):
        def us(arm, weight):
            (self.origin.folder / "routes.json").write_text(json.dumps([
                {"product": "card", "market": "US", "arm": arm, "stage": "ab", "weight": weight, "salt": arm}]))
            return "--routes", "routes.json", "--stage", "ab", "--weight", weight
        self.assertNotIn("warnings", self.publish("a", "--bundle", BUNDLE, *us("a", 0.6)))
        self.assertNotIn("warnings", self.publish("b", "--bundle", OTHER, *us("b", 0.4)))
        warnings = self.publish("b", "--bundle", OTHER, *us("b", 0.5))["warnings"]
        self.assertEqual(len(warnings), 1)
        self.assertIn("requests of product card, market US", warnings[0])
        self.assertIn("those of a:", warnings[0])
        # Other requests, and none of an experiment's any more.
        self.assertNotIn("warnings", self.publish("c", "--bundle", BUNDLE, "--stage", "ab", "--weight", 0.9))
        self.assertNotIn("warnings", self.promote("a", "full"))
        self.assertIn("warnings", self.rollback("a"))
        keys = [part for key in ("snapshot", "timestamp", "targets") for part in ("--key", key + ".pem")]
        words = ["promote", "--origin", "origin", "--release", "b", "--to", "ab", "--weight", "0.7", *keys]
        told = subprocess.run([COMMAND, *words], cwd=self.origin.folder, capture_output=True, text=True)
        self.assertRegex(told.stderr, "(?m)^warning: experiments on requests of product card, market US take more")

    def test_arms_share_a_weight_as_they_did(self):
        def weights():
            target = self.origin.check()["a.release"]
            document = self.origin.run("inspect", self.origin.path / f"targets/{target['hashes']['sha256']}.a.release")
            return [round(route["traffic_weight"], 9) for route in document["release"]["routes"]]
        arms = [{"arm": arm, "market": market} for market in ("US", "DE") for arm in ("b", "c")] + [{"market": "FR"}]
        for before, routes in (([0.15, 0.15, 0.15, 0.15, 0.3], arms),
                               ([0.1, 0.2, 0.24, 0.06, 0.3],
                                [{**arm, "weight": weight} for arm, weight in zip(arms, (.2, .4, .4, .1, .7))])):
            (self.origin.folder / "routes.json").write_text(json.dumps(routes))
            self.publish("a", "--bundle", BUNDLE, "--routes", "routes.json", "--stage", "shadow")
            self.assertEqual(self.promote("a", "canary", "--weight", 0.3)["weight"], "0.3")
            self.assertEqual(weights(), before)
            self.assertEqual(self.promote("a", "ab", "--weight", 0.6)["weight"], "0.6")
            self.assertEqual(weights(), [round(2 * weight, 9) for weight in before])
            self.assertEqual(self.publish("a", "--bundle", OTHER, "--weight", 0.3)["weight"], "0.3")
            self.assertEqual(weights(), before)

    def test_gates_close_a_step_until_their_figures_hold(self):
        gates = {"canary": [{"figure": "ece", "at_most": 0.02}], "full": [{"figure": "lift", "at_least": 0}]}
        (self.origin.folder / "gates.json").write_text(json.dumps(gates))
        (self.origin.folder / "bad.json").write_text('{"ece": 0.5, "lift": 1}')
        (self.origin.folder / "good.json").write_text('{"ece": 0.01, "lift": 0.5}')
        error = self.publish("a", "--bundle", BUNDLE, "--gates", "gates.json", "--stage", "full", code=1)["error"]
        self.assertIn("there is no figure ece", error["message"])
        self.publish("a", "--bundle", BUNDLE, "--gates", "gates.json", "--figures", "bad.json")
        self.promote("a", "shadow")
        self.assertIn("ece is 0.5", self.promote("a", "canary", "--weight", 0.1, code=1)["error"]["message"])
        self.promote("a", "full", "--skip", "--figures", "good.json")
        custom = self.origin.check()["a.release"]["custom"]["guardrank"]
        report = (self.origin.folder / "good.json").read_bytes()
        figures = custom["figures"]
        self.assertEqual(figures, {"report_sha256": hashlib.sha256(report).hexdigest(),
                                   "values_sha256": figures["values_sha256"],
                                   "values": {"ece": "0.01", "lift": "0.5"}})
        # Gates stay with the release when it is published again.
        self.assertIn("gates", self.publish("a", "--bundle", OTHER, "--stage", "full", code=1)["error"]["where"])

    def test_metadata_has_the_figures_of_gates_alone(self):
        def publish(**more):
            for name, value in more.items():
                (self.origin.folder / f"{name}.json").write_text(json.dumps(value))
            options = [part for name in more for part in (f"--{name}", f"{name}.json")]
            self.publish("a", "--catalog", "catalog.bin", *options)
            return self.origin.check()["a.release"]["custom"]["guardrank"]["figures"]
        self.publish("a", "--bundle", BUNDLE)
        (self.origin.folder / "catalog.bin").write_bytes(nested(BUNDLE, "catalog"))
        report = {"heads": [{"name": "click", "bins": [i / 8 for i in range(1500)]}], "ece": 0.125}
        whole = {"ece": "0.125"} | {f"heads.click.bins.{i}": repr(i / 8) for i in range(1500)}
        self.assertEqual(publish(figures=report)["values"], {})
        # A gate that comes later asks for any of them.
        figures = publish(gates={"canary": [{"figure": "heads.click.bins.4", "at_most": 0.25}]})
        self.assertEqual(figures["values"], {"heads.click.bins.4": "0.5"})
        blob = self.origin.folder / "origin" / "blobs" / figures["values_sha256"]
        self.assertEqual(hashlib.sha256(blob.read_bytes()).hexdigest(), figures["values_sha256"])
        self.assertEqual(json.loads(blob.read_bytes()), whole)
        self.promote("a", "shadow")
        self.assertIn("bins.4 is 0.5", self.promote("a", "canary", "--weight", 0.1, code=1)["error"]["message"])
        self.assertEqual(publish(gates={"canary": [{"figure": "ece", "at_most": 0.25}]})["values"], {"ece": "0.125"})
        text = blob.read_bytes()
        blob.write_bytes(text.replace(b"0.125", b"0.126"))
        self.assertEqual(self.promote("a", "canary", "--weight", 0.1, code=1)["error"]["name"], "GR_STATUS_HASH")
        blob.unlink()                                  # what the gates ask for is signed
        self.assertEqual(self.promote("a", "canary", "--weight", 0.1)["stage"], "canary")

    def test_rollback_names_the_old_files_and_goes_on_back(self):
        hashes = []
        for bundle, stage in ((BUNDLE, "offline"), (OTHER, "shadow"), (BUNDLE, "full")):
            self.publish("a", "--bundle", bundle, "--stage", stage)
            hashes.append(self.origin.check()["a.release"]["hashes"]["sha256"])
        version = self.origin.metadata("timestamp.json")["signed"]["version"]
        for expected, stage in ((hashes[1], "shadow"), (hashes[0], "offline")):
            self.assertEqual(self.rollback("a")["stage"], stage)
            self.assertEqual(self.origin.check()["a.release"]["hashes"]["sha256"], expected)
        self.assertEqual(self.origin.metadata("timestamp.json")["signed"]["version"], version + 2)
        self.assertIn("was nothing before", self.rollback("a", code=1)["error"]["message"])

    def hash(self):
        return self.origin.check()["a.release"]["hashes"]["sha256"]

    def previous(self):
        return self.origin.check()["a.release"]["custom"]["guardrank"].get("previous", [])

    def test_rollback_ends_although_versions_came_twice(self):
        documents, shown = {}, []
        for bundle, version in ((BUNDLE, 1), (OTHER, 2), (BUNDLE, 1), (BUNDLE, 1), (OTHER, 3), (BUNDLE, 1)):
            self.publish("a", "--bundle", bundle, "--version", version)    # it stands, so the document may be as before
            documents.setdefault(self.hash(), len(documents))
            shown.append((documents[self.hash()], [documents[each] for each in self.previous()]))
        self.assertEqual(shown, [(0, []), (1, [0]), (0, [1]), (0, [1]), (2, [0, 1]), (0, [2, 1])])
        back = []
        while self.previous():
            self.rollback("a")
            back.append(documents[self.hash()])
        self.assertEqual(back, [2, 0, 1, 0])
        self.assertIn("was nothing before", self.rollback("a", code=1)["error"]["message"])

    def test_a_release_names_the_four_before_it_and_goes_back_further(self):
        hashes = []
        for version in range(1, 8):
            self.publish("a", "--bundle", BUNDLE, "--version", version, "--stage", "full")
            hashes.append(self.hash())
        self.assertEqual(self.previous(), hashes[-2:-6:-1])
        for expected in reversed(hashes[:-1]):
            self.rollback("a")
            self.assertEqual(self.hash(), expected)

    def test_rollback_leads_to_nothing_that_is_gone(self):
        self.publish("a", "--bundle", BUNDLE)
        model = self.origin.run("inspect", BUNDLE)["release"]["routes"][0]["model"].removeprefix("sha256:")
        self.publish("a", "--bundle", OTHER)
        (self.origin.path / "blobs" / model).unlink()
        self.assertEqual(self.rollback("a", code=1)["error"]["where"], "blobs/" + model)

    def test_a_disk_that_is_full_is_no_wrong_argument(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        done = subprocess.run([COMMAND, "publish", "--origin", "origin", "--release", "a", "--bundle", BUNDLE, "--key",
                               "targets.pem", "--json"], cwd=self.origin.folder, capture_output=True, preexec_fn=limit)
        self.assertEqual(json.loads(done.stdout)["error"]["name"], "GR_STATUS_INTERNAL")
        self.assertEqual(list(self.origin.path.rglob(".new*")), [])

    def test_history_tells_every_step_and_none_twice(self):
        self.origin.generate("cards", "cards2", "root2")
        machines = ("snapshot", "timestamp")
        self.origin.step("keys", "delegate", "--team", "cards", "--add", "cards.pub",
                         keys=("targets", "cards", *machines))
        self.publish("cards/a", "--bundle", BUNDLE, keys=("cards", *machines))
        self.origin.step("keys", "rotate", "--role", "cards", "--remove", "cards.pub", "--add", "cards2.pub",
                         keys=("targets", "cards2", *machines))
        self.origin.step("keys", "rotate", "--role", "root", "--add", "root2.pub", keys=("root", "root2", *machines))
        self.origin.step("keys", "refresh", "--role", "cards", "root", keys=("root", "cards2", *machines))
        history = self.origin.run("status", "--origin", "origin", "--history")["history"]
        told = {}
        for step in history:
            told.setdefault(step["role"], []).append((step["version"], step["action"], step["release"] or step["of"]))
        self.assertEqual(told, {
            "root": [(1, "create", ""), (2, "rotate", "root"), (3, "refresh", "")],
            "targets": [(1, "create", ""), (2, "delegate", "cards"), (3, "rotate", "cards")],
            "cards": [(1, "create", ""), (2, "publish", "cards/a"), (3, "sign anew", ""), (4, "refresh", "")]})
        self.assertEqual(sorted(step["time"] for step in history), [step["time"] for step in history])
        self.assertEqual(self.stages("--at", history[-1]["time"]), {"cards/a": "offline"})

    def test_what_served_when(self):
        self.publish("a", "--bundle", BUNDLE, "--stage", "full")
        time.sleep(1.1)
        first = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        time.sleep(1.1)
        self.promote("a", "offline")
        self.publish("b", "--bundle", OTHER, "--stage", "full")
        self.origin.step("keys", "refresh", "--role", "targets")
        self.assertEqual(self.stages("--at", first), {"a": "full"})
        self.assertEqual(self.stages(), {"a": "offline", "b": "full"})
        self.assertEqual(self.stages("--at", "2000-01-01T00:00:00Z"), {})
        self.assertEqual(self.origin.fails("status", "--origin", "origin", "--at", "noon")["where"], "time")

    def test_the_release_made_full_last_serves_and_its_rollback_uncovers_the_one_before(self):
        self.publish("a", "--bundle", BUNDLE, "--stage", "full")
        self.publish("b", "--bundle", OTHER)
        self.promote("b", "full", "--skip")
        self.assertEqual(self.serves(), "b")
        self.promote("a", "full")                                    # again: now it is the later one
        self.assertEqual(self.serves(), "a")
        self.rollback("a")
        self.assertEqual(self.serves(), "b")
        self.rollback("b")
        self.assertEqual(self.serves(), "a")

    def serves(self):
        files = [self.origin.path / "targets" / f"{target['hashes']['sha256']}.{path}"
                 for path, target in self.origin.check().items()]
        return self.origin.run("explain-route", "--release", *files, "--route", "product=card")["primary"]["release"]


class ExplainRoute(OnOrigin):
    def test_of_an_origin(self):
        self.origin.create()
        self.publish("cards@41", "--bundle", BUNDLE, "--stage", "full")
        self.publish("cards@41", "--bundle", OTHER)                 # two files of one name, one of them current
        self.publish("cards@42", "--bundle", OTHER, "--stage", "full")
        told = self.origin.run("explain-route", "--origin", "origin", "--route", "product=card")
        self.assertEqual([route["release"] for route in told["routes"]], ["cards@41", "cards@42"])
        self.assertEqual(told["primary"]["release"], "cards@42")
        told = self.origin.run("explain-route", "--origin", "origin", "--release", "cards@41")
        self.assertEqual(told["primary"]["release"], "cards@41")
        self.assertEqual(self.origin.fails("explain-route", "--origin", "origin", "--release", "x")["code"], 202)
        self.assertEqual(self.origin.fails("explain-route", "--origin", "nowhere")["code"], 202)
        twice = self.origin.fails("explain-route", "--origin", "origin", "--route", "product=card,product=loan")
        self.assertIn("twice", twice["message"])
        self.assertEqual(subprocess.run([COMMAND, "explain-route"], capture_output=True).returncode, 2)

    def test_table_and_json(self):
        self.origin.create()
        self.publish("cards@41", "--bundle", BUNDLE, "--stage", "full")
        self.publish("cards@42", "--bundle", OTHER, "--stage", "canary", "--weight", 0.05, "--fallback", "cards@41")
        files = [self.origin.path / "targets" / f"{target['hashes']['sha256']}.{path}"
                 for path, target in self.origin.check().items()]
        # Python's xxhash puts user-13 at 0.0344 and user-0 elsewhere (tests/core/route).
        told = self.origin.run("explain-route", "--release", *files, "--route", "product=card", "--unit", "user-13")
        self.assertEqual((told["primary"]["release"], told["fallbacks"][0]["release"]), ("cards@42", "cards@41"))
        self.assertAlmostEqual(told["routes"][1]["fraction"], 0.03435443294044327, places=15)
        request = self.origin.folder / "request.json"
        request.write_text(json.dumps({"route": {"product": "card", "market": None, "unit": "user-0"}}))
        told = self.origin.run("explain-route", "--release", *files, "--request", request)
        self.assertEqual(told["primary"]["release"], "cards@41")
        text = subprocess.run([COMMAND, "explain-route", "--release", *files, "--route", "market=US"], check=True,
                              capture_output=True, text=True).stdout
        self.assertIn("serves:    cards@41[0]", text)
        self.assertIn("matches; the request has no unit", text)
        for arguments in (("--route", "product"), ("--route", "prodct=card"), ("--request", "nowhere")):
            self.assertEqual(self.origin.fails("explain-route", "--release", *files, *arguments)["code"], 100)


if __name__ == "__main__":
    unittest.main()
