"""What the Python tests share: the command, an origin with keys, and a reader of metadata of its own."""
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "tests/conformance/bundles/cards.guardrank"
OTHER = ROOT / "tests/conformance/bundles/goods.guardrank"


def canonical(value) -> bytes:
    """OLPC's canonical JSON, written from its description."""
    if isinstance(value, dict):
        parts = (canonical(key) + b":" + canonical(value[key]) for key in sorted(value))
        return b"{" + b",".join(parts) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    if isinstance(value, float):
        raise AssertionError(f"a number with a fraction is signed: {value}")
    return json.dumps(value).encode()


def openssl_verifies(key: dict, message: bytes, signature: bytes) -> bool:
    """Whether the openssl command finds the signature good."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        public = key["keyval"]["public"]
        if key["keytype"] == "ed25519":   # RFC 8410: a SubjectPublicKeyInfo is this and 32 bytes
            (path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100" + public))
            form = ["-keyform", "DER", "-inkey", path / "key.der"]
        else:
            (path / "key.pem").write_text(public)
            form = ["-inkey", path / "key.pem"]
        (path / "message").write_bytes(message)
        (path / "signature").write_bytes(signature)
        how = ["-rawin"]
        if key["keytype"] != "ed25519":
            how += ["-digest", "sha256"]
        if key["keytype"] == "rsa":
            how += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:32",
                    "-pkeyopt", "rsa_mgf1_md:sha256"]
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", *form, *how, "-in", path / "message",
                               "-sigfile", path / "signature"], capture_output=True)
    return done.returncode == 0


def good_signatures(metadata: dict, role: dict, keys: dict) -> set:
    """Ids of the role's keys that signed, after openssl."""
    good = set()
    for signature in metadata["signatures"]:
        identity = signature["keyid"]
        if identity in role["keyids"] and openssl_verifies(keys[identity], canonical(metadata["signed"]),
                                                           bytes.fromhex(signature["sig"])):
            good.add(identity)
    return good


def nested(bundle, kind: str) -> bytes:
    """The artifact of that kind in a bundle."""
    data = pathlib.Path(bundle).read_bytes()
    numbers = {"model": 16, "policy": 17, "catalog": 18}
    for i in range(int.from_bytes(data[24:28], "little")):
        entry = data[64 + 64 * i:128 + 64 * i]
        if int.from_bytes(entry[:4], "little") == numbers[kind]:
            offset, length = (int.from_bytes(entry[at:at + 8], "little") for at in (8, 16))
            return data[offset:offset + length]
    raise AssertionError(kind)


class Origin:
    """A folder with an origin, and keys beside it."""

    def __init__(self, command: str, folder: str):
        self.command = command
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "origin"

    def run(self, *arguments, code: int = 0, reads: bool = True, **environment):
        done = subprocess.run([self.command, *map(str, arguments), "--json"], capture_output=True, cwd=self.folder,
                              env={**os.environ, **environment})
        if done.returncode != code:
            raise AssertionError(f"{arguments}: exit code {done.returncode}: {done.stdout} {done.stderr}")
        return json.loads(done.stdout) if reads else None

    def fails(self, *arguments, **environment) -> dict:
        return self.run(*arguments, code=1, **environment)["error"]

    def step(self, *arguments, keys=("snapshot", "timestamp", "targets"), code: int = 0):
        named = [part for key in keys for part in ("--key", key + ".pem")]
        return self.run(*arguments, "--origin", "origin", *named, code=code)

    def generate(self, *names, scheme="ed25519"):
        for name in names:
            self.run("keys", "generate", "--out", name + ".pem", "--scheme", scheme)

    def create(self, *arguments):
        self.generate("root", "targets", "snapshot", "timestamp")
        given = [part for role in ("root", "targets", "snapshot", "timestamp") for part in ("--" + role, role + ".pub")]
        return self.step("keys", "init", *given, *arguments, keys=("root", "targets", "snapshot", "timestamp"))

    def metadata(self, name: str) -> dict:
        return json.loads((self.path / "metadata" / name).read_text())

    def newest_root(self) -> dict:
        versions = [int(path.name.split(".")[0]) for path in (self.path / "metadata").glob("*.root.json")]
        return self.metadata(f"{max(versions)}.root.json")

    def check(self, is_whole: bool = True) -> dict:
        """Walks from the root to every blob as a client would; gives the targets by path. `is_whole`: what first
        visits fetch before they know is checked, too; a step that was killed may have left it ahead of the rest."""
        root = self.newest_root()
        keys, roles = root["signed"]["keys"], root["signed"]["roles"]

        def checked(name, role, role_keys):
            metadata = self.metadata(name)
            assert len(good_signatures(metadata, role, role_keys)) >= role["threshold"], name
            return metadata["signed"]

        def described(meta, name):
            data = (self.path / "metadata" / name).read_bytes()
            assert len(data) == meta["length"] and hashlib.sha256(data).hexdigest() == meta["hashes"]["sha256"], name

        checked(f"{root['signed']['version']}.root.json", roles["root"], keys)
        timestamp = checked("timestamp.json", roles["timestamp"], keys)
        meta = timestamp["meta"]["snapshot.json"]
        described(meta, f"{meta['version']}.snapshot.json")
        snapshot = checked(f"{meta['version']}.snapshot.json", roles["snapshot"], keys)["meta"]
        targets, versions = {}, {}

        def follow(role, spec, role_keys):
            versions[role] = snapshot[role + ".json"]["version"]
            name = f"{snapshot[role + '.json']['version']}.{role}.json"
            described(snapshot[role + ".json"], name)
            signed = checked(name, spec, role_keys)
            targets.update(signed["targets"])
            for team in signed.get("delegations", {}).get("roles", []):
                follow(team["name"], team, signed["delegations"]["keys"])

        follow("targets", roles["targets"], keys)
        for path, target in targets.items():
            folder, _, base = path.rpartition("/")
            file = self.path / "targets" / folder / f"{target['hashes']['sha256']}.{base}"
            data = file.read_bytes()
            assert len(data) == target["length"] and hashlib.sha256(data).hexdigest() == target["hashes"]["sha256"]
        if is_whole:
            assert timestamp["x-guardrank-versions"] == versions
            assert self.ahead() == {name_ahead(path): ahead_of(target) for path, target in targets.items()}
        return targets

    def ahead(self) -> dict:
        """By release, what first visits fetch before they know."""
        folder = self.path / "metadata/ahead"
        return {str(path.relative_to(folder)): json.loads(path.read_text()) for path in folder.rglob("*.json")}


def name_ahead(path: str) -> str:
    return ("" if "/" in path else "targets/") + path.removesuffix(".release") + ".json"


def ahead_of(target: dict) -> dict:
    artifacts = target["custom"]["guardrank"].get("artifacts")
    custom = {"custom": {"guardrank": {"artifacts": artifacts}}} if artifacts else {}
    return {"hashes": target["hashes"], **custom}


class OnOrigin(unittest.TestCase):
    """A folder for an origin, as tests of the command share it."""

    command = ""                       # the test says

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.origin = Origin(self.command, self.place.name)

    def publish(self, name, *arguments, **options):
        return self.origin.step("publish", "--release", name, *arguments, **options)

    def stages(self, *arguments):
        told = self.origin.run("status", "--origin", "origin", *arguments)
        return {release["release"]: release["stage"] for release in told["releases"]}
