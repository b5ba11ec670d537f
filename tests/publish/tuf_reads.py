"""python-tuf reads what we publish: tuf_reads.py GUARDRANK. Needs the packages of requirements.txt.

A client refreshes from loopback and downloads every target: after publishing, for a team, after rotations of every
role, after a rollback; one that comes with the first root and no memory, and one that followed all along.
"""
import functools
import http.server
import pathlib
import sys
import tempfile
import threading
import unittest

from tuf.api.exceptions import RepositoryError
from tuf.ngclient import Updater

from origin import BUNDLE, OTHER, Origin

COMMAND = str(pathlib.Path(sys.argv.pop()).resolve())


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class TufReads(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.origin = Origin(COMMAND, place.name)
        self.origin.create()
        handler = functools.partial(Quiet, directory=str(self.origin.path))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.first_root = (self.origin.path / "metadata/1.root.json").read_bytes()
        self.follower = self.origin.folder / "follower"
        self.n_fresh = 0

    def read(self, client: pathlib.Path) -> dict:
        """Target path to (bytes, custom), as python-tuf finds and verifies them."""
        for folder in ("metadata", "downloads"):
            (client / folder).mkdir(parents=True, exist_ok=True)
        address = f"http://127.0.0.1:{self.server.server_port}"
        updater = Updater(str(client / "metadata"), f"{address}/metadata/", str(client / "downloads"),
                          f"{address}/targets/", bootstrap=self.first_root)
        updater.refresh()
        found = {}
        for path, target in self.origin.check().items():
            info = updater.get_targetinfo(path)
            self.assertIsNotNone(info, path)
            data = pathlib.Path(updater.download_target(info)).read_bytes()
            self.assertEqual(info.hashes["sha256"], target["hashes"]["sha256"])
            found[path] = (data, info.custom["guardrank"])
        return found

    def both(self) -> dict:
        self.n_fresh += 1
        found = self.read(self.origin.folder / f"fresh{self.n_fresh}")
        self.assertEqual(self.read(self.follower), found)
        return found

    def inspect(self, data: bytes) -> dict:
        file = self.origin.folder / "downloaded"
        file.write_bytes(data)
        return self.origin.run("inspect", file)["release"]

    def test_from_the_first_release_to_the_last_rotation(self):
        step = self.origin.step
        self.assertEqual(self.both(), {})
        step("publish", "--release", "a", "--bundle", BUNDLE, "--stage", "full")
        first = self.both()
        self.assertEqual(self.inspect(first["a.release"][0])["name"], "a")

        # A team with two keys of other schemes, and a threshold of two.
        self.origin.generate("cards1", scheme="ecdsa-sha2-nistp256")
        self.origin.generate("cards2", scheme="rsassa-pss-sha256")
        team = ("cards1", "cards2", "snapshot", "timestamp")
        step("keys", "delegate", "--team", "cards", "--add", "cards1.pub", "cards2.pub", "--threshold", "2",
             keys=("targets", *team))
        step("publish", "--release", "cards/b", "--bundle", OTHER, keys=team)
        self.assertEqual(sorted(self.both()), ["a.release", "cards/b.release"])

        step("promote", "--release", "a", "--to", "offline")
        self.assertEqual(self.both()["a.release"][1]["stage"], "offline")
        step("rollback", "--release", "a")
        again = self.both()
        self.assertEqual(again["a.release"][0], first["a.release"][0])
        self.assertEqual(again["a.release"][1]["stage"], "full")

        # Every role's key is replaced, with and without the one before at hand.
        for role, rest in (("timestamp", ()), ("snapshot", ("timestamp2",)), ("targets", ("timestamp2", "snapshot2"))):
            self.origin.generate(role + "2", scheme="ecdsa-sha2-nistp256")
            old = (role,) if role != "snapshot" else ()
            others = [key for key in ("timestamp", "snapshot", "targets") if key != role and key + "2" not in rest]
            step("keys", "rotate", "--role", role, "--remove", role + ".pub", "--add", role + "2.pub",
                 keys=("root", role + "2", *old, *rest, *others))
            self.assertEqual(sorted(self.both()), ["a.release", "cards/b.release"])
        machines = ("timestamp2", "snapshot2")
        self.origin.generate("root2", scheme="rsassa-pss-sha256")
        roots = ("root", "root2", *machines)
        step("keys", "rotate", "--role", "root", "--add", "root2.pub", "--threshold", "2", keys=roots)
        step("keys", "rotate", "--role", "root", "--remove", "root.pub", "--threshold", "1", keys=roots)
        step("keys", "rotate", "--role", "cards", "--remove", "cards1.pub", "--threshold", "1",
             keys=("targets2", "cards2", *machines))
        step("publish", "--release", "c", "--bundle", BUNDLE, keys=("targets2", *machines))
        self.assertEqual(sorted(self.both()), ["a.release", "c.release", "cards/b.release"])
        step("keys", "refresh", "--role", "snapshot", "targets", "cards", keys=("targets2", "cards2", *machines))
        self.assertEqual(sorted(self.both()), ["a.release", "c.release", "cards/b.release"])

    def test_python_tuf_would_refuse_what_is_wrong(self):
        """So that the test above can fail."""
        self.origin.step("publish", "--release", "a", "--bundle", BUNDLE)
        path = self.origin.path / "metadata/2.targets.json"
        path.write_bytes(path.read_bytes().replace(b'"offline"', b'"full"'))
        with self.assertRaises((RepositoryError, AssertionError)):
            client = self.origin.folder / "client"
            (client / "metadata").mkdir(parents=True)
            address = f"http://127.0.0.1:{self.server.server_port}"
            Updater(str(client / "metadata"), f"{address}/metadata/", bootstrap=self.first_root).refresh()


if __name__ == "__main__":
    unittest.main()
