"""Makes what pruning_bench and gates_bench are run with.

draw.py catalog CATALOG.csv N OUT.csv            N offers: the catalog's, then copies whose amounts are
                                                 multiplied by exp(normal / 3)
draw.py amounts CATALOG.csv SPREAD OUT.csv       its amounts multiplied by exp(SPREAD * normal)
draw.py rarer FOLDER SHIFT OUT                   the model folder with every head's logits moved down by SHIFT
draw.py terms POLICY.yaml ID,... OUT.yaml        the policy with these terms alone, and no placement
draw.py requests IMPRESSIONS.csv.gz N OUT.jsonl  contexts as `python3 -m simulate` writes them
draw.py together REQUESTS.jsonl N OUT.jsonl      the candidates of 40 N lines in 40 requests, without labels
draw.py cookbook FOLDER SPREAD N OUT             a cookbook policy as OUT/{model.json, weights.safetensors,
    calibration.jsonl, catalog.csv, requests.jsonl}: N offers, and a model whose logits are normal over offers
    and contexts with the means that the policy's tests.yaml states and SPREAD as standard deviation
draw.py gates FOLDER FACTOR OUT                  the model folder with its gates' weights multiplied
"""
import csv
import gzip
import json
import math
import pathlib
import shutil
import struct
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from make_bundle import write_safetensors  # noqa: E402

AMOUNTS = {"cpa", "cpc", "cpl", "share", "margin", "price", "annual_fee", "bonus_value", "payment_per_1000"}
N_FACTS = 8
LISTS = {"ctx.interests", "ctx.recent_categories"}


def multiply_amounts(row: dict, spread: float, rng: numpy.random.Generator) -> dict:
    return {name: f"{float(value) * math.exp(spread * rng.normal()):.4g}"
            if name.removeprefix("offer.") in AMOUNTS and value else value for name, value in row.items()}


def enlarge(rows: list, n: int, rng: numpy.random.Generator) -> list:
    out = [dict(row) for row in rows[:n]]
    while len(out) < n:
        row = multiply_amounts(rows[rng.integers(len(rows))], 1 / 3, rng)
        out.append(row | {"offer": f"{row['offer']}-{len(out)}"})
    return out


def read_csv(path: str) -> list:
    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as file:
        return list(csv.DictReader(file))


def write_csv(path, rows: list) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def value_of(name: str, text: str):
    if name in LISTS:
        return text.split("|")
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def write_requests(path: str, impressions: str, n: int) -> None:
    with open(path, "w") as file:
        for i, row in enumerate(read_csv(impressions)[:n]):
            context = {name.removeprefix("ctx."): value_of(name, text)
                       for name, text in row.items() if name.startswith("ctx.") and text}
            file.write(json.dumps({"request_id": str(i), "time": "2026-11-21T10:00:00Z", "seed": i,
                                   "context": context}) + "\n")


def write_together(path: str, requests: str, n: int) -> None:
    lines = [json.loads(line) for line, _ in zip(open(requests), range(40 * n))]
    with open(path, "w") as file:
        for first in range(0, len(lines), n):
            request = {key: value for key, value in lines[first].items() if key != "labels"}
            request["candidates"] = [each for line in lines[first:first + n] for each in line["candidates"]]
            file.write(json.dumps(request) + "\n")


