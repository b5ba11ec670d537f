"""Sampling correction, and the Platt maps per segment: the packer sees logits, not segments."""
import math

import numpy

from .metrics import sigmoid


def corrected_logits(head, logits):
    """logit + ln q where the head asks for it, less ln of the positive weight.

    King and Zeng 2001; He et al. 2014. With "weighted" or "none" the loss saw the true prior."""
    shift = 0.0
    if head.get("sampling_handled") == "correct":
        shift += math.log(head["negative_sampling_rate"])
    return logits + shift - math.log(head.get("positive_weight", 1.0))


def fit_platt(logits, labels, steps=50):
    """(a, b) of sigmoid(a z + b) by maximum likelihood, Newton's method (Platt 1999)."""
    a, b = 1.0, 0.0
    for _ in range(steps):
        probability = sigmoid(a * logits + b)
        weight = probability * (1 - probability) + 1e-12
        gap = labels - probability
        gradient = numpy.array([(gap * logits).sum(), gap.sum()])
        hessian = numpy.array(
            [
                [(weight * logits * logits).sum(), (weight * logits).sum()],
                [(weight * logits).sum(), weight.sum()],
            ]
        )
        move = numpy.linalg.solve(hessian + 1e-9 * numpy.eye(2), gradient)
        a, b = a + float(move[0]), b + float(move[1])
        if abs(move).max() < 1e-10:
            break
    return a, b


def segment_calibrator(wanted, logits, labels, segments):
    """A Platt calibrator with segment values, fitted on corrected logits of one head's population.

    `segments`: text per row. A segment needs both classes and 20 positives to get its own map."""
    a, b = fit_platt(logits, labels)
    values = {}
    for name in sorted(set(segments)):
        rows = segments == name
        positives = int(labels[rows].sum())
        if positives < 20 or positives == int(rows.sum()):
            continue
        own_a, own_b = fit_platt(logits[rows], labels[rows])
        values[name] = {"kind": "platt", "a": own_a, "b": own_b, "positives": positives}
    return {
        "kind": "platt",
        "a": a,
        "b": b,
        "segments": {"field": wanted["field"], "kappa": wanted.get("kappa", 100), "values": values},
    }


def fit_amount(mu, amounts):
    """(log_sigma, ratio) of a log-amount head: E[amount] = exp(mu + s^2 / 2) * ratio."""
    sigma = float(numpy.sqrt(numpy.mean((numpy.log(amounts) - mu) ** 2)))
    expected = numpy.exp(mu + sigma * sigma / 2)
    return sigma, float(amounts.mean() / expected.mean())
