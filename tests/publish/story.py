"""A story that clients read: releases published, for a team too, promoted, taken back, every key replaced.

After each step a client that comes with the first root and no memory, and one that followed all along, refresh from
loopback and download every target. A test of a client gives `read_targets`.
"""
import functools
import http.server
import pathlib
import tempfile
import threading

from origin import BUNDLE, OTHER, Origin


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Story:
    """A mixin for unittest.TestCase."""

    command = ""

    def read_targets(self, client: pathlib.Path, paths: list) -> dict:
        """Target path to bytes, as the client under test finds and verifies them."""
        raise NotImplementedError

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.origin = Origin(self.command, place.name)
        self.origin.create()
        handler = functools.partial(Quiet, directory=str(self.origin.path))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.first_root = (self.origin.path / "metadata/1.root.json").read_bytes()
        self.n_fresh = 0

    def client(self, name: str) -> pathlib.Path:
        folder = self.origin.folder / name
        for part in ("metadata", "downloads"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        return folder

    def both(self, *paths) -> dict:
        targets = self.origin.check()
        self.assertEqual(sorted(targets), sorted(paths))
        self.n_fresh += 1
        found = self.read_targets(self.client(f"fresh{self.n_fresh}"), list(targets))
        self.assertEqual(self.read_targets(self.client("follower"), list(targets)), found)
        for path, target in targets.items():
            folder, _, base = path.rpartition("/")
            file = self.origin.path / "targets" / folder / f"{target['hashes']['sha256']}.{base}"
            self.assertEqual(found[path], file.read_bytes())
        return found

    def test_from_the_first_release_to_the_last_rotation(self):
        step = self.origin.step
        self.both()
        step("publish", "--release", "a", "--bundle", BUNDLE, "--stage", "full")
        first = self.both("a.release")

        # A team with two keys of other schemes, and a threshold of two.
        self.origin.generate("cards1", scheme="ecdsa-sha2-nistp256")
        self.origin.generate("cards2", scheme="rsassa-pss-sha256")
        team = ("cards1", "cards2", "snapshot", "timestamp")
        step("keys", "delegate", "--team", "cards", "--add", "cards1.pub", "cards2.pub", "--threshold", "2",
             keys=("targets", *team))
        step("publish", "--release", "cards/b", "--bundle", OTHER, keys=team)
        self.both("a.release", "cards/b.release")
        step("promote", "--release", "a", "--to", "offline")
        self.assertNotEqual(self.both("a.release", "cards/b.release")["a.release"], first["a.release"])
        step("rollback", "--release", "a")
        self.assertEqual(self.both("a.release", "cards/b.release")["a.release"], first["a.release"])
        self.take_back_a_release_and_a_team()
        self.replace_every_key()

    def take_back_a_release_and_a_team(self):
        """Also for who saw them: snapshots list what they listed before, and versions go on."""
        step, left = self.origin.step, ("a.release", "cards/b.release")
        self.origin.generate("loans", "loans2")
        for key, bundle in (("loans", BUNDLE), ("loans2", OTHER)):
            machines = (key, "snapshot", "timestamp")
            step("keys", "delegate", "--team", "loans", "--add", key + ".pub", keys=("targets", *machines))
            self.both(*left)
            step("publish", "--release", "loans/d", "--bundle", bundle, keys=machines)
            self.both(*left, "loans/d.release")
            step("withdraw", "--release", "loans/d", keys=machines)
            self.both(*left)
            step("publish", "--release", "loans/d", "--bundle", bundle, keys=machines)
            self.both(*left, "loans/d.release")
            step("keys", "undelegate", "--team", "loans", "--with-releases")
            self.both(*left)

    def replace_every_key(self):
        """With and without the one before at hand."""
        step = self.origin.step
        for role, rest in (("timestamp", ()), ("snapshot", ("timestamp2",)), ("targets", ("timestamp2", "snapshot2"))):
            self.origin.generate(role + "2", scheme="ecdsa-sha2-nistp256")
            old = (role,) if role != "snapshot" else ()
            others = [key for key in ("timestamp", "snapshot", "targets") if key != role and key + "2" not in rest]
            step("keys", "rotate", "--role", role, "--remove", role + ".pub", "--add", role + "2.pub",
                 keys=("root", role + "2", *old, *rest, *others))
            self.both("a.release", "cards/b.release")
        machines = ("timestamp2", "snapshot2")
        self.origin.generate("root2", scheme="rsassa-pss-sha256")
        roots = ("root", "root2", *machines)
        step("keys", "rotate", "--role", "root", "--add", "root2.pub", "--threshold", "2", keys=roots)
        step("keys", "rotate", "--role", "root", "--remove", "root.pub", "--threshold", "1", keys=roots)
        step("keys", "rotate", "--role", "cards", "--remove", "cards1.pub", "--threshold", "1",
             keys=("targets2", "cards2", *machines))
        step("publish", "--release", "c", "--bundle", BUNDLE, keys=("targets2", *machines))
        self.both("a.release", "c.release", "cards/b.release")
        step("keys", "refresh", "--role", "snapshot", "targets", "cards", keys=("targets2", "cards2", *machines))
        self.both("a.release", "c.release", "cards/b.release")

    def test_a_client_refuses_what_is_not_what_was_signed(self):
        """So that the story can fail."""
        self.origin.step("publish", "--release", "a", "--bundle", BUNDLE)
        path = self.origin.path / "metadata/2.targets.json"
        path.write_bytes(path.read_bytes().replace(b'"offline"', b'"in-use!"'))
        with self.assertRaises(Exception):
            self.read_targets(self.client("client"), ["a.release"])
