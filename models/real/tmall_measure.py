"""What a ranking of Tmall items is measured on: held-out events, hit rate and NDCG at 10."""
from dataclasses import dataclass

import numpy

TOP = 10
BOOTSTRAP_DRAWS = 2000


@dataclass
class Outcome:
    """Per measured user: was a held-out item among the first ten, and NDCG@10."""

    hits: numpy.ndarray
    gains: numpy.ndarray

    def summary(self):
        root = numpy.sqrt(len(self.hits))
        return {
            "hr": float(self.hits.mean()),
            "hr_se": float(self.hits.std(ddof=1) / root),
            "ndcg": float(self.gains.mean()),
            "ndcg_se": float(self.gains.std(ddof=1) / root),
        }


def paired_bootstrap(first, second, seed=1):
    """Of the mean difference in NDCG@10 over the same users, drawn with replacement."""
    gaps = first.gains - second.gains
    generator = numpy.random.default_rng(seed)
    drawn = numpy.array(
        [gaps[generator.integers(0, len(gaps), len(gaps))].mean() for _ in range(BOOTSTRAP_DRAWS)]
    )
    low, high = numpy.quantile(drawn, [0.025, 0.975])
    return {
        "difference": float(gaps.mean()),
        "standard_error": float(drawn.std(ddof=1)),
        "low": float(low),
        "high": float(high),
        "hr_difference": float(first.hits.mean() - second.hits.mean()),
    }


class HeldOut:
    """What one behaviour is measured on: users with an event held out and one left, at most
    `limit` of them at random; what they have already is never ranked."""

    def __init__(self, held, owned, limit, seed):
        wanted = held[held.user.isin(owned.user.unique())]
        users = numpy.sort(wanted.user.unique())
        generator = numpy.random.default_rng(seed)
        self.users = numpy.sort(generator.choice(users, min(limit, len(users)), False))
        chosen = set(self.users.tolist())
        self.relevant = group(wanted[wanted.user.isin(chosen)])
        self.owned = group(owned[owned.user.isin(chosen)])

    def measure(self, lists):
        """The Outcome of `lists`: item numbers, best first, by the user's place."""
        hits, gains = numpy.zeros(len(self.users)), numpy.zeros(len(self.users))
        for place, (user, items) in enumerate(zip(self.users.tolist(), lists)):
            wanted = self.relevant[user]
            found = [
                1.0 / numpy.log2(slot + 2)
                for slot, item in enumerate(items[:TOP])
                if item in wanted
            ]
            ideal = sum(1.0 / numpy.log2(slot + 2) for slot in range(min(len(wanted), TOP)))
            hits[place], gains[place] = float(bool(found)), sum(found) / ideal
        return Outcome(hits, gains)


def group(frame):
    """User to set of items."""
    return {user: set(items) for user, items in frame.groupby("user").item}
