"""guardrank evaluate: what its lists count. evaluate_test.py GUARDRANK."""
import json
import math
import sys
import unittest

from support import BUNDLE, REQUEST, run


def ranked_offers() -> list[str]:
    answer = json.loads(run("rank", "--bundle", BUNDLE, "--request", "-", "--json", data=json.dumps(REQUEST)))
    return [entry["offer"] for entry in answer["ranked"]]


def figures(labels: dict, **changes) -> dict:
    """Of head click, where the offers that can be shown are the candidates, and those not named are negatives."""
    offers = ranked_offers()
    line = {**REQUEST, "candidates": [{"offer": offer} for offer in offers],
            "labels": {"click": [labels.get(offer, 0) for offer in offers]}, **changes}
    report = json.loads(run("evaluate", "--bundle", BUNDLE, "--requests", "-", "--json", data=json.dumps(line) + "\n"))
    return {head["name"]: head for head in report["heads"]}["click"]


class Lists(unittest.TestCase):
    def test_what_was_left_out_is_missed(self):
        first, second = ranked_offers()[:2]
        shown = figures({first: 1}, limit=1)
        self.assertEqual((shown["ndcg_at_10"], shown["hr_at_10"]), (1, 1))
        missed = figures({second: 1}, limit=1)
        self.assertEqual((missed["lists"], missed["ndcg_at_10"], missed["hr_at_10"]), (1, 0, 0))
        half = figures({first: 1, second: 1}, limit=1)
        self.assertAlmostEqual(half["ndcg_at_10"], 1 / (1 + 1 / math.log2(3)))

    def test_who_is_outside_the_population_takes_no_place(self):
        first, second = ranked_offers()[:2]
        self.assertEqual(figures({first: None, second: 1})["ndcg_at_10"], 1)
        self.assertAlmostEqual(figures({second: 1})["ndcg_at_10"], 1 / math.log2(3))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
