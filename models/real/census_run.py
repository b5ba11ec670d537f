"""python3 -m real census: train, export, pack, score in float and int8, compare with boosting."""
import os

import numpy
import pandas

from simulate.open_policy import write_open_policy
from train import command
from train.config import check_config
from train.features import FeatureEncoder
from train.library import Library
from train.metrics import auc, expected_calibration_error, reliability
from train.page import Page
from train.report import reliability_plot
from train.requests import write_requests
from train.run import execute, load_parts, population_labels
from train.table import Table

from .boosting import feature_matrix, train_boosting
from .bootstrap import paired_difference
from .census import HEADS, NUMBERS, TEXTS, census_config
from .setting import data_path, print_table, result_folder, write_json

ROWS_PER_REQUEST = 500
TARGETS = {"income": "50000+.", "never_married": "Never married"}
COLUMNS = {"income": "income_50k", "never_married": "marital_stat"}


def run(seed=1):
    """Prints the table, writes build/real/census; returns 0."""
    path = data_path("census_income_kdd", "census_income_test_half.csv.gz")
    if path is None:
        return 0
    folder = result_folder("census")
    config = census_config()
    config["training"]["seed"] = seed
    config = check_config(config)
    library = Library()
    trained = execute(config, [path], [], os.path.join(folder, "model"), library)
    labels = population_labels(config["heads"], trained.test)
    served = serve(trained, labels, folder, library)
    rivals, settings = boost(config, path)
    figures = {head: compare(labels[head], served, rivals[head], head) for head in HEADS}
    result = {
        "rows": trained.report["rows"],
        "training": config["training"],
        "graph": config["graph"],
        "boosting": settings,
        "heads": figures,
        "seconds": sum(trained.report["history"]["seconds"]),
        "evaluate": served["evaluate"],
        "pack": served["pack"],
    }
    write_json(os.path.join(folder, "census.json"), result)
    write_page(os.path.join(folder, "census.html"), result)
    print_results(result)
    return 0


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


def table_rows(result):
    rows = []
    for head, f in result["heads"].items():
        paired = f["int8_against_boosting"]
        rows.append(
            [
                head,
                f["rows"],
                f"{f['auc_boosting']:.5f}",
                f"{f['auc_float']:.5f}",
                f"{f['auc_int8']:.5f}",
                f"{f['int8_loss']:+.5f}",
                f"{paired['difference']:+.5f} [{paired['low']:+.5f}, {paired['high']:+.5f}]",
                f"{paired['standard_error']:.5f}",
                f"{f['worst_logit_error_near']:.3f}",
                f"{f['ece_int8']:.4f}",
            ]
        )
    return rows


NAMES = [
    "head",
    "test rows",
    "AUC boosting",
    "AUC float",
    "AUC int8",
    "int8 loss",
    "int8 - boosting [95%]",
    "s.e.",
    "worst error |z|<6",
    "ECE",
]


def print_results(result):
    print(
        f"Census-Income, {result['rows']['train']} training rows, held-out 30% by hash of the row "
        f"number; training took {result['seconds']:.0f} s"
    )
    print_table(NAMES, table_rows(result))


def write_page(path, result):
    page = Page("Census-Income: two tasks, float and int8, against gradient boosting")
    page.paragraph(
        "Held-out rows are 30% by a hash of the row number; both models learn from the same "
        "training rows. Paired bootstrap, 1000 draws of the held-out rows."
    )
    page.table(NAMES, table_rows(result))
    for head, figures in result["heads"].items():
        page.image(
            f"Reliability of {head}, served in int8", reliability_plot(figures["reliability"])
        )
    page.write(path)
