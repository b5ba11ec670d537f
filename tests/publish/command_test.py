"""publish from outside: command_test.py GUARDRANK.

Signatures are checked by openssl.
"""
import hashlib
import json
import pathlib
import signal
import stat
import struct
import subprocess
import sys
import time
import unittest

from origin import BUNDLE, OTHER, ROOT, OnOrigin, nested

sys.path.insert(0, str(ROOT / "tests/conformance"))
from make_bundles import weights_of

COMMAND = OnOrigin.command = str(pathlib.Path(sys.argv.pop()).resolve())


class Publish(OnOrigin):
    def setUp(self):
        super().setUp()
        self.origin.create()

    def test_what_is_published_is_there_and_signed(self):
        report = self.publish("cards-42", "--bundle", BUNDLE, "--version", "42")
        self.assertEqual((report["stage"], report["version"]), ("offline", "42"))
        target = self.origin.check()["cards-42.release"]
        self.assertEqual(target["custom"]["guardrank"]["stage"], "offline")
        inspected = self.origin.run("inspect", BUNDLE)["release"]["routes"][0]
        for part in ("model", "policy", "catalog"):
            identity = inspected[part].removeprefix("sha256:")
            file = self.origin.path / "blobs" / identity
            self.assertEqual(self.origin.run("verify", file)["id"], "sha256:" + identity)
        release = self.origin.path / "targets" / f"{target['hashes']['sha256']}.cards-42.release"
        shown = self.origin.run("inspect", release)["release"]
        self.assertEqual((shown["name"], shown["routes"][0]["model"]), ("cards-42", inspected["model"]))

    def test_a_withdrawn_release_is_gone_and_published_again_was_nothing_before(self):
        self.publish("a", "--bundle", BUNDLE, "--stage", "full")
        self.publish("a", "--bundle", OTHER)
        self.publish("b", "--bundle", BUNDLE)
        self.assertIn("previous", self.origin.check()["a.release"]["custom"]["guardrank"])
        report = self.origin.step("withdraw", "--release", "a")
        self.assertEqual((report["action"], report["release"], report["published"]), ("withdraw", "a", True))
        self.assertEqual(list(self.origin.check()), ["b.release"])
        self.assertEqual(self.stages(), {"b": "offline"})
        for command in (("withdraw",), ("rollback",), ("promote", "--to", "full")):
            self.assertEqual(self.origin.step(*command, "--release", "a", code=1)["error"]["code"], 202)
        history = self.origin.run("status", "--origin", "origin", "--history")["history"]
        self.assertEqual((history[-1]["action"], history[-1]["release"]), ("withdraw", "a"))
        self.assertEqual(self.publish("a", "--bundle", OTHER)["stage"], "offline")
        self.assertNotIn("previous", self.origin.check()["a.release"]["custom"]["guardrank"])

    def test_a_release_whose_file_is_gone_is_withdrawn_as_others_are(self):
        for name in ("a", "b", "c"):
            self.publish(name, "--bundle", BUNDLE)
        digest = self.origin.check()["a.release"]["hashes"]["sha256"]
        (self.origin.path / "targets" / f"{digest}.a.release").unlink()
        for name in ("b", "a"):
            self.assertTrue(self.origin.step("withdraw", "--release", name)["published"])
        self.assertEqual(list(self.origin.check()), ["c.release"])

    def test_an_hourly_catalog_keeps_the_rest(self):
        self.publish("a", "--bundle", BUNDLE, "--stage", "full")
        before = self.document("a")["routes"][0]
        catalog = nested(BUNDLE, "catalog")
        (self.origin.folder / "catalog.bin").write_bytes(catalog)
        report = self.publish("a", "--catalog", "catalog.bin", "--stage", "full")
        self.assertEqual(report["stored"]["new_blob_bytes"], 0)
        self.assertEqual(self.document("a")["routes"][0], before)
        error = self.publish("a", "--catalog", self.other_model(), code=1)["error"]
        self.assertEqual(error["code"], 301)                       # a model is no catalog
        error = self.publish("b", "--catalog", "catalog.bin", code=1)["error"]
        self.assertEqual(error["code"], 202)                       # nothing to keep

    def test_what_is_not_given_stays_stage_and_share_too(self):
        (self.origin.folder / "catalog.bin").write_bytes(nested(BUNDLE, "catalog"))
        for stage, weight in (("full", "1.0"), ("canary", "0.25"), ("shadow", "0.5"), ("offline", "1.0")):
            share = () if weight == "1.0" else ("--weight", weight)
            self.publish(stage, "--bundle", BUNDLE, "--stage", stage, *share)
            before = self.document(stage)
            for given in (("--catalog", "catalog.bin"), ("--bundle", BUNDLE), ("--tier", "pinned")):
                report = self.publish(stage, *given)
                self.assertEqual((report["stage"], report["weight"]), (stage, weight))
                after = self.document(stage)
                self.assertEqual((after["routes"][0]["stage"], after["routes"][0]["traffic_weight"]),
                                 (stage, before["routes"][0]["traffic_weight"]))
        self.assertEqual(self.publish("canary", "--weight", "0.5")["weight"], "0.5")
        self.assertEqual(self.publish("canary", "--bundle", BUNDLE, "--stage", "canary")["weight"], "0.5")
        self.assertEqual(self.publish("canary", "--stage", "ab", code=1)["error"]["where"], "weight")
        self.assertEqual(self.publish("canary", "--stage", "offline")["stage"], "offline")
        self.assertEqual(self.publish("new", "--bundle", BUNDLE)["stage"], "offline")

    def test_the_engine_that_a_release_needs_stays(self):
        error = self.publish("a", "--bundle", BUNDLE, "--minimum-engine", "banana", code=1)["error"]
        self.assertEqual(error["where"], "minimum_engine")

        def release_bytes():
            digest = self.origin.check()["a.release"]["hashes"]["sha256"]
            return (self.origin.path / "targets" / f"{digest}.a.release").read_bytes()
        self.publish("a", "--bundle", OTHER, "--minimum-engine", "0.0.7")
        self.assertIn(b"0.0.7", release_bytes())
        self.publish("a", "--bundle", BUNDLE)
        self.assertIn(b"0.0.7", release_bytes())
        self.publish("a", "--bundle", OTHER, "--minimum-engine", "0.0.9")
        self.assertNotIn(b"0.0.7", release_bytes())
        self.publish("a", "--bundle", BUNDLE, "--minimum-engine", "")
        self.assertNotIn(b"0.0.9", release_bytes())

    def test_a_star_is_no_value_of_a_route(self):
        (self.origin.folder / "routes.json").write_text('[{"product": "*"}]')
        error = self.publish("a", "--bundle", BUNDLE, "--routes", "routes.json", code=1)["error"]
        self.assertIn("leave it out", error["message"])

    def test_a_team_does_not_take_over_what_the_top_list_has(self):
        """Readers find it there first: a second copy in the team's list nobody would ever see."""
        self.publish("cards/x", "--bundle", BUNDLE)
        self.origin.generate("team")
        report = self.origin.step("keys", "delegate", "--team", "cards", "--add", "team.pub",
                                  keys=("targets", "team", "snapshot", "timestamp"))
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn("cards/x.release stays", report["warnings"][0])
        by_team = ("team", "snapshot", "timestamp")
        self.assertFalse(self.publish("cards/x", "--bundle", OTHER, keys=by_team)["published"])
        self.origin.run("keys", "discard", "--origin", "origin")
        self.assertTrue(self.publish("cards/x", "--bundle", OTHER)["published"])
        self.assertEqual(len(self.origin.check()), 1)
        self.assertTrue(self.publish("cards/y", "--bundle", OTHER, keys=by_team)["published"])

    def test_routes_keep_the_stages_that_they_have(self):
        routes = [{"market": "US", "arm": "a", "stage": "ab", "weight": 0.125}, {"stage": "full"}]
        (self.origin.folder / "routes.json").write_text(json.dumps(routes))
        self.publish("a", "--bundle", BUNDLE, "--routes", "routes.json", "--stage", "full")
        before = self.document("a")["routes"]
        self.publish("a", "--bundle", BUNDLE)
        self.assertEqual(self.document("a")["routes"], before)
        # Another list of routes takes from the release what it leaves out, its stage too.
        (self.origin.folder / "routes.json").write_text(json.dumps([{"market": "CA"}]))
        self.publish("a", "--routes", "routes.json")
        self.assertEqual([(r["market"], r["stage"]) for r in self.document("a")["routes"]], [("CA", "full")])

    def test_an_hourly_update_takes_nobodys_place(self):
        self.publish("main", "--bundle", BUNDLE, "--stage", "full")
        self.publish("next", "--bundle", OTHER, "--stage", "full")
        since = {r["release"]: r["since"] for r in self.origin.run("status", "--origin", "origin")["releases"]}
        time.sleep(1.1)
        (self.origin.folder / "catalog.bin").write_bytes(nested(BUNDLE, "catalog"))
        self.publish("main", "--catalog", "catalog.bin")
        told = self.origin.run("explain-route", "--origin", "origin", "--route", "product=card")
        self.assertEqual(told["primary"]["release"], "next")
        after = self.origin.run("status", "--origin", "origin")["releases"]
        self.assertEqual({release["release"]: release["since"] for release in after}, since)

    def test_gates_ask_for_figures_of_a_new_model_not_of_a_new_catalog(self):
        (self.origin.folder / "gates.json").write_text('{"canary": [{"figure": "ece", "at_most": 0.02}]}')
        (self.origin.folder / "good.json").write_text('{"ece": 0.01}')
        self.publish("a", "--bundle", BUNDLE, "--stage", "full", "--gates", "gates.json", "--figures", "good.json")
        (self.origin.folder / "catalog.bin").write_bytes(nested(BUNDLE, "catalog"))
        self.assertEqual(self.publish("a", "--catalog", "catalog.bin")["stage"], "full")
        custom = self.origin.check()["a.release"]["custom"]["guardrank"]
        self.assertEqual(custom["figures"]["values"], {"ece": "0.01"})
        blobs = self.origin.folder / "origin" / "blobs"
        self.assertEqual(len(custom["artifacts"]), 3)
        for artifact, size in custom["artifacts"].items():
            self.assertEqual((blobs / artifact).stat().st_size, size)
        self.assertIn("there is no figure ece", self.publish("a", "--bundle", OTHER, code=1)["error"]["message"])
        self.assertEqual(self.publish("a", "--bundle", OTHER, "--figures", "good.json")["stage"], "full")

    def other_model(self):
        path = self.origin.folder / "model.bin"
        path.write_bytes(nested(OTHER, "model"))
        return path

    def document(self, name):
        target = self.origin.check()[name + ".release"]
        file = self.origin.path / "targets" / f"{target['hashes']['sha256']}.{name}.release"
        return self.origin.run("inspect", file)["release"]

    def test_two_steps_in_one_second_are_told_apart_by_file_servers(self):
        # nginx: an entity tag is the time in seconds and the length.
        path, seen = self.origin.path / "metadata/timestamp.json", []
        for _ in range(4):
            self.publish("a", "--bundle", BUNDLE, "--version", "1")
            seen.append(int(path.stat().st_mtime))
        self.assertEqual(sorted(set(seen)), seen)

    def test_what_does_not_open_or_fit_is_not_published(self):
        before = sorted(self.origin.folder.rglob("*"))
        damaged = bytearray(BUNDLE.read_bytes())
        damaged[-500] ^= 1
        (self.origin.folder / "damaged").write_bytes(damaged)
        self.assertIn(self.publish("a", "--bundle", "damaged", code=1)["error"]["code"], (302, 307))
        self.assertEqual(self.publish("a", "--bundle", "nowhere", code=1)["error"]["code"], 202)
        error = self.publish("a", "--bundle", BUNDLE, "--model", self.other_model(), code=1)["error"]
        self.assertGreaterEqual(error["code"], 300)
        after = [path for path in sorted(self.origin.folder.rglob("*")) if path.name not in ("damaged", "model.bin")]
        self.assertEqual(after, [path for path in before])

    def test_routes(self):
        routes = [{"product": "card", "market": "US", "arm": "a", "stage": "ab", "weight": 0.1, "salt": "autumn"},
                  {"product": "card", "market": "US", "arm": "b", "stage": "ab", "weight": 0.1, "salt": "autumn"},
                  {"product": "card", "tier": "pinned"}]
        (self.origin.folder / "routes.json").write_text(json.dumps(routes))
        self.publish("a", "--bundle", BUNDLE, "--routes", "routes.json", "--stage", "full")
        self.assertEqual([(r["arm"], r["stage"], r["traffic_weight"], r["tier"]) for r in self.document("a")["routes"]],
                         [("a", "ab", 0.1, "warm"), ("b", "ab", 0.1, "warm"), ("", "full", 1, "pinned")])
        for wrong, where in (([{"weight": 3}], "routes[0].weight"), ([{}, {}], "routes[1]"), ([{"x": 1}], "x")):
            (self.origin.folder / "routes.json").write_text(json.dumps(wrong))
            self.assertEqual(self.publish("b", "--bundle", BUNDLE, "--routes", "routes.json", "--stage", "full",
                                          code=1)["error"]["where"], where)

    def test_fallbacks_exist_and_do_not_return(self):
        self.assertEqual(self.publish("a", "--bundle", BUNDLE, "--fallback", "b", code=1)["error"]["code"], 305)
        self.publish("a", "--bundle", BUNDLE)
        self.publish("b", "--bundle", BUNDLE, "--fallback", "a")
        error = self.publish("a", "--bundle", BUNDLE, "--fallback", "b", code=1)["error"]
        self.assertIn("fall back to itself", error["message"])

    def test_teams_sign_for_their_own_paths_alone(self):
        self.origin.generate("cards", scheme="ecdsa-sha2-nistp256")
        self.origin.step("keys", "delegate", "--team", "cards", "--add", "cards.pub",
                         keys=("targets", "cards", "snapshot", "timestamp"))
        report = self.publish("cards/x", "--bundle", BUNDLE, keys=("cards", "snapshot", "timestamp"))
        self.assertEqual(sorted(report["roles"]), ["cards", "snapshot", "timestamp"])
        self.assertFalse(self.publish("x", "--bundle", BUNDLE, keys=("cards", "snapshot", "timestamp"))["published"])
        self.origin.run("keys", "discard", "--origin", "origin")
        self.assertFalse(self.publish("cards/y", "--bundle", BUNDLE)["published"])
        self.origin.run("keys", "discard", "--origin", "origin")
        self.assertEqual(list(self.origin.check()), ["cards/x.release"])
        # The team's keys change: its targets are signed anew.
        self.origin.generate("cards2")
        self.origin.step("keys", "rotate", "--role", "cards", "--remove", "cards.pub", "--add", "cards2.pub",
                         keys=("targets", "cards2", "snapshot", "timestamp"))
        self.assertEqual(list(self.origin.check()), ["cards/x.release"])
        for team in ("root", "A", "a/b", ""):
            self.assertEqual(self.origin.step("keys", "delegate", "--team", team, "--add", "cards.pub",
                                              code=1)["error"]["where"], "team")

    def pack_offers(self, name, rows):
        source = BUNDLE.parents[1] / "sources/cards"
        header, first = (source / "catalog.csv").read_text().splitlines()[:2]
        rest = first.split(",", 1)[1].split(",")
        lines = [",".join([offer, *rest[:3], str(cpa), *rest[4:]]) for offer, cpa in rows]
        (self.origin.folder / "many.csv").write_text("\n".join([header, *lines]) + "\n")
        self.weights(source)
        self.origin.run("pack", "--model", "weights", "--policy", source / "policy.yaml", "--catalog", "many.csv",
                        "--out", name)

    def weights(self, source):
        folder = self.origin.folder / "weights"
        folder.mkdir(exist_ok=True)
        for name in ("model.json", "calibration.jsonl"):
            (folder / name).write_bytes((source / name).read_bytes())
        (folder / "weights.safetensors").write_bytes(weights_of(source))

    def test_large_artifacts_are_stored_in_pieces_too(self):
        rows = [[f"o-{i:05}", i % 997] for i in range(40000)]
        self.pack_offers("first.bundle", rows)
        stored = self.publish("a", "--bundle", "first.bundle")["stored"]
        self.assertGreater(stored["chunk_bytes"], 1 << 20)
        self.assertEqual(stored["new_chunk_bytes"], stored["chunk_bytes"])
        rows[20000][1] = 1000000
        self.pack_offers("second.bundle", rows)
        stored = self.publish("a", "--bundle", "second.bundle")["stored"]
        self.assertLess(stored["new_chunk_bytes"], stored["chunk_bytes"] / 2)
        again = self.publish("a", "--bundle", "first.bundle")["stored"]
        self.assertEqual((again["new_blob_bytes"], again["new_chunk_bytes"]), (0, 0))
        for bundle in ("first.bundle", "second.bundle"):
            whole = nested(self.origin.folder / bundle, "catalog")
            identity = hashlib.sha256(whole[:64 + 64 * int.from_bytes(whole[24:28], "little")]).hexdigest()
            self.assertEqual((self.origin.path / "blobs" / identity).read_bytes(), whole)
            self.assertIn(whole, [self.join(blob) for blob in (self.origin.path / "blobs").iterdir()])

    def join(self, file):
        """What a chunk list stands for, by the form that core/artifact/chunk_list.h states; else nothing."""
        data = file.read_bytes()
        if data[:8] != b"GRCHUNKS":
            return None
        self.assertEqual(hashlib.sha256(data).hexdigest(), file.name)
        version, count, total, zero = struct.unpack("<IIQQ", data[8:32])
        self.assertEqual((version, zero, len(data)), (1, 0, 32 + 40 * count))
        whole = b""
        for i in range(count):
            entry = data[32 + 40 * i:72 + 40 * i]
            piece = (file.parent / entry[:32].hex()).read_bytes()
            self.assertEqual(hashlib.sha256(piece).digest(), entry[:32])
            self.assertEqual(struct.unpack("<II", entry[32:]), (len(piece), 0))
            whole += piece
        self.assertEqual(len(whole), total)
        return whole

    def test_two_publishers_do_not_meet(self):
        import fcntl
        with open(self.origin.folder / "origin.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            error = self.publish("a", "--bundle", BUNDLE, code=1)["error"]
            self.assertIn("another publisher", error["message"])
            self.assertEqual(error["name"], "GR_STATUS_INTERNAL")
        self.publish("a", "--bundle", BUNDLE)

    def test_killed_at_any_moment_readers_see_one_state_or_the_other(self):
        self.publish("a", "--bundle", BUNDLE)
        for attempt in range(12):
            command = [COMMAND, "publish", "--release", f"k{attempt}", "--origin", "origin", "--bundle", BUNDLE,
                       "--key", "targets.pem", "--key", "snapshot.pem", "--key", "timestamp.pem"]
            process = subprocess.Popen(command, cwd=self.origin.folder, stdout=subprocess.DEVNULL)
            time.sleep(0.004 * attempt)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertIn("a.release", self.origin.check(is_whole=False))
        for part in ("metadata", "blobs", "targets"):
            (self.origin.path / part / ".new.aB3dE6").write_bytes(b"half")
        (self.origin.path / "blobs/.new.page").write_bytes(b"somebody else's")
        self.publish("b", "--bundle", BUNDLE)                      # the next start is clean
        self.assertEqual([path.name for path in self.origin.path.rglob(".new*")], [".new.page"])
        self.assertIn("b.release", self.origin.check(is_whole=False))
        self.assertLessEqual({"targets/a.json", "targets/b.json"}, set(self.origin.ahead()))

    def test_what_first_visits_fetch_is_put_right_by_the_next_step(self):
        self.publish("a", "--bundle", BUNDLE)
        self.publish("b", "--bundle", OTHER)
        ahead = self.origin.path / "metadata/ahead/targets"
        (ahead / "a.json").write_text("{}")                        # as a step leaves it that was killed
        (ahead / "b.json").unlink()                                # or an origin of before there was any
        self.publish("c", "--bundle", BUNDLE)
        self.origin.check()


if __name__ == "__main__":
    unittest.main()
