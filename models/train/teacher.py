"""What a network can learn from besides its labels: probabilities of models that did not see the row.

Training rows are dealt into folds; each fold's rows are judged by a model that learned from the other
folds, so a teacher's certainty is about new rows (distillation: Hinton et al. 2015; out of fold:
Wolpert 1992, stacking). Several teachers are averaged in the logit. A head takes them up by
`"distillation": {"column": "teacher.income", "share": 0.8}`."""
import numpy
import torch

from .features import FeatureEncoder
from .fitting import fit_fields
from .inputs import batch_of
from .labels import build_labels
from .loop import Trainer, predict
from .network import Network


def fold_numbers(n_rows, folds, seed):
    """int64 [n]: each row's fold; folds differ by at most one row."""
    return numpy.random.default_rng(seed).permutation(numpy.arange(n_rows) % folds)


def out_of_fold(fold_of, fit_and_judge):
    """float64 [n, heads]: `fit_and_judge(train rows, judged rows)` of every fold, put together."""
    out = None
    for fold in range(int(fold_of.max()) + 1):
        train, judged = numpy.flatnonzero(fold_of != fold), numpy.flatnonzero(fold_of == fold)
        logits = fit_and_judge(train, judged)
        if out is None:
            out = numpy.zeros((len(fold_of), logits.shape[1]))
        out[judged] = logits
    return out


def network_teacher(config, table, library, fold_of):
    """Out-of-fold logits of networks of a checked config, over the rows of `table`."""
    fields = fit_fields(library, config["fields"], table)
    with FeatureEncoder(library, fields) as encoder:
        batch = batch_of(fields, encoder.encode_all(table))
        counts = [encoder.code_count(index) for index in range(len(fields))]
    labels = build_labels(config["heads"], table, config.get("sampling_column"))
    training = config["training"]
    description = {"fields": fields, "levels": config["levels"], "heads": config["heads"]}

    def fit_and_judge(train, judged):
        torch.set_num_threads(1)
        torch.manual_seed(int(training["seed"]))
        network = Network(description, counts, training["dropout"], training["field_dropout"])
        rows = torch.from_numpy(train)
        Trainer(network, config["heads"], fields, training).train(
            batch.take(rows), labels.take(rows)
        )
        return predict(network, batch.take(torch.from_numpy(judged))).numpy().astype(float)

    return out_of_fold(fold_of, fit_and_judge)
