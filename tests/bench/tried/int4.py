"""What embeddings of four bits would cost and spare: a model packed as it is, and with its embeddings
rounded to 15 levels first, ranks the same labelled rows.

Usage: int4.py GUARDRANK MODEL_FOLDER REQUESTS.jsonl WORK [LABELS.csv.gz]
       int4.py round MODEL_FOLDER OUT            the rounded folder alone
A table's 15 levels are 7 steps to either side of 0; 63 = 9 * 7, so packing keeps them exactly and the
network computes what it would from four bits. The step is a seventh of the table's largest value, or
("clipped") the one with the least squared error. Labels stand in the requests, or
in columns `label.<head>` of LABELS.csv.gz, as the simulator writes
them, where each request has one candidate.
"""
import csv
import gzip
import json
import pathlib
import shutil
import struct
import subprocess
import sys

import numpy

POLICY = {"format": 1, "name": "open", "version": "1", "facts": {}, "parameters": {}, "rules": [], "guardrails": [],
          "terms": [{"id": "none", "kind": "bonus", "unit": "USD", "expr": "0.0"}], "placement": {}}


def step_of(table: numpy.ndarray, is_clipped: bool) -> float:
    widest = float(numpy.abs(table).max()) / 7
    if not is_clipped:
        return widest

    def error(step):
        return float(((numpy.clip(numpy.rint(table / step), -7, 7) * step - table) ** 2).sum())

    return min((widest * share for share in numpy.linspace(0.3, 1, 36)), key=error)


def round_embeddings(source: pathlib.Path, out: pathlib.Path, is_clipped: bool) -> int:
    """Writes the folder anew; returns the number of codes in its tables."""
    shutil.copytree(source, out, dirs_exist_ok=True)
    data = bytearray((source / "weights.safetensors").read_bytes())
    size, n_codes = struct.unpack_from("<Q", data)[0], 0
    for name, tensor in json.loads(data[8:8 + size]).items():
        if not name.startswith("embedding."):
            continue
        first, end = (8 + size + offset for offset in tensor["data_offsets"])
        table = numpy.frombuffer(data[first:end], "<f4").astype(float)
        n_codes += table.size
        step = step_of(table, is_clipped)
        if step > 0:
            data[first:end] = (numpy.clip(numpy.rint(table / step), -7, 7) * step).astype("<f4").tobytes()
    (out / "weights.safetensors").write_bytes(data)
    return n_codes


def auc(label: numpy.ndarray, score: numpy.ndarray) -> float:
    order = numpy.argsort(score, kind="stable")
    values, inverse, counts = numpy.unique(score[order], return_inverse=True, return_counts=True)
    last = numpy.cumsum(counts)
    ranks = numpy.empty(len(score))
    ranks[order] = (last - (counts - 1) / 2)[inverse]
    n_positive = int(label.sum())
    return float((ranks[label == 1].sum() - n_positive * (n_positive + 1) / 2) /
                 (n_positive * (len(label) - n_positive)))


def run(*words) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def logits_of(guardrank: str, model: pathlib.Path, requests: str, precision: str) -> dict:
    """By head, candidates of a request in order of offer."""
    policy = model.parent / "open.json"
    policy.write_text(json.dumps(POLICY))
    text = run(guardrank, "rank", "--model", model, "--policy", policy, "--precision", precision,
               "--requests", requests, "--json")
    logits: dict = {}
    for line in text.splitlines():
        ranked = sorted(json.loads(line)["ranked"], key=lambda entry: entry["offer"])
        for entry in ranked:
            for head, outcome in entry["heads"].items():
                logits.setdefault(head, []).append(outcome["logit"])
    return {head: numpy.array(values) for head, values in logits.items()}


def labels_in(requests: str) -> dict:
    """By head; candidates in order of offer, as logits_of has them."""
    labels: dict = {}
    for line in open(requests, encoding="utf-8"):
        request = json.loads(line)
        order = numpy.argsort([candidate["offer"] for candidate in request["candidates"]])
        for head, values in request.get("labels", {}).items():
            labels.setdefault(head, []).extend(numpy.nan if values[i] is None else values[i] for i in order)
    return {head: numpy.array(values, float) for head, values in labels.items()}


def labels_beside(path: str) -> dict:
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    return {name.removeprefix("label."): numpy.array([float(row[name] or "nan") for row in rows])
            for name in rows[0] if name.startswith("label.")}


def compare(name: str, before: dict, after: dict, labels: dict) -> None:
    for head, logits in before.items():
        error = numpy.abs(after[head] - logits)
        line = f"{name} {head}: logits move by {error.mean():.3f} on average, {error.max():.2f} at most"
        label = labels.get(head, numpy.full(len(logits), numpy.nan))
        inside = ~numpy.isnan(label)
        if set(label[inside]) == {0.0, 1.0}:
            old, new = (auc(label[inside], of[inside]) for of in (logits, after[head]))
            line += f"; AUC {old:.5f} to {new:.5f} ({1e5 * (new - old):+.0f}e-5)"
        print(line)


def main() -> None:
    if sys.argv[1] == "round":
        print(round_embeddings(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), False), "bytes of embeddings")
        return
    guardrank, source, requests = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    work = pathlib.Path(sys.argv[4])
    labels = labels_beside(sys.argv[5]) if len(sys.argv) > 5 else labels_in(requests)
    shutil.copytree(source, work / "int8", dirs_exist_ok=True)
    ranked = work / "requests.jsonl"
    with open(ranked, "w", encoding="utf-8") as file:
        for line in open(requests, encoding="utf-8"):
            file.write(json.dumps({key: value for key, value in json.loads(line).items() if key != "labels"}) + "\n")
    n_codes = round_embeddings(source, work / "int4", False)
    round_embeddings(source, work / "clipped", True)
    whole = logits_of(guardrank, work / "int8", str(ranked), "int8")
    print(f"{source}: {n_codes} bytes of embeddings, of which int4 spares half")
    compare("float to int8", logits_of(guardrank, work / "int8", str(ranked), "float"), whole, labels)
    for name in ("int4", "clipped"):
        compare(f"int8 to {name}", whole, logits_of(guardrank, work / name, str(ranked), "int8"), labels)


if __name__ == "__main__":
    main()
