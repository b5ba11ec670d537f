"""Rows of a CSV as typed columns: what the C library's gr_column wants, held by numpy."""
import ctypes
import re
from dataclasses import dataclass
from typing import Optional

import numpy
import pandas

from .csv_rows import row_lines
from .library import COLUMN_TYPES, Column, pointer_of
from .times import micros_of

TEXT_TYPE = numpy.dtype([("data", "<u8"), ("size", "<u8")])  # gr_text


class CellError(ValueError):
    """A cell that cannot be read; `row` is its row among those that were given."""

    def __init__(self, row, message):
        super().__init__(message)
        self.row = int(row)


@dataclass
class Values:
    """One fact's values, n rows. Exactly one of the arrays is set, by type."""

    type: str
    n_rows: int
    present: numpy.ndarray  # uint8 [n]
    numbers: Optional[numpy.ndarray] = None  # float64 [n]
    integers: Optional[numpy.ndarray] = None  # int64 [n]; timestamps in micros
    booleans: Optional[numpy.ndarray] = None  # uint8 [n]
    texts: Optional[numpy.ndarray] = None  # TEXT_TYPE [n], or [offsets[n]] for lists
    list_offsets: Optional[numpy.ndarray] = None  # uint32 [n + 1]
    floats: Optional[numpy.ndarray] = None  # float32 [n, width]
    keep_alive: object = None  # the bytes that `texts` points into

    def column(self):
        """The gr_column over these arrays; valid while self lives."""
        kind = "f32[n]" if self.floats is not None else self.type
        column = Column(type=COLUMN_TYPES[kind], n_rows=self.n_rows)
        column.struct_size = ctypes.sizeof(Column)
        column.present = pointer_of(self.present)
        column.numbers = pointer_of(self.numbers)
        column.integers = pointer_of(self.integers)
        column.booleans = pointer_of(self.booleans)
        column.texts = pointer_of(self.texts)
        column.list_offsets = pointer_of(self.list_offsets)
        column.floats = pointer_of(self.floats)
        column.width = 0 if self.floats is None else self.floats.shape[1]
        return column


def text_views(codes, unique):
    """gr_text per row: `codes` index `unique` (Python strings). Returns (views, bytes to keep)."""
    encoded = [text.encode("utf-8") for text in unique] or [b""]
    sizes = numpy.array([len(text) for text in encoded], dtype="<u8")
    buffer = numpy.frombuffer(b"".join(encoded) + b"\0", dtype=numpy.uint8)
    views = numpy.zeros(len(encoded), dtype=TEXT_TYPE)
    views["size"] = sizes
    views["data"] = buffer.ctypes.data + numpy.concatenate([[0], numpy.cumsum(sizes)[:-1]]).astype(
        "<u8"
    )
    return numpy.ascontiguousarray(views[codes]), buffer


def string_values(column):
    """Values of a pandas column of strings; `column` holds None where missing."""
    codes, unique = pandas.factorize(column)
    present = (codes >= 0).astype(numpy.uint8)
    texts, buffer = text_views(numpy.maximum(codes, 0), list(unique))
    return Values("string", len(codes), present, texts=texts, keep_alive=buffer)


def list_values(column, separator="|"):
    """Values of a column of `a|b|c` texts; missing where None. Equal texts are split once."""
    rows, distinct = pandas.factorize(column)
    lists = [text.split(separator) for text in distinct] + [[]]  # the last: missing
    sizes = numpy.array([len(elements) for elements in lists], dtype=numpy.int64)
    codes, unique = pandas.factorize(
        numpy.array([element for elements in lists for element in elements], dtype=object)
    )
    lengths = sizes[rows]
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)])
    starts = (numpy.cumsum(sizes) - sizes)[rows]
    places = numpy.repeat(starts - offsets[:-1], lengths) + numpy.arange(offsets[-1])
    texts, buffer = text_views(codes[places], list(unique))
    return Values(
        "string[]",
        len(rows),
        (lengths > 0).astype(numpy.uint8),
        texts=texts,
        list_offsets=offsets.astype(numpy.uint32),
        keep_alive=buffer,
    )


def read_distinct(column, name, read, wanted, shape, kind):
    """(values [n, *shape], zeros where missing; present uint8 [n]) of a column whose distinct cells are read once
    each; `read` gives None for what is not `wanted`."""
    rows, distinct = pandas.factorize(column)
    values = numpy.zeros((len(distinct) + 1, *shape), kind)  # the last: missing
    for place, cell in enumerate(distinct):
        value = read(cell)
        if value is None:
            row = numpy.flatnonzero(rows == place)[0]
            raise CellError(row, f"column {name}: wanted {wanted}, found {cell!r}")
        values[place] = value
    return numpy.ascontiguousarray(values[rows]), (rows >= 0).astype(numpy.uint8)


