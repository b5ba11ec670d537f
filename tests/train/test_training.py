"""The loop: determinism, recovery of a known rate, and the stop at values that are not finite."""
import json
import os
import tempfile
import unittest

import numpy
import support
import torch

from train.averaging import decay_of
from train.calibration import corrected_logits, fit_amount
from train.checkpoint import Checkpoint, CheckpointError
from train.config import TRAINING_DEFAULTS
from train.corruption import Corruption
from train.graph import build_levels
from train.inputs import Batch
from train.labels import Labels, build_labels, check_heads
from train.loop import Trainer, predict
from train.losses import HeadLosses
from train.metrics import sigmoid
from train.network import Network
from train.run import check_steps
from train.table import Table
from train.teacher import fold_numbers, out_of_fold, swapped_rows
from train.watch import TrainingStopped

LEVELS = build_levels({"kind": "mmoe", "experts": 2, "layers": [8]}, ["click", "apply"])


def trainer_of(seed, folder=None, **more):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    training = {**TRAINING_DEFAULTS, "epochs": 2, "batch": 64, "seed": seed, **more}
    model = {"fields": support.FIELDS, "heads": support.HEADS, "levels": LEVELS}
    network = Network(model, support.code_counts(support.FIELDS), 0.1, 0.1)
    return Trainer(network, support.HEADS, support.FIELDS, training, folder)


def random_labels(n_rows, seed):
    generator = numpy.random.default_rng(seed)
    value = torch.from_numpy(generator.integers(0, 2, (n_rows, 2)).astype(numpy.float32))
    return Labels(value, torch.ones_like(value), torch.ones_like(value))


