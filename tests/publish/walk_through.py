"""Runs the walk-through of models/publish/README.md as it stands: walk_through.py GUARDRANK."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from origin import BUNDLE, ROOT, Origin

COMMAND = pathlib.Path(sys.argv.pop()).resolve()


class WalkThrough(unittest.TestCase):
    def test_every_line_of_it(self):
        text = (ROOT / "models/publish/README.md").read_text()
        script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S))
        self.assertGreater(script.count("guardrank "), 25)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(BUNDLE, pathlib.Path(folder) / "cards.guardrank")
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True,
                                  text=True, env={**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("gates: canary: heads.click.ece is 0.031, wanted at most 0.02", done.stderr)
            self.check(Origin(str(COMMAND), folder))

    def check(self, origin: Origin):
        targets = origin.check()
        self.assertEqual(sorted(targets), ["cards/cards-41.release", "cards/cards-42.release"])
        told = origin.run("status", "--origin", "origin", "--history")
        stages = {release["release"]: (release["stage"], release["weight"]) for release in told["releases"]}
        self.assertEqual(stages, {"cards/cards-41": ("full", "1.0"), "cards/cards-42": ("canary", "0.05")})
        actions = [version["action"] for version in told["history"] if version["role"] == "cards" and version["action"]]
        self.assertEqual(actions, ["publish", "publish", "promote", "promote", "promote", "rollback"])
        root = origin.newest_root()["signed"]
        self.assertEqual(root["version"], 4)
        self.assertEqual(root["roles"]["root"]["threshold"], 2)
        bob = origin.run("keys", "show", "bob.pub")["id"]
        self.assertNotIn(bob, root["keys"])
        self.assertEqual(told["waiting"], [])
        self.assertTrue(all(role["signatures"] >= role["threshold"] for role in told["roles"]))


if __name__ == "__main__":
    unittest.main()