def vector_width(kind):
    """n of f32[n], or None for another type."""
    is_vector = kind.startswith("f32[") and kind.endswith("]") and kind[4:-1].isdigit()
    return int(kind[4:-1]) if is_vector else None


def vector_values(column, kind, name):
    """Values of a column of `0.5|-1|2` texts, all `n` numbers there or the cell empty."""
    width = vector_width(kind)
    wanted = f"{kind} of finite numbers"
    vectors, present = read_distinct(
        column, name, lambda text: vector_of(text, width), wanted, (width,), numpy.float32
    )
    return Values(kind, len(present), present, floats=vectors)


def vector_of(text, width):
    """Its numbers, or None."""
    try:
        numbers = [float(part) for part in text.split("|")]
    except ValueError:
        return None
    with numpy.errstate(over="ignore"):
        is_finite = numpy.isfinite(numpy.array(numbers, numpy.float64).astype(numpy.float32))
    return numbers if len(numbers) == width and is_finite.all() else None


def doubles(column):
    """float64 [n], NaN for what is no number: the nearest to each text, as serving reads it, where pandas' own reader
    is up to one unit in the last place off."""
    numbers = pandas.to_numeric(column, errors="coerce").to_numpy(dtype=numpy.float64, copy=True)
    is_one = ~numpy.isnan(numbers)
    numbers[is_one] = column.to_numpy(dtype=object)[is_one].astype(numpy.float64)
    return numbers


def finite_numbers(column, name):
    """float64 [n], NaN where missing; anything but a finite number is an error."""
    numbers = doubles(column)
    wrong = numpy.flatnonzero(column.notna().to_numpy() & ~numpy.isfinite(numbers))
    if len(wrong) > 0:
        found = column.iloc[wrong[0]]
        raise CellError(wrong[0], f"column {name}: wanted a finite number, found {found!r}")
    return numbers


def number_values(column, name):
    """Values of a column of number texts (or numbers)."""
    numbers = finite_numbers(column, name)
    present = ~numpy.isnan(numbers)
    filled = numpy.ascontiguousarray(numpy.where(present, numbers, 0.0))
    return Values("f64", len(present), present.astype(numpy.uint8), numbers=filled)


def whole_number(cell, kind):
    """The int of a cell, every digit of it: an id beyond 2^53 hashes as serving hashes it. `5.0` and `5e3`, as
    tables with gaps are often written, while a double tells them apart. None for anything else."""
    if isinstance(cell, str):
        if kind == "timestamp" and (micros := micros_of(cell)) is not None:
            return micros
        if re.fullmatch(r"[+-]?[0-9]+", cell):
            value = int(cell)
            return value if -(2**63) <= value < 2**63 else None
        if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", cell):
            return None
    number = float(cell)
    return int(number) if number.is_integer() and abs(number) < 2**53 else None


WHOLE_WORDS = {"i64": "a whole number (i64)", "timestamp": "a time (RFC 3339, a date, or micros since 1970)"}


def whole_values(column, kind, name):
    """Values of a column of whole numbers or times."""
    integers, present = read_distinct(
        column, name, lambda cell: whole_number(cell, kind), WHOLE_WORDS[kind], (), numpy.int64
    )
    return Values(kind, len(present), present, integers=integers)


def request_times(column, name):
    """int64 [n] micros since 1970; a missing one is an error."""
    values = whole_values(column, "timestamp", name)
    absent = numpy.flatnonzero(values.present == 0)
    if len(absent) > 0:
        raise CellError(absent[0], f"column {name}: a request without its time")
    return values.integers


def boolean_values(column, name):
    """Values of true/false, 1/0 texts."""
    words = {"true": 1, "1": 1, "True": 1, "false": 0, "0": 0, "False": 0}
    mapped = column.map(words)
    wrong = column.notna() & mapped.isna()
    if wrong.any():
        row = numpy.flatnonzero(wrong.to_numpy())[0]
        raise CellError(row, f"column {name}: wanted true or false, found {column.iloc[row]!r}")
    present = mapped.notna().to_numpy().astype(numpy.uint8)
    return Values(
        "bool", len(present), present, booleans=mapped.fillna(0).to_numpy(dtype=numpy.uint8)
    )


