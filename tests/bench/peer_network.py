"""The network of a folder of make_bundle.py for engines that are measured beside ours: tensors, drawn inputs, what they
must give, and how long they take."""
import json
import os
import pathlib
import struct
import sys
import time

import numpy

DIM = 16


def read_safetensors(path: pathlib.Path) -> dict:
    data = path.read_bytes()
    (n_header,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n_header])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[8 + n_header + begin:8 + n_header + end], dtype="<f4")
        tensors[name] = values.reshape(entry["shape"])
    return tensors


class Network:
    """The MMoE of a folder: its fields by side and its tensors."""

    def __init__(self, folder: pathlib.Path):
        spec = json.loads((folder / "model.json").read_text())
        self.tensors = read_safetensors(folder / "weights.safetensors")
        self.fields = {side: [f for f in spec["fields"] if f["side"] == side]
                       for side in ("context", "candidate")}
        self.experts = [e["name"] for e in spec["levels"][0]["experts"]]
        self.n_layers = len(spec["levels"][0]["experts"][0]["layers"])
        self.heads = [h["name"] for h in spec["heads"]]
        self.n_tower = len(spec["heads"][0]["tower"]) + 1

    def tables(self, side: str) -> list:
        return [self.tensors[f"embedding.{f['name']}.weight"] for f in self.fields[side]
                if f["output"] == "embedding"]

    def n_dense(self, side: str) -> int:
        return sum(f["output"] == "dense" for f in self.fields[side])

    def draw(self, side: str, n_rows: int, rng) -> dict:
        codes = numpy.stack([rng.integers(0, len(t), n_rows) for t in self.tables(side)], axis=1)
        dense = rng.normal(size=(n_rows, self.n_dense(side))).astype("f4")
        return {f"{side}_dense": dense, f"{side}_codes": codes.astype("i8")}

    def reference(self, feeds: dict) -> numpy.ndarray:
        """Logits [N, heads] in float64."""
        blocks = []
        for side in ("context", "candidate"):
            codes = feeds[f"{side}_codes"]
            parts = [feeds[f"{side}_dense"]] + [t[codes[:, i]] for i, t in enumerate(self.tables(side))]
            blocks.append(numpy.concatenate(parts, axis=1).astype("f8"))
        n_rows = max(len(block) for block in blocks)
        x = numpy.concatenate([numpy.broadcast_to(b, (n_rows, b.shape[1])) for b in blocks], axis=1)
        linear = lambda name, v: v @ self.tensors[f"{name}.weight"].T.astype("f8") + self.tensors[f"{name}.bias"]
        experts = []
        for expert in self.experts:
            value = x
            for k in range(self.n_layers):
                value = numpy.maximum(linear(f"level.0.expert.{expert}.layer.{k}", value), 0)
            experts.append(value)
        stacked, logits = numpy.stack(experts, axis=1), []
        for head in self.heads:
            gate = linear(f"level.0.gate.{head}", x)
            gate = numpy.exp(gate - gate.max(axis=1, keepdims=True))
            gate /= gate.sum(axis=1, keepdims=True)
            value = (gate[:, :, None] * stacked).sum(axis=1)
            for k in range(self.n_tower):
                value = linear(f"tower.{head}.layer.{k}", value)
                value = numpy.maximum(value, 0) if k + 1 < self.n_tower else value
            logits.append(value[:, 0])
        return numpy.stack(logits, axis=1)


def feeds_of(network: Network, n_rows: int, repeats_context: bool, seed: int) -> dict:
    rng = numpy.random.default_rng(seed)
    context = network.draw("context", 1, rng)
    if repeats_context:
        context = {name: numpy.repeat(value, n_rows, axis=0) for name, value in context.items()}
    return context | network.draw("candidate", n_rows, rng)


def microseconds(run) -> float:
    """Of the processor, the least of many runs."""
    run()
    least, total, n_runs = float("inf"), 0.0, 0
    while n_runs < 5 or (total < 0.5 and n_runs < 2000):
        begin = time.process_time()
        run()
        took = time.process_time() - begin
        if took > 0:   # a virtual machine's clock may stand still
            least = min(least, took)
        total, n_runs = total + took, n_runs + 1
    return least * 1e6


def memory_kb(name: str) -> int:
    """"VmRSS", or "VmHWM", the most it has been."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def process_figures(path: pathlib.Path, load, feeds: dict) -> str:
    """What process_bench.cc prints, of an engine whose `load()` gives what is called with `feeds`."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")   # VmHWM begins anew
    base, begin = memory_kb("VmRSS"), time.perf_counter()
    run = load()
    run(feeds)
    loaded, times = time.perf_counter() - begin, []
    while not times or (len(times) < 5 and sum(times) < 10) or (sum(times) < 2 and len(times) < 2000):
        begin = time.perf_counter()
        run(feeds)
        times.append(time.perf_counter() - begin)
    times.sort()
    return (f"{loaded * 1e3:.3f}\t{times[len(times) // 2] * 1e6:.1f}\t{times[len(times) * 99 // 100] * 1e6:.1f}\t"
            f"{memory_kb('VmHWM') - base}\t{path.stat().st_size}")


def print_in_process(line_of) -> None:
    """Prints line_of() from a process of its own."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            print(line_of(), flush=True)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("the process of an engine failed")
