"""Forward pass against PyTorch and ONNX Runtime on randomly drawn networks.

Each network is written as a weights folder and ranked with `guardrank rank --model`, float and int8;
the same weights run in PyTorch (float32) and, exported, in ONNX Runtime. Float logits must agree
within 1e-4 relative to their size; int8 logits within the bound printed, which grows with the spread
of the logits. The file that ONNX Runtime ran is packed, too, as weights.onnx: the logits must be the very
same bits as from weights.safetensors. Usage: forward.py [--networks N] [--seed S] [--no-onnx]. Needs
torch and the command in build/dev (or GUARDRANK_COMMAND).
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from random_network import (SURFACES, STATES, TAGS, Network, clean, draw_spec,  # noqa: E402
                            write_safetensors)

HERE = pathlib.Path(__file__).resolve().parent
COMMAND = os.environ.get("GUARDRANK_COMMAND", str(HERE.parents[1] / "build/dev/bindings/shell/guardrank"))
N_CANDIDATES, N_REQUESTS = 12, 5
FLOAT_TOLERANCE = 1e-4   # relative to 1 + |logit|
INT8_TOLERANCE = 0.03    # of the spread of the logits, plus 0.03


def draw_value(rng: random.Random, field: dict):
    """A raw value of a field, sometimes missing or unknown."""
    if rng.random() < 0.15:
        return None
    kind = field["type"]
    if kind == "f64":
        return rng.gauss(0, 1)
    if kind.startswith("f32["):
        return [float(numpy.float32(rng.gauss(0, 1))) for _ in range(int(kind[4:-1]))]
    if kind == "string[]":
        return rng.sample(TAGS + ["never-seen"], rng.randint(0, 3))
    return rng.choice((SURFACES if field["name"] == "surface" else STATES) + ["never-seen"])


def draw_row(rng: random.Random, spec: dict, side: str) -> dict:
    return {f["name"]: draw_value(rng, f) for f in spec["fields"]
            if f["side"] == side and f["name"] != "offer_id"}


def draw_requests(rng: random.Random, spec: dict) -> list[dict]:
    """Requests with candidates of their own; offers o-18.. are outside the vocabulary."""
    return [{"request_id": f"r-{r}", "time": "2026-11-21T10:00:00Z", "explain": True,
             "context": draw_row(rng, spec, "context"),
             "candidates": [{"offer": f"o-{i * 2}", "facts": draw_row(rng, spec, "candidate"),
                             "pair": draw_row(rng, spec, "pair")} for i in range(N_CANDIDATES)]}
            for r in range(N_REQUESTS)]


def code(field: dict, value) -> int:
    if value is None:
        return 0
    step = field["transforms"][-1]
    if step["op"] == "vocabulary":
        return step["values"].index(value) + 2 if value in step["values"] else 1
    return 1 + sum(edge <= value for edge in step["edges"])


def dense(field: dict, value) -> list[float]:
    if field["type"].startswith("f32["):
        return list(value) if value is not None else [0.0] * int(field["type"][4:-1])
    missing = value is None
    for step in field["transforms"]:
        if step["op"] == "fill" and value is None:
            value = step["value"]  # the indicator still says missing
        elif step["op"] == "standardize" and value is not None:
            value = (value - step["mean"]) / step["std"]
    return [0.0 if value is None else value] + ([float(missing)] if field.get("indicator") else [])


def tensors(network: Network, requests: list[dict]) -> tuple[torch.Tensor, ...]:
    """dense [N, D], codes [N, K, L] and mask [N, K, L] over all requests' candidates."""
    rows = []
    for request in requests:
        for candidate in request["candidates"]:
            values = {("context", k): v for k, v in request["context"].items()}
            values |= {("candidate", k): v for k, v in candidate["facts"].items()}
            values |= {("pair", k): v for k, v in candidate["pair"].items()}
            rows.append(values | {("candidate", "offer_id"): candidate["offer"]})
    value = lambda row, field: row[(field["side"], field["name"])]
    numbers = [[x for field in network.dense_fields for x in dense(field, value(row, field))] for row in rows]
    n_codes = len(network.embedding_fields)
    codes = numpy.zeros((len(rows), n_codes, 4), dtype=numpy.int64)
    mask = numpy.zeros((len(rows), n_codes, 4), dtype=numpy.float32)
    for r, row in enumerate(rows):
        for k, field in enumerate(network.embedding_fields):
            raw = value(row, field)
            items = (raw or [None]) if field["type"] == "string[]" else [raw]
            for i, item in enumerate(items):
                codes[r, k, i], mask[r, k, i] = code(field, item), 1
    return torch.tensor(numbers, dtype=torch.float32), torch.from_numpy(codes), torch.from_numpy(mask)


