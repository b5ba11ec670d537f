"""Labels, populations and weights per head, as matrices [n, heads]."""
from dataclasses import dataclass
from typing import Optional

import numpy
import torch


@dataclass
class Labels:
    """`value`: 0/1, or ln amount; `mask`: 1 where the row is in the head's population;
    `weight`: of the row in the head's loss; `offset`: added to its logit there."""

    value: torch.Tensor
    mask: torch.Tensor
    weight: torch.Tensor
    offset: Optional[torch.Tensor] = None  # None: zero everywhere

    def take(self, rows):
        offset = None if self.offset is None else self.offset[rows]
        return Labels(self.value[rows], self.mask[rows], self.weight[rows], offset)


def head_label(head, table):
    """float64 [n]: 0/1 or amount, NaN where the CSV has none. `positive` names a text value."""
    column = head.get("column", f"label.{head['name']}")
    if "positive" in head:
        if column not in table.frame.columns:
            raise ValueError(f"heads.{head['name']}: no column {column}")
        texts = table.frame[column]
        return numpy.where(texts.isna(), numpy.nan, (texts == head["positive"]).astype(float))
    return table.numbers(column)


def reach_label(head, by_name, raw):
    """float64 [n]: whether everything up to this head's event came about; NaN where that is not known. What did
    not come about upstream did not here."""
    own = raw[head["name"]]
    if not head.get("given"):
        return own
    upstream = reach_label(by_name[head["given"]], by_name, raw)
    return numpy.where(upstream == 0, 0.0, numpy.where(upstream == 1, own, numpy.nan))


def population_labels(heads, table):
    """float64 [n] per head: the label (amounts in currency), NaN outside the population. Raises ValueError for a
    label that is none."""
    raw = {head["name"]: head_label(head, table) for head in heads}
    found = {}
    for head in heads:
        inside = raw[head["given"]] == 1 if head.get("given") else numpy.ones(table.n_rows, dtype=bool)
        label = numpy.where(inside, raw[head["name"]], numpy.nan)
        check_label(head, label, inside)
        found[head["name"]] = label
    return found


def sampling_rates(table, sampling_column):
    """float64 [n]: with which probability each row was kept."""
    if not sampling_column:
        return numpy.ones(table.n_rows)
    rate = table.numbers(sampling_column)
    if not (rate > 0).all() or not (rate <= 1).all():
        raise ValueError(f"column {sampling_column}: wanted numbers in (0, 1]")
    return rate


def build_labels(heads, table, sampling_column=None):
    """Labels of all heads. A head with `given` counts where that head's label is 1; an
    entire-space head counts wherever its own chain is known: no upstream event means label 0.
    An "offset" head learns from sampled rows with its true logit: z - ln rate is what is compared
    with the label, so the rate may depend on anything that the row tells (King and Zeng 2001,
    per row; "logQ" in sampled softmax)."""
    raw = {head["name"]: head_label(head, table) for head in heads}
    by_name = {head["name"]: head for head in heads}
    rate = sampling_rates(table, sampling_column)
    values, masks, weights, offsets = [], [], [], []
    for head in heads:
        label = raw[head["name"]]
        inside = numpy.ones(table.n_rows, dtype=bool)
        if head.get("loss") == "entire_space":
            label = reach_label(head, by_name, raw)
        elif head.get("given"):
            inside = raw[head["given"]] == 1
        population = inside
        value, inside = check_label(head, label, inside)
        if sampling_column:
            check_rate(head, value, inside, rate, sampling_column)
        weight = 1.0 / rate if head.get("sampling_handled") == "weighted" else numpy.ones_like(rate)
        mixed, inside = distilled(head, table, value, inside, population, rate)
        offsets.append(-numpy.log(rate) if is_offset(head) else numpy.zeros_like(rate))
        values.append(mixed)
        masks.append(inside)
        weights.append(weight)
    tensor = [
        torch.from_numpy(numpy.stack(part, axis=1).astype(numpy.float32))
        for part in (values, masks, weights)
    ]
    if any(is_offset(head) for head in heads):
        tensor.append(torch.from_numpy(numpy.stack(offsets, axis=1).astype(numpy.float32)))
    return Labels(*tensor)


