"""Repositories that python-tuf makes and signs, read by `guardrank tuf`. Usage: python_tuf_test.py COMMAND [TEST...]

Needs the packages of ../publish/requirements.txt; without them it says so and ends with 77, for ctest: skipped.
"""
import datetime
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles,
                                  TargetFile, Targets, Timestamp)
    from tuf.api.serialization.json import JSONSerializer
except ImportError as missing:
    print(f"python_tuf_test: skipped, {missing.name} is not there (tests/publish/requirements.txt)")
    sys.exit(77)

from server import Server

COMMAND = sys.argv[1]
SIGNERS = {"ed25519": CryptoSigner.generate_ed25519, "ecdsa": CryptoSigner.generate_ecdsa,
           "rsa-pss": CryptoSigner.generate_rsa,
           "rsa-pkcs1": lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256")}
CONTENT = b"made by python-tuf"


class Publisher:
    """Top-level roles, delegated ones by name, and the signers of each."""

    def __init__(self, signer=CryptoSigner.generate_ed25519, is_consistent=True):
        expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=3)
        self.expires, self.files = expires, {}
        self.root = Root(expires=expires, consistent_snapshot=is_consistent)
        self.roles = {"targets": Targets(expires=expires)}
        self.snapshot, self.timestamp = Snapshot(expires=expires), Timestamp(expires=expires)
        self.signers = {}
        for role in ("root", "timestamp", "snapshot", "targets"):
            self.add_signer(role, signer())

    def add_signer(self, role, signer):
        self.signers.setdefault(role, []).append(signer)
        self.root.add_key(signer.public_key, role)

    def delegate(self, role, signer, delegator="targets", **where):
        parent = self.roles[delegator]
        if parent.delegations is None:
            parent.delegations = Delegations({}, {})
        parent.delegations.roles[role] = DelegatedRole(role, [], 1, False, **where)
        parent.add_key(signer.public_key, role)
        self.roles[role] = Targets(expires=self.expires)
        self.signers[role] = [signer]

    def add(self, role, path, content=CONTENT, hashes=("sha256",)):
        target = TargetFile.from_data(path, content, list(hashes))
        self.roles[role].targets[path] = target
        folder, slash, name = path.rpartition("/")
        for prefix in [f"{one}." for one in target.hashes.values()] if self.root.consistent_snapshot else [""]:
            self.files[f"targets/{folder}{slash}{prefix}{name}"] = content

    def write(self, name, part, is_versioned=True):
        document = Metadata(part)
        for signer in self.signers[name]:
            document.sign(signer, append=True)
        data = document.to_bytes(JSONSerializer())
        prefix = f"{part.version}." if is_versioned else ""
        self.files[f"metadata/{prefix}{name}.json"] = data
        return MetaFile(part.version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def publish(self):
        is_versioned = self.root.consistent_snapshot
        self.write("root", self.root)
        for name, part in self.roles.items():
            self.snapshot.meta[f"{name}.json"] = self.write(name, part, is_versioned)
        self.timestamp.snapshot_meta = self.write("snapshot", self.snapshot, is_versioned)
        self.write("timestamp", self.timestamp, False)


class PythonTuf(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guardrank-tuf-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def download(self, publisher, path, expected=0):
        server = Server(publisher.files)
        self.addCleanup(server.close)
        root = self.folder / "root.json"
        root.write_bytes(publisher.files["metadata/1.root.json"])
        common = [COMMAND, "tuf", "--metadata-dir", str(self.folder / "cache")]
        environment = {**os.environ, "no_proxy": "127.0.0.1"}
        subprocess.run([*common, "init", str(root)], check=True, env=environment)
        result = subprocess.run([*common, "--metadata-url", server.address("metadata"), "--target-name", path,
                                 "--target-dir", str(self.folder / "got"), "download"],
                                capture_output=True, env=environment)
        self.assertEqual(result.returncode, expected, result.stderr.decode())
        if expected == 0:
            self.assertIn(CONTENT, [one.read_bytes() for one in (self.folder / "got").iterdir()])
        return result.stderr.decode()

    def test_every_kind_of_key(self):
        for name, signer in SIGNERS.items():
            with self.subTest(name):
                publisher = Publisher(signer)
                publisher.add("targets", f"{name}/a.release")
                publisher.publish()
                self.download(publisher, f"{name}/a.release")

    def test_names_without_versions(self):
        publisher = Publisher(is_consistent=False)
        publisher.add("targets", "a.release")
        publisher.publish()
        self.download(publisher, "a.release")

    def test_threshold_of_mixed_keys(self):
        publisher = Publisher()
        for make in (CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa):
            publisher.add_signer("targets", make())
        publisher.root.roles["targets"].threshold = 3
        publisher.add("targets", "a.release")
        publisher.publish()
        self.download(publisher, "a.release")
        publisher.signers["targets"].pop(1)
        publisher.publish()
        shutil.rmtree(self.folder / "cache")
        self.assertIn("2 of 3", self.download(publisher, "a.release", expected=1))

    def test_delegations(self):
        publisher = Publisher()
        publisher.delegate("team", CryptoSigner.generate_ecdsa(), paths=["team/*.release"])
        publisher.delegate("part", CryptoSigner.generate_ed25519(), delegator="team", paths=["team/x*"])
        publisher.add("part", "team/x.release")
        publisher.publish()
        self.download(publisher, "team/x.release")
        self.assertIn("no role vouches", self.download(publisher, "other/x.release", expected=1))

    def test_hash_prefixes(self):
        publisher = Publisher()
        digest = hashlib.sha256(b"a.release").hexdigest()
        publisher.delegate("other", CryptoSigner.generate_ed25519(), path_hash_prefixes=["zz", digest[:2][::-1] + "0"])
        publisher.delegate("ours", CryptoSigner.generate_ed25519(), path_hash_prefixes=[digest[:4]])
        publisher.add("ours", "a.release")
        publisher.publish()
        self.download(publisher, "a.release")

    def test_succinct_bins(self):
        publisher, signer = Publisher(), CryptoSigner.generate_ed25519()
        bins = SuccinctRoles([], 1, 5, "bin")
        publisher.roles["targets"].delegations = Delegations({}, None, bins)
        publisher.roles["targets"].add_key(signer.public_key)
        for name in bins.get_roles():
            publisher.roles[name], publisher.signers[name] = Targets(expires=publisher.expires), [signer]
        for path in ("a.release", "team/b.release", "c"):
            publisher.add(bins.get_role_for_target(path), path)
        publisher.publish()
        for path in ("a.release", "team/b.release", "c"):
            self.download(publisher, path)

    def test_sha512_alone(self):
        publisher = Publisher()
        publisher.add("targets", "a.release", hashes=["sha512"])
        publisher.publish()
        self.download(publisher, "a.release")

    def test_text_that_canonical_json_treats_its_own_way(self):
        publisher = Publisher()
        publisher.add("targets", "a.release")
        publisher.roles["targets"].unrecognized_fields["x"] = {
            "\U0001f600": "\n\t\"\\/\x7f", "\ufffd": [None, True, -1]}
        publisher.publish()
        self.download(publisher, "a.release")

    def test_rotated_root(self):
        publisher = Publisher()
        publisher.add("targets", "a.release")
        publisher.publish()
        old = publisher.signers["root"]
        publisher.root.revoke_key(old[0].public_key.keyid, "root")
        publisher.signers["root"] = []
        publisher.add_signer("root", CryptoSigner.generate_ecdsa())
        publisher.signers["root"] += old
        publisher.root.version = 2
        publisher.publish()
        self.download(publisher, "a.release")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
