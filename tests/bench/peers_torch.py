"""PyTorch on the benchmark models, one thread, beside peers.py and with the same inputs, reference and output.

Modules in evaluation mode, traced, frozen and optimised for inference (torch.jit): what a trainer's own code does
(context repeated, a layer per expert), and all that reads the input in one product with the context multiplied once
per request; each in float, and with its linear layers in int8, quantised dynamically, where this build has an engine
for it. Usage: peers_torch.py FOLDER N [N ...] [--process]. Needs torch and numpy.
"""
import pathlib
import sys
import tempfile
import warnings

import numpy
import torch

from peer_network import Network, feeds_of, microseconds, print_in_process, process_figures

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
version = "PyTorch " + torch.__version__.split("+")[0]


def linear_of(weight: numpy.ndarray, bias: numpy.ndarray) -> torch.nn.Linear:
    made = torch.nn.Linear(weight.shape[1], weight.shape[0])
    made.weight.data = torch.from_numpy(numpy.array(weight))
    made.bias.data = torch.from_numpy(numpy.array(bias))
    return made


class Module(torch.nn.Module):
    """Logits [N, heads] of dense inputs and codes by side."""

    def __init__(self, network: Network):
        super().__init__()
        t, self.network = network.tensors, network
        tables = {side: [torch.nn.Embedding.from_pretrained(torch.from_numpy(numpy.array(table)))
                         for table in network.tables(side)] for side in ("context", "candidate")}
        self.tables = torch.nn.ModuleDict({side: torch.nn.ModuleList(each) for side, each in tables.items()})
        named = lambda name: linear_of(t[f"{name}.weight"], t[f"{name}.bias"])
        self.first = torch.nn.ModuleList(named(f"level.0.expert.{e}.layer.0") for e in network.experts)
        self.gates = torch.nn.ModuleList(named(f"level.0.gate.{h}") for h in network.heads)
        self.later = torch.nn.ModuleList(
            torch.nn.Sequential(*(part for k in range(1, network.n_layers)
                                  for part in (named(f"level.0.expert.{e}.layer.{k}"), torch.nn.ReLU())))
            for e in network.experts)
        self.towers = torch.nn.ModuleList(
            torch.nn.Sequential(*(part for k in range(network.n_tower)
                                  for part in (named(f"tower.{h}.layer.{k}"), torch.nn.ReLU())))[:-1]
            for h in network.heads)

    def inputs_of(self, side: str, dense, codes):
        return torch.cat([dense, *(table(codes[:, i]) for i, table in enumerate(self.tables[side]))], 1)

    def finish(self, first: list, gates: list):
        stacked = torch.stack([rest(value) for rest, value in zip(self.later, first)], 1)
        mixed = [torch.bmm(torch.softmax(gate, 1).unsqueeze(1), stacked).squeeze(1) for gate in gates]
        return torch.cat([tower(value) for tower, value in zip(self.towers, mixed)], 1)


class Typical(Module):
    def forward(self, context_dense, context_codes, candidate_dense, candidate_codes):
        x = torch.cat([self.inputs_of("context", context_dense, context_codes),
                       self.inputs_of("candidate", candidate_dense, candidate_codes)], 1)
        return self.finish([torch.relu(layer(x)) for layer in self.first], [gate(x) for gate in self.gates])


class ContextOnce(Module):
    def __init__(self, network: Network):
        super().__init__(network)
        weight = torch.cat([layer.weight.data for layer in [*self.first, *self.gates]])
        bias = torch.cat([layer.bias.data for layer in [*self.first, *self.gates]])
        n_context = network.n_dense("context") + sum(t.shape[1] for t in network.tables("context"))
        self.once = linear_of(weight[:, :n_context].numpy(), bias.numpy())
        self.each = linear_of(weight[:, n_context:].numpy(), numpy.zeros(len(bias), "f4"))
        self.widths = [len(layer.bias) for layer in [*self.first, *self.gates]]
        del self.first, self.gates

    def forward(self, context_dense, context_codes, candidate_dense, candidate_codes):
        total = self.each(self.inputs_of("candidate", candidate_dense, candidate_codes))
        total = total + self.once(self.inputs_of("context", context_dense, context_codes))
        parts, n = torch.split(total, self.widths, 1), len(self.network.experts)
        return self.finish([torch.relu(part) for part in parts[:n]], list(parts[n:]))


def int8_of(module: torch.nn.Module) -> torch.nn.Module | None:
    engines = [name for name in ("fbgemm", "x86", "onednn") if name in torch.backends.quantized.supported_engines]
    if not engines:
        return None
    torch.backends.quantized.engine = engines[0]
    return torch.ao.quantization.quantize_dynamic(module, {torch.nn.Linear}, dtype=torch.qint8)


def tensors_of(feeds: dict) -> tuple:
    return tuple(torch.from_numpy(feeds[f"{side}_{part}"]) for side in ("context", "candidate")
                 for part in ("dense", "codes"))


def variants(network: Network):
    """Variant, module, and whether the context is repeated for each candidate."""
    for name, kind, repeats in (("typical", Typical, True), ("fused, context once", ContextOnce, False)):
        for precision, module in (("fp32", kind(network).eval()), ("int8 dynamic", int8_of(kind(network).eval()))):
            if module is None:
                print(f"{version} has no int8 engine here", file=sys.stderr)
            else:
                yield f"{version}, {name}, {precision}", module, repeats


def optimised(frozen, variant: str):
    return torch.jit.optimize_for_inference(frozen) if variant.endswith("fp32") else frozen


def print_times(network: Network, variant: str, module: torch.nn.Module, feeds: dict) -> None:
    given = tensors_of(feeds)
    run = optimised(torch.jit.freeze(torch.jit.trace(module, given)), variant)
    error = numpy.abs(run(*given).numpy() - network.reference(feeds)).max()
    took = microseconds(lambda: run(*given))
    print(f"{variant}\t{len(feeds['candidate_codes'])}\t{took:.1f}\t{error:.4f}", flush=True)


def process_line(network: Network, variant: str, path: pathlib.Path, feeds: dict) -> str:
    given = tensors_of(feeds)

    def load():
        run = optimised(torch.jit.load(str(path)), variant)
        return lambda _: run(*given)

    with torch.inference_mode():
        return f"{variant}\t{len(feeds['candidate_codes'])}\t" + process_figures(path, load, feeds)


def main() -> None:
    network, counts = Network(pathlib.Path(sys.argv[1])), [int(n) for n in sys.argv[2:] if n != "--process"]
    with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        for variant, module, repeats in variants(network):
            path = pathlib.Path(folder) / "frozen.pt"
            few = tensors_of(feeds_of(network, 10, repeats, 1000))
            torch.jit.save(torch.jit.freeze(torch.jit.trace(module, few)), str(path))
            for n_rows in counts:
                feeds = feeds_of(network, n_rows, repeats, 1000)
                if "--process" in sys.argv:
                    print_in_process(lambda: process_line(network, variant, path, feeds))
                else:
                    print_times(network, variant, module, feeds)


if __name__ == "__main__":
    main()
