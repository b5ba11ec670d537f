"""Users' tables in shards, from packing to one user's ranking, over HTTP: shards_test.py GUARDRANK.

What is fetched is counted by the server. Hashes are Python's.
"""
import functools
import hashlib
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

from origin import ROOT, Origin

sys.path.insert(0, str(ROOT / "tests/conformance"))
from make_bundles import safetensors

COMMAND = str(pathlib.Path(sys.argv.pop()).resolve())
SOURCE = ROOT / "tests/conformance/sources/users"
N_USERS, DIM, ROWS = 40_000, 16, 1024
TIME = "2026-11-22T10:00:00Z"


def write_folder(folder: pathlib.Path) -> None:
    """The model of `users` with a table of 40,000 users, drawn."""
    model = json.loads((SOURCE / "model.json").read_text())
    user = next(field for field in model["fields"] if field["name"] == "user")
    user["transforms"][0]["buckets"], user["dim"] = N_USERS - 1, DIM
    shapes = json.loads((SOURCE / "weights.json").read_text())["shapes"]
    shapes["embedding.user.weight"] = [N_USERS, DIM]
    shapes["tower.click.layer.0.weight"] = [6, 22 - 8 + DIM]
    state = 1

    def draw(shape):
        nonlocal state
        if len(shape) > 1:
            return [draw(shape[1:]) for _ in range(shape[0])]
        row = []
        for _ in range(shape[0]):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            row.append((state >> 40) / 2**23 - 1.0)
        return row

    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "calibration.jsonl").write_text((SOURCE / "calibration.jsonl").read_text())
    (folder / "weights.safetensors").write_bytes(safetensors({name: draw(shape) for name, shape in shapes.items()}))


