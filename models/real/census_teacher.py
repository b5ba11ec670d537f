"""Teachers of the Census network: boosting and networks, out of fold, averaged in the logit.

They learn from the training rows alone; rows held out for calibration or the test get no teacher.
Six times as many rows without labels, made from training rows, show the network more of what they say.
"""
import numpy
import pandas

from train.config import check_config
from train.metrics import sigmoid
from train.labels import population_labels
from train.run import load_parts
from train.split import split_rows
from train.table import Table
from train.teacher import fold_numbers, network_teacher, out_of_fold, swapped_rows

from .boosting import feature_matrix, make_model
from .census import HEADS, NUMBERS, TEXTS, teacher_config

FOLDS = 3
EXTRA_MULTIPLE = 6
EXTRA_SWAPPED = 0.15


def boosting_teacher(table, labels, settings, fold_of):
    """Logits [n, heads] of boosting in its chosen settings (head to settings)."""
    matrix = feature_matrix(table, NUMBERS, TEXTS)

    def fit_and_judge(train, judged):
        columns = []
        for head in HEADS:
            chosen = dict(settings[head])
            trees = chosen.pop("trees")
            model = make_model(
                matrix.shape[1], len(NUMBERS), chosen, max_iter=trees, early_stopping=False
            )
            model.fit(matrix[train], labels[head][train])
            columns.append(model.decision_function(matrix[judged]))
        return numpy.stack(columns, axis=1)

    return out_of_fold(fold_of, fit_and_judge, table.n_rows - len(fold_of))


def teach(config, path, rows_path, extra_path, settings, library):
    """Writes the rows of `path` with columns teacher.<head>, and rows without labels with them."""
    plain = check_config({**teacher_config(), "split": config["split"]})
    train = load_parts(plain, [path], [])["train"]
    fold_of = fold_numbers(train.n_rows, FOLDS, 1)
    made = swapped_rows(train.frame, NUMBERS + TEXTS, EXTRA_MULTIPLE, EXTRA_SWAPPED, 1)
    table = train.followed_by(Table(made))
    labels = population_labels(plain["heads"], train)
    logits = boosting_teacher(table, labels, settings, fold_of)
    logits = (logits + network_teacher(plain, table, library, fold_of)) / 2
    taught = numpy.round(sigmoid(logits), 6)
    whole = Table.read([path], {}, ())
    places = split_rows(whole, config["split"])["train"]
    write_taught(rows_path, whole.frame, places, taught[: train.n_rows])
    write_taught(extra_path, made, numpy.arange(len(made)), taught[train.n_rows :])


def write_taught(path, frame, places, taught):
    """CSV of the rows; those at `places` with the teacher's probabilities, the rest without."""
    columns = pandas.DataFrame(index=frame.index)
    for number, head in enumerate(HEADS):
        column = numpy.full(len(frame), numpy.nan)
        column[places] = taught[:, number]
        columns[f"teacher.{head}"] = column
    pandas.concat([frame, columns], axis=1).to_csv(path, index=False)
