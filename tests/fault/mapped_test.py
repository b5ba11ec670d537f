"""Artifacts that are mapped instead of read: the same decisions, verified as ever, held as long as they are used.

Usage: mapped_test.py COMMAND MAPPED [TEST...]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from artifacts import Publisher, identity, parts, ranked
from server import Server

COMMAND, MAPPED = (str(pathlib.Path(word).resolve()) for word in sys.argv[1:3])
REQUEST = {"time": "2026-11-21T10:00:00Z", "seed": 5, "limit": 20, "explain": False,
           "context": {"age": 34, "state": "CA", "income": 80000}}


class Mapped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        publisher = Publisher(COMMAND)
        cls.addClassCleanup(publisher.close)
        cls.bundles = [publisher.bundle(2000, {}), publisher.bundle(2000, {500: 1000000})]
        publisher.begin(cls.bundles[0])
        cls.first = publisher.files()
        publisher.publish(cls.bundles[1])
        cls.second = publisher.files()
        cls.root, cls.request = publisher.folder / "root.json", publisher.folder / "request.json"
        cls.request.write_text(json.dumps(REQUEST))
        cls.truths = [ranked(publisher.run("rank", "--bundle", bundle, "--request", cls.request, "--json"))
                      for bundle in cls.bundles]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-mapped-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cache = self.folder / "cache"
        self.server = Server(dict(self.first))
        self.addCleanup(self.server.close)

    def run_it(self, *command):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60,
                              env={**os.environ, "no_proxy": "127.0.0.1"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def fetch(self, *words):
        return self.run_it(COMMAND, "fetch", "--origin", self.server.address("").rstrip("/"), "--root", self.root,
                           "--cache", self.cache, "--release", "cards", "--request", self.request, *words)

    def serves(self, version, *words):
        self.assertEqual(ranked(self.fetch("--rank", "--map", *words)), self.truths[version])

    def mapped(self):
        """The ranking; how many files are mapped with a client, with its snapshot alone, with neither."""
        text, counts = self.run_it(MAPPED, self.server.address(""), self.root, self.cache, self.request,
                                   "cards").splitlines()
        return ranked(text), list(map(int, counts.split()))

    def n_blobs(self):
        paths = [path for path, _ in self.server.requests if path.startswith("blobs/")]
        self.server.requests.clear()
        return len(paths)

    def test_what_was_fetched_is_copied_and_what_is_kept_mapped_until_nobody_uses_it(self):
        self.assertEqual(self.mapped(), (self.truths[0], [0, 0, 0]))
        self.fetch()
        self.n_blobs()
        self.assertEqual(self.mapped(), (self.truths[0], [3, 3, 0]))
        self.assertEqual(self.n_blobs(), 0)

    def test_equal_decisions_and_pieces_of_a_mapped_version(self):
        self.serves(0)
        self.serves(0)
        self.server.files = dict(self.second)
        self.n_blobs()
        self.serves(1)
        self.assertGreater(json.loads(self.fetch("--map", "--json"))["memory_bytes"], 0)
        self.serves(1)
        self.serves(1, "--at-hand")

    def test_what_was_harmed_is_not_believed(self):
        self.serves(0)
        for part in parts(self.bundles[0]).values():
            path = self.cache / "blobs" / identity(part)
            good = path.read_bytes()
            for harm in (lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-1], lambda data: b"",
                         lambda data: data[:70] + b"\0\1" + data[72:], lambda data: data + b"\0"):
                path.unlink()
                path.write_bytes(harm(good))
                self.n_blobs()
                self.serves(0)
                self.assertEqual(self.n_blobs(), 1)
                self.assertEqual(path.read_bytes(), good)

    def test_links_and_folders_are_not_mapped(self):
        self.serves(0)
        path = self.cache / "blobs" / identity(parts(self.bundles[0])["model"])
        outside = self.folder / "outside"
        shutil.copy(path, outside)
        path.unlink()
        path.symlink_to(outside)
        self.n_blobs()
        self.serves(0)
        self.assertEqual(self.n_blobs(), 1)

    def test_budgets_count_what_is_mapped(self):
        self.serves(0)
        sizes = sorted(len(part) for part in parts(self.bundles[0]).values())
        done = subprocess.run([COMMAND, "fetch", "--origin", self.server.address("").rstrip("/"), "--root", self.root,
                               "--cache", self.cache, "--release", "cards", "--map", "--json", "--memory-bytes",
                               str(sum(sizes) - 1)], capture_output=True, text=True, timeout=60)
        self.assertEqual(json.loads(done.stdout)["error"]["code"], 800)
        self.serves(0, "--memory-bytes", str(sum(sizes)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
