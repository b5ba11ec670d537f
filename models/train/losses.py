"""Losses per head over its population, and their weighted sum."""
import torch
from torch.nn import functional


class HeadLosses:
    """Binary cross entropy of probability heads, squared error of log amounts.

    An entire-space head (ESMM: Ma et al., SIGIR 2018) is compared with its label over all rows
    through the product of the probabilities along its `given` chain. A positive weight multiplies what
    a label says for the positive class, so that a teacher's probability moves with it as a label does.
    """

    def __init__(self, heads):
        self.heads = heads
        self.index = {head["name"]: number for number, head in enumerate(heads)}
        self.scale = [float(head.get("loss_weight", 1.0)) for head in heads]
        weights = [float(head.get("positive_weight", 1.0)) for head in heads]
        self.positive_weight = [None if weight == 1 else torch.tensor(weight) for weight in weights]

    def chain(self, number):
        """Heads from the first condition to this one."""
        links = [number]
        while self.heads[links[0]].get("given"):
            links.insert(0, self.index[self.heads[links[0]]["given"]])
        return links

    def reach_loss(self, logits, label, number):
        log_reach = sum(functional.logsigmoid(logits[:, link]) for link in self.chain(number))
        log_rest = torch.log1p(-torch.exp(log_reach).clamp(max=1 - 1e-6))
        return -(label * log_reach + (1 - label) * log_rest)

    def row_losses(self, logits, labels, number):
        head = self.heads[number]
        label = labels.value[:, number]
        if head["kind"] == "log_amount":
            return (logits[:, number] - label) ** 2
        if head.get("loss") == "entire_space":
            return self.reach_loss(logits, label, number)
        return functional.binary_cross_entropy_with_logits(
            logits[:, number], label, reduction="none", pos_weight=self.positive_weight[number]
        )

    def __call__(self, logits, labels):
        """(sum to minimise, mean loss per head [heads]). A head without rows in the batch gives 0.

        Means run over the whole batch's rows, not the population's: a head's steps then do not
        jump with how many of its rare rows a batch happens to hold."""
        if labels.offset is not None:
            logits = logits + labels.offset
        means = []
        for number in range(len(self.heads)):
            weight = labels.mask[:, number] * labels.weight[:, number]
            row = self.row_losses(logits, labels, number)
            means.append((row * weight).sum() / weight.shape[0])
        total = sum(scale * mean for scale, mean in zip(self.scale, means))
        return total, torch.stack(means).detach()
