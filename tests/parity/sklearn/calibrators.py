"""Fitted calibrators and metrics against scikit-learn.

Usage: calibrators.py LIBGUARDRANK_TOOLS. Writes weights folders whose heads ask for a fit, packs them
through the C interface, and compares the report: Platt with LogisticRegression without penalty, beta
with the same on (ln p, -ln(1 - p)), isotonic with IsotonicRegression, temperature with a bounded
scalar search, and the metrics with sklearn.metrics.
"""
import ctypes
import json
import pathlib
import struct
import sys
import tempfile

SKIPPED = 77
try:
    import numpy
    from scipy.optimize import minimize_scalar
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed")
    sys.exit(SKIPPED)

METHODS = ["platt", "temperature", "beta", "isotonic"]


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    def bytes(self):
        return ctypes.string_at(self.data, self.size)


class PackOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("model_folder", ctypes.c_char_p), ("policy_path", ctypes.c_char_p),
                ("catalog_path", ctypes.c_char_p), ("progress", ctypes.c_void_p),
                ("progress_user", ctypes.c_void_p)]


def pack(library, folder):
    """The packer's report for a folder."""
    library.gr_tools_text_view.restype = Text
    library.gr_error_message.restype = Text
    for function in ("gr_tools_text_view", "gr_tools_text_free", "gr_error_message"):
        getattr(library, function).argtypes = [ctypes.c_void_p]
    options = PackOptions(ctypes.sizeof(PackOptions), 0, str(folder).encode(),
                          str(folder / "policy.json").encode())
    bundle, report, error = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    status = library.gr_tools_pack(ctypes.byref(options), ctypes.byref(bundle), ctypes.byref(report),
                                   ctypes.byref(error))
    if status != 0:
        raise SystemExit(f"pack: {status}: {library.gr_error_message(error).bytes().decode()}")
    text = library.gr_tools_text_view(report).bytes()
    library.gr_tools_text_free(report)
    library.gr_tools_text_free(bundle)
    return json.loads(text)


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        raw = numpy.ascontiguousarray(array).tobytes()
        kind = {"float32": "F32", "float64": "F64"}[str(array.dtype)]
        header[name] = {"dtype": kind, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_folder(folder, logits, labels, rate):
    """One head per method over the same rows; a fifth of other rows stands outside (NaN)."""
    heads = [{"name": method, "kind": "probability", "tower": [], "negative_sampling_rate": rate,
              "sampling_handled": "correct", "calibrator": {"kind": "fit", "method": method}}
             for method in METHODS]
    field = {"name": "state", "side": "context", "type": "string", "output": "embedding", "dim": 1,
             "transforms": [{"op": "vocabulary", "values": ["CA"]}]}
    (folder / "model.json").write_text(json.dumps(
        {"format": 1, "name": "fits", "version": "1", "fields": [field], "levels": [], "heads": heads}))
    weights = {"embedding.state.weight": numpy.ones((3, 1), numpy.float32)}
    outside = numpy.full(len(logits) // 5, numpy.nan)
    holdout = {}
    for method in METHODS:
        weights[f"tower.{method}.layer.0.weight"] = numpy.ones((1, 1), numpy.float32)
        weights[f"tower.{method}.layer.0.bias"] = numpy.zeros(1, numpy.float32)
        holdout[f"logit.{method}"] = numpy.concatenate([outside, logits])
        holdout[f"label.{method}"] = numpy.concatenate([outside, labels.astype(float)])
    write_safetensors(folder / "weights.safetensors", weights)
    write_safetensors(folder / "holdout.safetensors", holdout)
    (folder / "policy.json").write_text(json.dumps(
        {"format": 1, "name": "none", "version": "1",
         "terms": [{"id": "value", "kind": "revenue", "unit": "USD", "expr": "p.platt"}]}))


def sigmoid(z):
    return 1 / (1 + numpy.exp(-z))


def free_fit(columns, labels):
    """Maximum likelihood without penalty."""
    return LogisticRegression(penalty=None, tol=1e-9, max_iter=1000, solver="newton-cholesky").fit(
        columns, labels)


def expected(z, labels):
    """By method: parameters where the method has them, and probabilities."""
    platt = free_fit(z[:, None], labels)
    best = minimize_scalar(lambda t: log_loss(labels, sigmoid(z / t)), bounds=(1e-3, 1e3), method="bounded",
                           options={"xatol": 1e-10})
    p = sigmoid(z)
    columns = numpy.stack([numpy.log(p), -numpy.log1p(-p)], 1)
    beta = free_fit(columns, labels)
    if (beta.coef_ < 0).any():
        raise SystemExit("the draw gives beta a negative slope: choose another seed")
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(p, labels)
    return {"platt": ({"a": platt.coef_[0, 0], "b": platt.intercept_[0]}, platt.predict_proba(z[:, None])[:, 1]),
            "temperature": ({"t": best.x}, sigmoid(z / best.x)),
            "beta": ({"a": beta.coef_[0, 0], "b": beta.coef_[0, 1], "c": beta.intercept_[0]},
                     beta.predict_proba(columns)[:, 1]),
            "isotonic": ({}, isotonic.predict(p))}


class Comparison:
    def __init__(self):
        self.passed = self.failed = 0

    def near(self, what, found, wanted, tolerance):
        if abs(found - wanted) <= tolerance * max(1.0, abs(wanted)):
            self.passed += 1
            return
        self.failed += 1
        print(f"{what}: wanted {wanted!r}, found {found!r}")


def compare_metrics(compare, what, found, labels, p):
    compare.near(f"{what} auc", found["auc"], roc_auc_score(labels, p), 1e-9)
    compare.near(f"{what} pr_auc", found["pr_auc"], average_precision_score(labels, p), 1e-9)
    clipped = numpy.clip(p, numpy.finfo(float).eps, 1 - numpy.finfo(float).eps)
    wanted = -numpy.mean(numpy.where(labels == 1, numpy.log(clipped), numpy.log1p(-clipped)))
    compare.near(f"{what} log_loss", found["log_loss"], wanted, 1e-7)


def compare_draw(compare, library, seed):
    rng = numpy.random.default_rng(seed)
    rate = float(rng.choice([1.0, 0.1]))
    z = rng.normal(-1, 2, 5000)
    if seed % 2:
        z = numpy.round(z, 1)                       # ties
    truth = (0.6 + 0.2 * seed % 1) * z + 0.3 * numpy.tanh(z) - 0.5
    labels = (rng.random(len(z)) < sigmoid(truth)).astype(int)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_folder(folder, z - numpy.log(rate), labels, rate)
        report = pack(library, folder)
    wanted_by_method = expected(z, labels)
    for head in report["heads"]:
        parameters, p = wanted_by_method[head["name"]]
        what = f"seed {seed} {head['name']}"
        for key, wanted in parameters.items():
            compare.near(f"{what} {key}", head["calibrator"][key], wanted, 2e-4)
        compare_metrics(compare, f"{what} before", head["holdout"]["before"], labels, sigmoid(z))
        after = head["holdout"]["after"]
        if head["name"] == "isotonic":
            compare_metrics(compare, f"{what} after", after, labels, p)
        else:
            compare.near(f"{what} after log_loss", after["log_loss"], log_loss(labels, p), 1e-7)


def main():
    library = ctypes.CDLL(sys.argv[1])
    compare = Comparison()
    for seed in range(6):
        compare_draw(compare, library, seed)
    print(f"{compare.passed} passed, {compare.failed} failed")
    sys.exit(1 if compare.failed else 0)


if __name__ == "__main__":
    main()
