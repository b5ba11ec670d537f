"""The trained-weights folder: model.json, weights, calibration rows, the holdout's logits."""
import json
import os

import numpy

from .calibration import fit_amount, segment_rows
from .config_heads import segment_type
from .layout import is_dense
from .safetensors import write_safetensors
from .table import whole_number
from .times import time_text

SECTION = {"context": "context", "candidate": "candidate", "pair": "pair"}
TRAINING_ONLY = ("column", "positive", "loss", "loss_weight", "distillation")
PROBABILITY_ONLY = ("negative_sampling_rate", "sampling_handled")  # an amount head's rows are weighed by them


def model_description(config, fields, heads, lineage):
    """model.json as the packer reads it."""
    return {
        "format": 1,
        "name": config["name"],
        "version": config["version"],
        "fields": fields,
        "levels": config["levels"],
        "heads": heads,
        "lineage": lineage,
    }


def fits_segments(head):
    calibrator = head.get("calibrator") or {}
    return calibrator.get("kind") == "fit" and "segments" in calibrator


def segments_of(config, table):
    """Head to (names, numbers of the rows), of heads whose calibrator is to be fitted by segment."""
    found = {}
    for head in config["heads"]:
        if fits_segments(head):
            segments = head["calibrator"]["segments"]
            found[head["name"]] = segment_rows(segments["field"], segment_type(segments, config["fields"]), table)
    return found


def exported_heads(config, logits, raw_labels, segments):
    """Heads without what only training needs, with amount figures and the names of segments to fit.

    `logits` [n, heads] and `raw_labels` (float64 [n] per head, NaN outside) are the holdout's."""
    heads = []
    for number, head in enumerate(config["heads"]):
        out = {name: value for name, value in head.items() if name not in TRAINING_ONLY}
        if head["kind"] == "log_amount":
            label = raw_labels[head["name"]]
            inside = ~numpy.isnan(label)
            out = {name: value for name, value in out.items() if name not in PROBABILITY_ONLY}
            if inside.any():
                out["log_sigma"], out["ratio"] = fit_amount(logits[inside, number], label[inside])
        else:
            out.setdefault("positive_weight", 1.0)
            out.setdefault("calibrator", {"kind": "identity"})
            if head["sampling_handled"] == "offset":
                out["sampling_handled"] = "weighted"  # to the engine: the loss saw the true prior
            if head["name"] in segments:
                wanted = out["calibrator"]["segments"]
                wanted = {"field": wanted["field"], "kappa": wanted.get("kappa", 100)}
                out["calibrator"] = {**out["calibrator"], "segments": {**wanted, "names": segments[head["name"]][0]}}
        heads.append(out)
    return heads


def holdout_tensors(heads, logits, raw_labels, segments):
    """logit.<head> (raw, before correction) and label.<head>, NaN outside the population; segment.<head>."""
    tensors = {}
    for number, head in enumerate(heads):
        if head["kind"] == "probability":
            tensors[f"logit.{head['name']}"] = logits[:, number].astype(numpy.float32)
            tensors[f"label.{head['name']}"] = raw_labels[head["name"]].astype(numpy.float32)
    for name, (_, numbers) in segments.items():
        tensors[f"segment.{name}"] = numbers
    return tensors


def calibration_indices(fields, matrices, limit, seed):
    """At most `limit` rows at random, and each dense column's lowest and highest row."""
    generator = numpy.random.default_rng(seed)
    count = min(limit, matrices.n_rows)
    chosen = set(generator.choice(matrices.n_rows, count, replace=False).tolist())
    for field, encoded in zip(fields, matrices.fields):
        if is_dense(field):
            chosen.update(int(row) for row in encoded.dense.argmin(axis=0))
            chosen.update(int(row) for row in encoded.dense.argmax(axis=0))
    return numpy.array(sorted(chosen))


def raw_value(text, kind):
    """A CSV cell as the JSON value that a request would carry."""
    if kind == "f64":
        return float(text)
    if kind == "timestamp":
        return time_text(whole_number(text, kind))
    if kind == "i64":
        value = whole_number(text, kind)
        return value if abs(value) <= 2**53 else str(value)
    if kind == "bool":
        return text in ("true", "1", "True")
    if kind == "string[]":
        return text.split("|")
    if kind.startswith("f32["):
        return [float(part) for part in text.split("|")]
    return text


def input_facts(encoder):
    """(fact, side, type) that any field reads, each once."""
    facts = []
    for index in range(len(encoder.fields)):
        for fact in encoder.input_facts(index):
            if fact not in facts:
                facts.append(fact)
    return facts


def raw_rows(encoder, table, indices):
    """{"context": {}, "candidate": {}, "pair": {}} per row; missing facts are left out."""
    rows = [{"context": {}, "candidate": {}, "pair": {}} for _ in indices]
    if table.time_column is not None:
        for row, micros in zip(rows, table.times()[indices]):
            row["time"] = time_text(micros)
    for fact, side, kind in input_facts(encoder):
        column = table.frame[table.column_name(fact, side)].to_numpy()[indices]
        for row, text in zip(rows, column):
            if text is not None:
                row[SECTION[side]][fact] = raw_value(text, kind)
    return rows


def remove_if_there(path):
    if os.path.exists(path):
        os.remove(path)


def write_folder(folder, description, network, holdout, rows):
    """All four files. model.json is written last, and goes first where one was: a folder with it is complete."""
    os.makedirs(folder, exist_ok=True)
    remove_if_there(os.path.join(folder, "model.json"))
    write_safetensors(os.path.join(folder, "weights.safetensors"), network.exported_tensors())
    write_safetensors(os.path.join(folder, "holdout.safetensors"), holdout)
    with open(os.path.join(folder, "calibration.jsonl"), "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n")
    with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as file:
        json.dump(description, file, ensure_ascii=False, indent=1, allow_nan=False)
        file.write("\n")