def cookbook(source: pathlib.Path, spread: float, n: int, out: pathlib.Path) -> None:
    import yaml

    rng = numpy.random.default_rng(1)
    tests = yaml.safe_load((source / "tests.yaml").read_text())
    defaults = tests["defaults"]
    out.mkdir(parents=True, exist_ok=True)
    sides = {"context": [f"c{i}" for i in range(N_FACTS)], "candidate": [f"o{i}" for i in range(N_FACTS)]}
    fields = [{"name": name, "side": side, "type": "f64", "output": "dense", "transforms": []}
              for side, names in sides.items() for name in names]
    heads, tensors = [], {}
    for name, head in tests["heads"].items():
        head = {"name": name, "kind": "probability", "tower": [], **(head or {})}
        if head["kind"] == "probability":
            p = defaults["p"][name]
            mean, deviation = math.log(p / (1 - p)), spread
            head |= {"negative_sampling_rate": 1.0, "sampling_handled": "none", "calibrator": {"kind": "identity"}}
        else:
            mean, deviation = math.log(defaults["value"][name]), 0.3
            head |= {"log_sigma": 0.0, "ratio": 1.0, "unit": "USD"}
        heads.append(head)
        weights = rng.normal(size=(1, 2 * N_FACTS))
        for half in (slice(0, N_FACTS), slice(N_FACTS, None)):
            weights[:, half] *= deviation / numpy.linalg.norm(weights[:, half])
        tensors |= {f"tower.{name}.layer.0.weight": weights, f"tower.{name}.layer.0.bias": numpy.array([mean])}
    (out / "model.json").write_text(json.dumps({"format": 1, "name": "drawn", "version": "1", "fields": fields,
                                                "levels": [], "heads": heads}))
    write_safetensors(out / "weights.safetensors", tensors)

    def facts(side):
        return {name: round(float(rng.normal()), 4) for name in sides[side]}

    with open(out / "calibration.jsonl", "w") as file:
        for _ in range(2000):
            file.write(json.dumps({"context": facts("context"), "candidate": facts("candidate"), "pair": {}}) + "\n")
    rows = enlarge(read_csv(str(source / "catalog.csv")), n, rng)
    write_csv(out / "catalog.csv", [row | {f"offer.{key}": value for key, value in facts("candidate").items()}
                                    for row in rows])
    with open(out / "requests.jsonl", "w") as file:
        for i in range(100):
            file.write(json.dumps({"request_id": str(i), "time": "2026-06-01T12:00:00Z", "seed": i,
                                   "context": defaults["context"] | facts("context")}) + "\n")


def multiply_gates(source: pathlib.Path, factor: float, out: pathlib.Path) -> None:
    shutil.copytree(source, out, dirs_exist_ok=True)
    data = bytearray((source / "weights.safetensors").read_bytes())
    size = struct.unpack_from("<Q", data)[0]
    for name, tensor in json.loads(data[8:8 + size]).items():
        if ".gate." in name:
            first, end = (8 + size + offset for offset in tensor["data_offsets"])
            data[first:end] = (numpy.frombuffer(data[first:end], "<f4") * factor).astype("<f4").tobytes()
    (out / "weights.safetensors").write_bytes(data)


def move_logits(source: pathlib.Path, shift: float, out: pathlib.Path) -> None:
    shutil.copytree(source, out, dirs_exist_ok=True)
    spec = json.loads((source / "model.json").read_text())
    for head in spec["heads"]:
        head["calibrator"] = {"kind": "platt", "a": 1.0, "b": -shift}
    (out / "model.json").write_text(json.dumps(spec))


def keep_terms(source: str, ids: str, out: str) -> None:
    import yaml

    policy = yaml.safe_load(pathlib.Path(source).read_text())
    policy["terms"] = [term for term in policy["terms"] if term["id"] in ids.split(",")]
    policy["placement"] = {}
    pathlib.Path(out).write_text(yaml.safe_dump(policy))


def main() -> None:
    what, source, figure = sys.argv[1], sys.argv[2], sys.argv[3]
    if what == "catalog":
        write_csv(sys.argv[4], enlarge(read_csv(source), int(figure), numpy.random.default_rng(1)))
    elif what == "amounts":
        rng = numpy.random.default_rng(1)
        write_csv(sys.argv[4], [multiply_amounts(row, float(figure), rng) for row in read_csv(source)])
    elif what == "terms":
        keep_terms(source, figure, sys.argv[4])
    elif what == "rarer":
        move_logits(pathlib.Path(source), float(figure), pathlib.Path(sys.argv[4]))
    elif what == "requests":
        write_requests(sys.argv[4], source, int(figure))
    elif what == "together":
        write_together(sys.argv[4], source, int(figure))
    elif what == "cookbook":
        cookbook(pathlib.Path(source), float(figure), int(sys.argv[4]), pathlib.Path(sys.argv[5]))
    else:
        multiply_gates(pathlib.Path(source), float(figure), pathlib.Path(sys.argv[4]))


if __name__ == "__main__":
    main()
