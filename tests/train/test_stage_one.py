"""Stage one's training: candidates drawn, towers that learn an order, what is served."""
import json
import os
import tempfile
import unittest

import numpy
import pandas
import support  # noqa: F401  (sets the path)
import torch
import yaml

from simulate import goods, goods_catalog, two_stages
from train import command, policy_text, stage_one, stage_one_data
from train.export import write_folder
from train.safetensors import read_safetensors



class Tensors:
    """A tower of one layer that reads x."""

    def exported_tensors(self):
        one = numpy.ones((1, 1), numpy.float32)
        return {"tower.click.layer.0.weight": one, "tower.click.layer.0.bias": one[0]}


HAVE_TOOLS = bool(
    os.environ.get("GUARDRANK_TOOLS_LIBRARY") and os.environ.get("GUARDRANK_COMMAND")
)
EXAMPLE = os.path.join(support.ROOT, "examples", "two_stages")


class Market:
    """A teacher with a known truth: value grows with context . offer; offers below 0 are removed,
    every seventh is not eligible."""

    def __init__(self, n_requests, n_offers, seed):
        generator = numpy.random.default_rng(seed)
        self.contexts = generator.normal(size=(n_requests, 4)) * [1, 5, 0.1, 0] + [0, 3, 0, 2]
        self.offers = generator.normal(size=(n_offers, 4)) * [1, 0.2, 10, 1]
        self.names = [f"o-{number}" for number in range(n_offers)]
        self.requests = [{"row": row} for row in range(n_requests)]
        products = (self.contexts[:, :3] * [1, 0.2, 10]) @ (self.offers[:, :3] * [1, 5, 0.1]).T
        self.values = numpy.maximum(products, 0)
        self.values[:, ::7] = numpy.nan
        self.asked = []

    def scores(self, requests, offers):
        self.asked.append(offers)
        places = [[int(name[2:]) for name in names] for names in offers]
        return [self.values[request["row"]][row] for request, row in zip(requests, places)]


def recall(market, products, k, shown=5):
    """Kept share of the value of the best `shown`, over all requests."""
    kept = total = 0.0
    for values, product in zip(market.values, products):
        eligible = numpy.flatnonzero(numpy.isfinite(values))
        best = eligible[numpy.argsort(-values[eligible])[:shown]]
        first = eligible[numpy.argsort(-product[eligible])[:k]]
        total += values[best].sum()
        kept += values[numpy.intersect1d(best, first)].sum()
    return kept / total


class DistillationTest(unittest.TestCase):
    def setUp(self):
        self.market = Market(80, 400, 3)
        self.choice = stage_one.Choice(
            dim=8, context_tower=(16,), offer_tower=(16,), survivors=30, randoms=30, steps=250
        )

    def distil(self):
        market = self.market
        run = stage_one.Distillation(
            self.choice, market.contexts, market.offers, market.names, market.requests, market
        )
        run.run(lambda text: None)
        return run

    def test_towers_learn_the_order(self):
        run = self.distil()
        context, offer = run.vectors()
        self.assertGreater(recall(self.market, (context @ offer.T).numpy(), 40), 0.97)
        mixed = numpy.random.default_rng(1).permutation(offer.numpy())
        self.assertLess(recall(self.market, context.numpy() @ mixed.T, 40), 0.5)

    def test_later_rounds_ask_for_survivors_and_for_none_again(self):
        run = self.distil()
        self.assertEqual(len(self.market.asked), 3)
        self.assertEqual(run.candidates.shape, (80, 180))
        for row in run.candidates:
            self.assertEqual(len(set(row.tolist())), 180)
        # Random offers are worth what offers are worth; survivors far more.
        values = numpy.nan_to_num(run.values)
        self.assertGreater(values[:, 60:90].mean(), 2 * values[:, :60].mean())

    def test_exported_layers_read_the_inputs_as_they_are(self):
        run = self.distil()
        tensors = run.exported_tensors()
        for name, inputs, wanted in (
            ("context", self.market.contexts, run.vectors()[0]),
            ("offer", self.market.offers, run.vectors()[1]),
        ):
            prefix = f"retrieval.{name}.layer."
            hidden = inputs @ tensors[prefix + "0.weight"].T + tensors[prefix + "0.bias"]
            hidden = numpy.maximum(hidden, 0)
            out = hidden @ tensors[prefix + "1.weight"].T + tensors[prefix + "1.bias"]
            self.assertLess(numpy.abs(out - wanted.numpy()).max(), 1e-3)

    def test_the_same_seed_gives_the_same_towers(self):
        torch.set_num_threads(1)
        first, second = self.distil().exported_tensors(), self.distil().exported_tensors()
        for name, values in first.items():
            self.assertTrue((values == second[name]).all(), name)

    def test_nothing_eligible_is_told(self):
        self.market.values[:] = numpy.nan
        with self.assertRaisesRegex(ValueError, "two eligible offers"):
            self.distil()


