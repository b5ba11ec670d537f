"""Measures of ranking and calibration over labels 0/1 and probabilities."""
import numpy


def tied_ranks(scores):
    """Average ranks from 1."""
    order = numpy.argsort(scores, kind="stable")
    sorted_scores = scores[order]
    starts = numpy.concatenate([[True], sorted_scores[1:] != sorted_scores[:-1]])
    group = numpy.cumsum(starts) - 1
    first = numpy.flatnonzero(starts)
    last = numpy.concatenate([first[1:], [len(scores)]])
    ranks = numpy.empty(len(scores))
    ranks[order] = ((first + 1 + last) / 2.0)[group]
    return ranks


def auc(labels, scores):
    """Area under the ROC curve (Mann-Whitney); NaN with one class only."""
    positives = labels == 1
    n_positive, n_negative = int(positives.sum()), int((~positives).sum())
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    ranks = tied_ranks(scores)
    return float(
        (ranks[positives].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
    )


def average_precision(labels, scores):
    """Sum over thresholds of (recall step) x precision; ties share a threshold."""
    order = numpy.argsort(-scores, kind="stable")
    hits = numpy.cumsum(labels[order] == 1)
    ends = numpy.flatnonzero(numpy.diff(scores[order], append=-numpy.inf))
    if hits[-1] == 0:
        return float("nan")
    precision = hits[ends] / (ends + 1.0)
    recall = hits[ends] / hits[-1]
    return float(numpy.sum(numpy.diff(recall, prepend=0.0) * precision))


def log_loss(labels, probabilities):
    clipped = numpy.clip(probabilities, 1e-12, 1 - 1e-12)
    return float(-numpy.mean(labels * numpy.log(clipped) + (1 - labels) * numpy.log1p(-clipped)))


def reliability(targets, probabilities, n_bins=15):
    """Equal-mass bins: [(mean predicted, mean target, rows)]. Targets may be true probabilities. Rows of equal
    probability count alike, whatever their order: each with their mean target."""
    _, group = numpy.unique(probabilities, return_inverse=True)
    targets = (numpy.bincount(group, targets) / numpy.bincount(group))[group]
    order = numpy.argsort(probabilities, kind="stable")
    return [
        (float(probabilities[part].mean()), float(targets[part].mean()), len(part))
        for part in numpy.array_split(order, min(n_bins, max(len(order), 1)))
        if len(part)
    ]


def expected_calibration_error(targets, probabilities, n_bins=15):
    """Mean absolute gap over equal-mass bins."""
    bins = reliability(targets, probabilities, n_bins)
    total = sum(rows for _, _, rows in bins)
    return float(sum(rows * abs(mean - target) for mean, target, rows in bins) / total)


def sigmoid(values):
    """1 / (1 + e^-v), stable at both ends."""
    small = numpy.exp(-numpy.abs(values))
    return numpy.where(values >= 0, 1 / (1 + small), small / (1 + small))


def measure(labels, probabilities):
    """All figures of a probability head; None for one that its rows do not define (of one class, no AUC)."""
    figures = {
        "rows": int(len(labels)),
        "positives": int(labels.sum()),
        "base_rate": float(labels.mean()),
        "mean_probability": float(probabilities.mean()),
        "auc": auc(labels, probabilities),
        "pr_auc": average_precision(labels, probabilities),
        "log_loss": log_loss(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities),
    }
    return {name: value if numpy.isfinite(value) else None for name, value in figures.items()}


def figure_text(value, digits):
    """A figure for people; a dash for one that is not defined."""
    return "-" if value is None else f"{value:.{digits}f}"
