"""Writes the network as .tflite files with TensorFlow's own converter, for LiteRT.js.

Usage: tflite.py OUT N [N ...]; OUT holds weights.npz of graphs.py. For each number of candidates (a
file's shapes are fixed) three graphs, as in peers.py: "typical" (an operator per layer, context
repeated), "fused" (what reads x in one product), "once" (that, with the context multiplied once);
each in float and in int8, weights and activations (calibrated on drawn requests).
"""
import json
import pathlib
import sys

import numpy
import tensorflow as tf


class Mmoe:
    def __init__(self, weights: dict, shape: dict, graph: str):
        self.weights, self.shape, self.graph = weights, shape, graph

    def linear(self, name: str, value):
        return tf.linalg.matmul(value, self.weights[f"{name}.weight"]) + self.weights[f"{name}.bias"]

    def side(self, side: str, dense, codes):
        tables = [self.weights[f"table.{side}.{i}"] for i in range(self.shape[f"{side}Tables"])]
        return tf.concat([dense] + [tf.gather(t, codes[:, i]) for i, t in enumerate(tables)], axis=1)

    def first_layers(self, context, candidate) -> tuple:
        """The experts' first layers before their activation, and the gates."""
        n_experts, n_heads = self.shape["experts"], self.shape["heads"]
        if self.graph == "typical":
            x = tf.concat([context, candidate], axis=1)
            return ([self.linear(f"expert.{e}.0", x) for e in range(n_experts)],
                    [self.linear(f"gate.{h}", x) for h in range(n_heads)])
        if self.graph == "fused":
            first = self.linear("first", tf.concat([context, candidate], axis=1))
        else:
            weight, n_context = self.weights["first.weight"], context.shape[1]
            first = (tf.linalg.matmul(candidate, weight[n_context:])
                     + (tf.linalg.matmul(context, weight[:n_context]) + self.weights["first.bias"]))
        widths = ([len(self.weights[f"expert.{e}.0.bias"]) for e in range(n_experts)] + [n_experts] * n_heads)
        parts = tf.split(first, widths, axis=1)
        return parts[:n_experts], parts[n_experts:]

    def logits(self, context_dense, context_codes, candidate_dense, candidate_codes):
        firsts, gates = self.first_layers(self.side("context", context_dense, context_codes),
                                          self.side("candidate", candidate_dense, candidate_codes))
        experts = []
        for e, value in enumerate(firsts):
            value = tf.nn.relu(value)
            for k in range(1, self.shape["layers"]):
                value = tf.nn.relu(self.linear(f"expert.{e}.{k}", value))
            experts.append(value)
        stacked = tf.stack(experts, axis=1)
        return tf.concat([self.tower(h, gate, stacked) for h, gate in enumerate(gates)], axis=1)

    def tower(self, h: int, gate, stacked):
        value = tf.squeeze(tf.linalg.matmul(tf.nn.softmax(gate)[:, None, :], stacked), axis=1)
        for k in range(self.shape["tower"]):
            value = self.linear(f"tower.{h}.{k}", value)
            value = tf.nn.relu(value) if k + 1 < self.shape["tower"] else value
        return value


def drawn(weights: dict, shape: dict, n_rows: int, n_context: int, n_batches: int):
    """Requests drawn as peers.py draws them, inputs in the function's order: for calibration."""
    rng = numpy.random.default_rng(5)
    for _ in range(n_batches):
        batch = []
        for side, rows in (("context", n_context), ("candidate", n_rows)):
            sizes = [len(weights[f"table.{side}.{i}"]) for i in range(shape[f"{side}Tables"])]
            drawn_rows = 1 if side == "context" else rows
            codes = numpy.stack([rng.integers(0, s, drawn_rows) for s in sizes], axis=1).astype("i4")
            dense = rng.normal(size=(drawn_rows, weights[f"{side}_dense"].shape[1])).astype("f4")
            batch += [numpy.repeat(values, rows // drawn_rows, axis=0) for values in (dense, codes)]
        yield batch


def convert(mmoe: Mmoe, n_rows: int, is_int8: bool) -> bytes:
    n_context = 1 if mmoe.graph == "once" else n_rows
    rows = {"context": n_context, "candidate": n_rows}
    specs = [tf.TensorSpec([rows[side], mmoe.weights[f"{side}_{kind}"].shape[1]], dtype, f"{side}_{kind}")
             for side in rows for kind, dtype in (("dense", tf.float32), ("codes", tf.int32))]
    function = tf.function(mmoe.logits).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    if is_int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: drawn(
            mmoe.weights, mmoe.shape, n_rows, n_context, max(20, 400 // n_rows))
    return converter.convert()


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    archive = numpy.load(out / "weights.npz")
    shape = json.loads(str(archive["shape"]))
    weights = {name: archive[name] for name in archive.files if name != "shape"}
    for graph in ("typical", "fused", "once"):
        for n_rows in map(int, sys.argv[2:]):
            for kind, is_int8 in (("fp32", False), ("int8", True)):
                data = convert(Mmoe(weights, shape, graph), n_rows, is_int8)
                (out / f"{graph}.{kind}.{n_rows}.tflite").write_bytes(data)


if __name__ == "__main__":
    main()
