"""`guardrank tuf` against a server and a disk that fail. Usage: fault_test.py COMMAND [BREAK_AT_LIBRARY] [TEST...]

Without the preloaded library (sanitizers do not bear one) the tests that need it are skipped.
"""
import errno
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import server as faults
from repository import DAY, Repository, key
from server import Server

COMMAND = sys.argv[1]
LIBRARY = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] != "-" else None
NETWORK, SIGNATURE, EXPIRED, ROLLBACK = 700, 701, 702, 703
HASH, JSON, LIMIT, INTERNAL, MISSING, ARGUMENT = 307, 200, 800, 901, 202, 100
PATIENCE = ["--attempts", "3", "--retry-base-ms", "20", "--first-byte-ms", "500", "--connect-ms", "500",
            "--whole-ms", "2500", "--slow-seconds", "1", "--slow-bytes", "2000"]
CONTENT = b"release bytes " * 500
needs_library = unittest.skipUnless(LIBRARY, "needs the preloaded library")


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-fault-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cache, self.got = self.folder / "cache", self.folder / "got"
        self.repository = Repository(time.time())
        self.repository.add("team/a.release", CONTENT)
        self.repository.publish()
        self.server = Server(self.repository.files)
        self.addCleanup(self.server.close)
        self.root = self.folder / "root.json"
        self.root.write_bytes(self.repository.files["metadata/1.root.json"])
        self.expect(0, "init", str(self.root))

    def run_command(self, *words, cache=None, environment=None, **how):
        command = [COMMAND, "tuf", "--metadata-dir", str(cache or self.cache), "--metadata-url",
                   self.server.address("metadata"), *PATIENCE, "--json", *words]
        if words[0] == "download" and "--target-name" not in words:
            command += ["--target-name", "team/a.release", "--target-dir", str(self.got),
                        "--target-base-url", self.server.address("targets")]
        return subprocess.run(command, capture_output=True, timeout=60,
                              env={**os.environ, "no_proxy": "127.0.0.1", **(environment or {})}, **how)

    def expect(self, status, *words, **how):
        """Runs and compares the error's code (0: none). Gives the message."""
        result = self.run_command(*words, **how)
        text = result.stdout.decode()
        error = json.loads(text)["error"] if text.strip() else {"code": 0, "message": ""}
        self.assertEqual(error["code"], status, f"{words}: {text} {result.stderr.decode()}")
        self.assertEqual(result.returncode, 0 if status == 0 else 1)
        return error["message"]

    def version(self, role):
        path = self.cache / f"{role}.json"
        return json.loads(path.read_bytes())["signed"]["version"] if path.exists() else 0

    def versions(self):
        return [self.version(role) for role in ("root", "timestamp", "snapshot", "targets")]

    def files(self):
        return {str(path.relative_to(self.cache)): path.read_bytes() for path in self.cache.rglob("*")
                if path.is_file()}

    def preload(self, **names):
        return {"LD_PRELOAD": LIBRARY, **{name: str(value) for name, value in names.items()}}

    def fault(self, path, *behaviours, repeats=True):
        self.server.faults[path], self.server.repeats = list(behaviours), repeats

    def assert_fails_then_heals(self, status, path="metadata/timestamp.json", word="refresh", healed=(1, 1, 1, 1)):
        message = self.expect(status, word)
        self.server.faults.clear()
        self.expect(0, word)
        self.assertEqual(tuple(self.versions()), healed)
        return message


