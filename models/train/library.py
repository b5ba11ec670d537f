"""ctypes binding of guardrank-tools: only what the trainer calls (capi/tools/include)."""
import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_int64
from ctypes import c_size_t, c_uint8, c_uint32, c_void_p

ENVIRONMENT_VARIABLE = "GUARDRANK_TOOLS_LIBRARY"

# gr_type of guardrank.h by the names that model.json uses.
COLUMN_TYPES = {
    "f64": 0,
    "i64": 1,
    "bool": 2,
    "string": 3,
    "timestamp": 4,
    "string[]": 5,
    "f32[n]": 6,
}


class Text(Structure):
    """gr_text: bytes with a size."""

    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def decode(self):
        return ctypes.string_at(self.data, self.size).decode("utf-8") if self.size else ""


class Column(Structure):
    """gr_column: one value per row."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_int32),
        ("n_rows", c_size_t),
        ("present", c_void_p),
        ("numbers", c_void_p),
        ("integers", c_void_p),
        ("booleans", c_void_p),
        ("texts", c_void_p),
        ("list_offsets", c_void_p),
        ("floats", c_void_p),
        ("width", c_uint32),
    ]


class Encoded(Structure):
    """gr_tools_encoded: one field's rows; arrays belong to the library until its next encode."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_uint32),
        ("dense", POINTER(c_float)),
        ("is_missing", POINTER(c_uint8)),
        ("codes", POINTER(c_uint32)),
        ("list_offsets", POINTER(c_uint32)),
    ]


class LibraryError(Exception):
    """A status of the library with the message of its error object."""

    def __init__(self, status, name, message, where):
        super().__init__(f"{name} ({status}) at {where or 'call'}: {message}")
        self.status = status
        self.name = name
        self.where = where


class Library:
    """The loaded shared library with declared signatures."""

    def __init__(self, path=None):
        path = path or os.environ.get(ENVIRONMENT_VARIABLE)
        if not path:
            raise FileNotFoundError(
                f"no guardrank-tools library: pass --library or set {ENVIRONMENT_VARIABLE}"
            )
        self.calls = ctypes.CDLL(path)
        declare(self.calls)

    def check(self, status, error):
        """Raises LibraryError unless `status` is 0; frees `error`."""
        if status == 0:
            return
        message = where = ""
        if error:
            message = self.calls.gr_error_message(error).decode()
            where = self.calls.gr_error_where(error).decode()
            self.calls.gr_error_free(error)
        name = self.calls.gr_status_name(status).decode()
        raise LibraryError(status, name, message, where)


def declare(calls):
    """Argument and result types, so that pointers survive on 64 bits."""
    signatures = {
        "gr_status_name": (c_char_p, [c_int32]),
        "gr_error_message": (Text, [c_void_p]),
        "gr_error_where": (Text, [c_void_p]),
        "gr_error_free": (None, [c_void_p]),
        "gr_tools_features_create": (
            c_int32,
            [c_char_p, c_size_t, POINTER(c_void_p), POINTER(c_void_p)],
        ),
        "gr_tools_features_free": (None, [c_void_p]),
        "gr_tools_features_field_count": (c_uint32, [c_void_p]),
        "gr_tools_features_input_count": (c_uint32, [c_void_p, c_uint32]),
        "gr_tools_features_input_name": (Text, [c_void_p, c_uint32, c_uint32]),
        "gr_tools_features_code_count": (c_uint32, [c_void_p, c_uint32]),
        "gr_tools_features_encode": (
            c_int32,
            [
                c_void_p,
                c_uint32,
                POINTER(Column),
                c_size_t,
                c_int64,
                POINTER(Encoded),
                POINTER(c_void_p),
            ],
        ),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(calls, name)
        function.restype = result
        function.argtypes = arguments


def pointer_of(array):
    """Address of a contiguous numpy array, or NULL for None."""
    return c_void_p(None) if array is None else c_void_p(array.ctypes.data)


__all__ = [
    "Library",
    "LibraryError",
    "Column",
    "Encoded",
    "Text",
    "COLUMN_TYPES",
    "byref",
    "c_void_p",
    "c_double",
    "pointer_of",
]