def write_folder(folder: pathlib.Path, spec: dict, network: Network, calibration: list[dict]) -> None:
    (folder / "model.json").write_text(json.dumps(clean(spec)))
    write_safetensors(folder / "weights.safetensors",
                      {name.replace("/", "."): t.detach().numpy() for name, t in network.tensors.items()})
    with open(folder / "calibration.jsonl", "w") as file:
        for request in calibration:
            for candidate in request["candidates"]:
                file.write(json.dumps({"context": request["context"], "pair": candidate["pair"], "candidate":
                                       candidate["facts"] | {"offer_id": candidate["offer"]}}) + "\n")
    (folder / "policy.yaml").write_text("format: 1\nname: parity\nversion: '1'\nterms:\n"
                                        "  - {id: score, kind: revenue, unit: USD, expr: 'p.h0'}\n")
    (folder / "catalog.json").write_text('{"format": 1, "version": "1", "unlisted": true, "offers": []}')


def guardrank_logits(folder: pathlib.Path, spec: dict, n_rows: int, precision: str) -> numpy.ndarray:
    output = subprocess.run(
        [COMMAND, "rank", "--model", folder, "--policy", folder / "policy.yaml", "--catalog",
         folder / "catalog.json", "--precision", precision, "--requests", folder / "requests.jsonl", "--json"],
        capture_output=True, text=True, check=False)
    if output.returncode != 0:
        raise SystemExit(f"guardrank failed: {output.stdout[-800:]} {output.stderr[-800:]}")
    logits = numpy.full((n_rows, len(spec["heads"])), numpy.nan)
    for r, line in enumerate(output.stdout.splitlines()):
        for ranked in json.loads(line)["ranked"]:
            row = r * N_CANDIDATES + int(ranked["offer"][2:]) // 2
            logits[row] = [ranked["heads"][head["name"]]["logit"] for head in spec["heads"]]
    return logits


def run_onnx(jobs: list[dict], folder: pathlib.Path) -> None:
    (folder / "jobs.json").write_text(json.dumps(jobs))
    subprocess.run(["node", str(HERE / "run_onnx.mjs"), str(folder / "jobs.json")], check=True)


def export(network: Network, inputs: tuple, folder: pathlib.Path, folds: bool) -> dict:
    """The network as ONNX. Where constants are folded, weights stand transposed and have lost their names."""
    path = folder / "network.onnx"
    torch.onnx.export(network, inputs, str(path), input_names=["dense", "codes", "mask"],
                      output_names=["logits"], opset_version=14, do_constant_folding=folds)
    job_input = lambda t: {"type": "int64" if t.dtype == torch.int64 else "float32", "dims": list(t.shape),
                           "data": t.flatten().tolist()}
    return {"model": str(path), "output": str(folder / "onnx.json"),
            "inputs": dict(zip(["dense", "codes", "mask"], map(job_input, inputs)))}