class Origin(Faults):
    """What the origin and the way to it may do."""

    def test_refused(self):
        self.server.close()
        message = self.expect(NETWORK, "refresh")
        self.assertIn("2.root.json", message)

    def test_reset(self):
        self.fault("metadata/timestamp.json", faults.reset)
        self.assert_fails_then_heals(NETWORK)

    def test_reset_once_is_tried_again(self):
        self.fault("metadata/timestamp.json", faults.reset, faults.fine, repeats=False)
        self.expect(0, "refresh")

    def test_stalled(self):
        self.fault("metadata/timestamp.json", faults.stall)
        began = time.monotonic()
        self.assert_fails_then_heals(NETWORK)
        self.assertLess(time.monotonic() - began, 12)

    def test_stalled_within(self):
        self.fault("metadata/1.targets.json", faults.stall_within)
        self.assert_fails_then_heals(NETWORK)

    def test_slow_drip(self):
        self.fault("metadata/timestamp.json", faults.drip)
        began = time.monotonic()
        self.assert_fails_then_heals(NETWORK)
        self.assertLess(time.monotonic() - began, 15)

    def test_truncated(self):
        self.fault("metadata/1.snapshot.json", faults.truncate)
        self.assert_fails_then_heals(NETWORK)

    def test_shorter_than_said(self):
        self.fault("metadata/1.snapshot.json", faults.shorter)
        self.assert_fails_then_heals(HASH)

    def test_longer_than_said(self):
        self.fault("metadata/1.snapshot.json", faults.longer)
        self.assert_fails_then_heals(HASH)

    def test_timestamp_of_any_length(self):
        self.fault("metadata/timestamp.json", faults.endless)
        self.assert_fails_then_heals(LIMIT)

    def test_flipped_bit(self):
        for path in ("metadata/1.snapshot.json", "metadata/1.targets.json"):
            with self.subTest(path):
                self.fault(path, faults.flip)
                self.expect(HASH, "refresh")
        self.server.faults.clear()
        self.fault("metadata/timestamp.json", faults.flip)
        result = json.loads(self.run_command("refresh").stdout)["error"]["code"]
        self.assertIn(result, (SIGNATURE, JSON))
        self.server.faults.clear()
        self.expect(0, "refresh")

    def test_wrong_type_does_not_matter(self):
        for path in self.repository.files:
            self.fault(path, faults.wrong_type)
        self.expect(0, "download")
        self.assertEqual(next(self.got.iterdir()).read_bytes(), CONTENT)

    def test_compressed(self):
        for path in list(self.repository.files):
            self.server.faults[path] = [faults.compressed]
        self.expect(0, "download")

    def test_compressed_bomb(self):
        self.fault("metadata/timestamp.json", faults.bomb)
        self.assert_fails_then_heals(LIMIT)
        self.fault(self.target(), faults.bomb)
        self.expect(HASH, "download")

    def test_redirect_loop(self):
        self.fault("metadata/timestamp.json", faults.circle)
        self.assert_fails_then_heals(NETWORK)
        asked = [path for path, _ in self.server.requests if path == "metadata/timestamp.json"]
        self.assertLess(len(asked), 10)

    def test_redirect(self):
        self.repository.files["elsewhere"] = self.repository.files["metadata/timestamp.json"]
        self.fault("metadata/timestamp.json", faults.moved("/elsewhere"))
        self.expect(0, "refresh")

    def test_redirect_to_another_protocol(self):
        self.fault("metadata/timestamp.json", faults.other_protocol)
        self.assert_fails_then_heals(NETWORK)

    def test_not_found(self):
        for path in ("metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json"):
            with self.subTest(path):
                self.fault(path, faults.status(404))
                self.assertIn(path.split("/")[1], self.expect(NETWORK, "refresh"))
                self.server.faults.clear()
        self.expect(0, "refresh")

    def test_too_many_requests(self):
        self.fault("metadata/timestamp.json", faults.status(429, Retry_After="1"), faults.fine, repeats=False)
        began = time.monotonic()
        self.expect(0, "refresh")
        self.assertGreaterEqual(time.monotonic() - began, 1)

    def test_a_long_retry_after_is_not_waited_for(self):
        self.fault("metadata/timestamp.json", faults.status(429, Retry_After="3600"))
        began = time.monotonic()
        self.assert_fails_then_heals(NETWORK)
        self.assertLess(time.monotonic() - began, 5)

    def test_500_then_fine(self):
        for code in (500, 502, 503, 504):
            self.fault("metadata/timestamp.json", faults.status(code), faults.status(code), faults.fine, repeats=False)
            self.expect(0, "refresh")

    def test_500_at_the_root_is_no_end_of_roots(self):
        self.fault("metadata/2.root.json", faults.status(500))
        self.expect(NETWORK, "refresh")
        self.assertEqual(self.versions(), [1, 0, 0, 0])

    def test_target_faults(self):
        for behaviour, status in ((faults.flip, HASH), (faults.longer, HASH), (faults.shorter, HASH),
                                  (faults.truncate, NETWORK), (faults.status(404), NETWORK), (faults.reset, NETWORK)):
            self.fault(self.target(), behaviour)
            self.expect(status, "download")
            self.assertEqual(list(self.got.iterdir()), [])
        self.server.faults.clear()
        self.expect(0, "download")
        self.assertEqual([path.read_bytes() for path in self.got.iterdir()], [CONTENT])

    def target(self):
        return next(path for path in self.repository.files if path.startswith("targets/"))

    def test_a_user_agent_is_named(self):
        self.expect(0, "refresh")
        self.assertTrue(all(headers["User-Agent"].startswith("guardrank/") for _, headers in self.server.requests))


