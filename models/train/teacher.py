"""What a network can learn from besides labels: probabilities of models that did not see the row.

Training rows are dealt into folds; each fold's rows are judged by a model that learned from the
other folds, so a teacher's certainty is about new rows (distillation: Hinton et al. 2015; out of
fold: Wolpert 1992, stacking). Several teachers are averaged in the logit. Rows without a label,
made from real ones, are judged by all folds' models together (model compression: Bucila, Caruana
and Niculescu-Mizil 2006). A head takes a teacher up by `"distillation": {"column":
"teacher.income", "share": 0.8}`."""
import numpy
import pandas
import torch

from .calibration import corrected_logits
from .features import FeatureEncoder
from .fitting import fit_fields
from .inputs import batch_of
from .labels import build_labels
from .loop import Trainer, predict
from .network import Network


def fold_numbers(n_rows, folds, seed):
    """int64 [n]: each row's fold; folds differ by at most one row."""
    return numpy.random.default_rng(seed).permutation(numpy.arange(n_rows) % folds)


def out_of_fold(fold_of, fit_and_judge, n_extra=0):
    """float64 [n + n_extra, heads]: `fit_and_judge(train rows, judged rows)` of every fold, put
    together. Rows n and up are judged by every fold's model; theirs is the mean."""
    n_rows, n_folds = len(fold_of), int(fold_of.max()) + 1
    extra = numpy.arange(n_rows, n_rows + n_extra)
    out = None
    for fold in range(n_folds):
        own = numpy.flatnonzero(fold_of == fold)
        logits = fit_and_judge(numpy.flatnonzero(fold_of != fold), numpy.concatenate([own, extra]))
        if out is None:
            out = numpy.zeros((n_rows + n_extra, logits.shape[1]))
        out[own] = logits[: len(own)]
        out[extra] += logits[len(own) :] / n_folds
    return out


def swapped_rows(frame, columns, multiple, share, seed):
    """`multiple` times as many rows as `frame` has, each one of its rows in which every column has
    its value, with probability `share`, from another row; of `columns` only, all without labels."""
    generator = numpy.random.default_rng(seed)
    n_rows = len(frame) * multiple
    base = numpy.tile(numpy.arange(len(frame)), multiple)
    other = generator.integers(0, len(frame), n_rows)
    drawn = {
        name: frame[name].to_numpy()[numpy.where(generator.random(n_rows) < share, other, base)]
        for name in columns
    }
    return pandas.DataFrame(drawn)


def network_teacher(config, table, library, fold_of):
    """Logits of networks of a checked config, of the true prior, out of fold over the first rows of `table`; what
    comes behind them has no labels."""
    first = table.rows(numpy.arange(len(fold_of)))
    fields = fit_fields(library, config["fields"], first)
    with FeatureEncoder(library, fields) as encoder:
        batch = batch_of(fields, encoder.encode_all(table))
        counts = [encoder.code_count(index) for index in range(len(fields))]
    labels = build_labels(config["heads"], first, config.get("sampling_column"))
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
        logits = predict(network, batch.take(torch.from_numpy(judged))).numpy().astype(float)
        for number, head in enumerate(config["heads"]):
            if head["kind"] == "probability":
                logits[:, number] = corrected_logits(head, logits[:, number])
        return logits

    return out_of_fold(fold_of, fit_and_judge, table.n_rows - len(fold_of))
