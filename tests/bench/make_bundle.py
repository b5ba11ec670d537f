"""Writes the weights folder, policy, catalog and request of a benchmark size, with random weights.

Sizes are those that the design measures against: S 4 experts (160-64-32), 3 heads; M 8 experts
(320-128-64), 5 heads; L 16 experts (320-256-128), 6 heads. Usage: make_bundle.py SIZE OFFERS FOLDER,
then `guardrank pack --model FOLDER --policy FOLDER/policy.yaml --catalog FOLDER/catalog.csv`.
"""
import json
import pathlib
import struct
import sys

import numpy

SIZES = {
    "S": dict(dense=16, vocabularies=[10000, 1000, 100, 10], experts=4, layers=[64, 32], tower=16, heads=3),
    "M": dict(dense=32, vocabularies=[100000, 50000, 10000, 1000, 500, 100, 50, 10], experts=8,
              layers=[128, 64], tower=32, heads=5),
    "L": dict(dense=32, vocabularies=[100000, 50000, 10000, 1000, 500, 100, 50, 10], experts=16,
              layers=[256, 128], tower=64, heads=6),
    # Some 50 MB of embeddings: what loading is measured with.
    "large": dict(dense=32, vocabularies=[1000000, 500000, 100000, 1000, 500, 100, 50, 10], experts=8,
                  layers=[128, 64], tower=32, heads=5),
}
# The network of S with tables that make it 1 MB: what delivery is measured with.
SIZES["delivery"] = dict(SIZES["S"], vocabularies=[20000, 1000, 100, 10])
DIM = 16
HEADS = ["click", "apply", "approve", "keep", "refer", "renew"]


def spec_of(size: dict) -> dict:
    fields = []
    for side in ("context", "candidate"):
        fields += [{"name": f"{side}_x{i}", "side": side, "type": "f64", "output": "dense",
                    "transforms": [{"op": "fill", "value": 0}]} for i in range(size["dense"])]
        fields += [{"name": f"{side}_id{i}", "side": side, "type": "i64", "output": "embedding", "dim": DIM,
                    "transforms": [{"op": "hash", "buckets": buckets, "seed": i}]}
                   for i, buckets in enumerate(size["vocabularies"])]
    experts = [f"e{i}" for i in range(size["experts"])]
    heads = HEADS[:size["heads"]]
    return {"format": 1, "name": "bench", "version": "1", "fields": fields,
            "levels": [{"experts": [{"name": name, "layers": size["layers"]} for name in experts],
                        "gates": [{"head": head, "experts": experts} for head in heads]}],
            "heads": [{"name": head, "kind": "probability", "tower": [size["tower"]],
                       "negative_sampling_rate": 1.0, "sampling_handled": "none",
                       "calibrator": {"kind": "platt", "a": 1.0, "b": -0.1}} for head in heads]}


def tensors_of(spec: dict, size: dict, rng: numpy.random.Generator) -> dict:
    tensors = {}

    def linear(name, n_in, n_out):
        tensors[f"{name}.weight"] = rng.normal(0, (2 / n_in) ** 0.5, (n_out, n_in))
        tensors[f"{name}.bias"] = rng.normal(0, 0.1, n_out)

    for field in spec["fields"]:
        if field["output"] == "embedding":
            rows = field["transforms"][-1]["buckets"] + 1
            tensors[f"embedding.{field['name']}.weight"] = rng.normal(0, 0.5, (rows, DIM))
    n_x = 2 * (size["dense"] + DIM * len(size["vocabularies"]))
    for expert in range(size["experts"]):
        widths = [n_x] + size["layers"]
        for k in range(len(size["layers"])):
            linear(f"level.0.expert.e{expert}.layer.{k}", widths[k], widths[k + 1])
    for head in spec["heads"]:
        linear(f"level.0.gate.{head['name']}", n_x, size["experts"])
        linear(f"tower.{head['name']}.layer.0", size["layers"][-1], size["tower"])
        linear(f"tower.{head['name']}.layer.1", size["tower"], 1)
    return tensors


def write_safetensors(path: pathlib.Path, tensors: dict) -> None:
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.size * 4]}
        offset += value.size * 4
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.astype("<f4").tobytes())


def draw_facts(spec: dict, side: str, rng: numpy.random.Generator) -> dict:
    return {field["name"]: float(round(rng.normal(), 4)) if field["output"] == "dense"
            else int(rng.integers(0, 1 << 30)) for field in spec["fields"] if field["side"] == side}


POLICY = """format: 1
name: bench
version: "1"
facts:
  ctx.age: {type: int}
  ctx.state: {type: string}
  offer.min_age: {type: int, default: 18}
  offer.cpa: {type: double}
  offer.cpc: {type: double, default: 0.1}
  offer.partner: {type: string}
rules:
  - {id: min_age, expr: "ctx.age >= offer.min_age", code: AGE, text: Too young}
  - {id: state, expr: "ctx.state in ['CA', 'NY', 'TX', 'WA']", code: STATE, text: Not offered in this state}
guardrails:
  - {id: floor, expr: "p.click >= 0.0001", code: LOW, text: Unlikely to be clicked}
terms:
  - {id: clicks, kind: revenue, unit: USD, expr: "offer.cpc * reach.click"}
  - {id: revenue, kind: revenue, unit: USD, expr: "offer.cpa * reach.apply"}
  - {id: rejection_risk, kind: penalty, unit: USD, expr: "reach.click * (1.0 - p.apply) * 0.5"}
"""


def write_catalog(path: pathlib.Path, spec: dict, n_offers: int, rng: numpy.random.Generator) -> None:
    names = [field["name"] for field in spec["fields"] if field["side"] == "candidate"]
    with open(path, "w") as file:
        file.write(",".join(["offer", "offer.min_age", "offer.cpa", "offer.partner"]
                            + [f"offer.{name}" for name in names]) + "\n")
        for row in range(n_offers):
            facts = draw_facts(spec, "candidate", rng)
            cells = [f"o-{row:06d}", 18, round(float(rng.uniform(20, 200)), 2), f"partner-{row % 25}"]
            file.write(",".join(map(str, cells + [facts[name] for name in names])) + "\n")


def main() -> None:
    size, n_offers, folder = SIZES[sys.argv[1]], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    rng = numpy.random.default_rng(1)
    spec = spec_of(size)
    (folder / "model.json").write_text(json.dumps(spec))
    write_safetensors(folder / "weights.safetensors", tensors_of(spec, size, rng))
    with open(folder / "calibration.jsonl", "w") as file:
        for _ in range(2000):
            file.write(json.dumps({"context": draw_facts(spec, "context", rng),
                                   "candidate": draw_facts(spec, "candidate", rng), "pair": {}}) + "\n")
    (folder / "policy.yaml").write_text(POLICY)
    write_catalog(folder / "catalog.csv", spec, n_offers, rng)
    request = {"request_id": "bench", "time": "2026-11-21T10:00:00Z", "seed": 7, "limit": 20,
               "context": draw_facts(spec, "context", rng) | {"age": 34, "state": "CA"}}
    (folder / "request.json").write_text(json.dumps(request))


if __name__ == "__main__":
    main()
