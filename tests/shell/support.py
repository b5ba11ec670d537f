"""What the tests of the command share; the command is the first argument."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMMAND = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "tests/conformance/bundles/cards.guardrank"
REQUEST = {"request_id": "r-1", "time": "2026-11-21T10:00:00Z", "explain": True,
           "context": {"age": 34, "state": "CA", "income": 82000}}


def run(*arguments, data: str | bytes = b"", code: int = 0) -> str:
    data = data.encode() if isinstance(data, str) else data
    done = subprocess.run([COMMAND, *map(str, arguments)], input=data, capture_output=True)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: exit code {done.returncode}, wanted {code}: {done.stderr.decode()}")
    return done.stdout.decode()


class Folder(unittest.TestCase):
    """Tests with a folder of their own."""

    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)

    def tearDown(self):
        self.holder.cleanup()

    def file(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text)
        return path


def write_weights(folder: str, name: str) -> tuple:
    """--model, --policy and --catalog of a conformance bundle's sources; the weights go to `folder`."""
    source = ROOT / "tests/conformance/sources" / name
    sys.path.insert(0, str(ROOT / "tests/conformance"))
    from make_bundles import weights_of
    (pathlib.Path(folder) / "weights.safetensors").write_bytes(weights_of(source))
    for file in ("model.json", "calibration.jsonl"):
        (pathlib.Path(folder) / file).write_bytes((source / file).read_bytes())
    return ("--model", folder, "--policy", source / "policy.yaml", "--catalog", source / "catalog.csv")
