"""Exponential moving average of the weights: what is exported (Polyak and Juditsky 1992)."""
import torch


class WeightAverage:
    """average = decay * average + (1 - decay) * weight after each step; the decay starts low."""

    def __init__(self, network, decay):
        self.decay = decay
        self.steps = 0
        self.parameters = list(network.parameters())
        self.average = [parameter.detach().clone() for parameter in self.parameters]

    def update(self):
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_mul_(self.average, decay)
            torch._foreach_add_(self.average, self.parameters, alpha=1 - decay)

    def apply(self):
        """Puts the averages into the network."""
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.average):
                parameter.copy_(average)
