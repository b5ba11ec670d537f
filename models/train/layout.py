"""Where each field stands in x: blocks context, candidate, pair; in a block dense fields first,
each followed by its indicator, then embeddings; in field order. Pinned by the packer's contract."""
from dataclasses import dataclass

SIDES = ("context", "candidate", "pair")


@dataclass
class Slot:
    """Columns [start, start + width) of x that a field fills; the indicator is the last of them."""

    field: int
    start: int
    width: int
    has_indicator: bool


def asks_for_time(field):
    """Whether a field counts from the request's time."""
    return any(transform["op"] == "days_since" for transform in field.get("transforms", []))


def is_dense(field):
    return field["output"] == "dense"


def dense_width(field):
    """Floats of a dense field without its indicator: n for f32[n], else 1."""
    kind = field["type"]
    return int(kind[4:-1]) if kind.startswith("f32[") else 1


def input_layout(fields):
    """Slots in the order of x, and the width of x."""
    slots = []
    start = 0
    for side in SIDES:
        for wants_dense in (True, False):
            for index, field in enumerate(fields):
                if field["side"] != side or is_dense(field) != wants_dense:
                    continue
                indicator = bool(field.get("indicator")) and wants_dense
                width = dense_width(field) + int(indicator) if wants_dense else field["dim"]
                slots.append(Slot(index, start, width, indicator))
                start += width
    return slots, start


def fed_slots(fields, slots):
    """Slots of the fields that feed every layer, in field order."""
    chosen = [slot for slot in slots if fields[slot.field].get("feeds") == "every_layer"]
    return sorted(chosen, key=lambda slot: slot.field)
