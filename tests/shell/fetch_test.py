"""`guardrank fetch` against an origin on loopback that `guardrank publish` made.

Usage: fetch_test.py GUARDRANK ROOT
"""
import functools
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

GUARDRANK, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
BUNDLE = ROOT / "tests/conformance/bundles/cards.guardrank"
REQUEST = {"time": "2026-11-21T10:00:00Z", "seed": 5, "route": {"product": "card"},
           "context": {"age": 34, "state": "CA", "income": 80000}}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the origin; counts what is asked for, and may refuse."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.refuses:
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


def run(*words):
    return subprocess.run([GUARDRANK, *map(str, words)], capture_output=True, text=True, timeout=60)


class Fetch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        made = subprocess.run([ROOT / "examples/delivery/make_origin.sh", self.folder, BUNDLE, "cards"],
                              env={"GUARDRANK": GUARDRANK, "PATH": "/usr/bin:/bin"}, capture_output=True,
                              text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        handler = functools.partial(Handler, directory=self.folder / "origin")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.asked, self.server.refuses = [], False
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.request = self.folder / "request.json"
        self.request.write_text(json.dumps(REQUEST))

    def fetch(self, *more, release="cards", root=None, cache="cache"):
        origin = f"http://127.0.0.1:{self.server.server_port}"
        return run("fetch", "--origin", origin, "--root", root or self.folder / "root.json",
                   "--cache", self.folder / cache, "--release", release, "--request", self.request, *more)

    def ranked(self, *more, **options):
        done = self.fetch("--rank", *more, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def blobs(self):
        return [path for path in self.server.asked if "/blobs/" in path]

    def test_ranks_as_the_bundle_does(self):
        whole = json.loads(run("rank", "--bundle", BUNDLE, "--request", self.request, "--json").stdout)
        found = self.ranked()
        self.assertEqual(found["ranked"], whole["ranked"])
        self.assertEqual(found["excluded"], whole["excluded"])
        self.assertEqual(found["release"], "cards")
        self.assertEqual(len(self.blobs()), 3)

    def test_a_second_run_fetches_no_artifact_and_serves_without_the_origin(self):
        first = self.ranked()
        self.server.asked.clear()
        self.assertEqual(self.ranked(), first)
        self.assertEqual(self.blobs(), [])
        self.server.refuses = True
        self.assertEqual(self.ranked(), first)

    def test_says_what_it_has(self):
        done = self.fetch("--json")
        told = json.loads(done.stdout)
        self.assertEqual(told["release"], "cards")
        self.assertEqual(told["offers"], 7)
        self.assertEqual(told["last_look"], "GR_STATUS_OK")
        self.assertEqual(told["metadata"]["timestamp"], told["metadata"]["snapshot"])
        self.assertIn("metadata.expires", self.fetch().stdout)

    def test_a_blob_that_was_changed_is_fetched_again_or_not_served(self):
        self.ranked()
        files = [path for path in (self.folder / "cache/blobs").iterdir() if len(path.name) == 64]
        self.assertEqual(len(files), 3)
        for path in files:
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        self.server.asked.clear()
        self.ranked()
        self.assertEqual(len(self.blobs()), 3)
        for path in (self.folder / "origin/blobs").iterdir():
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        done = self.fetch("--rank", "--timeout-ms", "1500", "--json", cache="other")
        self.assertEqual(done.returncode, 1)
        self.assertIn(json.loads(done.stdout)["error"]["name"], ("GR_STATUS_HASH", "GR_STATUS_DEADLINE"))

    def refusal(self, done):
        self.assertEqual(done.returncode, 1, done.stdout)
        return json.loads(done.stdout)["error"]["name"]

    def test_refusals(self):
        other = self.folder / "other"
        subprocess.run([ROOT / "examples/delivery/make_origin.sh", other, BUNDLE, "cards"], check=True,
                       env={"GUARDRANK": GUARDRANK, "PATH": "/usr/bin:/bin"}, capture_output=True)
        self.assertEqual(self.refusal(self.fetch("--json", root=other / "root.json")), "GR_STATUS_SIGNATURE")
        self.assertEqual(self.refusal(self.fetch("--json", release="loans")), "GR_STATUS_MISSING")
        self.server.refuses = True
        self.assertEqual(self.refusal(self.fetch("--json", cache="cold")), "GR_STATUS_NETWORK")
        self.assertEqual(self.refusal(self.fetch("--json", root=self.folder / "none.json")), "GR_STATUS_ARGUMENT")
        self.assertEqual(run("fetch").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