class Metadata(Faults):
    """What somebody with old files or other keys may serve."""

    def test_expired(self):
        for role in ("timestamp", "snapshot", "targets"):
            with self.subTest(role):
                self.repository.publish(days={role: -1})
                self.assertIn(role, self.expect(EXPIRED, "refresh"))
        self.repository.publish()
        self.expect(0, "refresh")

    def test_expired_root(self):
        self.repository.publish_root(days=-1)
        self.assertIn("root", self.expect(EXPIRED, "refresh"))
        self.assertEqual(self.versions(), [2, 0, 0, 0])

    @needs_library
    def test_clock_set_back(self):
        ahead = self.preload(CLOCK_AHEAD=10 * DAY)
        self.expect(0, "refresh", environment=ahead)
        self.repository.publish(days={"timestamp": 5})
        self.assertIn("expired", self.expect(EXPIRED, "refresh"))
        # A first root anew says that the time seen was wrong.
        self.expect(0, "init", str(self.root))
        self.expect(0, "refresh")

    @needs_library
    def test_time_passes(self):
        self.expect(0, "refresh")
        self.expect(EXPIRED, "refresh", environment=self.preload(CLOCK_AHEAD=31 * DAY))

    def test_old_metadata_replayed(self):
        old = dict(self.repository.files)
        self.repository.publish()
        self.expect(0, "refresh")
        self.server.files = old
        self.assertIn("timestamp", self.expect(ROLLBACK, "refresh"))
        self.assertEqual(self.versions(), [1, 2, 2, 2])

    def test_old_snapshot_under_a_new_timestamp(self):
        self.repository.publish()
        self.expect(0, "refresh")
        self.repository.versions.update(snapshot=0, targets=0)
        self.repository.publish()
        self.assertIn("snapshot", self.expect(ROLLBACK, "refresh"))

    def test_old_targets_under_a_new_snapshot(self):
        self.repository.publish()
        self.expect(0, "refresh")
        self.repository.versions.update(targets=0)
        self.repository.publish()
        self.assertIn("targets", self.expect(ROLLBACK, "refresh"))

    def test_mixed_versions(self):
        first = self.repository.files["metadata/1.snapshot.json"]
        self.repository.publish()
        self.fault("metadata/2.snapshot.json", faults.instead(first))
        self.expect(HASH, "refresh")

    def test_keys_swapped(self):
        roles = ("timestamp", "snapshot", "targets")
        for role, other in zip(roles, roles[1:] + roles[:1]):
            with self.subTest(role):
                self.repository.publish(signers={role: self.repository.keys[other]})
                self.assertIn(f"{role}: version", self.expect(SIGNATURE, "refresh"))
        self.repository.publish()
        self.expect(0, "refresh")

    def test_root_of_another(self):
        other = Repository(time.time(), seed="b")
        other.publish_root()
        self.fault("metadata/2.root.json", faults.instead(other.files["metadata/2.root.json"]))
        self.expect(SIGNATURE, "refresh")
        self.assertEqual(self.versions(), [1, 0, 0, 0])

    def test_an_empty_root_is_no_leave_to_trust_the_folder(self):
        self.root.write_bytes(b"")
        self.assertIn("trusted_root: has no bytes", self.expect(ARGUMENT, "refresh", "--trusted-root", str(self.root)))

    def test_no_key_asks_for_a_passphrase(self):
        """PEM that says it is encrypted: libcrypto's own answer would be to ask the terminal, and wait."""
        root = json.loads(self.repository.files["metadata/1.root.json"])
        text = ("-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC," + "0" * 32 +
                "\n\n" + "A" * 64 + "\n-----END PUBLIC KEY-----\n")
        for given in root["signed"]["keys"].values():
            given.update(keytype="ecdsa", scheme="ecdsa-sha2-nistp256", keyval={"public": text})
        self.root.write_text(json.dumps(root))
        result = self.run_command("init", str(self.root), cache=self.folder / "other", stdin=subprocess.PIPE,
                                  start_new_session=True)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertNotIn(b"pass phrase", result.stderr)

    def test_keys_rotate(self):
        self.expect(0, "refresh")
        old = self.repository.keys
        self.repository.keys = {role: [key(f"new {role}")] for role in old}
        self.repository.publish_root(signed_also_by=old["root"])
        self.repository.publish()
        self.expect(0, "refresh")
        self.assertEqual(self.versions(), [2, 2, 2, 2])
        self.repository.keys = old
        self.repository.publish()
        self.expect(SIGNATURE, "refresh")

    def test_not_vouched_for(self):
        self.expect(MISSING, "download", "--target-name", "team/b.release", "--target-dir", str(self.got))
        self.expect(ARGUMENT, "download", "--target-name", "../b", "--target-dir", str(self.got))

    def test_only_the_check_is_asked_when_nothing_changed(self):
        self.expect(0, "refresh")
        self.server.requests.clear()
        self.expect(0, "refresh")
        asked = [path for path, _ in self.server.requests]
        self.assertEqual(asked, ["metadata/2.root.json", "metadata/timestamp.json"])