class DataTest(unittest.TestCase):
    def test_cells_are_those_of_a_csv(self):
        for value, text in ((True, "true"), (2.5, "2.5"), ("x", "x"), (["a", "b"], "a|b")):
            self.assertEqual(stage_one_data.cell(value), text)
        self.assertIsNone(stage_one_data.cell([]))
        self.assertIsNone(stage_one_data.cell(None))

    def test_values_of_an_answer(self):
        answer = {
            "ranked": [{"offer": "a", "score_micros": 1500000}, {"offer": "b", "score_micros": -5}],
            "excluded": [
                {"offer": "c", "stage": "eligibility"},
                {"offer": "d", "stage": "guardrail"},
            ],
        }
        values = stage_one_data.values_of(answer, ["d", "c", "b", "a", "e"])
        self.assertEqual(values[[0, 2, 3]].tolist(), [0.0, 0.0, 1.5])
        self.assertTrue(numpy.isnan(values[[1, 4]]).all())

    def test_a_route_stands_in_for_the_context(self):
        frame = stage_one_data.context_frame(
            [{"route": {"segment": "prime", "partner": None}, "context": {"age": 3}},
             {"route": {"segment": "prime"}, "context": {"segment": "new"}}]
        )
        self.assertEqual(frame["ctx.segment"].tolist(), ["prime", "new"])
        self.assertNotIn("ctx.partner", frame.columns)

    def test_null_is_absent_and_hides_no_route(self):
        frame = stage_one_data.context_frame(
            [{"route": None, "context": None},
             {"route": {"surface": "home"}, "context": {"surface": None, "age": None}}]
        )
        self.assertEqual(frame["ctx.surface"].tolist()[1], "home")
        self.assertNotIn("ctx.age", frame.columns)

    def test_defaults_stand_where_facts_are_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "policy.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(
                    "format: 1\nname: 'no'\nversion: \"41\"\nfacts:\n  offer.cpa: {type: double, default: 60}\n"
                    "  offer.tags: {type: 'string[]', default: [a, b]}\n  ctx.age: {type: int}\n"
                    "placement: {caps: [{fact: offer.partner, max: 2, within: 10}]}\nrules:\n"
                    "  - {id: r, expr: \"offer.cpa > 1.0\", code: C, text: no, from: 2026-01-01T00:00:00Z}\n"
                )
            given = policy_text.defaults(path)
            without = yaml.compose(policy_text.without_placement(path))
            whole = policy_text.compose(path)
        self.assertEqual(given, {"offer.cpa": "60", "offer.tags": "a|b"})
        # All but the placement stays, each scalar as it was typed.
        left = [(key.value, yaml.serialize(value)) for key, value in whole.value if key.value != "placement"]
        self.assertEqual([(key.value, yaml.serialize(value)) for key, value in without.value], left)
        frame = pandas.DataFrame({"offer": ["a", "b"], "offer.cpa": ["5", None]}, dtype=object)
        filled = stage_one_data.with_defaults(frame, "offer.", given)
        self.assertEqual(filled["offer.cpa"].tolist(), ["5", "60"])
        self.assertEqual(filled["offer.tags"].tolist(), ["a|b", "a|b"])
        self.assertEqual(filled["offer"].tolist(), ["a", "b"])

    def test_more_goods_leave_the_reference_market_as_it_was(self):
        few = goods.simulate(300, 5)
        same = goods.simulate(300, 5, offers=goods_catalog.catalog())
        self.assertTrue((few["offer"] == same["offer"]).all())
        many = goods.simulate(300, 5, offers=goods_catalog.catalog(n_items=3000))
        self.assertGreater(len(set(many["offer"])), 250)


