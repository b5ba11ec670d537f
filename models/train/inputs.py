"""Encoded fields to x: dense values, indicators and embedding rows in the contract's order."""
from dataclasses import dataclass
from typing import Dict, List

import numpy
import torch
from torch import nn

from .layout import fed_slots, input_layout, is_dense

MISSING_CODE = 0
UNKNOWN_CODE = 1


@dataclass
class Batch:
    """Rows of all fields. Lists are padded; `counts` says how many codes are in use."""

    dense: torch.Tensor  # float32 [n, dense columns with indicators]
    codes: torch.Tensor  # int64 [n, plain embedding fields]
    lists: List[torch.Tensor]  # int64 [n, longest] per pooled field
    counts: List[torch.Tensor]  # float32 [n, 1] per pooled field

    def take(self, rows):
        return Batch(
            self.dense[rows],
            self.codes[rows],
            [x[rows] for x in self.lists],
            [x[rows] for x in self.counts],
        )

    def n_rows(self):
        return self.dense.shape[0]


def batch_of(fields, matrices):
    """Matrices of the C library as tensors, by field order within each kind."""
    n_rows = matrices.n_rows
    dense, codes, lists, counts = [numpy.zeros((n_rows, 0), numpy.float32)], [], [], []
    for field, encoded in zip(fields, matrices.fields):
        if is_dense(field):
            dense.append(encoded.dense)
            if field.get("indicator"):
                dense.append(encoded.is_missing[:, None].astype(numpy.float32))
        elif encoded.counts is not None:
            lists.append(torch.from_numpy(encoded.codes))
            counts.append(torch.from_numpy(encoded.counts.astype(numpy.float32)[:, None]))
        else:
            codes.append(encoded.codes)
    stacked = numpy.stack(codes, axis=1) if codes else numpy.zeros((n_rows, 0), numpy.int64)
    return Batch(
        torch.from_numpy(numpy.concatenate(dense, axis=1)), torch.from_numpy(stacked), lists, counts
    )


def has_unknown_code(field):
    """Vocabularies keep code 1 for values they do not list; hashes and buckets have none."""
    return any(transform["op"] == "vocabulary" for transform in field["transforms"])


class InputBlock(nn.Module):
    """x [n, width] and the fed embeddings [n, n_fed] (None without such fields).

    Embedding fields of one dim share a table, each from an offset of its own: one lookup for all.
    """

    def __init__(self, fields, code_counts, field_dropout):
        super().__init__()
        self.fields = fields
        self.field_dropout = field_dropout
        slots, self.width = input_layout(fields)
        pooled = [
            i for i, f in enumerate(fields) if not is_dense(f) and f.get("pool", "none") != "none"
        ]
        plain = [i for i, f in enumerate(fields) if not is_dense(f) and i not in pooled]
        self.pooled, self.plain = pooled, plain
        self.place_tables(fields, code_counts, plain + pooled)
        self.register_columns(fields, slots, plain, pooled)
        fed = fed_slots(fields, slots)
        columns = [c for slot in fed for c in range(slot.start, slot.start + slot.width)]
        self.n_fed = len(columns)
        self.register_buffer("fed_columns", torch.tensor(columns, dtype=torch.int64))
        droppable = torch.zeros(self.width, dtype=torch.int64)
        for number, slot in enumerate(slots):
            droppable[slot.start : slot.start + slot.width] = number
        self.register_buffer("slot_of_column", droppable)
        kept = [float(fields[slot.field].get("role") == "module") for slot in slots]
        self.register_buffer("never_dropped", torch.tensor(kept))

    def place_tables(self, fields, code_counts, order):
        """Offsets of each field's rows in the table of its dim."""
        sizes: Dict[int, int] = {}
        self.offsets = {}
        for index in order:
            dim = fields[index]["dim"]
            self.offsets[index] = (dim, sizes.get(dim, 0), code_counts[index])
            sizes[dim] = sizes.get(dim, 0) + code_counts[index]
        self.dims = sorted(sizes)
        self.tables = nn.ParameterList(
            nn.Parameter(torch.randn(sizes[dim], dim) * 0.1) for dim in self.dims
        )
        self.groups = {dim: [i for i in self.plain if fields[i]["dim"] == dim] for dim in self.dims}
        for dim in self.dims:
            group = self.groups[dim]
            self.register_buffer(
                f"members_{dim}",
                torch.tensor([self.plain.index(i) for i in group], dtype=torch.int64),
            )
            self.register_buffer(
                f"starts_{dim}",
                torch.tensor([self.offsets[i][1] for i in group], dtype=torch.int64),
            )

    def register_columns(self, fields, slots, plain, pooled):
        """`order[c]`: column of the concatenated parts that belongs at column c of x."""
        position = {}
        start = 0
        for index, field in enumerate(fields):
            if is_dense(field):
                position[index] = start
                start += next(slot.width for slot in slots if slot.field == index)
        for dim in self.dims:
            for index in self.groups[dim]:
                position[index] = start
                start += dim
        for index in pooled:
            position[index] = start
            start += fields[index]["dim"]
        order = [position[slot.field] + column for slot in slots for column in range(slot.width)]
        self.register_buffer("order", torch.tensor(order, dtype=torch.int64))

    def forward(self, batch):
        parts = [batch.dense]
        for dim, table in zip(self.dims, self.tables):
            if self.groups[dim]:
                codes = batch.codes[:, getattr(self, f"members_{dim}")]
                codes = codes + getattr(self, f"starts_{dim}")
                rows = nn.functional.embedding(codes, table)
                parts.append(rows.reshape(batch.n_rows(), -1))
        for number, index in enumerate(self.pooled):
            parts.append(self.pool(index, batch.lists[number], batch.counts[number]))
        x = torch.cat(parts, dim=1)[:, self.order]
        if self.training and self.field_dropout > 0:
            x = self.drop_fields(x)
        return x, (x[:, self.fed_columns] if self.n_fed else None)

    def pool(self, index, codes, counts):
        """Mean or sum of a list's rows; codes behind the count do not enter."""
        dim, start, _ = self.offsets[index]
        rows = nn.functional.embedding(codes + start, self.tables[self.dims.index(dim)])
        used = torch.arange(codes.shape[1])[None, :, None] < counts[:, :, None]
        total = (rows * used).sum(dim=1)
        return total / counts if self.fields[index]["pool"] == "mean" else total

    def drop_fields(self, x):
        """Whole fields to zero, the rest scaled up; the module field always stays."""
        keep = 1.0 - self.field_dropout
        draws = (torch.rand(x.shape[0], len(self.never_dropped)) < keep).float() / keep
        mask = torch.where(self.never_dropped > 0, torch.ones_like(draws), draws)
        return x * mask[:, self.slot_of_column]

    def exported_tensors(self):
        for index, (dim, start, count) in sorted(self.offsets.items()):
            table = self.tables[self.dims.index(dim)]
            rows = table[start : start + count].detach().numpy().copy()
            yield f"embedding.{self.fields[index]['name']}.weight", rows
