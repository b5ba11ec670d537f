"""Runs the walk-through of models/publish/README.md as it stands: walk_through.py GUARDRANK."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from origin import BUNDLE, ROOT, Origin, nested

COMMAND = pathlib.Path(sys.argv.pop()).resolve()


class WalkThrough(unittest.TestCase):
    def test_every_line_of_it(self):
        text = (ROOT / "models/publish/README.md").read_text()
        script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S))
        self.assertGreater(script.count("guardrank "), 25)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(BUNDLE, pathlib.Path(folder) / "cards.guardrank")
            (pathlib.Path(folder) / "catalog.bin").write_bytes(nested(BUNDLE, "catalog"))
            self.write_labels(pathlib.Path(folder))
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True,
                                  text=True, env={**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stderr, r"gates: canary: heads\.click\.ece is 0\.\d+, wanted at most 0\.02")
            self.check(Origin(str(COMMAND), folder))

    def write_labels(self, folder: pathlib.Path):
        """Requests of a Monday, when everybody clicked, and of a week, when as many did as the model says."""
        request = {"time": "2026-11-21T10:00:00Z", "context": {"age": 34, "state": "CA", "income": 82000}}
        told = subprocess.run([COMMAND, "rank", "--bundle", BUNDLE, "--request", "-", "--json"], check=True,
                              input=json.dumps({**request, "explain": True}).encode(), capture_output=True).stdout
        says = {offer["offer"]: offer["heads"]["click"]["probability"] for offer in json.loads(told)["ranked"]}
        offers = [f"o-{i}" for i in range(1, 8)]

        def write(name, labels):
            lines = [json.dumps({**request, "labels": {"click": each}}) + "\n" for each in labels]
            (folder / name).write_text("".join(lines))
        write("monday.jsonl", [[1 if offer in says else None for offer in offers]])
        write("week.jsonl", [[int((i + 1) * says[offer]) - int(i * says[offer]) if offer in says else None
                              for offer in offers] for i in range(400)])

    def check(self, origin: Origin):
        targets = origin.check()
        self.assertEqual(sorted(targets), ["cards/cards-41.release", "cards/cards-42.release"])
        told = origin.run("status", "--origin", "origin", "--history")
        stages = {release["release"]: (release["stage"], release["weight"]) for release in told["releases"]}
        self.assertEqual(stages, {"cards/cards-41": ("full", "1.0"), "cards/cards-42": ("canary", "0.05")})
        actions = [version["action"] for version in told["history"] if version["role"] == "cards"]
        self.assertEqual(actions, ["create", "publish", "publish", "promote", "promote", "promote", "publish",
                                   "rollback", "rollback"])
        root = origin.newest_root()["signed"]
        self.assertEqual(root["version"], 5)
        versions = {role["role"]: role["version"] for role in told["roles"]}
        root_version = versions.pop("root")
        self.assertEqual(root_version, root["version"])
        # As they stood when it was made: the timestamp that came with it is one later.
        self.assertEqual(root["x-guardrank-minimum"], {**versions, "timestamp": versions["timestamp"] - 1})
        self.assertEqual(root["roles"]["root"]["threshold"], 2)
        bob = origin.run("keys", "show", "bob.pub")["id"]
        self.assertNotIn(bob, root["keys"])
        self.assertEqual(told["waiting"], [])
        self.assertTrue(all(role["signatures"] >= role["threshold"] for role in told["roles"]))


if __name__ == "__main__":
    unittest.main()
