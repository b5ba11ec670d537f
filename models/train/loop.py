"""The training loop: AdamW, cosine rate, averaged weights, a watch on every step."""
import math
import time
from dataclasses import dataclass, field as dataclass_field
from typing import List

import torch

from .averaging import WeightAverage, decay_of
from .corruption import Corruption
from .losses import HeadLosses
from .progress import Progress
from .watch import investigate


@dataclass
class History:
    """Per epoch: mean loss per head, mean and largest gradient norm, seconds."""

    losses: List[List[float]] = dataclass_field(default_factory=list)
    gradient_norm_mean: List[float] = dataclass_field(default_factory=list)
    gradient_norm_max: List[float] = dataclass_field(default_factory=list)
    logit_range: List[List[float]] = dataclass_field(default_factory=list)
    seconds: List[float] = dataclass_field(default_factory=list)


def steps_of(training, n_rows):
    """Updates in all."""
    return math.ceil(n_rows / int(training["batch"])) * int(training["epochs"])


class Trainer:
    """Trains `network` in place; afterwards it holds the averaged weights."""

    def __init__(self, network, heads, fields, training, failure_folder=None):
        self.network = network
        self.training = training
        self.losses = HeadLosses(heads)
        self.corruption = Corruption(fields, network.inputs, training)
        self.failure_folder = failure_folder
        self.generator = torch.Generator().manual_seed(int(training["seed"]))
        self.optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=training["learning_rate"],
            weight_decay=training["weight_decay"],
        )
        self.history = History()
        self.step = 0

    def rate(self, total):
        """Cosine from the start rate to zero, after a warm-up of 2% of the steps."""
        warm = max(1, int(0.02 * total))
        share = (self.step - warm) / max(1, total - warm)
        factor = (
            (self.step + 1) / warm if self.step < warm else 0.5 * (1 + math.cos(math.pi * share))
        )
        return self.training["learning_rate"] * factor

    def train(self, batch, labels, checkpoint=None, resume=False):
        """All epochs. With a `checkpoint` each epoch is saved; `resume`: goes on from the last."""
        size = int(self.training["batch"])
        n_rows = batch.n_rows()
        total = steps_of(self.training, n_rows)
        average = WeightAverage(self.network, decay_of(self.training, total))
        progress = Progress("training", total)
        self.network.train()
        first = checkpoint.restore(self, average) if checkpoint and resume else 0
        progress.before = self.step
        for epoch in range(first, int(self.training["epochs"])):
            order = torch.randperm(n_rows, generator=self.generator)
            self.run_epoch(epoch, order.split(size), batch, labels, total, average, progress)
            if checkpoint:
                checkpoint.save(self, average, epoch + 1)
        progress.close()
        average.apply()
        self.network.eval()
        return self.history

    def run_epoch(self, epoch, batches, batch, labels, total, average, progress):
        started = time.monotonic()
        sums = torch.zeros(len(self.losses.heads))
        norms = []
        low, high = math.inf, -math.inf
        for rows in batches:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(total)
            means, norm, logits = self.run_step(epoch, rows, batch.take(rows), labels.take(rows))
            average.update()
            sums += means
            norms.append(norm)
            low, high = min(low, float(logits.min())), max(high, float(logits.max()))
            self.step += 1
            progress.update(self.step, f"loss {float(means.sum()):.4f}")
        self.history.losses.append([float(value) for value in sums / len(batches)])
        self.history.gradient_norm_mean.append(sum(norms) / len(norms))
        self.history.gradient_norm_max.append(max(norms))
        self.history.logit_range.append([low, high])
        self.history.seconds.append(time.monotonic() - started)

    def run_step(self, epoch, rows, batch, labels):
        """One update. Returns (mean loss per head, gradient norm, logits)."""
        noisy = self.corruption(batch, self.generator)
        state = torch.get_rng_state()
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.network(noisy)
        total, means = self.losses(logits, labels)
        total.backward()
        norm = float(
            torch.nn.utils.clip_grad_norm_(
                self.network.parameters(), float(self.training["gradient_clip"])
            )
        )
        if not (math.isfinite(float(total)) and math.isfinite(norm)):

            def forward():
                torch.set_rng_state(state)
                self.network(noisy)

            investigate(self.network, noisy, rows, self.step, epoch, forward, self.failure_folder)
        self.optimizer.step()
        return means, norm, logits.detach()


def predict(network, batch, size=8192):
    """Logits float32 [n, heads] without dropout."""
    network.eval()
    parts = []
    with torch.no_grad():
        for rows in torch.arange(batch.n_rows()).split(size):
            parts.append(network(batch.take(rows)))
    return torch.cat(parts)


def gate_shares(network, batch, size=8192):
    """Mean gate weights over the batch: [(level.head, expert names, weights, mean entropy)]."""
    network.eval()
    sums = {}
    with torch.no_grad():
        for rows in torch.arange(batch.n_rows()).split(size):
            found = []
            network(batch.take(rows), found)
            for place, (head, names, weights) in enumerate(found):
                entropy = -(weights * torch.log(weights.clamp(min=1e-12))).sum(dim=1)
                entry = sums.setdefault((place, head), [names, torch.zeros(len(names)), 0.0])
                entry[1] += weights.sum(dim=0)
                entry[2] += float(entropy.sum())
    total = batch.n_rows()
    return [
        {
            "gate": head,
            "experts": names,
            "shares": [float(x) for x in weights / total],
            "entropy": entropy / total,
        }
        for (_, head), (names, weights, entropy) in sums.items()
    ]
