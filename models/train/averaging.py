"""Exponential moving average of the weights: what is exported (Polyak and Juditsky 1992)."""
import torch


LONGEST = 0.998


def decay_of(training, steps):
    """What is stated; by itself the weights of the last tenth count most, however few the steps."""
    stated = training["averaging"]
    return float(stated) if stated is not None else min(LONGEST, max(0.0, 1 - 10 / steps))


class WeightAverage:
    """Weights of the past count decay^age, normalised: the start has no part that lingers."""

    def __init__(self, network, decay):
        self.decay = min(max(decay, 0.0), 0.999999)
        self.steps = 0
        self.parameters = list(network.parameters())
        self.average = [parameter.detach().clone() for parameter in self.parameters]

    def update(self):
        self.steps += 1
        decay = self.decay * (1 - self.decay ** (self.steps - 1)) / (1 - self.decay**self.steps)
        with torch.no_grad():
            torch._foreach_mul_(self.average, decay)
            torch._foreach_add_(self.average, self.parameters, alpha=1 - decay)

    def apply(self):
        """Puts the averages into the network."""
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.average):
                parameter.copy_(average)