def packs_alike(folder: pathlib.Path, spec: dict, network: Network, folds: bool, wanted: dict) -> bool:
    """Whether the exported file gives the logits that weights.safetensors gave, by precision."""
    other = folder / "from_onnx"
    other.mkdir()
    lost = ".weight" if folds else None
    names = {name.replace("/", "."): f"tensors.{name}" for name in network.tensors
             if lost is None or name.startswith("embedding") or not name.replace("/", ".").endswith(lost)}
    (other / "model.json").write_text(json.dumps(clean(spec) | {"tensors": names}))
    shutil.copy(folder / "network.onnx", other / "weights.onnx")
    for name in ("calibration.jsonl", "policy.yaml", "catalog.json", "requests.jsonl"):
        shutil.copy(folder / name, other / name)
    return all(numpy.array_equal(guardrank_logits(other, spec, len(logits), precision), logits)
               for precision, logits in wanted.items())


def relative_error(found: numpy.ndarray, wanted: numpy.ndarray) -> float:
    if numpy.isnan(found).any():
        return float("inf")
    return float((numpy.abs(found - wanted) / (1 + numpy.abs(wanted))).max())


def compare(seed: int, folder: pathlib.Path, with_onnx: bool) -> tuple[dict, dict | None]:
    rng = random.Random(seed)
    spec = draw_spec(seed)
    network = Network(spec, torch.Generator().manual_seed(seed))
    requests = draw_requests(rng, spec)
    inputs = tensors(network, requests)
    with torch.no_grad():
        wanted = network(*inputs).numpy()
    calibration = requests + [r for _ in range(8) for r in draw_requests(rng, spec)]
    write_folder(folder, spec, network, calibration)
    (folder / "requests.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests))
    as_float = guardrank_logits(folder, spec, len(wanted), "float")
    as_int8 = guardrank_logits(folder, spec, len(wanted), "int8")
    spread = float(wanted.max() - wanted.min())
    worst = float(numpy.abs(as_int8 - wanted).max())
    row = {"seed": seed, "float": relative_error(as_float, wanted), "int8": worst, "spread": spread,
           "levels": len(spec["levels"]), "heads": len(spec["heads"]), "wanted": wanted, "folder": folder,
           "int8_ok": worst <= 0.03 + INT8_TOLERANCE * spread}
    if not with_onnx:
        return row, None
    folds = seed % 2 == 0
    job = export(network, inputs, folder, folds)
    row["packed"] = packs_alike(folder, spec, network, folds, {"float": as_float, "int8": as_int8})
    return row, job


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-onnx", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    with tempfile.TemporaryDirectory() as top:
        rows, jobs = [], []
        for seed in range(arguments.seed, arguments.seed + arguments.networks):
            folder = pathlib.Path(top, str(seed))
            folder.mkdir()
            row, job = compare(seed, folder, not arguments.no_onnx)
            rows.append(row)
            jobs += [job] if job else []
        if jobs:
            run_onnx(jobs, pathlib.Path(top))
        print(f"{'seed':>5} {'levels':>6} {'heads':>5} {'float':>9} {'onnx':>9} {'int8':>7} {'spread':>7}")
        for row in rows:
            onnx = float("nan")
            if jobs:
                data = json.loads((row["folder"] / "onnx.json").read_text())
                onnx = relative_error(numpy.array(data["data"]).reshape(data["dims"]), row["wanted"])
            ok = (row["float"] <= FLOAT_TOLERANCE and row["int8_ok"] and not onnx > FLOAT_TOLERANCE
                  and row.get("packed", True))
            failed += not ok
            print(f"{row['seed']:>5} {row['levels']:>6} {row['heads']:>5} {row['float']:9.1e} {onnx:9.1e} "
                  f"{row['int8']:7.3f} {row['spread']:7.2f}{'' if ok else '  FAILED'}")
    worst = max(row["int8"] for row in rows)
    packed = sum(row.get("packed", False) for row in rows)
    print(f"{len(rows)} networks, {failed} failed; worst int8 logit error {worst:.3f}; "
          f"the same bits from weights.onnx: {packed} of {len(jobs)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
