"""keys from outside: keys_test.py GUARDRANK: who signs for what, changes of keys, what waits for signatures."""
import json
import pathlib
import stat
import subprocess
import sys
import time
import unittest

from origin import BUNDLE, OTHER, OnOrigin

COMMAND = OnOrigin.command = str(pathlib.Path(sys.argv.pop()).resolve())


class Keys(OnOrigin):
    def test_private_keys_are_private_and_never_written_over(self):
        for scheme in ("ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"):
            self.origin.generate(scheme, scheme=scheme)
            file = self.origin.folder / (scheme + ".pem")
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            shown = self.origin.run("keys", "show", scheme + ".pub")
            self.assertEqual(shown, self.origin.run("keys", "show", scheme + ".pem"))
            self.assertEqual(shown["key"]["scheme"], scheme)
            before = file.read_bytes()
            self.assertEqual(self.origin.fails("keys", "generate", "--out", scheme + ".pem")["code"], 100)
            self.assertEqual(file.read_bytes(), before)

    def test_passphrases(self):
        self.origin.run("keys", "generate", "--out", "a.pem", "--passphrase-env", "SECRET", SECRET="correct horse")
        self.assertIn("ENCRYPTED", (self.origin.folder / "a.pem").read_text())
        (self.origin.folder / "phrase").write_text("correct horse\n")
        shown = self.origin.run("keys", "show", "a.pem", "--passphrase-file", "phrase")
        self.assertEqual(shown["id"], self.origin.run("keys", "show", "a.pub")["id"])
        self.assertIn("passphrase", self.origin.fails("keys", "show", "a.pem")["message"])
        self.assertIn("passphrase", self.origin.fails("keys", "show", "a.pem", "--passphrase-env", "SECRET",
                                                      SECRET="wrong")["message"])
        self.assertEqual(self.origin.fails("keys", "show", "a.pem", "--passphrase-env", "NOWHERE")["where"],
                         "--passphrase-env")

    def test_wrong_usage(self):
        for arguments in (("keys",), ("keys", "generate"), ("publish",), ("promote", "--origin", "x"),
                          ("keys", "init", "--origin", "x"), ("status",), ("rollback", "--origin", "x"),
                          ("promote", "--origin", "x", "--release", "y", "--to", "ab", "--weight", "2"),
                          ("keys", "rotate", "--origin", "x", "--role", "root", "--threshold", "0")):
            done = subprocess.run([COMMAND, *arguments], capture_output=True)
            self.assertEqual(done.returncode, 2, arguments)
        for command in (("keys",), ("keys", "generate"), ("keys", "show"), ("keys", "init"), ("keys", "rotate"),
                        ("keys", "delegate"), ("keys", "undelegate"), ("keys", "sign"), ("keys", "discard"),
                        ("keys", "refresh"), ("publish",),
                        ("promote",), ("rollback",), ("withdraw",), ("status",), ("explain-route",)):
            done = subprocess.run([COMMAND, *command, "--help"], capture_output=True, text=True)
            self.assertIn("--json", done.stdout)

    def test_a_team_goes_with_its_releases_when_told_so(self):
        self.origin.create()
        self.origin.generate("team", "other")
        rest = ("targets", "snapshot", "timestamp")
        self.assertEqual(self.origin.step("keys", "undelegate", "--team", "cards", code=1)["error"]["code"], 202)
        self.origin.step("keys", "delegate", "--team", "cards", "--add", "team.pub", keys=("team", *rest))
        by_team = ("team", "snapshot", "timestamp")
        self.publish("cards/x", "--bundle", BUNDLE, "--stage", "full", keys=by_team)
        self.publish("y", "--bundle", BUNDLE, "--fallback", "cards/x")
        error = self.origin.step("keys", "undelegate", "--team", "cards", code=1)["error"]
        self.assertIn("cards/x.release", error["message"])
        error = self.origin.step("keys", "undelegate", "--team", "cards", "--with-releases", code=1)["error"]
        self.assertEqual(error["where"], "fallback")
        error = self.origin.step("withdraw", "--release", "cards/x", keys=by_team, code=1)["error"]
        self.assertEqual(error["where"], "fallback")
        self.assertEqual(sorted(self.origin.check()), ["cards/x.release", "y.release"])
        self.publish("y", "--bundle", BUNDLE, "--fallback", "")
        self.assertFalse(self.publish("cards/z", "--bundle", BUNDLE, keys=("snapshot", "timestamp"))["published"])
        error = self.origin.step("keys", "undelegate", "--team", "cards", "--with-releases", code=1)["error"]
        self.assertIn("waits for signatures", error["message"])     # it could never be signed
        self.origin.run("keys", "discard", "--origin", "origin")
        report = self.origin.step("keys", "undelegate", "--team", "cards", "--with-releases", keys=("timestamp",))
        self.assertFalse(report["published"])                       # others have to sign that
        self.assertTrue(self.origin.step("keys", "sign", keys=rest)["published"])
        self.assertEqual(list(self.origin.check()), ["y.release"])
        self.assertFalse(any(role["role"] == "cards" for role in
                             self.origin.run("status", "--origin", "origin")["roles"]))
        self.origin.step("keys", "delegate", "--team", "cards", "--add", "other.pub", keys=("other", *rest))
        self.publish("cards/x", "--bundle", BUNDLE, keys=("other", "snapshot", "timestamp"))
        self.assertGreater(self.origin.metadata(max((self.origin.path / "metadata").glob("*.cards.json")).name)
                           ["signed"]["version"], 2)
        self.origin.check()

    def test_what_takes_away_is_checked_again_when_it_is_signed(self):
        """Others publish while it waits."""
        self.origin.create()
        self.origin.generate("cards", "loans")
        rest = ("targets", "snapshot", "timestamp")
        for team in ("cards", "loans"):
            self.origin.step("keys", "delegate", "--team", team, "--add", team + ".pub", keys=(team, *rest))
        publish = lambda name, *given: self.publish(name, "--bundle", BUNDLE, *given,
                                                    keys=(name.split("/")[0], "snapshot", "timestamp"))
        self.origin.step("keys", "undelegate", "--team", "cards", keys=())
        publish("cards/x")
        error = self.origin.step("keys", "sign", keys=rest, code=1)["error"]
        self.assertIn("cards/x.release", error["message"])
        self.origin.run("keys", "discard", "--origin", "origin")
        self.origin.step("withdraw", "--release", "cards/x", keys=())
        publish("loans/y", "--fallback", "cards/x")
        error = self.origin.step("keys", "sign", keys=("cards", "snapshot", "timestamp"), code=1)["error"]
        self.assertEqual(error["where"], "fallback")
        publish("loans/y", "--fallback", "")
        self.assertTrue(self.origin.step("keys", "sign", keys=("cards", "snapshot", "timestamp"))["published"])
        self.assertEqual(list(self.origin.check()), ["loans/y.release"])

    def test_an_origin_is_made_once(self):
        self.assertTrue(self.origin.create()["published"])
        self.origin.check()
        error = self.origin.step("keys", "init", *[part for role in ("root", "targets", "snapshot", "timestamp")
                                                   for part in ("--" + role, role + ".pub")], code=1)["error"]
        self.assertIn("metadata already", error["message"])
        self.assertEqual(self.origin.fails("status", "--origin", "nowhere")["code"], 202)

    def test_thresholds_that_cannot_be_met_are_refused(self):
        self.origin.generate("root", "targets", "snapshot", "timestamp")
        given = [part for role in ("root", "targets", "snapshot", "timestamp") for part in ("--" + role, role + ".pub")]
        for threshold in ("0", "2"):
            error = self.origin.step("keys", "init", *given, "--root-threshold", threshold, keys=(), code=1)["error"]
            self.assertEqual(error["where"], "root.threshold")

    def test_metadata_holds_for_some_days(self):
        self.origin.generate("root", "targets", "snapshot", "timestamp", "team")
        given = [part for role in ("root", "targets", "snapshot", "timestamp") for part in ("--" + role, role + ".pub")]
        for days in ("0", "-5", "3651", "2000000000"):
            error = self.origin.step("keys", "init", *given, "--root-days", days, code=1)["error"]
            self.assertEqual(error["where"], "root.days")
        self.assertTrue(self.origin.step("keys", "init", *given, "--root-days", "3650",
                                         keys=("root", "targets", "snapshot", "timestamp"))["published"])
        delegate = ("keys", "delegate", "--team", "cards", "--add", "team.pub")
        self.assertEqual(self.origin.step(*delegate, "--days", "0", code=1)["error"]["where"], "cards.days")
        self.assertEqual(self.origin.step(*delegate, "--path", "", code=1)["error"]["where"], "paths")

    def test_what_lacks_signatures_waits_and_is_not_seen(self):
        self.origin.create()
        before = sorted(path.name for path in (self.origin.path / "metadata").iterdir())
        report = self.publish("a", "--bundle", BUNDLE, keys=("snapshot", "timestamp"))
        self.assertFalse(report["published"])
        targets_key = self.origin.run("keys", "show", "targets.pub")["id"]
        self.assertEqual(report["waiting"][0]["role"], "targets")
        self.assertEqual(report["waiting"][0]["keys_that_may_sign"], [targets_key])
        self.assertEqual(sorted(path.name for path in (self.origin.path / "metadata").iterdir()), before)
        self.assertEqual(self.stages(), {})
        waiting = self.origin.run("status", "--origin", "origin")["waiting"][0]
        self.assertEqual((waiting["role"], waiting["version"], waiting["signatures"]), ("targets", 2, 0))
        self.assertEqual((waiting["step"]["action"], waiting["step"]["release"]), ("publish", "a"))
        changes = {change["at"]: change for change in waiting["changes"]}
        changes.pop("expires", None)                              # the same within a second
        self.assertEqual({at.split("/")[0] for at in changes}, {"targets", "version", "x-guardrank-step"})
        self.assertEqual(changes["targets/a.release"]["after"]["custom"]["guardrank"]["stage"], "offline")
        self.assertEqual((changes["version"]["before"], changes["version"]["after"]), (1, 2))
        self.assertIn("waits for signatures", self.publish("b", "--bundle", BUNDLE, code=1)["error"]["message"])
        # A signature of somebody else's counts for nothing.
        self.assertFalse(self.origin.step("keys", "sign", keys=("root", "snapshot", "timestamp"))["published"])
        self.assertTrue(self.origin.step("keys", "sign")["published"])
        self.assertEqual(self.stages(), {"a": "offline"})
        self.origin.check()
        self.assertIn("nothing waits", self.origin.step("keys", "sign", code=1)["error"]["message"])

    def test_who_signs_next_is_told_what_changes_whatever_the_step_says(self):
        """The one who prepares a step is a signer gone bad: the label says "refresh", the metadata takes a key away."""
        self.origin.generate("first", "second", "third")
        self.origin.create("--root", "first.pub", "--root", "second.pub", "--root-threshold", "2")
        self.origin.step("keys", "sign", keys=("first", "snapshot", "timestamp", "targets"))
        self.origin.step("keys", "rotate", "--role", "targets", "--add", "third.pub", "--remove", "targets.pub",
                         keys=("first",))
        staged = self.origin.folder / "origin.staged/root.json"
        envelope = json.loads(staged.read_text())
        envelope["signed"]["x-guardrank-step"] = {"action": "refresh", "time": "2026-11-23T00:00:00Z"}
        staged.write_text(json.dumps(envelope))
        ids = {name: self.origin.run("keys", "show", name + ".pub")["id"] for name in ("targets", "third")}
        waiting = {role["role"]: role for role in self.origin.run("status", "--origin", "origin")["waiting"]}["root"]
        self.assertEqual(waiting["step"]["action"], "refresh")
        changes = {change["at"]: change for change in waiting["changes"]}
        self.assertEqual((changes["roles/targets/keyids"]["before"], changes["roles/targets/keyids"]["after"]),
                         ([ids["targets"]], [ids["third"]]))
        self.assertNotIn("after", changes["keys/" + ids["targets"]])
        self.assertNotIn("before", changes["keys/" + ids["third"]])
        told = subprocess.run([self.origin.command, "status", "--origin", "origin"], cwd=self.origin.folder,
                              capture_output=True, text=True).stdout
        self.assertIn(f'  roles/targets/keyids: ["{ids["targets"]}"] -> ["{ids["third"]}"]', told)

    def test_other_roles_go_past_what_waits(self):
        """A root that looks for its second signature keeps no timestamp from being renewed and no release back."""
        self.origin.create()
        self.publish("a", "--bundle", BUNDLE)
        self.publish("a", "--bundle", OTHER)
        self.origin.generate("second", "third")
        rotate = ("keys", "rotate", "--role", "root")
        self.assertTrue(self.origin.step(*rotate, "--add", "second.pub", "--threshold", "2",
                                         keys=("root", "second", "snapshot", "timestamp"))["published"])
        self.assertFalse(self.origin.step(*rotate, "--add", "third.pub", keys=("root",))["published"])
        before = self.origin.metadata("timestamp.json")["signed"]["version"]
        self.assertTrue(self.origin.step("keys", "refresh", keys=("snapshot", "timestamp"))["published"])
        self.assertGreater(self.origin.metadata("timestamp.json")["signed"]["version"], before)
        self.assertTrue(self.origin.step("rollback", "--release", "a")["published"])
        self.origin.check()
        # Not what changes the same role, nor what would wait as well.
        error = self.origin.step(*rotate, "--add", "targets.pub", keys=("root", "second"), code=1)["error"]
        self.assertIn("a change of root waits for signatures", error["message"])
        error = self.publish("b", "--bundle", BUNDLE, keys=(), code=1)["error"]
        self.assertIn("another change waits already", error["message"])
        self.assertTrue(self.origin.step("keys", "sign", keys=("second", "snapshot", "timestamp"))["published"])
        self.assertEqual(len(self.origin.newest_root()["signed"]["roles"]["root"]["keyids"]), 3)

    def test_a_first_root_that_waits_is_not_written_over(self):
        self.origin.generate("root", "targets", "snapshot", "timestamp")
        given = [part for role in ("root", "targets", "snapshot", "timestamp") for part in ("--" + role, role + ".pub")]
        self.assertFalse(self.origin.step("keys", "init", *given, keys=("targets",))["published"])
        error = self.origin.step("keys", "init", *given, keys=("targets",), code=1)["error"]
        self.assertIn("a first root waits", error["message"])
        self.assertTrue(self.origin.step("keys", "sign", keys=("root", "snapshot", "timestamp"))["published"])

    def test_files_of_others_are_not_swept(self):
        """Named by mistake, a folder that is no origin keeps what looks like a publisher's unfinished file."""
        folder = self.origin.folder / "home"
        (folder / "docs").mkdir(parents=True)
        for name in (".new.abc123", "docs/.new.abc123"):
            (folder / name).write_text("mine")
        self.origin.run("keys", "discard", "--origin", "home")
        self.assertTrue(all((folder / name).exists() for name in (".new.abc123", "docs/.new.abc123")))

    def test_discarded_is_forgotten(self):
        self.origin.create()
        self.publish("a", "--bundle", BUNDLE, keys=())
        self.assertEqual(self.origin.run("keys", "discard", "--origin", "origin")["discarded"], ["targets"])
        self.assertTrue(self.publish("b", "--bundle", BUNDLE)["published"])
        self.assertEqual(self.stages(), {"b": "offline"})

    def test_rotation_without_the_old_timestamp_key(self):
        self.origin.create()
        self.origin.generate("lost")
        self.origin.step("keys", "rotate", "--role", "timestamp", "--remove", "timestamp.pub", "--add", "lost.pub",
                         keys=("root", "lost", "snapshot"))
        self.origin.check()
        self.assertEqual(len(self.origin.metadata("timestamp.json")["signatures"]), 1)
        self.assertTrue(self.publish("a", "--bundle", BUNDLE, keys=("targets", "snapshot", "lost"))["published"])
        self.assertFalse(self.publish("a", "--bundle", OTHER)["published"])       # the old key signs nothing any more

    def test_a_rotation_with_the_old_key_is_good_under_both_roots(self):
        self.origin.create()
        self.origin.generate("new")
        self.origin.step("keys", "rotate", "--role", "timestamp", "--remove", "timestamp.pub", "--add", "new.pub",
                         keys=("root", "timestamp", "new", "snapshot"))
        signed_by = {signature["keyid"] for signature in self.origin.metadata("timestamp.json")["signatures"]}
        self.assertEqual(signed_by, {self.origin.run("keys", "show", name)["id"]
                                     for name in ("timestamp.pub", "new.pub")})

    def test_an_interrupted_rotation_is_completed_by_refresh(self):
        self.origin.create()
        timestamp = (self.origin.path / "metadata/timestamp.json").read_bytes()
        self.origin.generate("lost")
        self.origin.step("keys", "rotate", "--role", "timestamp", "--remove", "timestamp.pub", "--add", "lost.pub",
                         keys=("root", "lost", "snapshot"))
        (self.origin.path / "metadata/timestamp.json").write_bytes(timestamp)      # killed before it was written
        self.assertTrue(self.origin.step("keys", "refresh", keys=("lost", "snapshot"))["published"])
        self.origin.check()

    def test_metadata_that_was_meddled_with_is_not_built_upon(self):
        self.origin.create()
        path = self.origin.path / "metadata/1.targets.json"
        metadata = json.loads(path.read_text())
        metadata["signed"]["expires"] = "2099-01-01T00:00:00Z"
        path.write_text(json.dumps(metadata))
        error = self.publish("a", "--bundle", BUNDLE, code=1)["error"]
        self.assertEqual((error["code"], error["where"]), (701, "targets"))

    def test_a_new_root_says_the_versions_below_which_nobody_is_led(self):
        self.origin.create()
        least = lambda: self.origin.newest_root()["signed"]["x-guardrank-minimum"]
        self.assertEqual(least(), {"timestamp": 1, "snapshot": 1, "targets": 1})
        self.publish("a", "--bundle", BUNDLE)
        self.origin.generate("cards")
        machines = ("targets", "snapshot", "timestamp")
        self.origin.step("keys", "delegate", "--team", "cards", "--add", "cards.pub", keys=("cards", *machines))
        self.publish("cards/b", "--bundle", BUNDLE, keys=("cards", *machines))
        self.origin.step("keys", "refresh", "--role", "root", keys=("root", *machines))
        self.assertEqual(least(), {"timestamp": 4, "snapshot": 4, "targets": 3, "cards": 2})
        self.publish("a", "--bundle", OTHER)
        self.origin.step("keys", "rotate", "--role", "timestamp", "--threshold", "1", keys=("root", *machines))
        self.assertEqual(least(), {"timestamp": 6, "snapshot": 5, "targets": 4, "cards": 2})
        self.origin.check()

    def test_refresh_makes_the_timestamp_later(self):
        self.origin.create("--timestamp-days", "1")
        before = self.origin.metadata("timestamp.json")["signed"]
        time.sleep(1.1)
        report = self.origin.step("keys", "refresh", "--role", "snapshot", keys=("snapshot", "timestamp"))
        self.assertEqual(sorted(report["roles"]), ["snapshot", "timestamp"])
        after = self.origin.metadata("timestamp.json")["signed"]
        self.assertEqual(after["version"], before["version"] + 1)
        self.assertGreater(after["expires"], before["expires"])
        self.origin.check()


if __name__ == "__main__":
    unittest.main()
