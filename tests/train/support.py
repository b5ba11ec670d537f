"""What several tests share: a small model description and random encoded rows for it."""
import os
import sys

import numpy
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for folder in ("models", "tests/conformance"):
    sys.path.insert(0, os.path.join(ROOT, folder))

from train.inputs import Batch  # noqa: E402


def embedding(name, side, dim, **more):
    return {
        "name": name,
        "side": side,
        "type": "string",
        "output": "embedding",
        "dim": dim,
        "transforms": [{"op": "vocabulary", "values": ["a", "b", "c"]}],
        **more,
    }


def dense(name, side, **more):
    return {"name": name, "side": side, "type": "f64", "output": "dense", "transforms": [], **more}


# Sides, outputs and dims deliberately out of the order of x.
FIELDS = [
    embedding("offer_kind", "candidate", 3),
    dense("seen", "pair"),
    embedding("surface", "context", 2, role="module", feeds="every_layer"),
    dense("income", "context", indicator=True),
    embedding("state", "context", 3),
    embedding("tags", "candidate", 4, type="string[]", pool="mean"),
    dense("fee", "candidate", indicator=True),
    embedding("language", "context", 2, feeds="every_layer"),
    embedding("likes", "context", 3, type="string[]", pool="sum"),
]
CODE_COUNT = 5  # missing, unknown, a, b, c
HEADS = [
    {
        "name": "click",
        "kind": "probability",
        "tower": [6],
        "negative_sampling_rate": 1.0,
        "sampling_handled": "none",
    },
    {
        "name": "apply",
        "kind": "probability",
        "given": "click",
        "tower": [],
        "negative_sampling_rate": 1.0,
        "sampling_handled": "none",
    },
]


def code_counts(fields):
    return [CODE_COUNT if field["output"] == "embedding" else 0 for field in fields]


def random_batch(fields, n_rows, seed):
    """A Batch as the C library's encodings would give it: lists padded with zeros behind."""
    generator = numpy.random.default_rng(seed)
    columns, codes, lists, counts = [], [], [], []
    for field in fields:
        if field["output"] == "dense":
            columns.append(generator.normal(size=n_rows))
            if field.get("indicator"):
                columns.append(generator.integers(0, 2, n_rows))
        elif "pool" in field:
            count = generator.integers(1, 4, n_rows)
            drawn = generator.integers(1, CODE_COUNT, (n_rows, 3))
            lists.append(torch.from_numpy(numpy.where(numpy.arange(3) < count[:, None], drawn, 0)))
            counts.append(torch.from_numpy(count[:, None].astype(numpy.float32)))
        else:
            codes.append(generator.integers(0, CODE_COUNT, n_rows))
    return Batch(
        torch.from_numpy(numpy.stack(columns, axis=1).astype(numpy.float32)),
        torch.from_numpy(numpy.stack(codes, axis=1)),
        lists,
        counts,
    )
