"""Finishes field declarations from training rows: what a config leaves to be found in the data.

    {"op": "standardize", "fit": true}         mean and standard deviation
    {"op": "bucketize", "quantiles": 16}       edges with about equal mass
    {"op": "clip", "quantiles": [0.001, 0.999]}
    {"op": "vocabulary", "min_count": 20, "max_values": 500}

Numbers are looked at after the transforms before them, which the C library runs.
"""
import collections

import numpy

from .features import FeatureEncoder
from .table import whole_number


def fit_fields(library, fields, table):
    """The fields with every open transform replaced by a closed one."""
    fitted = []
    for field in fields:
        done = []
        for transform in field["transforms"]:
            done.append(fit_transform(library, field, done, transform, table))
        fitted.append({**field, "transforms": done})
    return fitted


def fit_transform(library, field, before, transform, table):
    """One transform, closed."""
    op = transform["op"]
    if op == "vocabulary" and "values" not in transform:
        return fit_vocabulary(field, transform, table)
    if op == "standardize" and transform.get("fit"):
        numbers = numbers_so_far(library, field, before, table)
        deviation = float(numbers.std()) or 1.0
        mean = float(numbers.mean())
        is_near = abs(rounded(mean) - mean) <= 1e-5 * deviation
        return {"op": op, "mean": rounded(mean) if is_near else mean, "std": rounded(deviation)}
    if op == "bucketize" and "quantiles" in transform:
        numbers = numbers_so_far(library, field, before, table)
        edges = quantile_edges(numbers, transform["quantiles"])
        return {"op": op, "edges": edges if is_raw(field, before) else [below(edge) for edge in edges]}
    if op == "clip" and "quantiles" in transform:
        numbers = numbers_so_far(library, field, before, table)
        low, high = numpy.quantile(numbers, transform["quantiles"])
        return {"op": op, "min": rounded(low), "max": rounded(high)}
    return transform


def quantile_edges(numbers, n_buckets):
    """Increasing edges. Values that alone fill a bucket (zeros, mostly) get one of their own, and
    the rest is cut at its own quantiles: else a column of zeros with a tail would have one bucket.
    """
    unique, counts = numpy.unique(numbers, return_counts=True)
    heavy = unique[counts * n_buckets >= len(numbers)]
    rest = numbers[~numpy.isin(numbers, heavy)]
    edges = list(heavy) + [
        unique[place] for place in numpy.searchsorted(unique, heavy) + 1 if place < len(unique)
    ]
    if len(rest):
        steps = numpy.arange(1, n_buckets) / n_buckets
        edges += list(numpy.quantile(rest, steps, method="lower"))
    return sorted({float(edge) for edge in edges if edge > unique[0]}) or [float(unique[0])]


def is_raw(field, before):
    """Whether present values are as the table has them, doubles: the library gives floats."""
    is_number = field["type"] in ("f64", "i64") and "inputs" not in field
    return is_number and all(transform["op"] in ("fill", "identity") for transform in before)


def below(edge):
    """Halfway to the float before: the engine compares doubles, and all of those that round to this float are then
    on its side."""
    edge = numpy.float32(edge)
    return (float(edge) + float(numpy.nextafter(edge, numpy.float32(-numpy.inf)))) / 2


def numbers_so_far(library, field, before, table):
    """Present values of a numeric field after the transforms `before`: float64 [n present]; of a
    vector all elements alike, since its transforms are the same for each."""
    if is_raw(field, before):
        values = table.values(field["name"], field["side"], field["type"])
        numbers = values.numbers if values.integers is None else values.integers.astype(numpy.float64)
        return some_of(numbers[values.present == 1], field)
    probe = {
        "name": field["name"],
        "side": field["side"],
        "type": field["type"],
        "transforms": before or [{"op": "identity"}],
        "output": "dense",
    }
    if "inputs" in field:
        probe["inputs"] = field["inputs"]
    with FeatureEncoder(library, [probe]) as encoder:
        encoded = encoder.encode(0, table)
    return some_of(encoded.dense[encoded.is_missing == 0].ravel().astype(numpy.float64), field)


def some_of(numbers, field):
    if len(numbers) == 0:
        raise ValueError(f"field {field['name']}: no value to fit a transform on")
    return numbers


def fit_vocabulary(field, transform, table):
    """The most frequent values, ties by text, so that the order does not depend on the rows'."""
    column = table.frame[table.column_name(field["name"], field["side"])]
    counts = collections.Counter()
    for text, count in column.dropna().value_counts().items():
        elements = text.split("|") if field["type"] == "string[]" else [text]
        for element in elements:
            counts[engine_text(element, field["type"])] += int(count)
    least = transform.get("min_count", 1)
    kept = [(count, text) for text, count in counts.items() if count >= least]
    kept.sort(key=lambda pair: (-pair[0], pair[1]))
    values = [text for _, text in kept[: transform.get("max_values", 1_000_000)]]
    return {"op": "vocabulary", "values": values}


def engine_text(text, kind):
    """A cell as the engine writes its value, which it compares with a vocabulary's."""
    if kind == "i64":
        number = whole_number(text, kind)
        if number is None:
            raise ValueError(f"wanted a whole number, found {text!r}")
        return str(number)
    if kind == "bool":
        return {"1": "true", "True": "true", "0": "false", "False": "false"}.get(text, text)
    return text


def rounded(number):
    """Nine significant digits: enough for float, short to read."""
    return float(f"{float(number):.9g}")
