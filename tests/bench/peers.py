"""ONNX Runtime on the benchmark models, one thread: what general engines need for the same logits.

Builds from a folder of make_bundle.py, with the same weights, the graph that a typical export gives
(context repeated for every candidate, an operator per layer), the same graph fused by hand (first
layers of all experts and gates in one product), and that with the context multiplied once per
request; each in float, in int8 quantised dynamically, and in int8 quantised statically. Every graph
is checked against a float64 reference. Usage: peers.py FOLDER N [N ...], printing
"variant <tab> N <tab> microseconds <tab> worst error" per line; processor time, the least of many.
With --process instead what each takes in a process of its own, as process_bench.cc prints it behind
"variant <tab> N <tab>".
Needs onnx, onnxruntime and numpy.
"""
import pathlib
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic,
                                      quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process

from peer_network import DIM, Network, feeds_of, microseconds, print_in_process, process_figures

onnxruntime.set_default_logger_severity(3)
class Graph:
    """An ONNX graph under construction; every method returns the name of its output."""

    def __init__(self, network: Network):
        self.network, self.nodes, self.constants = network, [], {}

    def add(self, op: str, inputs: list, **attributes) -> str:
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: numpy.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(numpy.ascontiguousarray(value), name)
        return name

    def linear(self, value: str, weight: numpy.ndarray, bias: numpy.ndarray) -> str:
        return self.add("Gemm", [value, self.constant(weight.T), self.constant(bias)])

    def named(self, value: str, name: str) -> str:
        return self.linear(value, self.network.tensors[f"{name}.weight"], self.network.tensors[f"{name}.bias"])

    def inputs_of(self, side: str) -> str:
        parts = [f"{side}_dense"]
        columns = self.add_split(f"{side}_codes", len(self.network.tables(side)))
        for column, table in zip(columns, self.network.tables(side)):
            gathered = self.add("Gather", [self.constant(table), column])
            parts.append(self.add("Reshape", [gathered, self.constant(numpy.array([-1, DIM], "i8"))]))
        return self.add("Concat", parts, axis=1)

    def add_split(self, value: str, n: int) -> list:
        names = [f"split_{value}_{i}" for i in range(n)]
        self.nodes.append(helper.make_node("Split", [value, self.constant(numpy.ones(n, "i8"))], names, axis=1))
        return names

    def mixture(self, gate: str, stacked: str) -> str:
        """gate [N, E] over stacked [N, E, W] to [N, W]."""
        row = self.add("Unsqueeze", [self.add("Softmax", [gate], axis=1), self.constant(numpy.array([1], "i8"))])
        mixed = self.add("MatMul", [row, stacked])
        return self.add("Squeeze", [mixed, self.constant(numpy.array([1], "i8"))])

    def finish(self, gates: list, stacked: str) -> onnx.ModelProto:
        logits = []
        for head, gate in zip(self.network.heads, gates):
            value = self.mixture(gate, stacked)
            for k in range(self.network.n_tower):
                value = self.named(value, f"tower.{head}.layer.{k}")
                value = self.add("Relu", [value]) if k + 1 < self.network.n_tower else value
            logits.append(value)
        self.nodes.append(helper.make_node("Concat", logits, ["logits"], axis=1))
        inputs = []
        for side, rows in (("context", self.context_rows), ("candidate", "n")):
            inputs.append(helper.make_tensor_value_info(f"{side}_dense", TensorProto.FLOAT,
                                                        [rows, self.network.n_dense(side)]))
            inputs.append(helper.make_tensor_value_info(f"{side}_codes", TensorProto.INT64,
                                                        [rows, len(self.network.tables(side))]))
        output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(self.network.heads)])
        graph = helper.make_graph(self.nodes, "mmoe", inputs, [output], list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return model

    def stack(self, experts: list) -> str:
        rows = [self.add("Unsqueeze", [e, self.constant(numpy.array([1], "i8"))]) for e in experts]
        return self.add("Concat", rows, axis=1)


def typical(network: Network) -> onnx.ModelProto:
    graph = Graph(network)
    graph.context_rows = "n"
    x = graph.add("Concat", [graph.inputs_of("context"), graph.inputs_of("candidate")], axis=1)
    experts = []
    for expert in network.experts:
        value = x
        for k in range(network.n_layers):
            value = graph.add("Relu", [graph.named(value, f"level.0.expert.{expert}.layer.{k}")])
        experts.append(value)
    gates = [graph.named(x, f"level.0.gate.{head}") for head in network.heads]
    return graph.finish(gates, graph.stack(experts))


def fused(network: Network, splits_context: bool) -> onnx.ModelProto:
    """All that reads x in one product, or in one for the context and one for the candidates."""
    graph, t = Graph(network), network.tensors
    graph.context_rows = 1 if splits_context else "n"
    names = ([f"level.0.expert.{e}.layer.0" for e in network.experts]
             + [f"level.0.gate.{h}" for h in network.heads])
    weight = numpy.concatenate([t[f"{n}.weight"] for n in names])
    bias = numpy.concatenate([t[f"{n}.bias"] for n in names])
    context, candidate = graph.inputs_of("context"), graph.inputs_of("candidate")
    if splits_context:
        n_context = network.n_dense("context") + DIM * len(network.tables("context"))
        once = graph.linear(context, weight[:, :n_context], bias)
        each = graph.add("MatMul", [candidate, graph.constant(weight[:, n_context:].T)])
        first = graph.add("Add", [each, once])
    else:
        first = graph.linear(graph.add("Concat", [context, candidate], axis=1), weight, bias)
    widths = [len(t[f"{n}.bias"]) for n in names]
    parts = [f"part_{i}" for i in range(len(widths))]
    graph.nodes.append(helper.make_node("Split", [first, graph.constant(numpy.array(widths, "i8"))], parts, axis=1))
    experts = []
    for expert, value in zip(network.experts, parts):
        value = graph.add("Relu", [value])
        for k in range(1, network.n_layers):
            value = graph.add("Relu", [graph.named(value, f"level.0.expert.{expert}.layer.{k}")])
        experts.append(value)
    return graph.finish(parts[len(network.experts):], graph.stack(experts))


class Rows(CalibrationDataReader):
    def __init__(self, batches: list):
        self.batches = iter(batches)

    def get_next(self):
        return next(self.batches, None)


def quantised(path: pathlib.Path, batches: list) -> dict:
    """The paths of a float graph and of what the quantiser makes of it."""
    prepared, dynamic, static = (path.with_suffix(f".{kind}.onnx") for kind in ("prepared", "dynamic", "static"))
    quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
    operators = ["Gemm", "MatMul"]
    quantize_dynamic(str(prepared), str(dynamic), op_types_to_quantize=operators, per_channel=True,
                     weight_type=QuantType.QInt8)
    quantize_static(str(prepared), str(static), Rows(batches), quant_format=QuantFormat.QDQ, per_channel=True,
                    op_types_to_quantize=operators + ["Relu"], activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8)
    return {"fp32": path, "int8 dynamic": dynamic, "int8 static": static}


def session_of(path: pathlib.Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def graphs(network: Network, folder: pathlib.Path):
    """Variant, path, and whether the context is repeated for each candidate."""
    variants = {"typical": (typical(network), True), "fused": (fused(network, False), True),
                "fused, context once": (fused(network, True), False)}
    for variant, (model, repeats) in variants.items():
        path = folder / f"{variant.replace(', ', '_').replace(' ', '_')}.onnx"
        onnx.save(model, str(path))
        batches = [feeds_of(network, 100, repeats, seed) for seed in range(20)]
        for kind, kind_path in quantised(path, batches).items():
            yield f"{variant}, {kind}", kind_path, repeats


def print_times(network: Network, variant: str, path: pathlib.Path, repeats: bool, n_rows: int) -> None:
    session, feeds = session_of(path), feeds_of(network, n_rows, repeats, 1000)
    error = numpy.abs(session.run(None, feeds)[0] - network.reference(feeds)).max()
    took = microseconds(lambda: session.run(None, feeds))
    print(f"{variant}\t{n_rows}\t{took:.1f}\t{error:.4f}", flush=True)


def load(path: pathlib.Path):
    session = session_of(path)
    return lambda feeds: session.run(None, feeds)


def main() -> None:
    network, counts = Network(pathlib.Path(sys.argv[1])), [int(n) for n in sys.argv[2:] if n != "--process"]
    with tempfile.TemporaryDirectory() as folder:
        for variant, path, repeats in graphs(network, pathlib.Path(folder)):
            for n_rows in counts:
                if "--process" in sys.argv:
                    feeds = feeds_of(network, n_rows, repeats, 1000)
                    print_in_process(lambda: f"{variant}\t{n_rows}\t"
                                     + process_figures(path, lambda: load(path), feeds))
                else:
                    print_times(network, variant, path, repeats, n_rows)


if __name__ == "__main__":
    main()
