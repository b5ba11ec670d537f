"""python3 -m simulate cards|goods --rows 100000 --seed 1 --out folder"""
import argparse
import os
import sys

from . import cards, card_catalog, goods, goods_catalog
from .write import write_csv


def arguments(words):
    parser = argparse.ArgumentParser(prog="python3 -m simulate", description=__doc__)
    parser.add_argument("market", choices=["cards", "goods"])
    parser.add_argument("--rows", type=int, required=True, help="impressions before sampling")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--negative-rate",
        type=float,
        default=1.0,
        help="share of negative impressions kept (cards: without a click; "
        "goods: without favorite and purchase)",
    )
    parser.add_argument(
        "--with-unseen",
        action="store_true",
        help="goods: impressions of the surface that training never shows, too",
    )
    parser.add_argument(
        "--out", required=True, help="folder for impressions.csv.gz and catalog.csv"
    )
    return parser.parse_args(words)


def main(words=None):
    chosen = arguments(words)
    if chosen.rows < 1 or not 0 < chosen.negative_rate <= 1:
        print("simulate: wanted --rows above 0 and --negative-rate in (0, 1]", file=sys.stderr)
        return 2
    if chosen.seed < 0 or (chosen.with_unseen and chosen.market != "goods"):
        print("simulate: wanted --seed of at least 0, and --with-unseen for goods alone", file=sys.stderr)
        return 2
    os.makedirs(chosen.out, exist_ok=True)
    if chosen.market == "cards":
        columns = cards.simulate(chosen.rows, chosen.seed, chosen.negative_rate)
        offers = card_catalog.catalog()
    else:
        columns = goods.simulate(chosen.rows, chosen.seed, chosen.negative_rate, chosen.with_unseen)
        offers = goods_catalog.catalog()
    write_csv(os.path.join(chosen.out, "impressions.csv.gz"), columns)
    write_csv(os.path.join(chosen.out, "catalog.csv"), catalog_columns(offers))
    print(
        f"{chosen.market}: wrote {len(columns['sample_rate'])} of {chosen.rows} impressions, "
        f"{len(offers['offer'])} offers to {chosen.out}"
    )
    return 0


def catalog_columns(offers):
    """The catalog as the packer reads it (offer, validity, facts)."""
    empty = [None] * len(offers["offer"])
    columns = {
        "offer": offers["offer"],
        "valid_from": as_objects(empty),
        "valid_to": as_objects(empty),
    }
    columns.update({f"offer.{name}": values for name, values in offers.items() if name != "offer"})
    return columns


def as_objects(values):
    import numpy

    return numpy.array(values, dtype=object)


if __name__ == "__main__":
    sys.exit(main())
