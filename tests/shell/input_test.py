"""What the command reads, and how much of it at most: input_test.py GUARDRANK."""
import json
import pathlib
import resource
import struct
import subprocess
import tempfile
import unittest

from support import BUNDLE, COMMAND, REQUEST, run

REQUEST_BYTES = 256 << 20       # limits::request_json_bytes
TEXT_BYTES = 1 << 20            # most_bytes::text of the command
ADDRESS_SPACE = 1536 << 20


def bound_memory():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


# A sanitizer's shadow alone is terabytes of addresses: such a command does not even start in these.
STARTS = subprocess.run([COMMAND, "--version"], capture_output=True, preexec_fn=bound_memory).returncode == 0


def error_of(*arguments, data: bytes = b"") -> dict:
    """The error, in bounded time and memory."""
    done = subprocess.run([COMMAND, *map(str, arguments), "--json"], input=data, capture_output=True, timeout=120,
                          preexec_fn=bound_memory if STARTS else None)
    if done.returncode != 1:
        raise AssertionError(f"{arguments}: exit code {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)["error"]


def sparse(folder: str, name: str, size: int, start: bytes = b"") -> pathlib.Path:
    path = pathlib.Path(folder) / name
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(size)
    return path


class Input(unittest.TestCase):
    def check(self, error: dict, code: int, where: str, *words: str):
        self.assertEqual((error["code"], error["where"]), (code, where), error)
        for word in words:
            self.assertIn(word, error["message"])

    def test_what_never_ends_is_given_up(self):
        zero, ranked = "/dev/zero", ("rank", "--bundle", BUNDLE)
        self.check(error_of(*ranked, "--request", zero), 800, zero, f"at most {REQUEST_BYTES} bytes, found more")
        self.check(error_of(*ranked, "--requests", zero), 800, f"{zero}: line 1", str(REQUEST_BYTES))
        self.check(error_of("evaluate", "--bundle", BUNDLE, "--requests", zero), 800, f"{zero}: line 1")
        self.check(error_of("eval", "--expr", f"@{zero}"), 800, zero, f"at most {TEXT_BYTES} bytes")
        self.check(error_of("verify", zero), 301, "header")
        self.check(error_of("inspect", zero), 301, "header")
        self.check(error_of("rank", "--bundle", zero, "--request", "-"), 301, "header")
        self.check(error_of("replay", "--bundle", BUNDLE, "--record", BUNDLE, "--request", zero), 800, zero)

    def test_a_large_file_is_refused_unread(self):
        with tempfile.TemporaryDirectory() as folder:
            request = sparse(folder, "request.json", 400 << 20)
            self.check(error_of("rank", "--bundle", BUNDLE, "--request", request), 800, str(request),
                       f"at most {REQUEST_BYTES} bytes, found {400 << 20}")
            self.check(error_of("verify", sparse(folder, "zeros", 8 << 30)), 301, "header")
            header = BUNDLE.read_bytes()[:64]
            self.check(error_of("verify", sparse(folder, "longer", 8 << 30, header)), 302, "header.length",
                       f"wanted {BUNDLE.stat().st_size} bytes")
            told = header[:16] + struct.pack("<Q", (16 << 30) + 1) + header[24:]
            self.check(error_of("verify", sparse(folder, "absurd", 8 << 30, told)), 800, "header.length")

    def test_an_artifact_is_as_long_as_it_says(self):
        whole = BUNDLE.read_bytes()
        self.assertTrue(json.loads(run("verify", "-", "--json", data=whole))["ok"])
        self.check(error_of("verify", "-", data=whole + b"\0"), 302, "header.length")
        self.check(error_of("verify", "-", data=whole[:-1]), 300, "header.length", f"found {len(whole) - 1}")
        self.check(error_of("verify", "-", data=whole[:63]), 300, "header")
        self.check(error_of("verify", "-"), 300, "header")

    def test_a_request_may_have_all_that_it_may_have(self):
        text = json.dumps(REQUEST).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "request.json"
            path.write_bytes(text + b" " * (REQUEST_BYTES - len(text)))
            told = run("rank", "--bundle", BUNDLE, "--request", path, "--json")
            self.assertEqual(json.loads(told)["request_id"], "r-1")
            with open(path, "ab") as file:
                file.write(b" ")
            self.check(error_of("rank", "--bundle", BUNDLE, "--request", path), 800, str(path))

    def test_lines_of_any_length_come_one_by_one(self):
        requests = [json.dumps(REQUEST | {"request_id": f"r-{i}"}) + " " * size
                    for i, size in enumerate((0, (1 << 20) - 300, 3 << 20, 5, 0))]
        requests[3] = "{"
        for end in ("", "\n", "\r\n", "\n\n"):
            told = run("rank", "--bundle", BUNDLE, "--requests", "-", data="\n\n".join(requests) + end, code=1)
            rows = [json.loads(line) for line in told.splitlines()]
            self.assertEqual([row.get("request_id") for row in rows], ["r-0", "r-1", "r-2", None, "r-4"])
            self.assertEqual(rows[3]["error"]["line"], 7)
        self.assertEqual(run("rank", "--bundle", BUNDLE, "--requests", "-"), "")

    def test_what_cannot_be_read_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, word in ((folder, "Is a directory"), (f"{folder}/none", "No such file")):
                error = error_of("rank", "--bundle", BUNDLE, "--requests", path)
                self.check(error, 100, path, f"{path}: cannot be read: {word}")


if __name__ == "__main__":
    unittest.main(argv=["input_test.py"])
