"""Sampling correction, segments of holdout rows, figures of amounts. Calibrators are fitted by the packer."""
import math

import numpy

from .fitting import engine_text

MOST_SEGMENTS = 4096  # as models/pack takes them


def corrected_logits(head, logits):
    """logit + ln q where the head asks for it, less ln of the positive weight.

    King and Zeng 2001; He et al. 2014. With "weighted" or "none" the loss saw the true prior."""
    shift = 0.0
    if head.get("sampling_handled") == "correct":
        shift += math.log(head["negative_sampling_rate"])
    return logits + shift - math.log(head.get("positive_weight", 1.0))


def segment_rows(field, kind, table):
    """(names, float32 [n]): the values of a context fact as the engine looks them up, and of each row the number of
    its own, NaN where it is missing: serving then finds no segment either. Of too many the most frequent."""
    column = table.frame[table.column_name(field, "context")]
    known = {text: engine_text(text, kind) for text in column.dropna().unique()}
    values = column.map(known)
    values = values.where(values.notna() & (values != ""), None)
    names = sorted(values.value_counts().index[:MOST_SEGMENTS])
    numbers = {name: number for number, name in enumerate(names)}
    return names, values.map(numbers).to_numpy(dtype=numpy.float32)


def fit_amount(mu, amounts):
    """(log_sigma, ratio) of a log-amount head: E[amount] = exp(mu + s^2 / 2) * ratio."""
    sigma = float(numpy.sqrt(numpy.mean((numpy.log(amounts) - mu) ** 2)))
    expected = numpy.exp(mu + sigma * sigma / 2)
    return sigma, float(amounts.mean() / expected.mean())
