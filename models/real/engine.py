"""The engine through its C interface (guardrank.h): a bundle's catalog ranked for one context at a
time, with pair facts as whole columns. JSON requests would be a megabyte each here."""
import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int32, c_int64, c_size_t
from ctypes import c_uint32, c_uint64, c_void_p

import numpy

from train.library import COLUMN_TYPES, ENVIRONMENT_VARIABLE, Column, Text, pointer_of

LIBRARY_VARIABLE = "GUARDRANK_LIBRARY"
NAMESPACES = {"context": 0, "candidate": 1, "pair": 2}
NO_FACT = 0xFFFFFFFF


class EngineError(Exception):
    """A status of the engine with its message."""


class Ranked(Structure):
    """gr_ranked."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("candidate", c_uint32),
        ("offer", Text),
        ("score_micros", c_int64),
        ("propensity", c_double),
        ("is_mandated", c_int32),
    ]


def library_path():
    """GUARDRANK_LIBRARY, or libguardrank beside the folder of the tools library."""
    path = os.environ.get(LIBRARY_VARIABLE)
    tools = os.environ.get(ENVIRONMENT_VARIABLE)
    if not path and tools:
        path = os.path.join(os.path.dirname(os.path.dirname(tools)), "libguardrank.so")
    if not path or not os.path.exists(path):
        raise FileNotFoundError(f"no guardrank library: set {LIBRARY_VARIABLE}")
    return path


def load():
    """The library with the signatures that are used here."""
    calls = ctypes.CDLL(library_path())
    handle, out, error = c_void_p, POINTER(c_void_p), POINTER(c_void_p)
    signatures = {
        "gr_engine_create": (c_int32, [c_void_p, out, error]),
        "gr_engine_free": (None, [handle]),
        "gr_artifact_open": (c_int32, [handle, c_char_p, c_size_t, c_void_p, out, error]),
        "gr_artifact_free": (None, [handle]),
        "gr_snapshot_create": (c_int32, [handle, handle, c_void_p, out, error]),
        "gr_snapshot_free": (None, [handle]),
        "gr_snapshot_fact": (c_uint32, [handle, c_int32, Text]),
        "gr_request_create": (c_int32, [handle, out, error]),
        "gr_request_free": (None, [handle]),
        "gr_request_set_time": (None, [handle, c_int64]),
        "gr_request_set_seed": (None, [handle, c_uint64]),
        "gr_request_set_limit": (None, [handle, c_uint32]),
        "gr_request_set_candidates": (c_int32, [handle, POINTER(Text), c_size_t, error]),
        "gr_request_set_context_f64": (c_int32, [handle, c_uint32, c_double, error]),
        "gr_request_set_context_i64": (c_int32, [handle, c_uint32, c_int64, error]),
        "gr_request_set_context_texts": (
            c_int32,
            [handle, c_uint32, POINTER(Text), c_size_t, error],
        ),
        "gr_request_set_column": (c_int32, [handle, c_uint32, POINTER(Column), error]),
        "gr_session_create": (c_int32, [handle, out, error]),
        "gr_session_free": (None, [handle]),
        "gr_rank": (c_int32, [handle, handle, out, error]),
        "gr_decision_ranked_count": (c_uint32, [handle]),
        "gr_decision_ranked": (c_int32, [handle, c_uint32, POINTER(Ranked)]),
        "gr_error_message": (Text, [handle]),
        "gr_error_where": (Text, [handle]),
        "gr_error_free": (None, [handle]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(calls, name)
        function.restype, function.argtypes = result, arguments
    return calls


def text_array(texts):
    """(gr_text array, bytes to keep alive)."""
    kept = [text.encode("utf-8") for text in texts]
    views = (Text * max(len(kept), 1))()
    for view, data in zip(views, kept):
        view.data = ctypes.cast(ctypes.c_char_p(data), c_void_p)
        view.size = len(data)
    return views, kept


def is_whole(value):
    return isinstance(value, (int, numpy.integer))


def number_column(values):
    """(gr_column, array that it points to): i64 for whole numbers, which f64 facts take too."""
    values = numpy.asarray(values)
    whole = values.dtype.kind in "iu"
    values = numpy.ascontiguousarray(values, dtype=numpy.int64 if whole else numpy.float64)
    column = Column(type=COLUMN_TYPES["i64" if whole else "f64"], n_rows=len(values))
    column.struct_size = ctypes.sizeof(Column)
    column.integers = pointer_of(values if whole else None)
    column.numbers = pointer_of(None if whole else values)
    return column, values


class CatalogRanker:
    """One bundle, one request whose candidates are `offers` in this order, one session."""

    def __init__(self, bundle, offers, limit):
        self.calls = load()
        self.handles = []
        with open(bundle, "rb") as file:
            data = file.read()
        self.engine = self.make("gr_engine", "create", None)
        artifact = self.make("gr_artifact", "open", self.engine, data, len(data), None)
        self.snapshot = self.make("gr_snapshot", "create", self.engine, artifact, None)
        self.request = self.make("gr_request", "create", self.snapshot)
        self.session = self.make("gr_session", "create", self.engine)
        self.calls.gr_request_set_limit(self.request, limit)
        views, _kept = text_array(offers)
        self.check("gr_request_set_candidates", self.request, views, len(offers))

    def make(self, kind, verb, *arguments):
        """A handle, freed by close in reverse order."""
        handle = c_void_p()
        self.check(f"{kind}_{verb}", *arguments, byref(handle))
        self.handles.append((kind, handle))
        return handle

    def check(self, name, *arguments):
        error = c_void_p()
        status = getattr(self.calls, name)(*arguments, byref(error))
        if status != 0:
            where = self.calls.gr_error_where(error).decode()
            message = self.calls.gr_error_message(error).decode()
            self.calls.gr_error_free(error)
            raise EngineError(f"{name} ({status}) {where}: {message}")

    def close(self):
        for kind, handle in reversed(self.handles):
            getattr(self.calls, f"{kind}_free")(handle)
        self.handles = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fact(self, space, name):
        """The ordinal of a fact, or None where the bundle reads no such fact."""
        views, _kept = text_array([name])
        found = self.calls.gr_snapshot_fact(self.snapshot, NAMESPACES[space], views[0])
        return None if found == NO_FACT else found

    def set_number(self, name, value):
        fact = self.fact("context", name)
        if fact is not None:
            kind, number = ("i64", int(value)) if is_whole(value) else ("f64", float(value))
            self.check(f"gr_request_set_context_{kind}", self.request, fact, number)

    def set_texts(self, name, texts):
        fact = self.fact("context", name)
        if fact is not None:
            views, _kept = text_array(texts)
            self.check("gr_request_set_context_texts", self.request, fact, views, len(texts))

    def rank(self, pairs):
        """Candidates' places, best first. `pairs`: fact to numbers [offers], whole or not."""
        kept = []
        for name, values in pairs.items():
            fact = self.fact("pair", name)
            if fact is None:
                continue
            column, values = number_column(values)
            kept += [values, column]
            self.check("gr_request_set_column", self.request, fact, byref(column))
        decision = c_void_p()
        self.check("gr_rank", self.session, self.request, byref(decision))
        return self.places(decision)

    def places(self, decision):
        entry = Ranked(struct_size=ctypes.sizeof(Ranked))
        out = []
        for position in range(self.calls.gr_decision_ranked_count(decision)):
            self.calls.gr_decision_ranked(decision, position, byref(entry))
            out.append(int(entry.candidate))
        return out
