"""What a run was made of, by hash: goes into the lineage of model.json and a file beside it."""
import hashlib
import json
import os
import platform

import numpy
import torch


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def hash_file(path):
    """SHA-256 of a file's bytes."""
    state = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            state.update(block)
    return "sha256:" + state.hexdigest()


def hash_json(value):
    """SHA-256 of the canonical JSON: sorted members, no spaces."""
    return digest(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8"))


def hash_sources():
    """SHA-256 over the trainer's own sources: the code revision without asking for a repository."""
    folder = os.path.dirname(os.path.abspath(__file__))
    state = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            state.update(name.encode("utf-8") + b"\0")
            with open(os.path.join(folder, name), "rb") as file:
                state.update(file.read())
    return "sha256:" + state.hexdigest()


def versions():
    """The packages that numbers depend on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
    }


def build_manifest(config, data_paths, holdout_paths, extra_paths=()):
    """The run's manifest. Paths are left out: a data set is its hash."""
    return {
        "code": hash_sources(),
        "data": [hash_file(path) for path in data_paths],
        "holdout": [hash_file(path) for path in holdout_paths],
        "extra": [hash_file(path) for path in extra_paths],
        "config": hash_json(config),
        "features": hash_json(config["fields"]),
        "seed": config["training"]["seed"],
        "versions": versions(),
        "lock": hash_json(versions()),
    }


def lineage_of(manifest, evaluation):
    """The "lineage" of model.json."""
    data = hash_json(manifest["data"] + manifest["holdout"] + manifest["extra"])
    return {
        "code": manifest["code"],
        "data": data,
        "features": manifest["features"],
        "config": manifest["config"],
        "lock": manifest["lock"],
        "evaluation": evaluation,
    }
