"""Tmall pairs as training rows: positives of both behaviours, uniform negatives."""
from dataclasses import dataclass

import numpy
import pandas

from train.split import uniform_of

NEGATIVES_PER_POSITIVE = 3
HISTORY_LENGTH = 12


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


class Histories:
    """Up to HISTORY_LENGTH items per user, bought or collected, drawn once: who the user is."""

    def __init__(self, data, seed=1):
        pairs = pandas.concat([data.buy, data.collect]).drop_duplicates()
        order = numpy.random.default_rng(seed).permutation(len(pairs))
        grouped = pairs.iloc[order].groupby("user").item
        self.items = {user: items.to_numpy()[:HISTORY_LENGTH].tolist() for user, items in grouped}
        self.texts = {user: self.join(items) for user, items in self.items.items()}

    @staticmethod
    def join(items):
        return "|".join(f"i{item}" for item in items) or None

    def without(self, user, item):
        """The history as text, less the item that a training row asks about."""
        items = self.items.get(user, [])
        if item not in items:
            return self.texts.get(user)
        return self.join(other for other in items if other != item)


def training_rows(data, histories, seed=1):
    """(columns of the CSV, share of the negatives that is in them).

    Rows: every bought or collected pair with both labels, and uniform pairs that are neither. A
    held-out pair may be drawn as a negative: the model must not know better."""
    generator = numpy.random.default_rng(seed)
    buy, collect = pair_keys(data.buy, data.n_items), pair_keys(data.collect, data.n_items)
    positive = numpy.union1d(buy, collect)
    users = generator.permutation(pandas.concat([data.buy.user, data.collect.user]).to_numpy())
    drawn_users = numpy.repeat(users[: len(positive)], NEGATIVES_PER_POSITIVE)
    drawn = drawn_users.astype(numpy.int64) * (data.n_items + 1)
    drawn += generator.integers(1, data.n_items + 1, len(drawn_users))
    drawn = drawn[~numpy.isin(drawn, positive)]
    keys = generator.permutation(numpy.concatenate([positive, drawn]))
    user, item = keys // (data.n_items + 1), keys % (data.n_items + 1)
    history = [histories.without(*pair) for pair in zip(user.tolist(), item.tolist())]
    columns = {
        "ctx.history": numpy.array(history, dtype=object),
        "offer": text_ids("i", item),
        "label.purchase": numpy.isin(keys, buy).astype(int),
        "label.favorite": numpy.isin(keys, collect).astype(int),
    }
    return columns, len(drawn) / (data.n_users * data.n_items)


def text_ids(prefix, numbers):
    """object [n]: "i17" for 17."""
    return numpy.array([f"{prefix}{number}" for number in numbers], dtype=object)
