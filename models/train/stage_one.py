"""Trains stage one of two-stage ranking (two towers, one product) from the full model's scores.

python3 -m train.stage_one --model folder --policy policy.yaml --catalog catalog.csv \
    --requests requests.jsonl

Adds "retrieval" to the folder's model.json and its tensors to weights.safetensors. Targets are the
scores that `guardrank` gives in a single stage: of random eligible offers first, then, in every
round, of those that the towers would keep and of random others, so that stage one has seen what it
will rank. Wants GUARDRANK_TOOLS_LIBRARY and GUARDRANK_COMMAND."""
import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass

import numpy
import torch
import yaml
from torch import nn
from torch.nn import functional

from . import command
from .library import Library, LibraryError
from .policy_text import defaults
from .safetensors import read_safetensors, write_safetensors
from .stage_one_data import (
    Teacher,
    block_width,
    catalog_frame,
    context_frame,
    model_inputs,
    own_inputs,
    read_requests,
    with_defaults,
)

PREFIX = "retrieval."


@dataclass
class Choice:
    """What a run may set. `survivors` and `randoms`: candidates of a request in a round."""

    dim: int = 32
    context_tower: tuple = (64,)
    offer_tower: tuple = (64,)
    survivors: int = 128
    randoms: int = 128
    rounds: int = 3
    steps: int = 300
    batch: int = 32
    learning_rate: float = 4e-3
    sharpness: float = 2.0
    seed: int = 1


class Towers(nn.Module):
    """Vectors of contexts and offers."""

    def __init__(self, n_context, n_offer, choice):
        super().__init__()
        self.context = tower(n_context, list(choice.context_tower) + [choice.dim])
        self.offer = tower(n_offer, list(choice.offer_tower) + [choice.dim])


def tower(n_in, widths):
    layers = nn.ModuleList()
    for width in widths:
        layers.append(nn.Linear(n_in, width))
        n_in = width
    return layers


def run_tower(layers, value):
    """ReLU after every layer but the last."""
    for number, layer in enumerate(layers):
        value = layer(value)
        if number + 1 < len(layers):
            value = functional.relu(value)
    return value


class Distillation:
    """Rounds of: draw candidates, ask the teacher, fit the towers to all that it said so far."""

    def __init__(self, choice, contexts, offers, names, requests, teacher):
        self.choice = choice
        self.contexts, self.offers = standardised(contexts), standardised(offers)
        self.names, self.requests, self.teacher = names, requests, teacher
        self.generator = numpy.random.default_rng(choice.seed)
        torch.manual_seed(choice.seed)
        self.towers = Towers(contexts.shape[1], offers.shape[1], choice)
        self.candidates = numpy.zeros((len(requests), 0), numpy.int64)
        self.values = numpy.zeros((len(requests), 0))

    def run(self, log=print):
        for number in range(self.choice.rounds):
            self.ask(number > 0)
            loss = self.fit()
            told = int(numpy.isfinite(self.values).sum())
            place = f"round {number + 1} of {self.choice.rounds}"
            log(f"stage one: {place}, {told} scores, loss {loss:.4f}")

    def vectors(self):
        with torch.no_grad():
            return (
                run_tower(self.towers.context, self.contexts.values),
                run_tower(self.towers.offer, self.offers.values),
            )

    def draw(self, with_survivors):
        """Candidates of each request, no offer twice and none that was asked before."""
        wanted = self.choice.randoms + (0 if with_survivors else self.choice.survivors)
        context, offer = self.vectors()
        rows = []
        for row, known in enumerate(self.candidates):
            fresh = numpy.setdiff1d(numpy.arange(len(self.names)), known)
            chosen = numpy.zeros(0, numpy.int64)
            if with_survivors:
                products = (offer[fresh] @ context[row]).numpy()
                chosen = fresh[numpy.argsort(-products, kind="stable")[: self.choice.survivors]]
                fresh = numpy.setdiff1d(fresh, chosen)
            random = self.generator.choice(fresh, min(wanted, len(fresh)), replace=False)
            rows.append(numpy.concatenate([chosen, random]))
        return numpy.stack(rows)

    def ask(self, with_survivors):
        drawn = self.draw(with_survivors)
        offers = [[self.names[place] for place in row] for row in drawn]
        values = numpy.stack(self.teacher.scores(self.requests, offers))
        self.candidates = numpy.concatenate([self.candidates, drawn], axis=1)
        self.values = numpy.concatenate([self.values, values], axis=1)

    def fit(self):
        """Listwise cross entropy to softmax(sharpness * value / its spread); the last loss."""
        kept = numpy.isfinite(self.values).sum(axis=1) >= 2
        rows = numpy.flatnonzero(kept)
        if not len(rows):
            raise ValueError("no request has two eligible offers: nothing to learn from")
        targets, candidates = self.targets(), torch.from_numpy(self.candidates)
        optimizer = torch.optim.AdamW(self.towers.parameters(), lr=self.choice.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.choice.steps)
        losses = []
        for _ in range(self.choice.steps):
            batch = self.generator.choice(rows, min(self.choice.batch, len(rows)), replace=False)
            loss = self.loss(torch.from_numpy(batch), targets, candidates)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        return float(numpy.mean(losses[-20:]))

    def targets(self):
        """(probabilities, ineligible bool), both [requests, candidates]."""
        spread = numpy.nanstd(self.values, axis=1, keepdims=True) + 1e-9
        logits = numpy.where(
            numpy.isfinite(self.values), self.choice.sharpness * self.values / spread, -numpy.inf
        )
        logits[~numpy.isfinite(self.values).any(axis=1)] = 0
        return (
            functional.softmax(torch.from_numpy(logits), dim=1).float(),
            torch.from_numpy(~numpy.isfinite(self.values)),
        )

    def loss(self, batch, targets, candidates):
        context = run_tower(self.towers.context, self.contexts.values[batch])
        chosen = candidates[batch]
        offer = run_tower(self.towers.offer, self.offers.values[chosen])
        products = torch.einsum("bd,bnd->bn", context, offer)
        products = products.masked_fill(targets[1][batch], -1e9)
        return -(targets[0][batch] * functional.log_softmax(products, dim=1)).sum(dim=1).mean()

    def exported_tensors(self):
        """Contract name to float32 array; the first layers read x as it is."""
        tensors = {}
        for name, layers, inputs in (
            ("context", self.towers.context, self.contexts),
            ("offer", self.towers.offer, self.offers),
        ):
            for step, layer in enumerate(layers):
                weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
                if step == 0:
                    weight, bias = inputs.folded(weight, bias)
                tensors[f"{PREFIX}{name}.layer.{step}.weight"] = weight.astype(numpy.float32)
                tensors[f"{PREFIX}{name}.layer.{step}.bias"] = bias.astype(numpy.float32)
        return tensors


