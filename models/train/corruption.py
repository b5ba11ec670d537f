"""Random replacement of codes in training, so that codes rare or absent in the data are trained:
missing (0), unknown (1 of a vocabulary), and the module that was never seen."""
import torch

from .inputs import MISSING_CODE, UNKNOWN_CODE, Batch, has_unknown_code


class Corruption:
    """Draws which codes of a batch are replaced.

    missing_share, unknown_share: of every embedding field's rows; module_unknown_share: of the
    rows, for fields with role "module" (instead of unknown_share).
    """

    def __init__(self, fields, inputs, training):
        self.missing = torch.tensor([self.missing_share(fields[i], training) for i in inputs.plain])
        self.unknown = torch.tensor([self.unknown_share(fields[i], training) for i in inputs.plain])
        self.list_unknown = [self.unknown_share(fields[i], training) for i in inputs.pooled]
        self.list_missing = [self.missing_share(fields[i], training) for i in inputs.pooled]

    @staticmethod
    def missing_share(field, training):
        return float(training.get("missing_share", 0.01))

    @staticmethod
    def unknown_share(field, training):
        if not has_unknown_code(field):
            return 0.0
        if field.get("role") == "module":
            return float(training.get("module_unknown_share", 0.05))
        return float(training.get("unknown_share", 0.01))

    def __call__(self, batch, generator):
        """A batch with some codes replaced; the given one is unchanged."""
        draws = torch.rand(batch.codes.shape, generator=generator)
        codes = torch.where(
            draws < self.unknown, torch.full_like(batch.codes, UNKNOWN_CODE), batch.codes
        )
        codes = torch.where(draws > 1 - self.missing, torch.full_like(codes, MISSING_CODE), codes)
        lists, counts = [], []
        for number, (elements, count) in enumerate(zip(batch.lists, batch.counts)):
            draws = torch.rand(elements.shape, generator=generator)
            elements = torch.where(
                draws < self.list_unknown[number], torch.full_like(elements, UNKNOWN_CODE), elements
            )
            gone = torch.rand(count.shape, generator=generator) < self.list_missing[number]
            elements = torch.where(gone, torch.full_like(elements, MISSING_CODE), elements)
            lists.append(elements)
            counts.append(torch.where(gone, torch.ones_like(count), count))
        return Batch(batch.dense, codes, lists, counts)
