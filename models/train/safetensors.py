"""The safetensors container: u64 little-endian header size, JSON header, raw row-major data."""
import json
import struct

import numpy

NAMES = {"float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32", "uint8": "U8"}


def write_safetensors(path, tensors):
    """`tensors`: name to numpy array. Same tensors, same bytes: names stand in sorted order."""
    header, parts, offset = {}, [], 0
    for name in sorted(tensors):
        data = numpy.ascontiguousarray(tensors[name])
        raw = data.astype(data.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": NAMES[data.dtype.name],
            "shape": list(data.shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        parts.append(raw)
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read_safetensors(path):
    """Name to numpy array."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    kinds = {short: numpy.dtype(name).newbyteorder("<") for name, short in NAMES.items()}
    header.pop("__metadata__", None)
    return {
        name: numpy.frombuffer(
            data[entry["data_offsets"][0] : entry["data_offsets"][1]], dtype=kinds[entry["dtype"]]
        ).reshape(entry["shape"])
        for name, entry in header.items()
    }
