"""Makes first corpus files from bundles and vectors of the repository.

Usage: seed.py [COMMAND]. Takes the small conformance bundles apart (models/schema/README.md has the
layout) and writes each artifact to corpus/<target>/, likewise their sources; with the guardrank
command also records. Files are named by their content, so a second run changes nothing.
"""
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KINDS = {16: "model", 17: "policy", 18: "catalog", 19: "release"}
MAX_BYTES = 64 << 10
EXPRESSIONS = [
    "ctx.age >= 18", "ctx.state in ['CA', \"NY\"] && !ctx.member", "ctx.income * 1.5 - 2e3 > 0.0 || false",
    "'cash' in ctx.tags ? ctx.age % 7 == 3 : has(ctx.state)", "ctx.age / 0 == 1", "-9223372036854775808 < ctx.age",
    "((((((ctx.age))))))", "r'\\d' == ctx.state", "\"\\u00e9\\n\" != '''a'''", "now > ctx.since", "1u < 2.0",
    "[1, 2, 3] == [1]", "ctx.age + 9223372036854775807 > 0", "!!!!ctx.member", "ctx.", "0x1F == 31",
    "ctx.tags.exists(t, t.startsWith('tra') || size(t) > 4)",
    "[1, 2].map(x, x > 1, [x, 'a'])[0][1] == 'a'",
    "{'a': 1, 2u: b'x', true: null}.filter(k, k != 'a').size() == 2",
    "ctx.state.matches('^(?i:c[a-z]){1,3}|\\\\d+$')",
    "timestamp('2026-11-21T10:00:00.5Z').getDayOfYear('+05:30') > 3", "duration('1h30m') + ctx.since > ctx.since",
    "type(dyn(ctx.age)) == int && string(1.5) + 'x' in {'1.5x': 1}",
    "clamp(sqrt(ctx.income), 0.0, ln(9.0)) <= exp(1.0)",
    "{'k': {'l': [1u]}}.k.l[0] in [1, 2.0]", "has({'a': 1}.`a`) ? int('7') : uint(-1) == 7u",
    "[[1], [2]].all(l, l.all(x, x > 0))",
]
JSON = ["{\"a\":[1,2.5e-3,\"\\ud83d\\ude00\",null,true]}", "1e400", "-0", "5e-324", "1.7976931348623157e308",
        "9007199254740993", "2026-11-21T10:00:00.123456Z", "2026-02-29", "[[[[[[]]]]]]", "\"\\ud800\"", "YWJj",
        "{\"a\":1,\"a\":2}", "0001-01-01T00:00:00+14:00", "123456789012345678901234567890"]
REQUESTS = [
    {"time": "2026-11-21T10:00:00Z", "seed": "18446744073709551615", "limit": 3, "explain": True,
     "route": {"product": "card", "surface": None}, "request_id": "r",
     "context": {"f": 1.5, "i": "9007199254740993", "b": True, "s": "x", "t": "2026-01-01", "l": ["a"], "v": [1, 2, 3]},
     "candidates": [{"offer": "o-1", "facts": {"f": -0.0, "l": []}, "pair": {"i": 2}}, {"offer": "o-2"}]},
    {"time": "2026-11-21T10:00:00Z"},
    {"time": 1, "context": {"v": [1, 2]}},
]


