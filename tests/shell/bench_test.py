"""`guardrank bench`: what one request takes on this machine."""
import json
import unittest

from support import BUNDLE, REQUEST, run


class Bench(unittest.TestCase):
    def words(self, *more):
        return ("bench", "--bundle", BUNDLE, "--request", "-", "--seconds", "0.05", *more)

    def test_figures(self):
        told = json.loads(run(*self.words("--json"), data=json.dumps(REQUEST)))
        words = ("rank", "--bundle", BUNDLE, "--request", "-", "--json")
        ranked = json.loads(run(*words, data=json.dumps(REQUEST)))["ranked"]
        self.assertEqual(told["ranked"], len(ranked))
        self.assertGreater(told["session_bytes"], 0)
        self.assertEqual(len(told["times"]), 3)
        for times in told["times"]:
            self.assertTrue(0 < times["least_us"] <= times["median_us"] <= times["p99_us"], times)
            self.assertGreaterEqual(times["runs"], 100)
        least = [times["least_us"] for times in told["times"]]
        # From JSON to JSON takes several times as long as the ranking: a busy machine does not turn that round.
        self.assertLess(least[0], least[2])

    def test_text(self):
        text = run(*self.words(), data=json.dumps(REQUEST))
        for part in ("offers ranked, kernel ", "median", "ranking a request at hand"):
            self.assertIn(part, text)

    def test_a_bad_request_is_the_error(self):
        error = json.loads(run(*self.words("--json"), data="{", code=1))["error"]
        self.assertEqual(error["name"], "GR_STATUS_JSON")
        run("bench", "--bundle", BUNDLE, code=2)


if __name__ == "__main__":
    unittest.main(argv=["bench_test"])
