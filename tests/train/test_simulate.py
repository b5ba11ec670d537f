"""The simulators: stated base rates, sampling, truth behind the labels, repeatability."""
import os
import tempfile
import unittest

import numpy
import support  # noqa: F401  (sets the path)

from simulate import card_catalog, cards, goods, goods_catalog
from simulate.__main__ import main
from train.metrics import auc, reliability


def known(values):
    """(mask, float values) of labels with None outside the population."""
    mask = numpy.array([value is not None for value in values])
    return mask, numpy.array([0.0 if value is None else float(value) for value in values])


class CardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = cards.simulate(300_000, 11)

    def test_approvals_are_between_one_and_five_in_a_thousand(self):
        _, approve = known(self.rows["label.approve"])
        self.assertGreater(approve.mean(), 0.001)
        self.assertLess(approve.mean(), 0.005)

    def test_labels_follow_the_truth(self):
        for head in ("click", "apply", "approve"):
            mask, label = known(self.rows[f"label.{head}"])
            truth = self.rows[f"truth.{head}"][mask]
            error = numpy.sqrt(truth.mean() * (1 - truth.mean()) / mask.sum())
            self.assertLess(abs(label[mask].mean() - truth.mean()), 4 * error, head)
            for predicted, seen, rows in reliability(label[mask], truth, 5):
                self.assertLess(abs(predicted - seen), 5 * numpy.sqrt(predicted / rows), head)
            self.assertGreater(auc(label[mask], truth), 0.6, head)

    def test_populations_are_nested(self):
        _, click = known(self.rows["label.click"])
        applied, apply = known(self.rows["label.apply"])
        approved, approve = known(self.rows["label.approve"])
        spent, _ = known(self.rows["label.spend"])
        self.assertTrue((applied == (click == 1)).all())
        self.assertTrue((approved == (apply == 1)).all())
        self.assertTrue((spent == (approve == 1)).all())

    def test_spend_has_the_stated_mean(self):
        mask, spend = known(self.rows["label.spend"])
        self.assertAlmostEqual(
            spend[mask].mean() / self.rows["truth.spend"][mask].mean(), 1.0, delta=0.1
        )

    def test_sampling_keeps_every_click_and_the_stated_share_of_the_rest(self):
        sampled = cards.simulate(300_000, 11, 0.1)
        clicks = int((self.rows["label.click"] == 1).sum())
        self.assertEqual(int((sampled["label.click"] == 1).sum()), clicks)
        kept = int((sampled["label.click"] == 0).sum()) / (300_000 - clicks)
        self.assertAlmostEqual(kept, 0.1, delta=0.003)
        self.assertEqual(set(sampled["sample_rate"][sampled["label.click"] == 0]), {0.1})

    def test_some_facts_are_missing_and_the_catalog_is_whole(self):
        missing = numpy.mean([value is None for value in self.rows["ctx.income"]])
        self.assertAlmostEqual(missing, 0.05, delta=0.01)
        offers = card_catalog.catalog()["offer"]
        self.assertEqual((len(offers), len(set(offers))), (40, 40))
        self.assertEqual(set(self.rows["offer"]), set(offers))


class GoodsTest(unittest.TestCase):
    def test_rates_and_the_module_that_training_never_shows(self):
        rows = goods.simulate(100_000, 5)
        self.assertNotIn("live", set(rows["ctx.surface"]))
        self.assertIn("live", set(goods.simulate(2_000, 5, 1.0, True)["ctx.surface"]))
        for head, low, high in (("favorite", 0.03, 0.10), ("purchase", 0.01, 0.04)):
            rate, truth = rows[f"label.{head}"].mean(), rows[f"truth.{head}"].mean()
            self.assertTrue(low < rate < high, (head, rate))
            self.assertLess(abs(rate - truth), 4 * numpy.sqrt(truth / 100_000))

    def test_catalog(self):
        offers = goods_catalog.catalog()
        self.assertEqual((len(offers["offer"]), len(set(offers["offer"]))), (200, 200))


class CommandTest(unittest.TestCase):
    def test_the_same_seed_writes_the_same_bytes(self):
        written = []
        for seed in ("1", "1", "2"):
            with tempfile.TemporaryDirectory() as folder:
                self.assertEqual(
                    main(["goods", "--rows", "500", "--seed", seed, "--out", folder]), 0
                )
                with open(os.path.join(folder, "impressions.csv.gz"), "rb") as file:
                    written.append(file.read())
        self.assertEqual(written[0], written[1])
        self.assertNotEqual(written[0], written[2])

    def test_absurd_numbers_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(main(["cards", "--rows", "0", "--out", folder]), 2)
            self.assertEqual(
                main(["cards", "--rows", "5", "--negative-rate", "1.5", "--out", folder]), 2
            )
            self.assertEqual(main(["goods", "--rows", "5", "--seed", "-1", "--out", folder]), 2)
            self.assertEqual(main(["cards", "--rows", "5", "--with-unseen", "--out", folder]), 2)
            self.assertEqual(os.listdir(folder), [])
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