def check_rate(head, value, inside, rate, sampling_column):
    """The rate that a head's logits are corrected by is that of its rows."""
    stated = head.get("negative_sampling_rate")
    if head.get("sampling_handled") != "correct":
        return
    wrong = inside & (value == 0) & (abs(rate - stated) > 1e-6 * stated)
    if wrong.any():
        raise ValueError(
            f"heads.{head['name']}: its negative_sampling_rate is {stated:g}, and column {sampling_column} has "
            f"{rate[wrong][0]:g} of a row with label 0"
        )


def check_heads(heads, labels):
    """Before hours of training: what is doubtful of the rows to train on, as texts. Throws ValueError for a
    head that would learn nothing."""
    doubtful = []
    for number, head in enumerate(heads):
        name, inside = head["name"], labels.mask[:, number] == 1
        if not inside.any():
            among = f" among those with {head['given']} = 1" if head.get("given") else ""
            raise ValueError(f"heads.{name}: no row to train on has a label{among}")
        values = labels.value[inside, number]
        if head["kind"] == "probability" and bool((values == values[0]).all()):
            doubtful.append(f"heads.{name}: all {len(values)} rows to train on have the label {values[0]:g}")
    return doubtful


def check_entire_space(heads, table):
    """What is doubtful of entire-space heads, as texts: where events are known and what followed is not, those rows
    are left out, and what is left has too few of what followed."""
    raw = {head["name"]: head_label(head, table) for head in heads}
    by_name = {head["name"]: head for head in heads}
    doubtful = []
    for head in heads:
        if head.get("loss") != "entire_space":
            continue
        reached = reach_label(by_name[head["given"]], by_name, raw) == 1
        lost = int((reached & numpy.isnan(raw[head["name"]])).sum())
        if lost:
            doubtful.append(
                f"heads.{head['name']}: of {int(reached.sum())} rows with {head['given']} = 1, {lost} have no label: "
                "an entire-space head learns too low from the rest (a conditional one does not)"
            )
    return doubtful


def distilled(head, table, value, inside, population, rate):
    """(what the loss compares with, where): the label mixed with a teacher's probability where the
    row has one, and the teacher's alone where the row has no label."""
    wanted = head.get("distillation")
    if wanted is None:
        return value, inside
    teacher = table.numbers(wanted["column"])
    is_there = ~numpy.isnan(teacher)
    if not ((teacher[is_there] >= 0) & (teacher[is_there] <= 1)).all():
        raise ValueError(f"column {wanted['column']}: wanted probabilities")
    share = numpy.where(inside, float(wanted["share"]), 1.0)
    mixed = numpy.where(is_there, (1 - share) * value + share * sampled(head, teacher, rate), value)
    return mixed, inside | (population & is_there)


def sampled(head, probability, rate):
    """Of the true prior, as the loss of a head that learns from sampled rows sees it: odds divided by the rate."""
    if head.get("sampling_handled") == "correct":
        rate = head["negative_sampling_rate"]
    elif not is_offset(head):
        return probability
    return probability / (probability + (1 - probability) * rate)


def is_offset(head):
    return head.get("sampling_handled") == "offset"


def check_label(head, label, inside):
    """(finite values, population): probability labels are 0 or 1, amounts above zero."""
    inside = inside & ~numpy.isnan(label)
    value = numpy.where(inside, label, 0.0)
    if head["kind"] == "probability":
        if not numpy.isin(value[inside], (0.0, 1.0)).all():
            raise ValueError(f"heads.{head['name']}: labels other than 0 and 1")
        return value, inside
    if (value[inside] <= 0).any():
        raise ValueError(f"heads.{head['name']}: amounts must be above zero")
    return numpy.log(numpy.where(inside, value, 1.0)), inside