def write(target: str, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        return
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def without(data: bytes, kind: int) -> bytes:
    """With a section of this kind named as one that readers leave alone."""
    changed = bytearray(data)
    for index in range(struct.unpack_from("<I", data, 24)[0]):
        if struct.unpack_from("<I", data, 64 + 64 * index)[0] == kind:
            struct.pack_into("<I", changed, 64 + 64 * index, 1000)
    return bytes(changed)


def sections(data: bytes):
    """(kind, bytes) of a container."""
    count = struct.unpack_from("<I", data, 24)[0]
    for index in range(count):
        kind, _, offset, length = struct.unpack_from("<IIQQ", data, 64 + 64 * index)
        yield kind, data[offset:offset + length]


def field(number: int, value: bytes | int) -> bytes:
    """One field of a protobuf message; numbers below 128 only."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def onnx_file() -> bytes:
    """A product and a sum, one of whose tensors stands in another file, and a hidden layer's Relu."""
    tensor = field(1, 2) + field(1, 2) + field(2, 1) + field(8, b"w") + field(9, bytes(16))
    beside = field(13, field(1, b"location") + field(2, b"data")) + field(14, 1)
    bias = field(1, bytes([2])) + field(2, 1) + field(8, b"b") + beside
    nodes = [(b"Transpose", [b"w"], [b"t"]), (b"MatMul", [b"x", b"t"], [b"m"]), (b"Add", [b"m", b"b"], [b"s"]),
             (b"Gemm", [b"x", b"w", b"b"], [b"g"]), (b"Relu", [b"s"], [b"h"])]
    graph = b"".join(field(1, b"".join([field(1, i) for i in ins] + [field(2, o) for o in outs] + [
        field(4, op), field(5, field(1, b"transB") + field(3, 1))])) for op, ins, outs in nodes)
    return field(1, 8) + b"\x3a" + varint(len(graph + field(5, tensor) + field(5, bias))) + (
        graph + field(5, tensor) + field(5, bias))


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def write_sources() -> None:
    for folder in sorted((ROOT / "tests/conformance/sources").iterdir()):
        for target, names in {"policy_document": ["policy.yaml"], "model_json": ["model.json"],
                              "catalog_document": ["catalog.csv", "catalog.json"]}.items():
            for name in names:
                if (folder / name).exists():
                    write(target, (folder / name).read_bytes())
    tensors = {"a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
               "b": {"dtype": "F16", "shape": [3], "data_offsets": [8, 14]}}
    header = json.dumps(tensors).encode()
    write("safetensors", struct.pack("<Q", len(header)) + header + bytes(14))
    write("safetensors", b"\x80\x04\x95")
    write("onnx", onnx_file())


def write_record(command: str, bundle: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        request, record = pathlib.Path(folder, "request.json"), pathlib.Path(folder, "record")
        request.write_text('{"time": "2026-11-21T10:00:00Z", "explain": true, "context": {"age": 34, "state": "CA"}}')
        subprocess.run([command, "rank", "--bundle", bundle, "--request", request, "--record-out", record],
                       check=True, stdout=subprocess.DEVNULL)
        write("record", record.read_bytes())


def write_metadata() -> None:
    """Documents of a repository of ../fault, each behind a byte that chooses answers."""
    sys.path.insert(0, str(ROOT / "tests/fault"))
    from repository import Repository
    repository = Repository(1_700_000_000)
    repository.add("team/a.release", b"release")
    repository.publish()
    role = {"name": "team", "keyids": ["k"], "threshold": 1, "terminating": True, "paths": ["team/*.release"]}
    bins = {"keyids": [], "threshold": 1, "bit_length": 9, "name_prefix": "bin"}
    for delegations in ({"keys": {}, "roles": [role]}, {"keys": {}, "succinct_roles": bins}):
        part = repository.part("targets", targets={}, delegations=delegations)
        write("metadata", b"\1" + repository.put("targets", part))
    for path, data in repository.files.items():
        if path.startswith("metadata/"):
            write("metadata", b"\0" + data)


def write_lives() -> None:
    """Steps of a store's life, drawn by hashing."""
    for life in range(12):
        write("store", b"".join(hashlib.sha256(b"%d %d" % (life, i)).digest() for i in range(30)))


def main() -> None:
    write_lives()
    write_sources()
    write_metadata()
    for path in sorted((ROOT / "tests/conformance/bundles").glob("*.guardrank")):
        data = path.read_bytes()
        write("bundle", data)
        if any(kind == 20 for kind, _ in sections(data)):
            write("bundle", without(data, 20))
        for kind, artifact in sections(data):
            if kind in KINDS:
                write(KINDS[kind], artifact)
        write("release", data)
        if len(sys.argv) > 1 and path.stem != "open":
            write_record(sys.argv[1], path)
    for text in EXPRESSIONS:
        write("expression", text.encode())
    for text in JSON:
        write("json", text.encode())
    for request in REQUESTS:
        write("request_json", json.dumps(request).encode())
        write("json", json.dumps(request).encode())


if __name__ == "__main__":
    main()