class Served(http.server.SimpleHTTPRequestHandler):
    """Counts the bytes of blobs that it gives; `broken` are given with a byte changed."""
    asked: dict = {}
    broken: set = set()

    def do_GET(self):
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body = path.read_bytes()
        name = self.path.removeprefix("/blobs/")
        if name != self.path:
            self.asked[name] = self.asked.get(name, 0) + len(body)
        if name in self.broken:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Shards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.folder = pathlib.Path(cls.place.name)
        write_folder(cls.folder / "weights")
        for name, more in (("whole", ()), ("cut", ("--shard-rows", str(ROWS)))):
            cls.run_command("pack", "--model", cls.folder / "weights", "--policy", SOURCE / "policy.yaml",
                            "--catalog", SOURCE / "catalog.csv", "--out", cls.folder / f"{name}.guardrank", *more)
        cls.origin = Origin(COMMAND, cls.place.name)
        cls.origin.create()
        cls.told = cls.origin.step("publish", "--release", "users", "--bundle", cls.folder / "cut.guardrank",
                                   "--stage", "full")
        handler = functools.partial(Served, directory=str(cls.folder / "origin"))
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.address = f"http://127.0.0.1:{cls.server.server_address[1]}/"

    def setUp(self):
        Served.asked, Served.broken = {}, set()

    @staticmethod
    def run_command(*arguments, fails=False):
        done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stderr if fails else done.stdout

    def request(self, user, recent=()):
        path = self.folder / "request.json"
        path.write_text(json.dumps({"time": TIME, "context": {"user": user, "country": "DE", "recent": list(recent)}}))
        return path

    def rank_at(self, bundle, request):
        return json.loads(self.run_command("rank", "--bundle", self.folder / bundle, "--request", request, "--json"))

    def fetch_rank(self, cache, request, fails=False):
        root = self.folder / "origin/metadata/1.root.json"
        told = self.run_command("fetch", "--origin", self.address, "--root", root, "--cache", self.folder / cache,
                                "--release", "users", "--rank", "--request", request, fails=fails)
        return told if fails else json.loads(told)

    def test_each_shard_is_a_blob_of_its_own(self):
        inspection = json.loads(self.run_command("inspect", "--json", self.folder / "cut.guardrank"))
        fields = {field["name"]: field for field in inspection["model"]["fields"]}
        self.assertEqual(fields["user"]["shards"],
                         {"rows": ROWS, "count": -(-N_USERS // ROWS), "together": True})
        self.assertNotIn("shards", fields["offer_id"])     # wanted whole
        self.assertNotIn("shards", fields["recent"])       # no more rows than a shard would have
        stored = self.told["stored"]
        self.assertEqual(stored["shards"], -(-N_USERS // ROWS))
        self.assertEqual(stored["shard_bytes"], N_USERS * DIM)
        sizes = []
        for blob in (self.folder / "origin/blobs").iterdir():
            if hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name:
                sizes.append(blob.stat().st_size)
        self.assertEqual(sizes.count(ROWS * DIM), N_USERS // ROWS)
        self.assertEqual(sizes.count(N_USERS % ROWS * DIM), 1)

    def test_one_user_costs_one_shard_and_ranks_to_the_same_bits(self):
        model_bytes = sum(blob.stat().st_size for blob in (self.folder / "origin/blobs").iterdir()
                          if hashlib.sha256(blob.read_bytes()).hexdigest() != blob.name)
        for n, user in enumerate(("ada", "bob", "somebody-else")):
            Served.asked = {}
            request = self.request(user, ["u-1", "u-4"])
            whole, uncut = self.rank_at("cut.guardrank", request), self.rank_at("whole.guardrank", request)
            found = self.fetch_rank(f"cache-{n}", request)
            self.assertEqual(found["ranked"], whole["ranked"])
            self.assertEqual(found["ranked"], uncut["ranked"])
            self.assertEqual(found["artifacts"]["model"], whole["artifacts"]["model"])
            fetched = sum(Served.asked.values())
            self.assertEqual(len(Served.asked), 4)         # model, policy, catalog, shard
            self.assertEqual(fetched, model_bytes + ROWS * DIM)
            print(f"{user}: {fetched} bytes of artifacts fetched, {ROWS * DIM} of the table's {N_USERS * DIM}",
                  file=sys.stderr)
            # The same user again: the folder has it all. Another one: a shard more, if it is in another.
            Served.asked = {}
            self.assertEqual(self.fetch_rank(f"cache-{n}", request)["ranked"], whole["ranked"])
            self.assertEqual(Served.asked, {})
            self.fetch_rank(f"cache-{n}", self.request("yet another"))
            self.assertLessEqual(sum(Served.asked.values()), ROWS * DIM)

    def test_scores_are_of_the_user(self):
        scores = {user: [row["score_micros"] for row in self.rank_at("cut.guardrank", self.request(user))["ranked"]]
                  for user in ("ada", "bob")}
        self.assertNotEqual(scores["ada"], scores["bob"])  # else any row would do

    def test_a_shard_that_is_harmed_or_gone_is_no_ranking(self):
        request = self.request("ada")
        self.fetch_rank("cache-known", request)
        shard = next(name for name in Served.asked
                     if hashlib.sha256((self.folder / "origin/blobs" / name).read_bytes()).hexdigest() == name)
        Served.broken = {shard}
        self.assertIn("shard", self.fetch_rank("cache-broken", request, fails=True))
        Served.broken = set()
        held = self.folder / "origin/blobs" / shard
        bytes_of = held.read_bytes()
        held.unlink()
        try:
            self.assertIn("shard", self.fetch_rank("cache-gone", request, fails=True))
            # Published without the bundle that has the table: refused, since nobody could rank with it.
            error = self.origin.step("publish", "--release", "users", "--policy", self.policy_id(), code=1)["error"]
            self.assertIn(shard, error["message"] + error["where"])
        finally:
            held.write_bytes(bytes_of)
        self.origin.step("publish", "--release", "users", "--policy", self.policy_id(), "--stage", "full")
        self.fetch_rank("cache-gone", request)

    def policy_id(self):
        artifacts = self.rank_at("cut.guardrank", self.request("ada"))["artifacts"]
        return "sha256:" + artifacts["policy"].removeprefix("sha256:")

    def test_a_number_of_rows_is_a_number(self):
        for rows in ("-1", "x", "4294967296"):
            done = subprocess.run([COMMAND, "pack", "--model", self.folder / "weights", "--policy",
                                   SOURCE / "policy.yaml", "--out", self.folder / "never", "--shard-rows", rows],
                                  capture_output=True)
            self.assertEqual(done.returncode, 2, rows)


if __name__ == "__main__":
    unittest.main()
