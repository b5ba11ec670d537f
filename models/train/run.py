"""One training run from a config and CSV files to the trained-weights folder and its report."""
import json
import os
from dataclasses import dataclass

import numpy
import torch

from .calibration import corrected_logits
from .checkpoint import Checkpoint
from .export import (
    calibration_indices,
    exported_heads,
    holdout_tensors,
    model_description,
    raw_rows,
    remove_if_there,
    segments_of,
    write_folder,
)
from .features import FeatureEncoder
from .fitting import fit_fields
from .inputs import batch_of
from .labels import build_labels, check_entire_space, check_heads, population_labels, sampling_rates
from .loop import Trainer, gate_shares, predict, steps_of
from .manifest import build_manifest, hash_json, lineage_of
from .metrics import measure, reliability, sigmoid
from .network import Network
from .report import write_report
from .split import split_rows
from .table import Table


FEWEST_STEPS = 500


@dataclass
class Run:
    """What a run leaves in memory for programs that go on from it."""

    network: Network
    fields: list
    heads: list
    description: dict
    report: dict
    test: Table

    def vocabulary_of(self, name):
        """Vocabulary values of a field; empty for one without a vocabulary."""
        for field in self.fields:
            for transform in field["transforms"]:
                if field["name"] == name and transform["op"] == "vocabulary":
                    return transform["values"]
        return []


def seed_everything(seed):
    """One thread and deterministic kernels: the same manifest trains the same weights."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)


def load_parts(config, data_paths, holdout_paths, extra_paths=()):
    """Tables by part. A separate holdout file replaces the split's; extra rows only train."""
    how = (config["columns"], config["missing"], config.get("time_column"))
    table = Table.read(data_paths, *how)
    parts = {name: table.rows(rows) for name, rows in split_rows(table, config["split"]).items()}
    if holdout_paths:
        parts["holdout"] = Table.read(holdout_paths, *how)
    if extra_paths:
        extra = Table.read(extra_paths, *how)
        parts["train"] = parts["train"].followed_by(extra)
    limit = int(config["training"]["holdout_rows"])
    if parts["holdout"].n_rows > limit:
        drawn = numpy.random.default_rng(int(config["training"]["seed"]))
        chosen = drawn.choice(parts["holdout"].n_rows, limit, replace=False)
        parts["holdout"] = parts["holdout"].rows(numpy.sort(chosen))
    return parts


def check_steps(training, n_rows):
    """What is doubtful of so little training, as texts."""
    steps = steps_of(training, n_rows)
    if steps >= FEWEST_STEPS:
        return []
    return [f"training: {steps} steps in all, which seldom are enough: wanted more epochs, or a smaller batch"]


def check_parts(heads, parts):
    """Before hours of training: there are rows to train on, and rows to fit calibrators on."""
    if parts["train"].n_rows == 0:
        raise ValueError("no rows to train on: the split leaves none")
    for head in heads:
        if parts["holdout"].n_rows == 0 and is_fitted(head):
            raise ValueError(
                f"no holdout rows, on which the calibrator of head {head['name']} is fitted: "
                "wanted --holdout FILE or split.holdout above 0"
            )


def is_fitted(head):
    return (head.get("calibrator") or {}).get("kind") == "fit"


def check_holdout(heads, raw_labels):
    """And that those rows have labels of both kinds, since the packer would refuse the whole run for it."""
    for head in heads:
        label = raw_labels[head["name"]]
        label = label[~numpy.isnan(label)]
        if is_fitted(head) and len(label) == 0:
            raise ValueError(f"heads.{head['name']}: no holdout row has a label to fit its calibrator on")
        if is_fitted(head) and label.min() == label.max():
            raise ValueError(
                f"heads.{head['name']}: all {len(label)} holdout rows have the label {label[0]:g}: "
                "its calibrator cannot be fitted"
            )
        if head["kind"] == "log_amount" and len(label) == 0 and "log_sigma" not in head:
            raise ValueError(f"heads.{head['name']}: no holdout row has an amount to find log_sigma on")


def check_holdout_prior(config, table, raw_labels, is_split):
    """A calibrator that is fitted on sampled rows undoes the correction for sampling. `is_split`: the holdout is a
    part of the training data."""
    column = config.get("sampling_column")
    column = column if column in table.frame.columns else None
    rate = sampling_rates(table, column)
    for head in config["heads"]:
        if not is_fitted(head):
            continue
        inside = ~numpy.isnan(raw_labels[head["name"]])
        is_sampled = (rate[inside] < 1).any() if column else is_split and head["negative_sampling_rate"] < 1
        if is_sampled:
            raise ValueError(
                f"heads.{head['name']}: its calibrator would be fitted on sampled holdout rows, which undoes the "
                "correction: wanted --holdout FILE of rows with the true prior, or another calibrator"
            )


