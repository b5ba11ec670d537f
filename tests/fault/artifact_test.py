"""`guardrank fetch`: artifacts between a server and a disk that fail.

Usage: artifact_test.py COMMAND [BREAK_AT_LIBRARY] [TEST...]; it is broken at every seventh step, with
GUARDRANK_SLOW=1 (the slow lane) at every one.
"""
import errno
import gzip
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import zlib

import server as faults
from artifacts import SMALL, Publisher, identity, lists, parts, ranked
from server import Server

COMMAND = str(pathlib.Path(sys.argv[1]).resolve())
LIBRARY = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] != "-" else None
EVERY = 1 if os.environ.get("GUARDRANK_SLOW") else 7
N_OFFERS = 40000
REQUEST = {"time": "2026-11-21T10:00:00Z", "seed": 5, "limit": 20, "explain": False,
           "context": {"age": 34, "state": "CA", "income": 80000}}
HASH, REFERENCE, LIMIT = 307, 305, 800
needs_library = unittest.skipUnless(LIBRARY, "needs the preloaded library")


class Artifacts(unittest.TestCase):
    """A large release in two versions, of which one number of one offer differs."""

    @classmethod
    def setUpClass(cls):
        publisher = Publisher(COMMAND)
        cls.addClassCleanup(publisher.close)
        cls.bundles = cls.make_bundles(publisher)
        publisher.begin(cls.bundles[0])
        cls.first = publisher.files()
        publisher.publish(cls.bundles[1])
        cls.second = publisher.files()
        cls.root = publisher.folder / "root.json"
        cls.request = publisher.folder / "request.json"
        cls.request.write_text(json.dumps(REQUEST))
        cls.truths = [ranked(publisher.run("rank", "--bundle", bundle, "--request", cls.request, "--json"))
                      for bundle in cls.bundles]

    @classmethod
    def make_bundles(cls, publisher):
        return [publisher.bundle(N_OFFERS, {}), publisher.bundle(N_OFFERS, {N_OFFERS // 2: 1000000})]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-fault-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cache = self.folder / "cache"
        self.server = Server(dict(self.first))
        self.addCleanup(self.server.close)

    def update(self):
        self.server.files = dict(self.second)

    def command(self, *words, cache=None):
        return [COMMAND, "fetch", "--origin", self.server.address("").rstrip("/"), "--root", self.root,
                "--cache", cache or self.cache, "--release", "cards", "--request", self.request, *words]

    def fetch(self, *words, environment=None, cache=None, **how):
        return subprocess.run(self.command(*words, cache=cache), capture_output=True, text=True, timeout=60,
                              env={**os.environ, "no_proxy": "127.0.0.1", **(environment or {})}, **how)

    def serves(self, version, *words, **how):
        """Ranks, and as the bundle of that version does."""
        done = self.fetch("--rank", *words, **how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(ranked(done.stdout), self.truths[version])

    def told(self, *words, **how):
        done = self.fetch("--json", *words, **how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refusal(self, *words, **how):
        done = self.fetch("--json", "--timeout-ms", "3000", *words, **how)
        self.assertEqual(done.returncode, 1, done.stdout)
        return json.loads(done.stdout)["error"]["code"]

    def asked(self):
        """Blobs asked for since the last call."""
        paths = [path for path, _ in self.server.requests]
        self.server.requests.clear()
        return [path.split("/")[1] for path in paths if path.startswith("blobs/")]

    def kept(self):
        folder = self.cache / "blobs"
        return {path.name: path.read_bytes() for path in folder.iterdir()
                if path.name != "index"} if folder.exists() else {}

    def clean(self, cache_bytes=1 << 30):
        """Every blob is what its name says, nothing half written stands about, the budget holds."""
        kept = self.kept()
        for name, data in kept.items():
            self.assertEqual(identity(data), name)
        self.assertEqual([path.name for path in self.cache.rglob(".new-*")], [])
        self.assertLessEqual(sum(map(len, kept.values())), cache_bytes)

    def preload(self, **names):
        return {"LD_PRELOAD": LIBRARY, **{name: str(value) for name, value in names.items()}}


class Pieces(Artifacts):
    """A new version fetches what changed."""

    def changed(self):
        """The list of the new catalog, and the pieces that the old has not."""
        old, new = (identity(parts(bundle)["catalog"]) for bundle in self.bundles)
        found = lists(self.second)
        name, pieces = found[new]
        return name, sorted(set(pieces) - set(found[old][1]))

    def test_only_what_changed_is_fetched(self):
        self.serves(0)
        self.assertEqual(len(self.asked()), 3)          # nothing older: whole artifacts
        self.update()
        told = self.told()
        name, pieces = self.changed()
        self.assertEqual(sorted(self.asked()), sorted([name, *pieces]))
        fetched = sum(len(self.second["blobs/" + one]) for one in [name, *pieces])
        self.assertEqual(told["fetched_bytes"], fetched)
        catalog = parts(self.bundles[1])["catalog"]
        self.assertEqual(told["reused_bytes"],
                         len(catalog) - sum(len(self.second["blobs/" + one]) for one in pieces))
        self.assertGreater(told["reused_bytes"], 5 * fetched)
        self.serves(1)
        self.assertEqual(self.asked(), [])
        self.clean()

    def test_pieces_that_do_not_come(self):
        name, pieces = self.changed()
        for victim in (name, pieces[0]):
            for fault in (faults.status(404), faults.flip, faults.truncate, faults.reset, faults.longer):
                with self.subTest(victim=victim, fault=fault):
                    shutil.rmtree(self.cache, ignore_errors=True)
                    self.server.files, self.server.faults = dict(self.first), {}
                    self.serves(0)
                    self.update()
                    self.server.faults["blobs/" + victim] = [fault]
                    self.serves(1)
                    self.clean()

    def test_an_old_version_that_was_harmed(self):
        self.serves(0)
        old = self.cache / "blobs" / identity(parts(self.bundles[0])["catalog"])
        for harm in (lambda data: data[:-1000], lambda data: data[:100000] + bytes(5) + data[100005:],
                     lambda data: b"", lambda data: os.urandom(len(data))):
            kept = {path: path.read_bytes() for path in self.cache.rglob("*") if path.is_file()}
            old.write_bytes(harm(old.read_bytes()))
            self.update()
            self.serves(1)
            shutil.rmtree(self.cache)
            for path, data in kept.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            self.server.files = dict(self.first)

    def test_budgets(self):
        whole = sum(map(len, parts(self.bundles[0]).values()))
        catalog = len(parts(self.bundles[0])["catalog"])
        room = ["--cache-bytes", whole + catalog // 2]  # for one version
        self.serves(0, *map(str, room))
        self.update()
        told = self.told(*map(str, room))
        self.assertLessEqual(told["cache_bytes"], whole + catalog // 2)
        self.assertGreater(told["reused_bytes"], 0)
        self.clean(whole + catalog // 2)
        self.serves(1, *map(str, room))
        self.clean(whole + catalog // 2)
        told = self.told("--memory-bytes", str(whole + 1000))
        self.assertLessEqual(told["memory_bytes"], whole + 1000)
        self.assertEqual(self.refusal("--memory-bytes", str(catalog - 1)), LIMIT)


class Broken(Artifacts):
    """A transfer that breaks off goes on where it stopped."""

    def setUp(self):
        super().setUp()
        self.body = parts(self.bundles[0])["catalog"]
        self.path = "blobs/" + identity(self.body)
        self.server.repeats = False

    def tries(self):
        """What was asked for of the catalog: None for all of it, or a range."""
        found = [headers.get("Range") for path, headers in self.server.requests if path == self.path]
        self.encodings = [headers.get("Accept-Encoding") for path, headers in self.server.requests
                          if path == self.path]
        self.server.requests.clear()
        return found

    def rest(self, first):
        return f"bytes={first}-{len(self.body) - 1}"

    def breaks(self, *faults_):
        shutil.rmtree(self.cache, ignore_errors=True)
        self.server.requests.clear()
        self.server.faults[self.path] = list(faults_)
        self.serves(0, "--timeout-ms", "30000")
        self.clean()
        return self.tries()

    def test_it_goes_on_where_it_stopped(self):
        half = len(self.body) // 2
        for way in (faults.cut_off, faults.reset):
            with self.subTest(way=way):
                self.assertEqual(self.breaks(faults.broken(half, way)), [None, self.rest(half)])
                self.assertNotIn("identity", self.encodings[0])
                self.assertEqual(self.encodings[1], "identity")
        self.server.faults[self.path] = [faults.broken(half, faults.cut_off)]
        shutil.rmtree(self.cache)
        told = self.told("--timeout-ms", "30000")
        self.assertEqual(told["fetched_bytes"], sum(map(len, parts(self.bundles[0]).values())))

    @unittest.skipUnless(os.environ.get("GUARDRANK_SLOW"), "ten seconds of silence: in the slow lane")
    def test_what_came_before_a_silence_is_kept(self):
        half = len(self.body) // 2
        self.assertEqual(self.breaks(faults.broken(half, faults.freeze)), [None, self.rest(half)])

    def test_it_breaks_more_often_than_there_are_tries(self):
        step = len(self.body) // 7
        ranges = self.breaks(*[faults.broken(step, faults.cut_off)] * 6)
        self.assertEqual(ranges, [None] + [self.rest(n * step) for n in range(1, 7)])

    def test_what_came_encoded_is_kept_decoded(self):
        encoded = gzip.compress(self.body)
        first, rest = self.breaks(faults.broken(len(encoded) // 2, faults.cut_off, "gzip", gzip.compress))
        self.assertIsNone(first)
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        n_bytes = len(decoder.decompress(encoded[:len(encoded) // 2]))
        kept = int(rest.removeprefix("bytes=").split("-")[0])
        self.assertGreater(n_bytes, 0)
        self.assertLessEqual(kept, n_bytes)
        self.assertGreater(kept, n_bytes // 2)

    def test_servers_that_know_no_ranges_or_lie(self):
        half = len(self.body) // 2
        cut = faults.broken(half, faults.cut_off)
        self.assertEqual(self.breaks(cut, faults.without_ranges), [None, self.rest(half)])
        self.assertEqual(self.breaks(cut, faults.short_range),
                         [None, self.rest(half), self.rest(half + (len(self.body) - half - 1) // 2 + 1)])
        other = bytes(len(self.body))
        for lie in (faults.status(416), faults.other_range, faults.range_of(other), faults.encoded_range,
                    faults.instead(other), faults.instead(self.body[:-10]), faults.instead(b"<html>")):
            with self.subTest(lie=lie):
                self.assertEqual(self.breaks(cut, lie), [None, self.rest(half), None])

    def test_a_server_whose_ranges_always_fail_is_asked_for_all_in_the_end(self):
        half = len(self.body) // 2
        ranges = self.breaks(faults.broken(half, faults.cut_off), *[faults.status(500)] * 3)
        self.assertEqual(ranges, [None] + [self.rest(half)] * 3 + [None])

    def test_what_was_harmed_before_it_broke_off(self):
        half = len(self.body) // 2
        harmed = self.body[:half - 1] + bytes([self.body[half - 1] ^ 1]) + self.body[half:]
        def harm(handler, body):
            faults.broken(half, faults.cut_off)(handler, harmed)
        self.assertEqual(self.breaks(harm), [None, self.rest(half), None])

    def test_nothing_unverified_serves(self):
        half = len(self.body) // 2
        self.server.repeats = True
        def lie(handler, body):
            faults.range_of(bytes(len(body)))(handler, body) if handler.range() else \
                faults.broken(half, faults.cut_off)(handler, body)
        self.server.faults[self.path] = [lie]
        self.assertIn(self.refusal(), (HASH, 704))
        self.assertNotIn(identity(self.body), self.kept())


class Disk(Artifacts):
    """Every step that writes may be the last; small artifacts, so that it is quick."""

    @classmethod
    def make_bundles(cls, publisher):
        return [publisher.bundle(2000, {}), publisher.bundle(2000, {500: 1000000})]

    def break_every_step(self, cause, check):
        """From nothing, and from the version before."""
        for version in (0, 1):
            kept = self.folder / "kept"
            self.server.files = dict(self.first)
            if version == 1:
                self.serves(0)
                self.update()
                shutil.copytree(self.cache, kept)
            else:
                kept.mkdir()
            for step in range(1 + version, 400, EVERY):
                shutil.rmtree(self.cache, ignore_errors=True)
                shutil.copytree(kept, self.cache)
                done = self.fetch("--rank", environment=self.preload(BREAK_AT=step, BREAK_WITH=cause))
                if check(done, version):
                    self.assertGreater(step, 30)
                    break
                self.serves(version)
                self.clean()
            else:
                self.fail("it never ended")
            shutil.rmtree(kept)

    @needs_library
    def test_killed_at_every_step(self):
        def check(done, version):
            if done.returncode == 0:
                return True
            self.assertEqual(done.returncode, -signal.SIGKILL)
            return False
        self.break_every_step("kill", check)

    @needs_library
    def test_disk_full_at_every_step(self):
        kept = set()

        def check(done, version):
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)   # it ranks all the same
            self.assertEqual(ranked(done.stdout), self.truths[version])
            kept.add(len(self.kept()))
            return len(self.kept()) >= 3 + version
        self.break_every_step(errno.ENOSPC, check)
        self.assertIn(0, kept)

    @needs_library
    def test_read_only(self):
        read_only = self.preload(BREAK_AT=1, BREAK_WITH=errno.EROFS)
        self.serves(0, environment=read_only)
        self.assertEqual(self.kept(), {})
        self.serves(0)
        before = self.kept()
        self.update()
        self.serves(1, environment=read_only)
        self.assertEqual(self.kept(), before)
        self.assertFalse(self.told(environment=read_only)["cache_writable"])
        self.serves(1)

    def test_file_size_limit(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        self.serves(0, preexec_fn=limit)
        self.clean()
        self.assertTrue(all(len(data) <= 20000 for data in self.kept().values()))
        self.serves(0)

    def test_many_processes(self):
        self.serves(0)
        for files in (self.second, self.first, self.second):
            self.server.files = dict(files)
            version = 1 if files is self.second else 0
            running = [subprocess.Popen(self.command("--rank"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True) for _ in range(6)]
            for one in running:
                out, told = one.communicate(timeout=60)
                self.assertEqual(one.returncode, 0, out + told)
                # Whoever read the folder before an older timestamp was refused serves the newer.
                self.assertIn(ranked(out), self.truths if version == 0 else self.truths[1:])
            self.clean()
        self.serves(1)

    def test_what_no_index_names_counts_and_is_bounded(self):
        self.serves(0)
        first = self.kept()
        shutil.rmtree(self.cache / "blobs")
        self.update()
        self.serves(1)
        blobs = self.cache / "blobs"
        for name, data in first.items():                            # of a process whose index was replaced
            (blobs / name).write_bytes(data)
        (blobs / "notes").write_bytes(b"not a blob")
        kept = self.kept()
        whole = sum(len(data) for name, data in kept.items() if name != "notes")
        self.assertEqual(self.told()["cache_bytes"], whole)
        least = whole // 2
        told = self.told("--cache-bytes", str(least))
        self.assertLessEqual(told["cache_bytes"], least)
        (blobs / "notes").unlink()
        self.assertEqual(sum(map(len, self.kept().values())), told["cache_bytes"])
        self.clean(least)

    def test_tampered_files(self):
        self.serves(0)
        blobs = self.cache / "blobs"
        good = {path.name: path.read_bytes() for path in blobs.iterdir()}
        names = list(good)
        outside = self.folder / "outside"
        outside.write_bytes(b"keep me")
        for name in names:
            other = good[next(one for one in names if one not in (name, "index"))]
            data = good[name]
            for bad in (b"", data[:-1], data[:70] + bytes([data[70] ^ 1]) + data[71:], os.urandom(len(data)),
                        data + b"\0", other):
                (blobs / name).write_bytes(bad)
                self.serves(0)
                self.clean()
            (blobs / name).unlink()
            (blobs / name).symlink_to(outside)
            self.serves(0)
            self.assertEqual(outside.read_bytes(), b"keep me")
            (blobs / name).unlink(missing_ok=True)
            (blobs / name).mkdir()
            self.serves(0)
            shutil.rmtree(blobs)
            blobs.mkdir()
            for one, bytes_ in good.items():
                (blobs / one).write_bytes(bytes_)
        self.serves(0)
        self.clean()

    def test_the_folder_is_gone_or_a_file(self):
        self.serves(0)
        shutil.rmtree(self.cache / "blobs")
        (self.cache / "blobs").write_bytes(b"a file")
        self.serves(0)
        (self.cache / "blobs").unlink()
        self.serves(0)
        self.clean()

    def test_nothing_unverified_serves_without_an_origin_that_has_it(self):
        self.serves(0)
        victim = identity(parts(self.bundles[0])["model"])
        path = self.cache / "blobs" / victim
        data = path.read_bytes()
        self.server.faults["blobs/" + victim] = [faults.flip]
        for bad in (data[:-1] + bytes([data[-1] ^ 1]), b"", data[:200]):
            path.write_bytes(bad)
            self.assertIn(self.refusal(), (HASH, 704))
        self.server.faults["blobs/" + victim] = [faults.status(404)]
        path.write_bytes(os.urandom(len(data)))
        self.assertEqual(self.refusal(), REFERENCE)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
