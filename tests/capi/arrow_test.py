"""gr_request_import_arrow with what pyarrow exports, read as the same request is in JSON: by the records of both.

Usage: arrow_test.py LIBGUARDRANK.so BUNDLES. Exit code 77 where there is no pyarrow.
"""
import ctypes
import datetime
import json
import pathlib
import sys
import unittest

try:
    import pyarrow as pa
    from pyarrow.cffi import ffi
except ImportError:
    print("no pyarrow: skipped")
    sys.exit(77)

LIBRARY = ctypes.CDLL(sys.argv[1])
BUNDLES = pathlib.Path(sys.argv[2])
CONTEXT, CANDIDATE, PAIR = range(3)
GR_STATUS_TYPE, GR_STATUS_DUPLICATE = 203, 601


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_char)), ("size", ctypes.c_size_t)]

    def bytes(self) -> bytes:
        return ctypes.string_at(self.data, self.size)


LIBRARY.gr_error_where.restype = LIBRARY.gr_error_message.restype = Text
LIBRARY.gr_error_where.argtypes = LIBRARY.gr_error_message.argtypes = [ctypes.c_void_p]


class Refused(Exception):
    def __init__(self, code: int, where: str, message: str):
        super().__init__(message)
        self.code, self.where = code, where


def call(name: str, *arguments):
    error = ctypes.c_void_p()
    code = getattr(LIBRARY, name)(*arguments, ctypes.byref(error))
    if code != 0:
        raise Refused(code, LIBRARY.gr_error_where(error).bytes().decode(),
                      LIBRARY.gr_error_message(error).bytes().decode())


def made(name: str, *arguments) -> ctypes.c_void_p:
    handle = ctypes.c_void_p()
    call(name, *arguments, ctypes.byref(handle))
    return handle


class World:
    """A request of a bundle. Handles are left to the end of the process."""

    def __init__(self, bundle: str):
        data = (BUNDLES / f"{bundle}.guardrank").read_bytes()
        engine = made("gr_engine_create", None)
        artifact = made("gr_artifact_open", engine, data, ctypes.c_size_t(len(data)), None)
        self.request = made("gr_request_create", made("gr_snapshot_create", engine, artifact, None))
        self.session = made("gr_session_create", engine)

    def read(self, request: dict) -> None:
        text = json.dumps({"time": "2026-11-21T10:00:00Z"} | request).encode()
        call("gr_request_from_json", self.request, text, ctypes.c_size_t(len(text)))

    def import_batch(self, space: int, batch) -> None:
        schema, array = ffi.new("struct ArrowSchema*"), ffi.new("struct ArrowArray*")
        places = [int(ffi.cast("uintptr_t", each)) for each in (array, schema)]
        batch._export_to_c(*places)
        try:
            call("gr_request_import_arrow", self.request, space, ctypes.c_void_p(places[1]),
                 ctypes.c_void_p(places[0]))
        finally:
            assert schema.release != ffi.NULL and array.release != ffi.NULL   # nothing moved
            schema.release(schema)
            array.release(array)

    def record(self) -> bytes:
        decision, record = ctypes.c_void_p(), Text()
        call("gr_rank", self.session, self.request, ctypes.byref(decision))
        call("gr_decision_record", decision, ctypes.byref(record))
        return record.bytes()


OFFERS = {"candidates": [{"offer": "o-1"}, {"offer": "o-2"}, {"offer": "o-6"}]}


def with_facts(**more) -> dict:
    facts = [{"apr": 10.5, "partner": "a", "states": ["CA", "TX"]}, {"partner": "\u00e9"},
             {"apr": 30.0, "states": ["NY"]}]
    return {"context": {"age": 34, "state": "CA", "income": 82000.0},
            "candidates": [{"offer": offer, "facts": fact, "pair": {"seen_before": seen}}
                           for offer, fact, seen in zip(("o-1", "o-2", "o-6"), facts, (8, 0, 3))]}


def context_batch() -> pa.RecordBatch:
    return pa.record_batch({"age": pa.array([34], pa.uint8()), "state": pa.array(["CA"]).dictionary_encode(),
                            "income": pa.array([82000], pa.float32()), "unheard": pa.array([datetime.date.today()])})


def offers_batch() -> pa.RecordBatch:
    return pa.record_batch({"apr": pa.array([10.5, None, 30.0]),
                            "partner": pa.array(["a", "\u00e9", None], pa.large_utf8()),
                            "states": pa.array([["CA", "TX"], None, ["NY"]], pa.list_(pa.utf8()))})


class Imported(unittest.TestCase):
    def setUp(self):
        self.world = World("cards")
        self.world.read(with_facts())
        self.wanted = self.world.record()

    def import_all(self, context, offers, pairs):
        self.world.read(OFFERS)
        self.world.import_batch(CONTEXT, context)
        self.world.import_batch(CANDIDATE, offers)
        self.world.import_batch(PAIR, pairs)
        self.assertEqual(self.world.record(), self.wanted)

    def test_batches_read_as_json_does(self):
        self.import_all(context_batch(), offers_batch(), pa.record_batch({"seen_before": pa.array([8, 0, 3])}))

    def test_slices_read_as_json_does(self):
        context = pa.concat_batches([pa.record_batch(context_batch())] * 3)
        offers = pa.concat_batches([offers_batch(), offers_batch()]).slice(3)
        pairs = pa.record_batch({"seen_before": pa.array([1, 2, 8, 0, 3, 4], pa.int16())})
        self.import_all(context.slice(1, 1), offers, pairs.slice(2, 3))

    def test_a_column_of_another_type_is_named(self):
        self.world.read(OFFERS)
        before = self.world.record()
        for name, column in (("apr", pa.array(["a", "b", "c"])), ("apr", pa.array([1, 2, 3], pa.float16())),
                             ("apr", pa.array([1, 2, 3]).cast(pa.decimal128(19))), ("partner", pa.array([b"a"] * 3)),
                             ("partner", pa.array(["a"] * 3, pa.string_view())), ("states", pa.array([[1]] * 3))):
            with self.assertRaises(Refused) as refused:
                self.world.import_batch(CANDIDATE, pa.record_batch({"partner" if name != "partner" else "apr":
                                                                    pa.nulls(3), name: column}))
            self.assertEqual(refused.exception.code, GR_STATUS_TYPE, (name, column.type))
            self.assertIn(name, refused.exception.where)
        self.assertEqual(self.world.record(), before)
        with self.assertRaises(Refused) as refused:
            self.world.import_batch(PAIR, pa.RecordBatch.from_arrays([pa.array([1, 2, 3])] * 2, ["seen_before"] * 2))
        self.assertEqual((refused.exception.code, refused.exception.where), (GR_STATUS_DUPLICATE, "pair.seen_before"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
