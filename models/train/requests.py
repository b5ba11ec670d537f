"""Rows of a table as ranking requests (JSON lines), with labels for the command's `evaluate`."""
import json

import numpy

from .export import input_facts, raw_value
from .times import time_text

REQUEST_TIME = "2026-11-21T00:00:00Z"


def typed_columns(encoder, table):
    """[(side, fact, object [n])] of every fact that the model reads, as JSON values or None."""
    columns = []
    for fact, side, kind in input_facts(encoder):
        texts = table.frame[table.column_name(fact, side)].to_numpy()
        values = [None if text is None else raw_value(text, kind) for text in texts]
        columns.append((side, fact, values))
    return columns


def row_candidate(columns, row, offer):
    """One row as a candidate with all its facts in the request."""
    candidate = {"offer": offer, "facts": {}, "pair": {}}
    for side, fact, values in columns:
        if values[row] is None or side == "context" or fact == "offer_id":
            continue
        candidate["facts" if side == "candidate" else "pair"][fact] = values[row]
    return candidate


def time_of(times):
    """The time of a request's rows, which have one."""
    if (times != times[0]).any():
        raise ValueError("rows of several times cannot be one request")
    return time_text(times[0])


def row_requests(encoder, table, labels, per_request=1):
    """Yields JSON texts, `per_request` rows each (more than one only where no fact is of the
    context). `labels`: name to float64 [n], NaN outside the population, or None."""
    columns = typed_columns(encoder, table)
    times = None if table.time_column is None else table.times()
    offers = next((values for _, fact, values in columns if fact == "offer_id"), None)
    for start in range(0, table.n_rows, per_request):
        rows = range(start, min(start + per_request, table.n_rows))
        request = {
            "request_id": f"row-{start}",
            "time": REQUEST_TIME if times is None else time_of(times[start : start + per_request]),
            "seed": 0,
            "explain": True,
            "context": {
                fact: values[start]
                for side, fact, values in columns
                if side == "context" and values[start] is not None
            },
        }
        request["candidates"] = [
            row_candidate(columns, row, f"row-{row}" if offers is None else offers[row])
            for row in rows
        ]
        if labels is not None:
            request["labels"] = {
                name: [None if numpy.isnan(values[row]) else float(values[row]) for row in rows]
                for name, values in labels.items()
            }
        yield json.dumps(request, ensure_ascii=False, separators=(",", ":"))


def write_requests(path, encoder, table, labels=None, per_request=1):
    with open(path, "w", encoding="utf-8") as file:
        for text in row_requests(encoder, table, labels, per_request):
            file.write(text + "\n")
