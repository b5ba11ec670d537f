"""The graph of model.json in PyTorch: levels of experts and gates, then a tower per head."""
import torch
from torch import nn
from torch.nn import functional

from .inputs import InputBlock


class Stack(nn.Module):
    """Linear layers; every layer but the first also reads the fed embeddings (if any).

    With `reads_x` the first input already holds them. ReLU after each layer, `ends_linear`: not
    after the last.
    """

    def __init__(self, n_in, widths, n_fed, reads_x, ends_linear, dropout):
        super().__init__()
        self.reads_x = reads_x
        self.ends_linear = ends_linear
        self.dropout = dropout
        self.layers = nn.ModuleList()
        for number, width in enumerate(widths):
            extra = 0 if reads_x and number == 0 else n_fed
            self.layers.append(nn.Linear(n_in + extra, width))
            n_in = width

    def forward(self, value, fed):
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            if fed is not None and not (self.reads_x and number == 0):
                value = torch.cat([value, fed], dim=1)
            value = layer(value)
            if number < last or not self.ends_linear:
                value = functional.relu(value)
                value = functional.dropout(value, self.dropout, self.training)
        return value


class Level(nn.Module):
    """Experts and the gates that mix them."""

    def __init__(self, level, widths_in, n_fed, reads_x, dropout):
        super().__init__()
        self.names = [expert["name"] for expert in level["experts"]]
        self.owners = [expert.get("for", "shared") for expert in level["experts"]]
        self.gate_heads = [gate["head"] for gate in level["gates"]]
        self.gate_experts = [
            [self.names.index(name) for name in gate["experts"]] for gate in level["gates"]
        ]
        self.reads_x = reads_x
        self.experts = nn.ModuleList(
            Stack(widths_in[owner], expert["layers"], n_fed, reads_x, False, dropout)
            for owner, expert in zip(self.owners, level["experts"])
        )
        extra = 0 if reads_x else n_fed
        self.gates = nn.ModuleList(
            nn.Linear(widths_in[head] + extra, len(chosen)) if len(chosen) > 1 else nn.Identity()
            for head, chosen in zip(self.gate_heads, self.gate_experts)
        )
        ends = [expert["layers"][-1] for expert in level["experts"]]
        self.widths_out = {
            head: ends[chosen[0]] for head, chosen in zip(self.gate_heads, self.gate_experts)
        }

    def forward(self, values, fed, shares):
        """`values`: by head or "shared"; `shares` (a list or None) receives gate weights."""
        experts = [expert(values[owner], fed) for owner, expert in zip(self.owners, self.experts)]
        mixed = {}
        for head, chosen, gate in zip(self.gate_heads, self.gate_experts, self.gates):
            if len(chosen) == 1:
                mixed[head] = experts[chosen[0]]
                continue
            value = values[head]
            if fed is not None and not self.reads_x:
                value = torch.cat([value, fed], dim=1)
            weights = functional.softmax(gate(value), dim=1)
            if shares is not None:
                shares.append((head, [self.names[i] for i in chosen], weights.detach()))
            stacked = torch.stack([experts[i] for i in chosen], dim=1)
            mixed[head] = torch.bmm(weights.unsqueeze(1), stacked).squeeze(1)
        return mixed


class Network(nn.Module):
    """Encoded fields to one logit per head ([n, heads]; a log_amount head gives mu)."""

    def __init__(self, model, code_counts, dropout=0.0, field_dropout=0.0):
        super().__init__()
        self.heads = [head["name"] for head in model["heads"]]
        self.inputs = InputBlock(model["fields"], code_counts, field_dropout)
        n_fed = self.inputs.n_fed
        widths = {name: self.inputs.width for name in self.heads + ["shared"]}
        self.levels = nn.ModuleList()
        for number, level in enumerate(model["levels"]):
            self.levels.append(Level(level, widths, n_fed, number == 0, dropout))
            widths = self.levels[-1].widths_out
        self.towers = nn.ModuleList(
            Stack(
                widths[head["name"]],
                list(head["tower"]) + [1],
                n_fed,
                not model["levels"],
                True,
                dropout,
            )
            for head in model["heads"]
        )

    def forward(self, batch, shares=None):
        x, fed = self.inputs(batch)
        values = {name: x for name in self.heads + ["shared"]}
        for level in self.levels:
            values = level(values, fed, shares)
        logits = [tower(values[head], fed) for head, tower in zip(self.heads, self.towers)]
        return torch.cat(logits, dim=1)

    def named_layers(self):
        """(contract name, nn.Linear) of every layer, in the order that data flows."""
        for number, level in enumerate(self.levels):
            for name, expert in zip(level.names, level.experts):
                for step, layer in enumerate(expert.layers):
                    yield f"level.{number}.expert.{name}.layer.{step}", layer
            for head, gate in zip(level.gate_heads, level.gates):
                if isinstance(gate, nn.Linear):
                    yield f"level.{number}.gate.{head}", gate
        for head, tower in zip(self.heads, self.towers):
            for step, layer in enumerate(tower.layers):
                yield f"tower.{head}.layer.{step}", layer

    def exported_tensors(self):
        """Contract name to float32 numpy array, `[out, in]`."""
        tensors = dict(self.inputs.exported_tensors())
        for name, layer in self.named_layers():
            tensors[name + ".weight"] = layer.weight.detach().numpy().copy()
            tensors[name + ".bias"] = layer.bias.detach().numpy().copy()
        return tensors