class TrainingTest(unittest.TestCase):
    def train_once(self, seed):
        trainer = trainer_of(seed)
        trainer.train(support.random_batch(support.FIELDS, 400, 1), random_labels(400, 2))
        return trainer.network.exported_tensors()

    def test_the_same_seed_trains_the_same_bits_and_another_does_not(self):
        first, again, other = self.train_once(3), self.train_once(3), self.train_once(4)
        for name, tensor in first.items():
            self.assertEqual(tensor.tobytes(), again[name].tobytes(), name)
        self.assertTrue(any(first[name].tobytes() != other[name].tobytes() for name in first))

    def test_a_killed_run_resumes_to_the_bits_of_an_unbroken_one(self):
        batch, labels = support.random_batch(support.FIELDS, 400, 1), random_labels(400, 2)
        whole = trainer_of(3, epochs=4, dropout=0.2)
        whole.train(batch, labels)
        with tempfile.TemporaryDirectory() as folder:
            killed = trainer_of(3, epochs=4, dropout=0.2)
            inner, done = killed.run_epoch, []

            def run_epoch(epoch, *arguments):
                if epoch == 2:
                    raise KeyboardInterrupt  # a kill in the third epoch
                inner(epoch, *arguments)
                done.append(epoch)

            killed.run_epoch = run_epoch
            with self.assertRaises(KeyboardInterrupt):
                killed.train(batch, labels, Checkpoint(folder, "m"))
            self.assertEqual(done, [0, 1])
            torch.manual_seed(99)  # whatever the new process did before
            resumed = trainer_of(3, epochs=4, dropout=0.2)
            torch.rand(7)
            resumed.train(batch, labels, Checkpoint(folder, "m"), resume=True)
        self.assertEqual(resumed.step, whole.step)
        self.assertEqual(resumed.history.losses, whole.history.losses)
        self.assertEqual(len(resumed.history.losses), 4)
        again = resumed.network.exported_tensors()
        for name, tensor in whole.network.exported_tensors().items():
            self.assertEqual(tensor.tobytes(), again[name].tobytes(), name)

    def test_a_checkpoint_of_another_run_or_a_damaged_one_is_refused(self):
        batch, labels = support.random_batch(support.FIELDS, 400, 1), random_labels(400, 2)
        with tempfile.TemporaryDirectory() as folder:
            trainer_of(3).train(batch, labels, Checkpoint(folder, "one"))
            with self.assertRaisesRegex(CheckpointError, "another config, data or code"):
                trainer_of(3).train(batch, labels, Checkpoint(folder, "two"), resume=True)
            path = os.path.join(folder, "checkpoint.npz")
            with open(path, "rb") as file:
                data = file.read()
            for damaged in (data[: len(data) // 2], b"", b"not an archive"):
                with open(path, "wb") as file:
                    file.write(damaged)
                with self.assertRaisesRegex(CheckpointError, "cannot be read"):
                    trainer_of(3).train(batch, labels, Checkpoint(folder, "one"), resume=True)

    def test_a_bad_input_stops_training_and_names_the_field_and_batch(self):
        batch = support.random_batch(support.FIELDS, 400, 1)
        batch.dense[57, 1] = float("nan")  # income: after `seen`
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(TrainingStopped) as caught:
                trainer_of(1, folder).train(batch, random_labels(400, 2))
            with open(os.path.join(folder, "failure.json"), encoding="utf-8") as file:
                report = json.load(file)
            self.assertTrue(os.path.exists(os.path.join(folder, "failure_batch.npz")))
        self.assertEqual(report, caught.exception.report)
        self.assertEqual((report["tensor"], report["found"]), ("field.income", "nan"))
        self.assertLess(report["step"], 7)

    def test_a_bad_weight_stops_training_and_names_the_layer(self):
        trainer = trainer_of(1)
        with torch.no_grad():
            trainer.network.levels[0].experts[1].layers[0].weight[0, 0] = float("inf")
        with self.assertRaises(TrainingStopped) as caught:
            trainer.train(support.random_batch(support.FIELDS, 400, 1), random_labels(400, 2))
        self.assertEqual(caught.exception.report["tensor"], "level.0.expert.e1.layer.0.weight")
        self.assertEqual(caught.exception.report["step"], 0)

    def test_an_overflowing_layer_is_named(self):
        trainer = trainer_of(1)
        with torch.no_grad():
            for layer in trainer.network.levels[0].experts[0].layers:
                layer.weight.fill_(3e38)
        with self.assertRaises(TrainingStopped) as caught:
            trainer.train(support.random_batch(support.FIELDS, 400, 1), random_labels(400, 2))
        self.assertEqual(caught.exception.report["layer"], "level.0.expert.e0.layer.0")

    def test_of_few_steps_the_last_tenth_is_averaged_unless_it_is_stated(self):
        self.assertEqual(decay_of({"averaging": None}, 100), 0.9)
        self.assertEqual(decay_of({"averaging": None}, 1_000_000), 0.998)
        self.assertEqual(decay_of({"averaging": None}, 3), 0)
        self.assertEqual(decay_of({"averaging": 0.998}, 100), 0.998)
        self.assertEqual(check_steps({"epochs": 5, "batch": 10}, 1000), [])
        self.assertRegex(check_steps({"epochs": 5, "batch": 10}, 991 - 10)[0], "^training: 495 steps in all")

    def test_sampling_correction_recovers_the_base_rate(self):
        generator = numpy.random.default_rng(1)
        label = generator.random(400_000) < 0.03
        kept = label | (generator.random(len(label)) < 0.1)
        share = label[kept].mean()
        head = {"negative_sampling_rate": 0.1, "sampling_handled": "correct"}
        recovered = float(sigmoid(corrected_logits(head, numpy.log(share / (1 - share)))))
        self.assertAlmostEqual(recovered, 0.03, delta=0.001)
        self.assertGreater(share, 0.2)

    def test_amounts_get_the_mean_of_a_log_normal(self):
        generator = numpy.random.default_rng(3)
        mu = generator.normal(5, 1, 200_000)
        sigma, ratio = fit_amount(mu, numpy.exp(mu + generator.normal(0, 0.7, len(mu))))
        self.assertAlmostEqual(sigma, 0.7, delta=0.01)
        self.assertAlmostEqual(ratio, 1.0, delta=0.02)

    def test_an_entire_space_loss_is_the_cross_entropy_of_the_product(self):
        heads = [dict(support.HEADS[0]), {**support.HEADS[1], "loss": "entire_space"}]
        logits = torch.tensor([[0.3, -0.4], [1.2, 0.8]])
        value = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
        labels = Labels(value, torch.ones_like(value), torch.ones_like(value))
        _, means = HeadLosses(heads)(logits, labels)
        p = 1 / (1 + numpy.exp(-logits.numpy().astype(float)))
        reach = p[:, 0] * p[:, 1]
        wanted = -(numpy.log(reach[0]) + numpy.log(1 - reach[1])) / 2
        self.assertAlmostEqual(float(means[1]), wanted, places=5)

    def test_given_masks_rows_outside_the_population_and_weights_follow_the_rate(self):
        import pandas

        heads = [
            {"name": "click", "kind": "probability", "sampling_handled": "weighted"},
            {"name": "apply", "kind": "probability", "given": "click", "sampling_handled": "none"},
        ]
        table = Table(
            pandas.DataFrame(
                {
                    "label.click": ["1", "0", "1"],
                    "label.apply": ["0", None, "1"],
                    "rate": ["1", "0.25", "1"],
                }
            )
        )
        labels = build_labels(heads, table, "rate")
        self.assertEqual(labels.mask.tolist(), [[1, 1], [1, 0], [1, 1]])
        self.assertEqual(labels.weight[:, 0].tolist(), [1, 4, 1])
        self.assertEqual(labels.weight[:, 1].tolist(), [1, 1, 1])

    def test_a_head_that_would_learn_nothing_is_refused_and_one_class_is_told(self):
        import pandas

        heads = [{"name": "click", "kind": "probability"}, {"name": "apply", "kind": "probability", "given": "click"}]

        def told(click, apply):
            table = Table(pandas.DataFrame({"label.click": click, "label.apply": apply}))
            return check_heads(heads, build_labels(heads, table))

        self.assertEqual(told(["1", "0", "1"], ["0", None, "1"]), [])
        self.assertEqual(
            told(["1", "1"], ["0", "1"]), ["heads.click: all 2 rows to train on have the label 1"]
        )
        with self.assertRaisesRegex(ValueError, "click: no row to train on has a label$"):
            told([None, None], [None, None])
        with self.assertRaisesRegex(ValueError, "apply: no row .* among those with click = 1"):
            told(["0", "0"], ["1", None])

    def test_an_offset_head_recovers_the_true_logit_when_the_rate_depends_on_the_row(self):
        import pandas
        from sklearn.linear_model import LogisticRegression

        generator = numpy.random.default_rng(4)
        x = generator.normal(size=300_000)
        label = (generator.random(len(x)) < sigmoid(1.5 * x - 3.0)).astype(int)
        rate = numpy.where(x > 0, 0.5, 0.05)
        kept = (label == 1) | (generator.random(len(x)) < rate)
        frame = {"label.click": label[kept], "rate": rate[kept]}
        heads = [{"name": "click", "kind": "probability", "sampling_handled": "offset"}]
        labels = build_labels(heads, Table(pandas.DataFrame(frame)), "rate")
        slope = torch.tensor([0.0, 0.0], requires_grad=True)
        inputs = torch.from_numpy(x[kept].astype(numpy.float32))
        losses, optimizer = HeadLosses(heads), torch.optim.LBFGS([slope], max_iter=50)

        def closure():
            optimizer.zero_grad()
            total, _ = losses((slope[0] * inputs + slope[1])[:, None], labels)
            total.backward()
            return total

        optimizer.step(closure)
        whole = LogisticRegression(C=1e12, tol=1e-9).fit(x[:, None], label)
        self.assertAlmostEqual(float(slope[0]), float(whole.coef_[0, 0]), delta=0.06)
        self.assertAlmostEqual(float(slope[1]), float(whole.intercept_[0]), delta=0.06)
        taken = labels.take(torch.tensor([0, 1]))
        self.assertEqual(taken.offset.tolist(), labels.offset[:2].tolist())

    def test_a_teacher_is_mixed_into_labels(self):
        import pandas

        head = {"name": "click", "kind": "probability", "sampling_handled": "none"}
        head.update(positive_weight=3.0, distillation={"column": "teacher", "share": 0.75})
        frame = {"label.click": ["1", "0", "1"], "teacher": ["0.2", "0.6", None]}
        labels = build_labels([head], Table(pandas.DataFrame(frame)))
        numpy.testing.assert_allclose(labels.value[:, 0], [0.4, 0.45, 1.0], rtol=1e-6)
        frame["label.click"][1] = None  # no label: the teacher's alone
        unlabelled = build_labels([head], Table(pandas.DataFrame(frame)))
        numpy.testing.assert_allclose(unlabelled.value[:, 0], [0.4, 0.6, 1.0], rtol=1e-6)
        self.assertEqual(unlabelled.mask[:, 0].tolist(), [1, 1, 1])
        frame["teacher"] = ["0.2", "1.5", None]
        with self.assertRaisesRegex(ValueError, "wanted probabilities"):
            build_labels([head], Table(pandas.DataFrame(frame)))

    def test_a_row_is_never_judged_by_a_teacher_that_saw_it(self):
        fold_of = fold_numbers(1001, 4, 1)
        self.assertLessEqual(numpy.ptp(numpy.bincount(fold_of)), 1)
        seen = []

        def fit_and_judge(train, judged):
            self.assertEqual(len(numpy.intersect1d(train, judged)), 0)
            self.assertEqual(len(train) + len(judged), 1001 + 2)
            seen.append(judged)
            return judged[:, None] * 2.0 + (judged[:, None] > 1000) * len(seen)

        logits = out_of_fold(fold_of, fit_and_judge, 2)
        self.assertEqual(len(seen), 4)
        self.assertEqual(logits[:1001, 0].tolist(), [2.0 * row for row in range(1001)])
        self.assertEqual(logits[1001:, 0].tolist(), [2002 + 2.5, 2004 + 2.5])

    def test_swapped_rows_keep_columns_apart_and_most_values(self):
        import pandas

        frame = pandas.DataFrame({"a": numpy.arange(5000), "b": numpy.arange(5000), "c": 1})
        rows = swapped_rows(frame, ["a", "b"], 2, 0.2, 1)
        self.assertEqual((list(rows.columns), len(rows)), (["a", "b"], 10_000))
        base = numpy.tile(numpy.arange(5000), 2)
        moved = [(rows[name].to_numpy() != base) for name in ("a", "b")]
        self.assertAlmostEqual(float(moved[0].mean()), 0.2, delta=0.015)
        self.assertAlmostEqual(float((moved[0] & moved[1]).mean()), 0.04, delta=0.01)

    def test_codes_are_replaced_at_the_stated_shares(self):
        model = {"fields": support.FIELDS, "heads": support.HEADS, "levels": []}
        network = Network(model, support.code_counts(support.FIELDS))
        corrupt = Corruption(
            support.FIELDS,
            network.inputs,
            {"missing_share": 0.1, "unknown_share": 0.2, "module_unknown_share": 0.4},
        )
        codes = torch.full((20_000, 4), 3)
        batch = Batch(torch.zeros(20_000, 5), codes, [], [])
        noisy = corrupt(batch, torch.Generator().manual_seed(1)).codes
        surface = [
            network.inputs.plain.index(i)
            for i, f in enumerate(support.FIELDS)
            if f["name"] == "surface"
        ][0]
        self.assertAlmostEqual(float((noisy[:, surface] == 1).float().mean()), 0.4, delta=0.015)
        self.assertAlmostEqual(float((noisy[:, surface - 1] == 1).float().mean()), 0.2, delta=0.015)
        self.assertAlmostEqual(float((noisy == 0).float().mean()), 0.1, delta=0.01)
        self.assertTrue((batch.codes == 3).all())

    def test_predictions_do_not_depend_on_the_batch(self):
        trainer = trainer_of(1)
        batch = support.random_batch(support.FIELDS, 50, 1)
        whole, parts = predict(trainer.network, batch), predict(trainer.network, batch, 7)
        self.assertTrue(torch.allclose(whole, parts, atol=1e-6))


if __name__ == "__main__":
    unittest.main()
