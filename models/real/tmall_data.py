"""Tmall pairs, split into what is learned from and what is asked: one event per user and behaviour.

The source held the last purchases out (`buy_test`); it has no times to do the same for collects,
so one per user is drawn by a hash of the pair. Stage "selection", for choosing settings, leaves
both of these out altogether and draws another event per user from the rest, again by hash: the
events that the result is measured on play no part in any choice."""
from dataclasses import dataclass

import numpy
import pandas

from train.split import uniform_of

LEAST_EVENTS = 3  # a user with fewer of a behaviour keeps them all


@dataclass
class Interactions:
    """Pairs by behaviour, as (user, item) integer columns; items are numbered 1 to `n_items`."""

    buy: pandas.DataFrame
    collect: pandas.DataFrame
    buy_held_out: pandas.DataFrame
    collect_held_out: pandas.DataFrame
    n_items: int
    last_user: int


def hold_one_out(pairs, seed):
    """(kept, held out): one pair of each user with LEAST_EVENTS or more, by hash."""
    order = pandas.Series(
        uniform_of(pairs.user.to_numpy() * 100_003 + pairs.item.to_numpy(), seed), pairs.index
    )
    counts = pairs.groupby("user").item.transform("size")
    held = (order.groupby(pairs.user).transform("min") == order) & (counts >= LEAST_EVENTS)
    return pairs[~held].reset_index(drop=True), pairs[held].reset_index(drop=True)


def read_interactions(path, stage="test"):
    """The file's pairs; `stage`: "test" or "selection"."""
    frame = pandas.read_csv(path).drop_duplicates()
    parts = {
        name: frame.loc[frame.behavior == name, ["user", "item"]].reset_index(drop=True)
        for name in ("buy", "collect", "buy_test")
    }
    buy, buy_held_out = parts["buy"], parts["buy_test"]
    collect, collect_held_out = hold_one_out(parts["collect"], 7)
    if stage == "selection":
        buy, buy_held_out = hold_one_out(buy, 11)
        collect, collect_held_out = hold_one_out(collect, 12)
    return Interactions(
        buy,
        collect,
        buy_held_out,
        collect_held_out,
        int(frame.item.max()),
        int(frame.user.max()),
    )


def text_ids(prefix, numbers):
    """object [n]: "i17" for 17."""
    return numpy.array([f"{prefix}{number}" for number in numbers], dtype=object)
