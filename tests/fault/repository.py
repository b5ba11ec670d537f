"""A repository of signed metadata in memory: what an honest publisher would serve, and what others might."""
import copy
import datetime
import hashlib
import json

from ed25519 import PrivateKey

ROLES = ["root", "timestamp", "snapshot", "targets"]
DAY = 86400


def key(name: str) -> PrivateKey:
    return PrivateKey(hashlib.sha256(name.encode()).digest())


def key_id(private: PrivateKey) -> str:
    return hashlib.sha256(private.public).hexdigest()


def canonical(value) -> bytes:
    """Canonical JSON; names here are ASCII, so Python's order is that of bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(part: dict, keys: list) -> bytes:
    message = canonical(part)
    signatures = [{"keyid": key_id(one), "sig": one.sign(message).hex()} for one in keys]
    return json.dumps({"signatures": signatures, "signed": part}, indent=1).encode()


class Repository:
    """`files` maps paths below the server's root to bytes. `publish` writes the next version of each role."""

    def __init__(self, now: float, seed: str = "a", days: int = 30):
        self.now, self.days = now, days
        self.keys = {role: [key(f"{seed} {role}")] for role in ROLES}
        self.versions = {role: 0 for role in ROLES}
        self.targets, self.contents, self.files = {}, {}, {}
        self.is_consistent = True
        self.publish_root()

    def expires(self, days: float) -> str:
        moment = datetime.datetime.fromtimestamp(self.now + days * DAY, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def part(self, role: str, days=None, **members) -> dict:
        self.versions[role] += 1
        return {"_type": role, "spec_version": "1.0.31", "version": self.versions[role],
                "expires": self.expires(self.days if days is None else days), **members}

    def publish_root(self, days=None, signed_also_by=()) -> None:
        every = {key_id(one): {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": one.public.hex()}}
                 for keys in self.keys.values() for one in keys}
        roles = {role: {"keyids": [key_id(one) for one in keys], "threshold": 1} for role, keys in self.keys.items()}
        part = self.part("root", days, keys=every, roles=roles, consistent_snapshot=self.is_consistent)
        data = sign(part, self.keys["root"] + list(signed_also_by))
        self.files[f"metadata/{self.versions['root']}.root.json"] = data

    def add(self, path: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self.targets[path] = {"length": len(content), "hashes": {"sha256": digest}, "custom": {"n": 1}}
        folder, slash, name = path.rpartition("/")
        self.files[f"targets/{folder}{slash}{digest}.{name}"] = content

    def put(self, role: str, part: dict, keys=None) -> bytes:
        data = sign(part, keys or self.keys[role])
        prefix = "" if role == "timestamp" else f"{part['version']}."
        self.files[f"metadata/{prefix}{role}.json"] = data
        return data

    def facts(self, part: dict, data: bytes) -> dict:
        return {"version": part["version"], "length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}

    def publish(self, days=None, signers=None) -> None:
        """Targets, snapshot and timestamp. `days` and `signers` are by role."""
        days, signers = days or {}, signers or {}
        part = self.part("targets", days.get("targets"), targets=copy.deepcopy(self.targets))
        data = self.put("targets", part, signers.get("targets"))
        part = self.part("snapshot", days.get("snapshot"), meta={"targets.json": self.facts(part, data)})
        data = self.put("snapshot", part, signers.get("snapshot"))
        part = self.part("timestamp", days.get("timestamp"), meta={"snapshot.json": self.facts(part, data)})
        self.put("timestamp", part, signers.get("timestamp"))
