"""The rival: histogram gradient boosting on the same rows, native categories, early stopping."""
import numpy
import pandas


def feature_matrix(table, numbers, texts):
    """float64 [n, columns]: numbers as they are, texts as category codes, NaN where missing."""
    matrix = numpy.empty((table.n_rows, len(numbers) + len(texts)))
    for place, name in enumerate(numbers):
        matrix[:, place] = pandas.to_numeric(table.frame[name])
    for place, name in enumerate(texts):
        codes = pandas.factorize(table.frame[name], sort=True)[0].astype(float)
        matrix[:, len(numbers) + place] = numpy.where(codes < 0, numpy.nan, codes)
    return matrix


SETTINGS = [
    {"learning_rate": 0.05, "max_leaf_nodes": 31, "min_samples_leaf": 20},
    {"learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 40},
    {"learning_rate": 0.1, "max_leaf_nodes": 15, "min_samples_leaf": 20},
]


def make_model(n_columns, n_numbers, settings, **more):
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        l2_regularization=1.0,
        random_state=1,
        categorical_features=list(range(n_numbers, n_columns)),
        **settings,
        **more
    )


def train_boosting(matrix, labels, n_numbers, train):
    """(scores over all rows, the chosen settings).

    Settings and number of trees are found by early stopping within the training rows; then all of
    them are learned from. The held-out rows play no part."""
    best = None
    for settings in SETTINGS:
        model = make_model(
            matrix.shape[1],
            n_numbers,
            settings,
            max_iter=800,
            early_stopping=True,
            validation_fraction=0.15,
            n_iter_no_change=25,
        )
        model.fit(matrix[train], labels[train])
        score = max(model.validation_score_)
        if best is None or score > best[0]:
            best = (score, settings, int(model.n_iter_))
    _, settings, trees = best
    model = make_model(matrix.shape[1], n_numbers, settings, max_iter=trees, early_stopping=False)
    model.fit(matrix[train], labels[train])
    return model.decision_function(matrix), {**settings, "trees": trees}
