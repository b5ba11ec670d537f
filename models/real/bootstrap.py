"""Paired bootstrap of a difference in AUC: both models are scored on the same drawn rows."""
import numpy


class WeightedAuc:
    """AUC under integer row weights (how often a bootstrap drew each row), sorted only once."""

    def __init__(self, labels, scores):
        order = numpy.argsort(scores, kind="stable")
        self.order = order
        self.positive = (labels[order] == 1).astype(numpy.float64)
        ties = numpy.concatenate([[True], scores[order][1:] != scores[order][:-1]])
        self.starts = numpy.flatnonzero(ties)

    def __call__(self, weights):
        weights = weights[self.order]
        positive = numpy.add.reduceat(weights * self.positive, self.starts)
        negative = numpy.add.reduceat(weights * (1 - self.positive), self.starts)
        below = numpy.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def paired_difference(labels, scores_a, scores_b, draws=1000, seed=1):
    """{"difference", "standard_error", "low", "high"} of AUC(a) - AUC(b); 95% by percentiles."""
    generator = numpy.random.default_rng(seed)
    first, second = WeightedAuc(labels, scores_a), WeightedAuc(labels, scores_b)
    n_rows = len(labels)
    found = numpy.empty(draws)
    for draw in range(draws):
        weights = numpy.bincount(generator.integers(0, n_rows, n_rows), minlength=n_rows)
        weights = weights.astype(numpy.float64)
        found[draw] = first(weights) - second(weights)
    ones = numpy.ones(n_rows)
    low, high = numpy.quantile(found, [0.025, 0.975])
    return {
        "difference": first(ones) - second(ones),
        "standard_error": float(found.std(ddof=1)),
        "low": float(low),
        "high": float(high),
        "share_above_zero": float((found > 0).mean()),
    }
