"""python3 -m real census: train, export, pack, score in float and int8, compare with boosting."""
import os
from concurrent.futures import ProcessPoolExecutor

import numpy
import pandas

from simulate.open_policy import write_open_policy
from train import command
from train.config import check_config
from train.features import FeatureEncoder
from train.library import Library
from train.metrics import auc, expected_calibration_error, reliability
from train.requests import write_requests
from train.labels import population_labels
from train.run import execute, load_parts
from train.split import split_rows
from train.table import Table

from .boosting import feature_matrix, train_boosting
from .bootstrap import paired_difference
from .census import HEADS, NUMBERS, TEXTS, census_config
from .census_report import print_over_splits, print_split, write_page
from .census_teacher import teach
from .setting import data_path, result_folder, write_json

ROWS_PER_REQUEST = 500
TARGETS = {"income": "50000+.", "never_married": "Never married"}
COLUMNS = {"income": "income_50k", "never_married": "marital_stat"}


SPLITS = (1, 2, 3)  # seeds of the hash that holds rows out
WORKERS = 2


def run():
    """Prints the tables of all splits, writes build/real/census; returns 0."""
    path = data_path("census_income_kdd", "census_income_test_half.csv.gz")
    if path is None:
        return 0
    folder = result_folder("census")
    configs = [census_config(seed) for seed in SPLITS]
    folders = [os.path.join(folder, f"split-{seed}") for seed in SPLITS]
    results = []
    with ProcessPoolExecutor(WORKERS) as workers:  # a split uses one core
        for result in workers.map(run_split, [path] * len(SPLITS), configs, folders):
            results.append(result)
            print_split(result)
    result = {"splits": results, "over_splits": over_splits(results)}
    write_json(os.path.join(folder, "census.json"), result)
    write_page(os.path.join(folder, "census.html"), result)
    print_over_splits(result)
    return 0


def select():
    """One split within the rows that split 1 learns from: settings are chosen by its figures, and
    the held-out rows of split 1 play no part."""
    path = data_path("census_income_kdd", "census_income_test_half.csv.gz")
    if path is None:
        return 0
    folder = result_folder("census_selection")
    config = census_config(1)
    table = Table.read([path], {}, ())
    kept = split_rows(table, config["split"])["train"]
    rows = os.path.join(folder, "selection.csv")
    table.rows(kept).frame.to_csv(rows, index=False)
    config["split"] = {"test": 0.25, "holdout": 0.03, "seed": 101}
    print_split(run_split(rows, config, folder))
    return 0


def run_split(path, config, folder):
    """Rival, teachers, network, int8 bundle and figures of one split."""
    os.makedirs(folder, exist_ok=True)
    config, library = check_config(config), Library()
    rivals, settings = boost(config, path)
    rows, extra = os.path.join(folder, "rows.csv"), os.path.join(folder, "extra.csv")
    teach(config, path, rows, extra, settings, library)
    model = os.path.join(folder, "model")
    trained = execute(config, [rows], [], model, library, extra_paths=[extra])
    labels = population_labels(config["heads"], trained.test)
    served = serve(trained, labels, folder, library)
    return {
        "rows": trained.report["rows"],
        "split": config["split"],
        "training": config["training"],
        "graph": config["graph"],
        "boosting": settings,
        "heads": {head: compare(labels[head], served, rivals[head], head) for head in HEADS},
        "seconds": sum(trained.report["history"]["seconds"]),
        "evaluate": served["evaluate"],
        "pack": served["pack"],
    }


def over_splits(results):
    """Head to the difference to boosting over all splits: mean, its error from the splits' scatter,
    and the mean of the bootstraps' errors (splits share rows, so neither is divided by their number
    for a claim)."""
    out = {}
    for head in HEADS:
        found = [result["heads"][head]["int8_against_boosting"] for result in results]
        gaps = numpy.array([entry["difference"] for entry in found])
        out[head] = {
            "differences": gaps.tolist(),
            "mean": float(gaps.mean()),
            "error_of_mean": float(gaps.std(ddof=1) / numpy.sqrt(len(gaps))),
            "bootstrap_error_of_one": float(numpy.mean([f["standard_error"] for f in found])),
        }
    return out


