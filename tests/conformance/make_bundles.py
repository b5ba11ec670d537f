"""Packs sources/<name> to bundles/<name>.guardrank, and the model of cards with another policy and
no catalog to open.guardrank: make_bundles.py GUARDRANK (the command).

Weights stand in weights.json as lists, or are drawn from a fixed generator where the network has too
many to write by hand ("seed"); both become weights.safetensors in a folder that is thrown away.
"""
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def shape_of(values) -> list[int]:
    return [len(values), *shape_of(values[0])] if isinstance(values, list) else []


def flat(values) -> list[float]:
    return [number for row in values for number in flat(row)] if isinstance(values, list) else [values]


def drawn(seed: int, shapes: dict[str, list[int]]) -> dict:
    """Numbers in [-1, 1) from the 64-bit generator of Knuth's MMIX."""
    state = seed

    def draw(shape):
        nonlocal state
        if shape:
            return [draw(shape[1:]) for _ in range(shape[0])]
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 40) / 2**23 - 1.0

    return {name: draw(shape) for name, shape in shapes.items()}


def safetensors(tensors: dict) -> bytes:
    header, data = {}, b""
    for name, values in tensors.items():
        numbers = flat(values)
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape_of(values),
                        "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def weights_of(source: pathlib.Path) -> bytes:
    weights = json.loads((source / "weights.json").read_text())
    if "seed" in weights:
        weights = drawn(weights["seed"], weights["shapes"])
    return safetensors(weights)


def pack(command: str, name: str, source: pathlib.Path, policy: pathlib.Path, arguments: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file in ("model.json", "calibration.jsonl"):
            shutil.copy(source / file, folder)
        (pathlib.Path(folder) / "weights.safetensors").write_bytes(weights_of(source))
        subprocess.run([command, "pack", "--model", folder, "--policy", policy,
                        *arguments, "--out", HERE / "bundles" / f"{name}.guardrank"], check=True)


def write_facts(command: str) -> None:
    """The type of every fact of every bundle, for clients that fill typed columns."""
    types = {}
    for bundle in sorted((HERE / "bundles").glob("*.guardrank")):
        answer = subprocess.run([command, "inspect", "--json", bundle], check=True, capture_output=True)
        inspection = json.loads(answer.stdout)
        spaces = {"context": "ctx", "candidate": "offer", "pair": "pair"}
        found = {f"{spaces[field['side']]}.{field['name']}": field["type"]
                 for field in inspection["model"]["fields"]}
        found.update({fact["name"]: fact["type"] for fact in inspection["policy"]["facts"]})
        types[f"bundles/{bundle.name}"] = found
    (HERE / "bundles/facts.json").write_text(json.dumps(types, indent=1) + "\n")


def main() -> None:
    command, sources = sys.argv[1], HERE / "sources"
    for name in ("cards", "goods", "stages"):
        source = sources / name
        pack(command, name, source, source / "policy.yaml", ["--catalog", source / "catalog.csv"])
    users = sources / "users"    # whose tables are in shards
    pack(command, "users", users, users / "policy.yaml",
         ["--catalog", users / "catalog.csv", "--shard-rows", "64"])
    pack(command, "open", sources / "cards", sources / "open/policy.yaml", [])
    write_facts(command)


if __name__ == "__main__":
    main()
