"""python3 -m simulate.reference: simulates, trains and packs the two reference bundles.

Reads models/reference/<name>/{train.json,policy.yaml}; writes <name>/catalog.csv, <name>.guardrank
and REPORT.md beside them. Work files go to --work. The same machine gives the same bytes."""
import argparse
import json
import os
import sys
from dataclasses import dataclass

from train import command
from train.config import read_config
from train.features import FeatureEncoder
from train.library import Library
from train.requests import write_requests
from train.run import execute
from train.table import Table

from . import card_catalog, cards, goods, goods_catalog
from .__main__ import catalog_columns
from .open_policy import write_open_policy
from .recovery import compare_with_truth, write_recovery
from .write import write_csv


@dataclass
class Market:
    """What one reference bundle is made from. Rows are impressions before sampling."""

    name: str
    simulate: object
    catalog: object
    train_rows: int
    negative_rate: float
    fresh_options: dict
    holdout_rows: int = 200_000
    fresh_rows: int = 60_000


MARKETS = [
    Market("cards", cards.simulate, card_catalog.catalog, 1_600_000, 0.1, {}),
    Market("goods", goods.simulate, goods_catalog.catalog, 500_000, 0.25, {"with_unseen": True}),
]


def simulate_market(market, work):
    """CSV paths: sampled training rows, unsampled holdout, fresh rows to measure on."""
    paths = {part: os.path.join(work, f"{part}.csv.gz") for part in ("train", "holdout", "fresh")}
    write_csv(paths["train"], market.simulate(market.train_rows, 1, market.negative_rate))
    write_csv(paths["holdout"], market.simulate(market.holdout_rows, 2))
    write_csv(paths["fresh"], market.simulate(market.fresh_rows, 3, 1.0, **market.fresh_options))
    return paths


def build_market(market, folder, work, library):
    """Writes the bundle; returns what REPORT.md says of it."""
    here = os.path.join(folder, market.name)
    work = os.path.join(work, market.name)
    os.makedirs(work, exist_ok=True)
    print(f"{market.name}: simulating")
    paths = simulate_market(market, work)
    catalog_path = os.path.join(here, "catalog.csv")
    write_csv(catalog_path, catalog_columns(market.catalog()))
    config = read_config(os.path.join(here, "train.json"))
    model = os.path.join(work, "model")
    run = execute(config, [paths["train"]], [paths["holdout"]], model, library)
    bundle = os.path.join(folder, f"{market.name}.guardrank")
    packed = command.pack(model, os.path.join(here, "policy.yaml"), catalog_path, bundle)
    print(f"{market.name}: packed {os.path.getsize(bundle)} bytes")
    recovery = measure_market(run, paths["fresh"], model, work, library)
    return {
        "market": market,
        "run": run,
        "packed": packed,
        "recovery": recovery,
        "bytes": os.path.getsize(bundle),
    }


def measure_market(run, fresh, model, work, library):
    """Serves fresh rows through an open policy and holds probabilities against the truth."""
    policy, bundle = os.path.join(work, "open.json"), os.path.join(work, "open.guardrank")
    requests = os.path.join(work, "fresh.jsonl")
    write_open_policy(policy)
    command.pack(model, policy, None, bundle)
    table = Table.read([fresh])
    with FeatureEncoder(library, run.fields) as encoder:
        write_requests(requests, encoder, table)
    return compare_with_truth(
        run.description["heads"], table, command.rank_lines(requests, bundle=bundle)
    )


def main(words=None):
    parser = argparse.ArgumentParser(prog="python3 -m simulate.reference", description=__doc__)
    parser.add_argument("--folder", required=True, help="models/reference of the checkout")
    parser.add_argument("--work", required=True, help="folder for simulated rows and weights")
    parser.add_argument("--library", help="guardrank-tools (default: GUARDRANK_TOOLS_LIBRARY)")
    parser.add_argument("--only", choices=[market.name for market in MARKETS])
    chosen = parser.parse_args(words)
    library = Library(chosen.library)
    built = [
        build_market(market, chosen.folder, chosen.work, library)
        for market in MARKETS
        if chosen.only in (None, market.name)
    ]
    if chosen.only is None:
        write_recovery(os.path.join(chosen.folder, "REPORT.md"), built)
    with open(os.path.join(chosen.work, "packed.json"), "w", encoding="utf-8") as file:
        json.dump({entry["market"].name: entry["packed"] for entry in built}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
