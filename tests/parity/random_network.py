"""Draws a random model folder (contracts.md section 1) and the same network in PyTorch.

Written from the contract alone: nothing here uses the trainer or the engine.
"""
from __future__ import annotations

import json
import pathlib
import random
import struct

import numpy
import torch

STATES = ["CA", "NY", "TX", "WA"]
TAGS = ["cash", "travel", "no-fee", "miles", "gas"]
SURFACES = ["home", "search", "cart"]


def draw_fields(rng: random.Random) -> list[dict]:
    """Fields in any order; every kind of output appears in some draw."""
    def dense(name, side):
        steps = [{"op": "standardize", "mean": rng.uniform(-1, 1), "std": rng.uniform(0.5, 2)}]
        if rng.random() < 0.4:
            steps.insert(0, {"op": "fill", "value": rng.uniform(-1, 1)})
        return {"name": name, "side": side, "type": "f64", "transforms": steps, "output": "dense",
                "indicator": rng.random() < 0.5}

    def embedding(name, side, values, kind="string", **more):
        return {"name": name, "side": side, "type": kind, "output": "embedding",
                "transforms": [{"op": "vocabulary", "values": values}],
                "dim": rng.choice([2, 3, 4, 8]), **more}

    fields = [dense(f"c{i}", "context") for i in range(rng.randint(1, 4))]
    fields += [dense(f"o{i}", "candidate") for i in range(rng.randint(0, 4))]
    fields.append(embedding("state", "context", STATES))
    fields.append(embedding("offer_id", "candidate", [f"o-{i}" for i in range(20)]))
    if rng.random() < 0.6:
        fields.append(embedding("tags", "candidate", TAGS, "string[]", pool=rng.choice(["mean", "sum"])))
    if rng.random() < 0.5:
        fields.append({"name": "age", "side": "context", "type": "f64", "output": "embedding", "dim": 3,
                       "transforms": [{"op": "bucketize", "edges": [-0.5, 0.0, 0.7]}]})
    if rng.random() < 0.5:
        fields.append(dense("seen", "pair"))
    if rng.random() < 0.5:
        fields.append({"name": "vector", "side": "candidate", "type": f"f32[{rng.randint(2, 5)}]",
                       "transforms": [{"op": "identity"}], "output": "dense"})
    if rng.random() < 0.6:
        fields.append(embedding("surface", "context", SURFACES, role="module", feeds="every_layer"))
    rng.shuffle(fields)
    return fields


def draw_levels(rng: random.Random, heads: list[str]) -> list[dict]:
    """Towers alone, shared bottom, MMoE, or PLE of up to three levels."""
    def expert(name, width, owner=None):
        layers = [rng.randint(3, 40) for _ in range(rng.randint(0, 2))] + [width]
        return {"name": name, "layers": layers, **({"for": owner} if owner else {})}

    kind = rng.choice(["towers", "shared_bottom", "mmoe", "ple", "ple"])
    if kind == "towers":
        return []
    if kind == "shared_bottom":
        return [{"experts": [expert("bottom", rng.randint(4, 40))],
                 "gates": [{"head": head, "experts": ["bottom"]} for head in heads]}]
    if kind == "mmoe":
        width, n_experts = rng.randint(4, 40), rng.randint(2, 6)
        names = [f"e{i}" for i in range(n_experts)]
        return [{"experts": [expert(name, width) for name in names],
                 "gates": [{"head": head, "experts": names} for head in heads]}]
    levels = []
    n_levels = rng.randint(1, 3)
    for level in range(n_levels):
        width = rng.randint(4, 30)
        shared = [f"s{i}" for i in range(rng.randint(1, 2))]
        own = {head: [f"{head}{i}" for i in range(rng.randint(1, 2))] for head in heads}
        experts = [expert(name, width) for name in shared]
        experts += [expert(name, width, head) for head in heads for name in own[head]]
        gates = [{"head": head, "experts": own[head] + shared} for head in heads]
        if level + 1 < n_levels:
            gates.append({"head": "shared", "experts": [entry["name"] for entry in experts]})
        levels.append({"experts": experts, "gates": gates})
    return levels


def draw_spec(seed: int) -> dict:
    rng = random.Random(seed)
    heads = [f"h{i}" for i in range(rng.randint(1, 4))]
    return {"format": 1, "name": f"random-{seed}", "version": "1", "fields": draw_fields(rng),
            "levels": draw_levels(rng, heads),
            "heads": [{"name": head, "kind": "probability", "given": heads[i - 1] if i else None,
                       "tower": [rng.randint(2, 20) for _ in range(rng.randint(0, 2))],
                       "negative_sampling_rate": 1.0, "sampling_handled": "none",
                       "calibrator": {"kind": "identity"}} for i, head in enumerate(heads)]}


def clean(spec: dict) -> dict:
    """`given` absent rather than null, as the contract writes it."""
    spec = json.loads(json.dumps(spec))
    for head in spec["heads"]:
        if head["given"] is None:
            del head["given"]
    return spec