@dataclass
class Places:
    """Where rows stand: `rows` is int64 [n, 2], an index of `paths` and a line of that file."""

    paths: list
    rows: numpy.ndarray

    @classmethod
    def of(cls, paths, lines):
        numbers = numpy.repeat(numpy.arange(len(lines)), [len(found) for found in lines])
        return cls(list(paths), numpy.stack([numbers, numpy.concatenate(lines)], axis=1))

    def followed_by(self, other):
        moved = other.rows + numpy.array([len(self.paths), 0])
        return Places(self.paths + other.paths, numpy.concatenate([self.rows, moved]))

    def of_row(self, row):
        file, line = self.rows[row]
        return f"{self.paths[file]}: line {line}: "


class Table:
    """A CSV (gzip too) of facts and labels, every cell a text or None where missing.

    A fact `income` of the context is looked up as the mapped column, `ctx.income`, then `income`.
    `time_column` holds the time of each row's request, for features that count from it.
    """

    PREFIXES = {"context": "ctx.", "candidate": "offer.", "pair": "pair."}

    def __init__(self, frame, columns=None, places=None, time_column=None):
        self.frame = frame
        self.time_column = time_column
        self.places = places  # None: rows of no file
        self.columns = columns or {}
        self.cache = {}

    @classmethod
    def read(cls, paths, columns=None, missing=("",), time_column=None):
        lines = [row_lines(path) for path in paths]
        frames = [
            pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=list(missing))
            for path in paths
        ]
        frame = pandas.concat(frames, ignore_index=True)
        places = Places.of(paths, lines)
        return cls(frame.astype(object).where(frame.notna(), None), columns, places, time_column)

    @property
    def n_rows(self):
        return len(self.frame)

    def rows(self, chosen):
        """A table of the rows where `chosen` (bool [n] or indices)."""
        taken = numpy.flatnonzero(chosen) if chosen.dtype == bool else chosen
        frame = self.frame.iloc[taken].reset_index(drop=True)
        places = self.places and Places(self.places.paths, self.places.rows[taken])
        return Table(frame, self.columns, places, self.time_column)

    def followed_by(self, other):
        """A table of these rows and then those of `other`; columns that one lacks are missing."""
        frame = pandas.concat([self.frame, other.frame], ignore_index=True)
        places = self.places and other.places and self.places.followed_by(other.places)
        frame = frame.astype(object).where(frame.notna(), None)
        return Table(frame, self.columns, places, self.time_column)

    def column_name(self, fact, side):
        """The CSV column that holds a fact."""
        prefix = self.PREFIXES[side]
        bare = fact[len(prefix) :] if fact.startswith(prefix) else fact
        mapped = self.columns.get(prefix + bare, self.columns.get(bare))
        if mapped is not None and mapped not in self.frame.columns:
            raise ValueError(f"no column {mapped}, which `columns` gives to {prefix}{bare}")
        choices = [mapped, prefix + bare, bare]
        if side == "candidate" and bare == "offer_id":
            choices.append("offer")
        for choice in choices:
            if choice is not None and choice in self.frame.columns:
                return choice
        raise ValueError(f"no column for {prefix}{bare}: tried {[c for c in choices if c]}")

    def values(self, fact, side, kind):
        """Typed values of a fact, cached."""
        name = self.column_name(fact, side)
        key = (name, kind)
        if key not in self.cache:
            self.cache[key] = self.placed(self.convert, self.frame[name], kind, name)
        return self.cache[key]

    def times(self):
        """int64 [n]: when each row's request was made, micros since 1970; none may be missing."""
        name = self.time_column
        if name is None:
            raise ValueError("the time of requests is not at hand: wanted time_column in the config")
        if name not in self.frame.columns:
            raise ValueError(f"no column {name}, the time of requests")
        key = (name, "time")
        if key not in self.cache:
            self.cache[key] = self.placed(request_times, self.frame[name], name)
        return self.cache[key]

    def placed(self, read, *arguments):
        """What `read` gives; its complaint about a cell tells the line."""
        try:
            return read(*arguments)
        except CellError as error:
            place = self.places.of_row(error.row) if self.places else f"row {error.row + 1}: "
            raise ValueError(f"{place}{error}") from None

    @staticmethod
    def convert(column, kind, name):
        if kind == "string":
            return string_values(column)
        if kind == "string[]":
            return list_values(column)
        if kind == "bool":
            return boolean_values(column, name)
        if vector_width(kind):
            return vector_values(column, kind, name)
        if kind == "f64":
            return number_values(column, name)
        if kind in WHOLE_WORDS:
            return whole_values(column, kind, name)
        raise ValueError(f"column {name}: type {kind} cannot be read from CSV")

    def numbers(self, name):
        """A column as float64 [n], NaN where missing: labels, weights, truth."""
        if name not in self.frame.columns:
            raise ValueError(f"no column {name}")
        return self.placed(finite_numbers, self.frame[name], name)
