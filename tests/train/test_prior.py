"""Sampled rows, weights, teachers and products of heads: losses whose minimum is the truth, and what would not be."""
import unittest

import numpy
import pandas
import support  # noqa: F401  (sets the path)
import torch

from train.labels import build_labels, check_entire_space, population_labels
from train.losses import HeadLosses
from train.run import check_holdout, check_holdout_prior, load_parts
from train.table import Table

TRUTH = 0.2
RATE = 0.1


def head(**more):
    return {"name": "click", "kind": "probability", "negative_sampling_rate": 1.0, "sampling_handled": "none", **more}


def pull(heads, table, logits, column=None):
    """Of each head's logit: what the losses of all rows, each with these logits, move it by."""
    labels = build_labels(heads, table, column)
    at = torch.tensor(logits, requires_grad=True)
    total, _ = HeadLosses(heads)(at.expand(table.n_rows, len(heads)), labels)
    total.backward()
    return at.grad.tolist()


def logit(p):
    return float(numpy.log(p / (1 - p)))


def rows(**columns):
    return Table(pandas.DataFrame(columns, dtype=object))


class TeacherTest(unittest.TestCase):
    """A teacher's probability is of the true prior, and the logit that serving puts right again is the minimum."""

    def taught(self, wanted, logits, **more):
        one = head(distillation={"column": "teacher", "share": 1.0}, **more)
        table = rows(**{"label.click": ["0", "1"], "teacher": [str(TRUTH)] * 2, "rate": [str(RATE)] * 2})
        column = "rate" if more.get("sampling_handled") == "offset" else None
        (at_minimum,), (away,) = pull([one], table, [wanted], column), pull([one], table, logits, column)
        self.assertAlmostEqual(at_minimum, 0, places=6)
        self.assertGreater(abs(away), 1e-2)

    def test_the_minimum_is_the_truth_as_serving_corrects_it(self):
        plain = logit(TRUTH)
        self.taught(plain, [plain + 0.5])
        self.taught(plain + numpy.log(5), [plain], positive_weight=5.0)
        self.taught(plain - numpy.log(RATE), [plain], negative_sampling_rate=RATE, sampling_handled="correct")
        self.taught(plain, [plain + numpy.log(RATE)], negative_sampling_rate=RATE, sampling_handled="offset")

    def test_a_certain_teacher_is_certain_of_sampled_rows(self):
        one = head(distillation={"column": "teacher", "share": 1.0}, negative_sampling_rate=RATE,
                   sampling_handled="correct")
        table = rows(**{"label.click": ["0", "1"], "teacher": ["0", "1"]})
        self.assertEqual(build_labels([one], table).value[:, 0].tolist(), [0, 1])


class EntireSpaceTest(unittest.TestCase):
    HEADS = [head(), head(name="apply", given="click", loss="entire_space"),
             head(name="approve", given="apply", loss="entire_space")]

    def test_what_is_not_known_is_left_out(self):
        table = rows(**{"label.click": ["0", None, "1", "1", None], "label.apply": [None, "1", "0", None, "0"],
                        "label.approve": [None, "1", None, "1", None]})
        labels = build_labels(self.HEADS, table)
        self.assertEqual(labels.mask[:, 0].tolist(), [1, 0, 1, 1, 0])
        self.assertEqual(labels.mask[:, 1].tolist(), [1, 0, 1, 0, 0])
        self.assertEqual(labels.mask[:, 2].tolist(), [1, 0, 1, 0, 0])
        self.assertEqual((labels.value * labels.mask)[:, 1:].sum(), 0)

    def test_the_minimum_over_rows_of_which_some_are_not_known_is_the_truth(self):
        clicks, applied = ["1", "1", "0", "0", None, None], ["1", "0", None, None, None, None]
        table = rows(**{"label.click": clicks, "label.apply": applied})
        at = pull(self.HEADS[:2], table, [0.0, 0.0])
        self.assertAlmostEqual(at[0], 0, places=6)
        self.assertAlmostEqual(at[1], 0, places=6)

    def test_followers_that_are_not_known_are_told(self):
        known = {"label.click": ["1", "1", "0"], "label.approve": [None, None, None]}
        told = check_entire_space(self.HEADS[:2], rows(**known, **{"label.apply": ["1", None, None]}))
        self.assertEqual(len(told), 1)
        self.assertRegex(told[0], "heads.apply: of 2 rows with click = 1, 1 have no label")
        self.assertEqual(check_entire_space(self.HEADS[:2], rows(**known, **{"label.apply": ["1", "0", None]})), [])