class Network(torch.nn.Module):
    """forward(dense, codes, mask): dense [N, D] in x order without embeddings; codes [N, K, L] with
    mask [N, K, L] (1 where a code counts); returns logits [N, heads]."""

    def __init__(self, spec: dict, generator: torch.Generator):
        super().__init__()
        self.spec, self.generator = spec, generator
        self.names, self.shapes = [], {}
        sides = ["context", "candidate", "pair"]
        order = lambda output: [f for side in sides for f in spec["fields"]
                                if f["side"] == side and f["output"] == output]
        self.dense_fields, self.embedding_fields = order("dense"), order("embedding")
        self.fed = [f for f in spec["fields"] if f.get("feeds") == "every_layer"]
        self.tensors = torch.nn.ParameterDict()
        for field in self.embedding_fields:
            self.draw(f"embedding.{field['name']}.weight", (code_count(field), field["dim"]), 0.5)

    def draw(self, name: str, shape: tuple, scale: float) -> torch.Tensor:
        key = name.replace(".", "/")
        if key not in self.tensors:
            value = torch.randn(shape, generator=self.generator) * scale
            self.tensors[key] = torch.nn.Parameter(value)
        return self.tensors[key]

    def linear(self, name: str, x: torch.Tensor, n_out: int) -> torch.Tensor:
        n_in = x.shape[1]
        weight = self.draw(f"{name}.weight", (n_out, n_in), (1.5 / n_in) ** 0.5)
        return x @ weight.T + self.draw(f"{name}.bias", (n_out,), 0.1)

    def embed(self, index: int, field: dict, codes, mask) -> torch.Tensor:
        table = self.tensors[f"embedding/{field['name']}/weight"]
        rows = table[codes[:, index]] * mask[:, index].unsqueeze(-1)
        total = rows.sum(1)
        return total / mask[:, index].sum(1, keepdim=True) if field.get("pool") == "mean" else total

    def inputs(self, dense, codes, mask) -> tuple[torch.Tensor, torch.Tensor | None]:
        parts, fed, at = [], {}, 0
        embedded = {f["name"]: self.embed(i, f, codes, mask) for i, f in enumerate(self.embedding_fields)}
        for side in ["context", "candidate", "pair"]:
            for field in (f for f in self.dense_fields if f["side"] == side):
                parts.append(dense[:, at:at + dense_width(field)])
                at += dense_width(field)
            parts += [embedded[f["name"]] for f in self.embedding_fields if f["side"] == side]
        fed = [embedded[f["name"]] for f in self.fed]
        return torch.cat(parts, 1), torch.cat(fed, 1) if fed else None

    def forward(self, dense, codes, mask):
        x, fed = self.inputs(dense, codes, mask)
        with_fed = lambda value: value if fed is None else torch.cat([value, fed], 1)
        names = [head["name"] for head in self.spec["heads"]]
        source = {name: x for name in names + ["shared"]}
        for l, level in enumerate(self.spec["levels"]):
            enter = (lambda value: value) if l == 0 else with_fed
            outputs = {}
            for expert in level["experts"]:
                value = enter(source[expert.get("for", "shared")])
                for k, width in enumerate(expert["layers"]):
                    value = torch.relu(self.linear(f"level.{l}.expert.{expert['name']}.layer.{k}",
                                                   value if k == 0 else with_fed(value), width))
                outputs[expert["name"]] = value
            source = {gate["head"]: self.mix(l, gate, enter(source[gate["head"]]), outputs)
                      for gate in level["gates"]}
        return torch.cat([self.tower(head, source[head["name"]], with_fed) for head in self.spec["heads"]], 1)

    def mix(self, l, gate, x, outputs):
        chosen = [outputs[name] for name in gate["experts"]]
        if len(chosen) == 1:
            return chosen[0]
        weights = torch.softmax(self.linear(f"level.{l}.gate.{gate['head']}", x, len(chosen)), 1)
        return sum(weights[:, i:i + 1] * value for i, value in enumerate(chosen))

    def tower(self, head, value, with_fed):
        first = (lambda v: v) if not self.spec["levels"] else with_fed
        for k, width in enumerate(head["tower"] + [1]):
            value = self.linear(f"tower.{head['name']}.layer.{k}", (first if k == 0 else with_fed)(value), width)
            if k < len(head["tower"]):
                value = torch.relu(value)
        return value


def code_count(field: dict) -> int:
    step = field["transforms"][-1]
    return len(step["values"]) + 2 if step["op"] == "vocabulary" else len(step["edges"]) + 2


def dense_width(field: dict) -> int:
    kind = field["type"]
    return (int(kind[4:-1]) if kind.startswith("f32[") else 1) + (1 if field.get("indicator") else 0)


def write_safetensors(path: pathlib.Path, tensors: dict[str, numpy.ndarray]) -> None:
    header, data = {}, b""
    for name, value in tensors.items():
        raw = numpy.ascontiguousarray(value, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