def evaluate_heads(heads, logits, raw_labels):
    """Figures and reliability of each probability head, corrected but before its calibrator."""
    figures = {}
    for number, head in enumerate(heads):
        label = raw_labels[head["name"]]
        inside = ~numpy.isnan(label)
        if head["kind"] != "probability" or not inside.any():
            continue
        z = corrected_logits(head, logits[inside, number].astype(numpy.float64))
        figures[head["name"]] = measure(label[inside], sigmoid(z))
        figures[head["name"]]["reliability"] = reliability(label[inside], sigmoid(z))
    return figures


def train_network(config, fields, encoder, table, labels, folder, checkpoint, resume):
    """(network, history, matrices of the training rows)."""
    matrices = encoder.encode_all(table)
    counts = [encoder.code_count(index) for index in range(len(fields))]
    training = config["training"]
    description = {"fields": fields, "levels": config["levels"], "heads": config["heads"]}
    network = Network(description, counts, training["dropout"], training["field_dropout"])
    trainer = Trainer(network, config["heads"], fields, training, folder)
    history = trainer.train(batch_of(fields, matrices), labels, checkpoint, resume)
    return network, history, matrices


def execute(
    config, data_paths, holdout_paths, folder, library, log=print, resume=False, extra_paths=()
):
    """Trains and writes `folder`; `resume`: goes on from its checkpoint, if any; `extra_paths`:
    rows that only train. Returns a Run."""
    seed_everything(int(config["training"]["seed"]))
    manifest = build_manifest(config, data_paths, holdout_paths, extra_paths)
    checkpoint = Checkpoint(folder, hash_json(manifest))
    parts = load_parts(config, data_paths, holdout_paths, extra_paths)
    log(f"{config['name']}: " + ", ".join(f"{part} {t.n_rows} rows" for part, t in parts.items()))
    check_parts(config["heads"], parts)
    labels = build_labels(config["heads"], parts["train"], config.get("sampling_column"))
    warnings = check_steps(config["training"], parts["train"].n_rows)
    warnings += check_heads(config["heads"], labels) + check_entire_space(config["heads"], parts["train"])
    raw = population_labels(config["heads"], parts["holdout"])
    check_holdout(config["heads"], raw)
    check_holdout_prior(config, parts["holdout"], raw, not holdout_paths)
    segments = segments_of(config, parts["holdout"])
    for warning in warnings:
        log(f"warning: {warning}")
    remove_if_there(os.path.join(folder, "failure.json"))
    fields = fit_fields(library, config["fields"], parts["train"])
    with FeatureEncoder(library, fields) as encoder:
        network, history, matrices = train_network(
            config, fields, encoder, parts["train"], labels, folder, checkpoint, resume
        )
        holdout = batch_of(fields, encoder.encode_all(parts["holdout"]))
        logits = (
            predict(network, holdout).numpy()
            if holdout.n_rows()
            else numpy.zeros((0, len(config["heads"])), numpy.float32)
        )
        heads = exported_heads(config, logits, raw, segments)
        figures = evaluate_heads(config["heads"], logits, raw)
        gates = gate_shares(network, holdout) if holdout.n_rows() else []
        indices = calibration_indices(
            fields,
            matrices,
            int(config["training"]["calibration_rows"]),
            int(config["training"]["seed"]),
        )
        rows = raw_rows(encoder, parts["train"], indices)
    summary = {
        head: {k: v for k, v in f.items() if k != "reliability"} for head, f in figures.items()
    }
    description = model_description(config, fields, heads, lineage_of(manifest, summary))
    write_folder(folder, description, network, holdout_tensors(config["heads"], logits, raw, segments), rows)
    report = {
        "name": config["name"],
        "version": config["version"],
        "manifest": manifest,
        "rows": {part: table.n_rows for part, table in parts.items()},
        "warnings": warnings,
        "heads": figures,
        "gates": gates,
        "history": vars(history),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    write_report(folder, report, [head["name"] for head in config["heads"]])
    write_manifest(folder, manifest)
    checkpoint.remove()
    return Run(network, fields, heads, description, report, parts["test"])


def write_manifest(folder, manifest):
    with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, sort_keys=True)
        file.write("\n")
