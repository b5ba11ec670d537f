"""Origins with artifacts, made by `guardrank publish`, for the tests of what `guardrank fetch` keeps."""
import hashlib
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests/conformance/sources/cards"
SMALL = ROOT / "tests/conformance/bundles/cards.guardrank"
sys.path.insert(0, str(ROOT / "tests/conformance"))


class Publisher:
    """A folder with keys and an origin; bundles of many offers, of which single numbers change."""

    def __init__(self, command: str):
        from make_bundles import weights_of
        self.command = command
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-artifacts-"))
        self.version = 1
        weights = self.folder / "weights"
        weights.mkdir()
        for name in ("model.json", "calibration.jsonl"):
            shutil.copy(SOURCE / name, weights)
        (weights / "weights.safetensors").write_bytes(weights_of(SOURCE))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words):
        done = subprocess.run([self.command, *map(str, words)], capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout} {done.stderr}")
        return done.stdout

    def bundle(self, n_offers: int, changed: dict) -> pathlib.Path:
        """Of so many offers; `changed` gives some of them another `cpa`."""
        header, first = (SOURCE / "catalog.csv").read_text().splitlines()[:2]
        rest = first.split(",", 1)[1].split(",")
        lines = [",".join([f"o-{i:06}", *rest[:3], str(changed.get(i, i % 997)), *rest[4:]])
                 for i in range(n_offers)]
        (self.folder / "catalog.csv").write_text("\n".join([header, *lines]) + "\n")
        name = self.folder / f"{n_offers}-{len(changed)}.guardrank"
        self.run("pack", "--model", "weights", "--policy", SOURCE / "policy.yaml", "--catalog", "catalog.csv",
                 "--out", name)
        return name

    def begin(self, bundle) -> None:
        subprocess.run([ROOT / "examples/delivery/make_origin.sh", self.folder, bundle, "cards"], check=True,
                       env={"GUARDRANK": self.command, "PATH": "/usr/bin:/bin"}, capture_output=True)

    def publish(self, bundle) -> None:
        self.version += 1
        self.run("publish", "--origin", "origin", "--release", "cards", "--bundle", bundle, "--version",
                 self.version, "--stage", "full", "--key", "keys/publisher.pem")

    def files(self) -> dict:
        origin = self.folder / "origin"
        return {str(path.relative_to(origin)): path.read_bytes() for path in origin.rglob("*") if path.is_file()}

    def root(self) -> bytes:
        return (self.folder / "root.json").read_bytes()


def identity(artifact: bytes) -> str:
    """SHA-256 of header and section table."""
    return hashlib.sha256(artifact[:64 + 64 * int.from_bytes(artifact[24:28], "little")]).hexdigest()


def parts(bundle: pathlib.Path) -> dict:
    """The artifacts in a bundle: "model", "policy", "catalog" to bytes."""
    data, found = bundle.read_bytes(), {}
    for i in range(int.from_bytes(data[24:28], "little")):
        kind, _, offset, length = struct.unpack_from("<IIQQ", data, 64 + 64 * i)
        name = {16: "model", 17: "policy", 18: "catalog"}.get(kind)
        if name is not None:
            found[name] = data[offset:offset + length]
    return found


def lists(files: dict) -> dict:
    """Of every chunk list on an origin: the artifact's id to the list's name and its pieces' names."""
    found = {}
    for path, data in files.items():
        if not data.startswith(b"GRCHUNKS"):
            continue
        pieces = [data[at:at + 32].hex() for at in range(32, len(data), 40)]
        whole = b"".join(files["blobs/" + piece] for piece in pieces)
        found[identity(whole)] = (path.split("/")[1], pieces)
    return found


def ranked(text: str) -> dict:
    told = json.loads(text)
    return {name: told[name] for name in ("ranked", "excluded")}