def serve(trained, labels, folder, library):
    """Logits and probabilities of the test rows, float and int8, as the command serves them."""
    policy, bundle = os.path.join(folder, "open.json"), os.path.join(folder, "census.guardrank")
    requests, model = os.path.join(folder, "test.jsonl"), os.path.join(folder, "model")
    write_open_policy(policy)
    labelled = os.path.join(folder, "labelled.jsonl")
    with FeatureEncoder(library, trained.fields) as encoder:
        write_requests(labelled, encoder, trained.test, labels, ROWS_PER_REQUEST)
        write_requests(requests, encoder, trained.test, None, ROWS_PER_REQUEST)
    out = {"pack": command.pack(model, policy, None, bundle)}
    out["evaluate"] = {
        "int8": command.evaluate(labelled, bundle=bundle),
        "float": command.evaluate(labelled, sources=(model, policy, None), precision="float"),
    }
    n_rows = trained.test.n_rows
    out["int8"] = by_row(command.rank_lines(requests, bundle=bundle), n_rows)
    out["float"] = by_row(
        command.rank_lines(requests, sources=(model, policy, None), precision="float"), n_rows
    )
    return out


def by_row(answers, n_rows):
    """Head name to {"logit", "probability"}: float64 [n_rows], from offers called row-<n>."""
    columns = {
        head: {part: numpy.full(n_rows, numpy.nan) for part in ("logit", "probability")}
        for head in HEADS
    }
    for answer in answers:
        for entry in answer["ranked"]:
            row = int(entry["offer"].split("-")[1])
            for head in HEADS:
                for part, column in columns[head].items():
                    column[row] = entry["heads"][head][part]
    for head in HEADS:
        if numpy.isnan(columns[head]["logit"]).any():
            raise ValueError(f"{head}: rows without an answer")
    return columns


def boost(config, path):
    """Boosting's scores of the test rows, by head, and its settings."""
    parts = load_parts(config, [path], [])
    scores, settings = {}, {}
    matrix, rows = stack_parts(parts)
    for head in HEADS:
        target = numpy.concatenate(
            [
                (parts[part].frame[COLUMNS[head]] == TARGETS[head]).to_numpy().astype(int)
                for part in ("train", "holdout", "test")
            ]
        )
        found, settings[head] = train_boosting(
            matrix, target, len(NUMBERS), numpy.concatenate([rows["train"], rows["holdout"]])
        )
        scores[head] = found[rows["test"]]
    return scores, settings


def stack_parts(parts):
    """One matrix over all parts (category codes must agree) and the rows of each part."""
    names = ("train", "holdout", "test")
    table = Table(pandas.concat([parts[name].frame for name in names], ignore_index=True))
    ends = numpy.cumsum([0] + [parts[name].n_rows for name in names])
    rows = {name: numpy.arange(ends[place], ends[place + 1]) for place, name in enumerate(names)}
    return feature_matrix(table, NUMBERS, TEXTS), rows


def compare(labels, served, rival, head):
    """AUCs, the int8 loss, and the bootstrap against boosting."""
    int8, full = served["int8"][head], served["float"][head]
    error = numpy.abs(int8["logit"] - full["logit"])
    near = numpy.abs(full["logit"]) < 6
    return {
        "rows": int(len(labels)),
        "base_rate": float(labels.mean()),
        "auc_boosting": auc(labels, rival),
        "auc_float": auc(labels, full["logit"]),
        "auc_int8": auc(labels, int8["logit"]),
        "int8_loss": auc(labels, full["logit"]) - auc(labels, int8["logit"]),
        "worst_logit_error": float(error.max()),
        "mean_logit_error": float(error.mean()),
        "worst_logit_error_near": float(error[near].max()),
        "ece_int8": expected_calibration_error(labels, int8["probability"]),
        "reliability": reliability(labels, int8["probability"]),
        "int8_against_boosting": paired_difference(labels, int8["logit"], rival),
    }