@unittest.skipUnless(HAVE_TOOLS, "GUARDRANK_TOOLS_LIBRARY and GUARDRANK_COMMAND are not set")
class ExampleTest(unittest.TestCase):
    def test_from_nothing_to_a_bundle_that_ranks_in_two_stages(self):
        with tempfile.TemporaryDirectory() as out:
            words = ["--example", EXAMPLE, "--out", out, "--offers", "1500", "--rows", "6000"]
            # A busy machine measures higher costs and then keeps fewer: the minimum leaves room.
            words += ["--budget", "250", "--min-recall", "0.5", "--steps", "80"]
            self.assertEqual(two_stages.main(words), 0)
            tensors = read_safetensors(os.path.join(out, "model", "weights.safetensors"))
            self.assertEqual(tensors["retrieval.offer.layer.1.weight"].shape, (32, 64))
            bundle = os.path.join(out, "two_stages.guardrank")
            answers = command.rank_lines(os.path.join(out, "measure.jsonl"), bundle=bundle)
            cut = [answer for answer in answers if answer["stages"]["path"] == "two_stage"]
            self.assertGreater(len(cut), 50)
            for answer in cut:
                self.assertEqual(len(answer["ranked"]), 20)
                self.assertLess(answer["stages"]["scored"], answer["stages"]["eligible"])
            with open(os.path.join(out, "plan.html"), encoding="utf-8") as page:
                self.assertIn("Value-recall against K", page.read())
            self.check_refusal(out)

    def test_caps_hide_no_score_from_the_teacher(self):
        with tempfile.TemporaryDirectory() as folder:
            model, policy, catalog = (os.path.join(folder, name) for name in ("model", "policy.json", "catalog.csv"))
            write_folder(model, {
                "format": 1, "name": "m", "version": "1", "fields": [support.dense("x", "context")], "levels": [],
                "heads": [{**support.HEADS[0], "tower": [], "calibrator": {"kind": "identity"}}], "lineage": {},
            }, Tensors(), {}, [{"context": {"x": 1}}])  # fmt: skip
            facts = {"offer.cpa": {"type": "double"}, "offer.partner": {"type": "string"}}
            term = {"id": "revenue", "kind": "revenue", "unit": "USD", "expr": "offer.cpa * p.click"}
            caps = [{"fact": "offer.partner", "max": 2, "within": 10}]
            with open(policy, "w", encoding="utf-8") as file:
                json.dump({"format": 1, "name": "p", "version": "1", "facts": facts, "terms": [term],
                           "placement": {"caps": caps}}, file)
            names = [f"o-{number}" for number in range(12)]
            with open(catalog, "w", encoding="utf-8") as file:
                file.write("offer,offer.cpa,offer.partner\n")
                file.writelines(f"{name},{cpa},one\n" for cpa, name in enumerate(names))
            teacher = stage_one_data.Teacher(model, policy, catalog, folder)
            (values,) = teacher.scores([{"time": "2026-11-21T10:00:00Z", "context": {"x": 1}}], [names])
        numpy.testing.assert_allclose(values / values[1], numpy.arange(12), rtol=1e-4)

    def check_refusal(self, out):
        """The policy without its measured recall is not packed."""
        path = os.path.join(out, "policy.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[: text.index(", measured_value_recall")] + "}\n")
        catalog, model = os.path.join(out, "catalog.csv"), os.path.join(out, "model")
        with self.assertRaisesRegex(command.CommandError, "never measured: run guardrank plan"):
            command.pack(model, path, catalog, os.path.join(out, "other.guardrank"))


if __name__ == "__main__":
    unittest.main()