@dataclass
class Standardised:
    values: torch.Tensor
    mean: numpy.ndarray
    scale: numpy.ndarray

    def folded(self, weight, bias):
        """The layer that reads the values as they were before."""
        weight = weight.astype(numpy.float64) / self.scale
        return weight, bias - weight @ self.mean


def standardised(values):
    """Columns to mean 0 and spread 1; one that never varies stays 0."""
    values = values.astype(numpy.float64)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    varies = scale > 1e-6
    scale = numpy.where(varies, scale, numpy.inf)
    moved = ((values - mean) / scale).astype(numpy.float32)
    return Standardised(torch.from_numpy(moved), mean, scale)


def train(model, policy, catalog, requests, choice, library, offer_fields=(), log=print):
    """Trains and writes into the folder `model`. `offer_fields`: as in model.json."""
    torch.set_num_threads(1)
    with open(os.path.join(model, "model.json"), encoding="utf-8") as file:
        description = json.load(file)
    weights = os.path.join(model, "weights.safetensors")
    if not os.path.exists(weights):
        raise ValueError(f"{weights}: is not there, and the towers are written into it; only pack reads weights.onnx")
    tensors = {k: v for k, v in read_safetensors(weights).items() if not k.startswith(PREFIX)}
    fields = description["fields"]
    n_context, n_offer = block_width(fields, "context"), block_width(fields, "candidate")
    asked, frame = read_requests(requests), catalog_frame(catalog)
    given = defaults(policy)
    frame = with_defaults(frame, "offer.", given)
    asked_frame = with_defaults(context_frame(asked), "ctx.", given)
    contexts = model_inputs(library, fields, tensors, asked_frame)[:, :n_context]
    offers = model_inputs(library, fields, tensors, frame)[:, n_context : n_context + n_offer]
    offers = numpy.concatenate([offers, own_inputs(library, list(offer_fields), frame)], axis=1)
    with tempfile.TemporaryDirectory() as folder:
        teacher = Teacher(model, policy, catalog, folder)
        run = Distillation(choice, contexts, offers, list(frame["offer"]), asked, teacher)
        run.run(log)
    description["retrieval"] = {
        "name": "towers",
        "dim": choice.dim,
        "context_tower": list(choice.context_tower),
        "offer_tower": list(choice.offer_tower),
    }
    if offer_fields:
        description["retrieval"]["offer_fields"] = list(offer_fields)
    write_safetensors(weights, {**tensors, **run.exported_tensors()})
    with open(os.path.join(model, "model.json"), "w", encoding="utf-8") as file:
        json.dump(description, file, ensure_ascii=False, indent=1)
        file.write("\n")
    return run


def arguments(words):
    parser = argparse.ArgumentParser(prog="python3 -m train.stage_one", description=__doc__)
    parser.add_argument("--model", required=True, help="folder of trained weights, written into")
    parser.add_argument("--policy", required=True, help="whose scores are learned")
    parser.add_argument("--catalog", required=True, help="CSV")
    parser.add_argument("--requests", required=True, help="JSON lines; some hundreds")
    parser.add_argument("--offer-fields", help="JSON file: dense fields for the offer tower alone")
    parser.add_argument("--dim", type=int, default=Choice.dim, help="of a vector")
    parser.add_argument("--rounds", type=int, default=Choice.rounds)
    parser.add_argument("--steps", type=int, default=Choice.steps, help="of a round")
    parser.add_argument("--seed", type=int, default=Choice.seed)
    parser.add_argument("--library", help="guardrank-tools (default: GUARDRANK_TOOLS_LIBRARY)")
    return parser.parse_args(words)


def main(words=None):
    """0 done, 1 bad input."""
    chosen = arguments(words)
    choice = Choice(dim=chosen.dim, rounds=chosen.rounds, steps=chosen.steps, seed=chosen.seed)
    try:
        own = []
        if chosen.offer_fields:
            with open(chosen.offer_fields, encoding="utf-8") as file:
                own = json.load(file)
        train(
            chosen.model,
            chosen.policy,
            chosen.catalog,
            chosen.requests,
            choice,
            Library(chosen.library),
            own,
        )
    except (command.CommandError, LibraryError, ValueError, KeyError, OSError, yaml.YAMLError) as error:
        print(f"stage_one: {error}", file=sys.stderr)
        return 1
    print(f"wrote the towers into {chosen.model}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