class Cache(Faults):
    """What may happen to the folder."""

    def setUp(self):
        super().setUp()
        self.expect(0, "refresh")

    def clean(self):
        """Nothing half written, and every file is one that was published."""
        published = set(self.repository.files.values())
        for name, data in self.files().items():
            self.assertFalse(name.startswith(".new-"), name)
            if name != "highest_time":
                self.assertIn(data, published, name)

    def test_origin_gone(self):
        self.server.close()
        self.expect(NETWORK, "refresh")
        self.expect(0, "refresh", "--offline")

    @needs_library
    def test_origin_gone_never_past_expiry(self):
        self.server.close()
        self.expect(EXPIRED, "refresh", "--offline", environment=self.preload(CLOCK_AHEAD=31 * DAY))

    def test_interrupted_update_serves_what_was(self):
        self.repository.publish()
        self.fault("metadata/2.targets.json", faults.status(404))
        self.expect(NETWORK, "refresh")
        self.assertEqual(self.versions(), [1, 2, 2, 1])
        self.expect(0, "refresh", "--offline")

    def break_every_step(self, cause, check):
        """A refresh to new versions, broken at its first step, its second, and so on until it ends well."""
        old = self.repository.keys
        self.repository.keys = {**old, "timestamp": [key("new timestamp")]}
        self.repository.publish_root()
        self.repository.publish()
        kept = self.folder / "kept"
        shutil.copytree(self.cache, kept)
        for step in range(1, 200):
            shutil.rmtree(self.cache)
            shutil.copytree(kept, self.cache)
            result = self.run_command("refresh", environment=self.preload(BREAK_AT=step, BREAK_WITH=cause))
            if result.returncode == 0:
                self.assertGreater(step, 20)
                return
            check(step, result)
            self.expect(0, "refresh")
            self.clean()
            self.assertEqual(self.versions(), [2, 2, 2, 2])
        self.fail("it never ended")

    @needs_library
    def test_killed_at_every_step(self):
        self.break_every_step("kill", lambda step, result: self.assertEqual(result.returncode, -signal.SIGKILL))

    @needs_library
    def test_disk_full_at_every_step(self):
        def check(step, result):
            self.assertEqual(json.loads(result.stdout)["error"]["code"], INTERNAL)
            self.clean() if step > 1 else None
        self.break_every_step(errno.ENOSPC, check)

    def test_file_size_limit(self):
        self.repository.add("team/b.release", b"x" * 100)
        self.repository.publish()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        self.assertIn("cannot be written", self.expect(INTERNAL, "refresh", preexec_fn=limit))
        self.assertEqual(self.versions(), [1, 1, 1, 1])
        self.expect(0, "refresh")
        self.assertEqual(self.versions(), [1, 2, 2, 2])

    @needs_library
    def test_read_only(self):
        before = self.files()
        self.repository.publish()
        read_only = self.preload(BREAK_AT=1, BREAK_WITH=errno.EROFS)
        self.assertIn("cannot be written", self.expect(INTERNAL, "refresh", environment=read_only))
        self.assertEqual(self.files(), before)
        self.expect(0, "refresh", "--offline", environment=read_only)

    def test_tampered_files(self):
        for name in ("timestamp.json", "snapshot.json", "targets.json"):
            good = (self.cache / name).read_bytes()
            for bad in (b"", b"{}", good[:-20], good[:300] + bytes([good[300] ^ 1]) + good[301:], os.urandom(5000)):
                (self.cache / name).write_bytes(bad)
                self.expect(0, "refresh")
                self.clean()

    def test_foreign_metadata(self):
        other = Repository(time.time(), seed="b")
        other.add("team/a.release", b"other bytes")
        other.publish()
        for name in ("timestamp", "snapshot", "targets"):
            prefix = "" if name == "timestamp" else "1."
            (self.cache / f"{name}.json").write_bytes(other.files[f"metadata/{prefix}{name}.json"])
        self.expect(NETWORK, "refresh", "--offline")
        self.expect(0, "refresh")
        self.clean()

    def test_a_tampered_root_is_found_where_another_is_trusted(self):
        other = Repository(time.time(), seed="b")
        (self.cache / "root.json").write_bytes(other.files["metadata/1.root.json"])
        self.expect(SIGNATURE, "refresh")
        self.expect(0, "refresh", "--trusted-root", str(self.root))
        self.repository.publish_root()
        (self.cache / "root_history").mkdir()
        (self.cache / "root_history" / "2.root.json").write_bytes(other.files["metadata/1.root.json"])
        self.expect(0, "refresh", "--trusted-root", str(self.root))
        self.assertEqual(self.versions()[0], 2)

    def test_links_and_folders(self):
        outside = self.folder / "outside"
        outside.write_bytes(b"keep me")
        for name in ("timestamp.json", "snapshot.json"):
            (self.cache / name).unlink()
            (self.cache / name).symlink_to(outside)
        self.expect(0, "refresh")
        self.assertEqual(outside.read_bytes(), b"keep me")
        self.clean()
        (self.cache / "targets.json").unlink()
        (self.cache / "targets.json").mkdir()
        self.expect(INTERNAL, "refresh")

    def test_garbled_time(self):
        (self.cache / "highest_time").write_bytes(b"soon")
        self.expect(0, "refresh")
        self.assertTrue((self.cache / "highest_time").read_bytes().isdigit())

    def test_wiped(self):
        shutil.rmtree(self.cache)
        self.expect(MISSING, "refresh")
        self.expect(0, "refresh", "--trusted-root", str(self.root))

    def test_many_processes(self):
        for _ in range(3):
            self.repository.publish()
            command = [COMMAND, "tuf", "--metadata-dir", str(self.cache), "--metadata-url",
                       self.server.address("metadata"), "refresh"]
            running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(6)]
            for one in running:
                _, told = one.communicate(timeout=60)
                self.assertEqual(one.returncode, 0, told)
            self.clean()
        self.assertEqual(self.versions(), [1, 4, 4, 4])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