class SamplingTest(unittest.TestCase):
    def test_a_rate_that_is_not_the_rows_is_refused(self):
        one = head(negative_sampling_rate=RATE, sampling_handled="correct")
        table = rows(**{"label.click": ["1", "0"], "rate": ["1", "0.25"]})
        with self.assertRaisesRegex(ValueError, "click: its negative_sampling_rate is 0.1, and column rate has 0.25"):
            build_labels([one], table, "rate")
        build_labels([{**one, "negative_sampling_rate": 0.25}], table, "rate")

    def refused(self, config, table, is_split):
        raw = population_labels(config["heads"], table)
        try:
            check_holdout_prior(config, table, raw, is_split)
        except ValueError as problem:
            return str(problem)
        return ""

    def test_calibrators_are_fitted_on_rows_with_the_true_prior(self):
        fit = {"calibrator": {"kind": "fit", "method": "platt"}, "negative_sampling_rate": RATE,
               "sampling_handled": "correct"}
        config = {"heads": [head(**fit)]}
        sampled = rows(**{"label.click": ["1", "0"], "rate": ["1", "0.1"]})
        whole = rows(**{"label.click": ["1", "0"], "rate": ["1", "1"]})
        self.assertRegex(self.refused(config, sampled, True), "click: its calibrator would be fitted on sampled")
        self.assertEqual(self.refused(config, sampled, False), "")        # a file, of which nothing is known
        config["sampling_column"] = "rate"
        for is_split in (True, False):
            self.assertRegex(self.refused(config, sampled, is_split), "undoes the correction")
            self.assertEqual(self.refused(config, whole, is_split), "")
        # Of a head's own population alone: here those with a click, all of which were kept.
        config["heads"] = [head(negative_sampling_rate=RATE, sampling_handled="correct"),
                           head(name="apply", given="click", calibrator=fit["calibrator"])]
        rest = rows(**{"label.click": ["1", "1", "0"], "label.apply": ["1", "0", None], "rate": ["1", "1", "0.1"]})
        self.assertEqual(self.refused(config, rest, True), "")

    def test_of_a_large_holdout_some_rows_are_drawn(self):
        import os
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            train, holdout = (os.path.join(folder, name) for name in ("train.csv", "holdout.csv"))
            for path, n_rows in ((train, 4), (holdout, 1000)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write("x,label.click\n" + "".join(f"{row},{int(row < 300)}\n" for row in range(n_rows)))
            config = {"columns": {}, "missing": [""], "split": {}, "training": {"holdout_rows": 200, "seed": 1}}
            parts = load_parts(config, [train], [holdout])
            again = load_parts(config, [train], [holdout])
        self.assertEqual(parts["holdout"].frame["x"].tolist(), again["holdout"].frame["x"].tolist())
        numbers = parts["holdout"].numbers("x")
        self.assertEqual((len(numbers), len(set(numbers))), (200, 200))
        self.assertTrue((numpy.diff(numbers) > 0).all())
        self.assertAlmostEqual(parts["holdout"].numbers("label.click").mean(), 0.3, delta=0.1)

    def test_labels_of_the_holdout_are_looked_at_before_training(self):
        amount = {"name": "amount", "kind": "log_amount", "given": "click"}
        with self.assertRaisesRegex(ValueError, "click: labels other than 0 and 1"):
            population_labels([head()], rows(**{"label.click": ["1", "2"]}))
        table = rows(**{"label.click": ["1", "0"], "label.amount": ["0", None]})
        with self.assertRaisesRegex(ValueError, "amount: amounts must be above zero"):
            population_labels([head(), amount], table)
        fit = head(calibrator={"kind": "fit", "method": "platt"})
        with self.assertRaisesRegex(ValueError, "click: all 2 holdout rows have the label 1"):
            check_holdout([fit], {"click": numpy.array([1.0, numpy.nan, 1.0])})


if __name__ == "__main__":
    unittest.main()
