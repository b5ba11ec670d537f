"""Fields of model.json over a table, encoded by the C library: the code that serving runs."""
import ctypes
import json
from dataclasses import dataclass, field as dataclass_field, replace
from typing import List, Optional

import numpy

from .layout import asks_for_time
from .library import Column, Encoded, byref, c_void_p

SIDES = ("context", "candidate", "pair")
OFFER_ID = {"side": "candidate", "type": "string"}  # a fact of every candidate, whether a field reads it or not


@dataclass
class EncodedField:
    """One field's rows: dense [n, width] and is_missing [n], or codes [n], or padded lists."""

    dense: Optional[numpy.ndarray] = None  # float32 [n, width]
    is_missing: Optional[numpy.ndarray] = None  # uint8 [n]
    codes: Optional[numpy.ndarray] = None  # int64 [n], or [n, longest] when pooled
    counts: Optional[numpy.ndarray] = None  # int64 [n] elements in use, pooled only


@dataclass
class Matrices:
    """All fields of a table, in field order."""

    n_rows: int
    fields: List[EncodedField] = dataclass_field(default_factory=list)


def seen_from(values, times):
    """Timestamps as if each row's request was made in 1970: the library takes one `now` for all rows, and
    `now - time` is the same number of micros, exactly."""
    if values.integers is None:
        return values
    return replace(values, integers=numpy.ascontiguousarray(values.integers - times))


class FeatureEncoder:
    """gr_tools_features over the "fields" of a model description."""

    def __init__(self, library, fields):
        self.library = library
        self.fields = fields
        self.handle = c_void_p()
        text = json.dumps({"format": 1, "fields": fields}).encode("utf-8")
        error = c_void_p()
        status = library.calls.gr_tools_features_create(
            text, len(text), byref(self.handle), byref(error)
        )
        library.check(status, error)

    def close(self):
        if self.handle:
            self.library.calls.gr_tools_features_free(self.handle)
            self.handle = c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def code_count(self, index):
        """Rows of the field's embedding table; 0 for a dense field."""
        return self.library.calls.gr_tools_features_code_count(self.handle, index)

    def input_facts(self, index):
        """(fact, side, type) per column that the field reads, in the library's order."""
        calls = self.library.calls
        by_name = {field["name"]: field for field in self.fields}
        found = []
        for number in range(calls.gr_tools_features_input_count(self.handle, index)):
            name = calls.gr_tools_features_input_name(self.handle, index, number).decode()
            bare = (
                name.split(".", 1)[1] if name.split(".", 1)[0] in ("ctx", "offer", "pair") else name
            )
            owner = by_name.get(bare, OFFER_ID if bare == "offer_id" else self.fields[index])
            found.append((bare, owner["side"], owner["type"]))
        return found

    def encode(self, index, table):
        """One field over all rows of `table`. Returns copies."""
        values = [table.values(*fact) for fact in self.input_facts(index)]
        if asks_for_time(self.fields[index]):
            values = [seen_from(value, table.times()) for value in values]
        columns = (Column * max(len(values), 1))(*[value.column() for value in values])
        encoded = Encoded()
        encoded.struct_size = ctypes.sizeof(Encoded)
        error = c_void_p()
        status = self.library.calls.gr_tools_features_encode(
            self.handle, index, columns, len(values), 0, byref(encoded), byref(error)
        )
        self.library.check(status, error)
        return copy_encoded(encoded, table.n_rows)

    def encode_all(self, table):
        """Every field over all rows."""
        return Matrices(
            table.n_rows, [self.encode(index, table) for index in range(len(self.fields))]
        )


def copy_encoded(encoded, n_rows):
    """Copies the library's arrays into numpy ones. Those of no rows are NULL."""

    def as_array(pointer, shape):
        if 0 in shape:
            return numpy.zeros(shape, numpy.dtype(pointer._type_))
        return numpy.ctypeslib.as_array(pointer, shape)

    if encoded.width > 0:
        dense = as_array(encoded.dense, (n_rows, encoded.width)).copy()
        missing = as_array(encoded.is_missing, (n_rows,)).copy()
        return EncodedField(dense=dense, is_missing=missing)
    if not encoded.list_offsets or n_rows == 0:
        return EncodedField(codes=as_array(encoded.codes, (n_rows,)).astype(numpy.int64))
    offsets = as_array(encoded.list_offsets, (n_rows + 1,)).astype(numpy.int64)
    flat = as_array(encoded.codes, (int(offsets[-1]),)).astype(numpy.int64)
    return pad_lists(flat, offsets)


def pad_lists(flat, offsets):
    """Ragged codes to [n, longest] with zeros behind, and how many are in use."""
    counts = offsets[1:] - offsets[:-1]
    longest = max(int(counts.max()) if len(counts) else 1, 1)
    slots = numpy.arange(longest)[None, :]
    used = slots < counts[:, None]
    padded = numpy.zeros(used.shape, dtype=numpy.int64)
    padded[used] = flat
    return EncodedField(codes=padded, counts=counts)
