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
    """(a, b) of sigmoid(a z + b) by maximum likelihood, Newton's method (Platt 1999), with a >= 0: where the best
    slope falls, no probability may, and the best flat map is the base rate, as the packer's."""
    a, b = newton(logits, labels, steps)
    if a >= 0:
        return a, b
    rate = float(labels.mean())
    return 0.0, math.log(rate / (1 - rate))


def newton(logits, labels, steps):
    """(a, b), whatever their signs."""
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

    `segments`: text per row, None where it is missing: serving then finds no segment either. A segment needs
    both classes and 20 positives to get its own map."""
    if labels.min() == labels.max():
        raise ValueError(f"all {len(labels)} holdout rows have the label {labels[0]:g}")
    a, b = fit_platt(logits, labels)
    values = {}
    for name in sorted({name for name in segments if name is not None}):
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


def flat_calibrators(heads):
    """What is to be said of maps fitted here that give every row the same probability, as texts."""
    told = []
    for head in heads:
        calibrator = head.get("calibrator") or {}
        values = calibrator.get("segments", {}).get("values", {})
        flat = [f"segment {name}" for name, value in values.items() if value.get("a") == 0]
        flat += ["all rows"] if calibrator.get("kind") == "platt" and calibrator.get("a") == 0 else []
        told += [
            f"heads.{head['name']}: the platt fit of {part} has a = 0: every row gets the same probability, as "
            "higher logits had no more positives"
            for part in flat
        ]
    return told


def fit_amount(mu, amounts):
    """(log_sigma, ratio) of a log-amount head: E[amount] = exp(mu + s^2 / 2) * ratio."""
    sigma = float(numpy.sqrt(numpy.mean((numpy.log(amounts) - mu) ** 2)))
    expected = numpy.exp(mu + sigma * sigma / 2)
    return sigma, float(amounts.mean() / expected.mean())
