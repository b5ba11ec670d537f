"""Tmall pairs as training rows: positives of both behaviours, uniform negatives."""
from dataclasses import dataclass

import numpy
import pandas

from train.split import uniform_of

NEGATIVES_PER_POSITIVE = 4
HISTORY_LENGTH = 20


@dataclass
class Interactions:
    """Pairs by behaviour, as (user, item) integer arrays; `n_items` items are numbered 1 to n."""

    buy: pandas.DataFrame
    collect: pandas.DataFrame
    buy_held_out: pandas.DataFrame  # the source's last purchases
    collect_held_out: pandas.DataFrame  # one per user with three or more, by hash
    n_items: int
    n_users: int


def read_interactions(path):
    """Splits the file. The source held the last purchases out; there are no times to do the same
    for collects, so one is drawn by a hash of the pair."""
    frame = pandas.read_csv(path).drop_duplicates()
    parts = {
        name: frame.loc[frame.behavior == name, ["user", "item"]].reset_index(drop=True)
        for name in ("buy", "collect", "buy_test")
    }
    collect = parts["collect"]
    order = uniform_of(collect.user.to_numpy() * 100_003 + collect.item.to_numpy(), 7)
    collect = collect.assign(order=order)
    counts = collect.groupby("user").item.transform("size")
    first = collect.groupby("user").order.transform("min") == collect.order
    held = first & (counts >= 3)
    return Interactions(
        parts["buy"],
        collect.loc[~held, ["user", "item"]],
        parts["buy_test"],
        collect.loc[held, ["user", "item"]],
        int(frame.item.max()),
        int(frame.user.nunique()),
    )


def pair_keys(frame, n_items):
    """int64 [n]: one number per pair."""
    return frame.user.to_numpy().astype(numpy.int64) * (n_items + 1) + frame.item.to_numpy()


def training_rows(data, seed=1):
    """(columns of the CSV, share of the negatives that is in them).

    Rows: every bought or collected pair with both labels, and uniform pairs that are neither. A
    held-out pair may be drawn as a negative: the model must not know better."""
    generator = numpy.random.default_rng(seed)
    buy, collect = pair_keys(data.buy, data.n_items), pair_keys(data.collect, data.n_items)
    positive = numpy.union1d(buy, collect)
    users = pandas.concat([data.buy.user, data.collect.user]).to_numpy()
    drawn_users = numpy.repeat(
        users[generator.permutation(len(users))][: len(positive)], NEGATIVES_PER_POSITIVE
    )
    drawn = drawn_users.astype(numpy.int64) * (data.n_items + 1) + generator.integers(
        1, data.n_items + 1, len(drawn_users)
    )
    drawn = drawn[~numpy.isin(drawn, positive)]
    keys = numpy.concatenate([positive, drawn])
    keys = keys[generator.permutation(len(keys))]
    columns = {
        "ctx.user": keys // (data.n_items + 1),
        "offer": keys % (data.n_items + 1),
        "label.purchase": numpy.isin(keys, buy).astype(int),
        "label.favorite": numpy.isin(keys, collect).astype(int),
    }
    return columns, len(drawn) / (data.n_users * data.n_items)


def text_ids(prefix, numbers):
    """object [n]: "i17" for 17."""
    return numpy.array([f"{prefix}{number}" for number in numbers], dtype=object)
