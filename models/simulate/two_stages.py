"""python3 -m simulate.two_stages --example examples/two_stages --out folder

One command from nothing to a bundle that ranks in two stages: simulates a large catalog of goods,
trains the model, trains stage one, measures the figures of `two_stage` (`guardrank plan`) and
packs. Wants GUARDRANK_TOOLS_LIBRARY and GUARDRANK_COMMAND."""
import argparse
import json
import os
import sys

from train import command, stage_one
from train.config import read_config
from train.library import Library
from train.run import execute

from . import goods, goods_catalog
from .__main__ import catalog_columns
from .requests import write_visits
from .write import write_csv

LIMIT = 20


def simulate_goods(out, chosen):
    """CSV paths by part, and the shoppers of two request samples."""
    offers = goods_catalog.catalog(n_items=chosen.offers)
    paths = {name: os.path.join(out, f"{name}.csv") for name in ("catalog", "train", "holdout")}
    write_csv(paths["catalog"], catalog_columns(offers))
    write_csv(paths["train"], goods.simulate(chosen.rows, 1, offers=offers))
    write_csv(paths["holdout"], goods.simulate(chosen.rows // 3, 2, offers=offers))
    small = goods_catalog.catalog()
    return paths, {name: goods.simulate(400, seed, offers=small) for name, seed in
                   (("learn", 3), ("measure", 4))}


def build(chosen, library):
    here, out = chosen.example, chosen.out
    os.makedirs(out, exist_ok=True)
    config = read_config(os.path.join(here, "train.json"))
    paths, shoppers = simulate_goods(out, chosen)
    model = os.path.join(out, "model")
    execute(config, [paths["train"]], [paths["holdout"]], model, library)
    with open(os.path.join(model, "model.json"), encoding="utf-8") as file:
        fields = json.load(file)["fields"]
    requests = {name: os.path.join(out, f"{name}.jsonl") for name in shoppers}
    for name, columns in shoppers.items():
        write_visits(requests[name], columns, fields, 400 if name == "learn" else 100, LIMIT)
    with open(os.path.join(here, "offer_fields.json"), encoding="utf-8") as file:
        own = json.load(file)
    policy = os.path.join(here, "policy.yaml")
    choice = stage_one.Choice(steps=chosen.steps)
    stage_one.train(model, policy, paths["catalog"], requests["learn"], choice, library, own)
    measured = os.path.join(out, "policy.yaml")
    words = ["--model", model, "--catalog", paths["catalog"]]
    plan = words + ["--policy", policy, "--requests", requests["measure"], "--out", measured]
    if chosen.budget:
        plan += ["--budget", str(chosen.budget)]
    if chosen.min_recall:
        plan += ["--min-recall", str(chosen.min_recall)]
    print(command.run_command(["plan"] + plan + ["--html", os.path.join(out, "plan.html")]))
    bundle = os.path.join(out, "two_stages.guardrank")
    command.pack(model, measured, paths["catalog"], bundle)
    print(f"packed {bundle}, {os.path.getsize(bundle)} bytes")


def main(words=None):
    parser = argparse.ArgumentParser(prog="python3 -m simulate.two_stages", description=__doc__)
    parser.add_argument(
        "--example", required=True, help="train.json, policy.yaml, offer_fields.json"
    )
    parser.add_argument("--out", required=True, help="folder for everything that is made")
    parser.add_argument("--offers", type=int, default=4000)
    parser.add_argument("--rows", type=int, default=30_000, help="impressions to train on")
    parser.add_argument("--budget", type=float, help="microseconds, instead of the policy's")
    parser.add_argument("--min-recall", type=float, help="instead of the policy's")
    parser.add_argument("--steps", type=int, default=stage_one.Choice.steps, help="of a round")
    parser.add_argument("--library", help="guardrank-tools (default: GUARDRANK_TOOLS_LIBRARY)")
    chosen = parser.parse_args(words)
    try:
        build(chosen, Library(chosen.library))
    except (command.CommandError, ValueError, OSError) as error:
        print(f"two_stages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
