"""What stage one learns from: columns of x that its towers read, and the full model's scores."""
import json
import os

import numpy
import pandas
import torch

from . import command
from .features import FeatureEncoder
from .inputs import InputBlock, batch_of
from .layout import dense_width, is_dense
from .policy_text import without_placement
from .table import Table


TIME_COLUMN = "request.time"


def cell(value):
    """A JSON value of a request as the text that a CSV would hold."""
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(str(element) for element in value)
    return value if isinstance(value, str) else repr(value)


def whole_table(encoder, frame):
    """A table with a column for every fact that the fields read; those absent are missing."""
    time = TIME_COLUMN if TIME_COLUMN in frame.columns else None
    table = Table(frame.astype(object).where(frame.notna(), None))
    absent = {}
    for index in range(len(encoder.fields)):
        for fact, side, _ in encoder.input_facts(index):
            try:
                table.column_name(fact, side)
            except ValueError:
                absent[Table.PREFIXES[side] + fact] = [None] * table.n_rows
    whole = pandas.concat([table.frame, pandas.DataFrame(absent, dtype=object)], axis=1)
    return Table(whole, time_column=time)


def model_inputs(library, fields, tensors, frame):
    """x of every row, float32 [n, width]."""
    with FeatureEncoder(library, fields) as encoder:
        table = whole_table(encoder, frame)
        counts = [encoder.code_count(index) for index in range(len(fields))]
        block = InputBlock(fields, counts, 0.0)
        block.eval()
        load_tables(block, tensors)
        with torch.no_grad():
            x, _ = block(batch_of(fields, encoder.encode_all(table)))
    return x.numpy()


def load_tables(block, tensors):
    """The trained embeddings into the block's shared tables."""
    with torch.no_grad():
        for index, (dim, start, count) in block.offsets.items():
            rows = tensors[f"embedding.{block.fields[index]['name']}.weight"].copy()
            block.tables[block.dims.index(dim)][start : start + count] = torch.from_numpy(rows)


def block_width(fields, side):
    """Columns of x that a side takes."""
    width = 0
    for field in fields:
        if field["side"] == side:
            extra = int(bool(field.get("indicator")))
            width += dense_width(field) + extra if is_dense(field) else field["dim"]
    return width


def own_inputs(library, fields, frame):
    """float32 [n, columns] of the fields that the offer tower alone reads."""
    if not fields:
        return numpy.zeros((len(frame), 0), numpy.float32)
    with FeatureEncoder(library, fields) as encoder:
        batch = batch_of(fields, encoder.encode_all(whole_table(encoder, frame)))
    return batch.dense.numpy()


def read_requests(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def context_frame(requests):
    """One row per request: its context facts and, where not among these, its route's."""
    rows = []
    for request in requests:
        given = [request.get(part) or {} for part in ("route", "context")]     # null is absent
        facts = {name: value for part in given for name, value in part.items() if value is not None}
        row = {"ctx." + name: cell(value) for name, value in facts.items()}
        rows.append({**row, TIME_COLUMN: request.get("time")})
    return pandas.DataFrame(rows, dtype=object)


class Teacher:
    """Scores of the full model, in currency units, by the `guardrank` command in a single stage."""

    def __init__(self, model, policy, catalog, folder):
        self.folder = folder
        self.bundle = os.path.join(folder, "teacher.guardrank")
        order = os.path.join(folder, "policy.yaml")      # caps would hide scores
        with open(order, "w", encoding="utf-8") as file:
            file.write(without_placement(policy))
        words = ["pack", "--model", model, "--policy", order, "--catalog", catalog]
        command.run_command(words + ["--out", self.bundle, "--single-stage", "--json"])

    def scores(self, requests, offers):
        """float64 per candidate and request: the value that it could show, 0 where a guardrail or
        term removes it, NaN where it is not eligible."""
        path = os.path.join(self.folder, "requests.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for request, names in zip(requests, offers):
                asked = {k: v for k, v in request.items() if k not in ("labels", "limit")}
                asked["explain"] = False
                asked["candidates"] = [{"offer": name} for name in names]
                file.write(json.dumps(asked) + "\n")
        answers = command.rank_lines(path, bundle=self.bundle)
        return [values_of(answer, names) for answer, names in zip(answers, offers)]


def values_of(answer, names):
    value = {}
    for entry in answer["ranked"]:
        value[entry["offer"]] = max(entry["score_micros"], 0) / 1e6
    for entry in answer["excluded"]:
        value[entry["offer"]] = numpy.nan if entry["stage"] == "eligibility" else 0.0
    return numpy.array([value.get(name, numpy.nan) for name in names])


def catalog_frame(path):
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    return frame.astype(object).where(frame.notna(), None)


def with_defaults(frame, prefix, defaults):
    """The frame as serving sees it: what is missing of a fact with a default is that."""
    filled = {fact: cell for fact, cell in defaults.items() if fact.startswith(prefix)}
    columns = {fact: frame[fact] if fact in frame else pandas.Series([None] * len(frame)) for fact in filled}
    frame = frame.drop(columns=[fact for fact in filled if fact in frame])
    told = {fact: column.where(column.notna(), filled[fact]) for fact, column in columns.items()}
    return pandas.concat([frame, pandas.DataFrame(told, index=frame.index, dtype=object)], axis=1)
