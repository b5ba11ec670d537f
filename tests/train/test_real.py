"""The Tmall program's arithmetic: leave-one-out affinities, training rows, measures; the audit's comparison."""
import contextlib
import io
import pathlib
import tempfile
import unittest
from unittest import mock

import numpy
import pandas
import support  # noqa: F401  (the path to models)

from real import __main__ as programs
from real import audit_published
from real.tmall_affinity import PARTS, Affinity
from real.tmall_data import Interactions, hold_one_out
from real.tmall_measure import HeldOut, Outcome, paired_bootstrap
from real.tmall_rivals import RIVALS, rival_lists
from real.tmall_rows import training_rows

N_USERS, N_ITEMS = 40, 25


def random_pairs(seed):
    generator = numpy.random.default_rng(seed)
    users = generator.integers(1, N_USERS + 1, 300)
    frame = pandas.DataFrame({"user": users, "item": generator.integers(1, N_ITEMS + 1, 300)})
    return frame.drop_duplicates().reset_index(drop=True)


def interactions(buy, collect):
    none = buy.iloc[:0]
    return Interactions(buy, collect, none, none, N_ITEMS, N_USERS)


def by_hand(buy, collect, history, target, user, item):
    """The affinity's definition, pair by pair."""
    done = {
        name: set(zip(frame.user.tolist(), frame.item.tolist()))
        for name, frame in (("buy", buy), ("collect", collect))
    }

    def count(behaviour, wanted):
        return sum(1 for _, other in done[behaviour] if other == wanted)

    total = 0.0
    for other in [i for u, i in done[history] if u == user and i != item]:
        both = [u for u, i in done[history] if i == other and (u, item) in done[target]]
        total += max(count(history, other), 1) ** -0.3 * len(both)
    return 5.0 * total * max(count(target, item), 1) ** -0.3


class AffinityTest(unittest.TestCase):
    def test_an_event_is_seen_as_if_it_had_not_happened(self):
        buy, collect = random_pairs(1), random_pairs(2)
        block = Affinity(interactions(buy, collect)).block(numpy.arange(N_USERS + 1))
        for fact, history, target in PARTS:
            events = {"buy": buy, "collect": collect}[target]
            for place in range(0, len(events), 17):
                user, item = events.iloc[place]
                left = events.drop(index=place)
                parts = {"buy": buy, "collect": collect, target: left}
                wanted = by_hand(parts["buy"], parts["collect"], history, target, user, item)
                self.assertAlmostEqual(float(block[fact][user, item]), wanted, places=3, msg=fact)

    def test_pairs_without_events_follow_the_definition(self):
        buy, collect = random_pairs(3), random_pairs(4)
        block = Affinity(interactions(buy, collect)).block(numpy.arange(N_USERS + 1))
        done = set(zip(buy.user, buy.item)) | set(zip(collect.user, collect.item))
        for user, item in [(u, i) for u in range(1, 20, 4) for i in range(1, 25, 5)]:
            if (user, item) in done:
                continue
            for fact, history, target in PARTS:
                wanted = by_hand(buy, collect, history, target, user, item)
                self.assertAlmostEqual(float(block[fact][user, item]), wanted, places=3)


class RowsTest(unittest.TestCase):
    def test_every_event_is_asked_once_and_states_never_hold_their_label(self):
        buy, collect = random_pairs(5), random_pairs(6)
        rows = pandas.DataFrame(training_rows(Affinity(interactions(buy, collect)), N_ITEMS))
        self.assertEqual(int((rows["label.purchase"] == 1).sum()), len(buy))
        self.assertEqual(int((rows["label.favorite"] == 1).sum()), len(collect))
        self.assertTrue(rows.loc[rows["pair.is_favorite"] == 1, "label.favorite"].isna().all())
        self.assertTrue(rows.loc[rows["pair.is_bought"] == 1, "label.purchase"].isna().all())
        has_state = (rows["pair.is_favorite"] == 1) | (rows["pair.is_bought"] == 1)
        self.assertTrue((rows.loc[has_state, "rate"] == 1).all())
        self.assertTrue(((rows.rate > 0) & (rows.rate <= 1)).all())

    def test_sampled_pairs_stand_for_all_pairs_without_events(self):
        buy, collect = random_pairs(7).iloc[:60], random_pairs(8).iloc[:60]
        affinity = Affinity(interactions(buy, collect))
        done = len(set(zip(buy.user, buy.item)) | set(zip(collect.user, collect.item)))
        users = len(set(buy.user) | set(collect.user))
        found = []
        for seed in range(30):
            rows = pandas.DataFrame(training_rows(affinity, N_ITEMS, seed))
            state = rows["pair.is_favorite"] + rows["pair.is_bought"]
            drawn = (state == 0) & (rows["label.purchase"] == 0) & (rows["label.favorite"] == 0)
            found.append((1 / rows.loc[drawn, "rate"]).sum())
        wanted = users * N_ITEMS - done
        self.assertAlmostEqual(numpy.mean(found) / wanted, 1.0, delta=0.05)


class MeasureTest(unittest.TestCase):
    def test_hits_and_gains_by_hand(self):
        held = pandas.DataFrame({"user": [1, 2, 2], "item": [5, 6, 7]})
        owned = pandas.DataFrame({"user": [1, 2], "item": [1, 1]})
        outcome = HeldOut(held, owned, 10, 1).measure([[4, 5, 6], [1, 2, 3, 8, 9, 10, 11, 12, 7]])
        self.assertEqual(outcome.hits.tolist(), [1, 1])
        ideal = 1 + 1 / numpy.log2(3)
        numpy.testing.assert_allclose(
            outcome.gains, [1 / numpy.log2(3), 1 / numpy.log2(10) / ideal]
        )
        missed = HeldOut(held, owned, 10, 1).measure([list(range(20, 31)) + [5], []])
        self.assertEqual(missed.hits.tolist(), [0, 0])

    def test_the_bootstrap_error_is_that_of_a_mean_of_differences(self):
        generator = numpy.random.default_rng(1)
        base = generator.random(2000)
        better = Outcome(base > 0, base + generator.normal(0.01, 0.1, 2000))
        found = paired_bootstrap(better, Outcome(base > 0, base))
        gaps = better.gains - base
        self.assertAlmostEqual(found["difference"], gaps.mean())
        self.assertAlmostEqual(found["standard_error"], gaps.std() / numpy.sqrt(2000), delta=2e-4)

    def test_one_event_is_held_out_of_users_with_enough(self):
        pairs = random_pairs(9)
        kept, held = hold_one_out(pairs, 3)
        counts = pairs.groupby("user").size()
        self.assertEqual(sorted(held.user), sorted(counts.index[counts >= 3]))
        self.assertEqual(len(kept) + len(held), len(pairs))

    def test_rivals_skip_what_is_owned_and_put_other_events_first(self):
        buy, collect = random_pairs(10), random_pairs(11)
        kept, held = hold_one_out(buy, 3)
        affinity = Affinity(interactions(kept, collect))
        held_out = HeldOut(held, kept, 100, 1)
        lists = rival_lists(affinity, held_out, "buy")
        self.assertEqual(list(lists), RIVALS)
        counts = affinity.counts["buy"]
        for place, user in enumerate(held_out.users.tolist()):
            owned = held_out.owned[user]
            free = [item for item in range(1, N_ITEMS + 1) if item not in owned]
            wanted = sorted(free, key=lambda item: (-counts[item], item))[:10]
            self.assertEqual(lists["popularity"][place], wanted)
            own = set(collect.item[collect.user == user]) - owned
            first = lists["own other events, then neighbours"][place][: min(len(own), 10)]
            self.assertTrue(set(first) <= own)


class PublishedTest(unittest.TestCase):
    """HMDA beside the figures of Gill et al. 2020."""

    @staticmethod
    def report(air_low):
        def attribute(name, group):
            return {"attribute": name, "groups": [{"group": "others"}, {
                "group": group, "rate": 0.6, "air": 0.78, "air_interval": [air_low, 0.80], "score_smd": 0.61,
                "score_smd_interval": [0.60, 0.62], "four_fifths": "adverse"}]}  # fmt: skip

        return {"attributes": [attribute(*one) for one in audit_published.COMPARED]}

    def test_a_published_rate_follows_from_its_ratio(self):
        # AIR = rate / rate of the reference, so the reference's is rate / AIR; it is one group's for each model.
        whole = {"black": "white", "female": "male"}
        for model, group, rate, air, _ in audit_published.PUBLISHED:
            self.assertIn(group, whole)
            self.assertLess(rate / air, 0.84)
            self.assertGreater(rate / air, 0.78)

    def test_published_figures_are_held_against_measured_intervals(self):
        found = audit_published.compare({"monotone boosting": {"auc": 0.8, "report": self.report(0.77)}})
        rows = {(row["model"], row["group"], row["source"]): row for row in found["rows"]}
        self.assertEqual(len(rows), 3 + 4)
        black = rows["monotone boosting", "black", "published"]
        self.assertEqual((black["air"], black["smd"]), (0.7761, 0.6285))
        self.assertTrue(black["is_air_within_measured"])       # 0.77 to 0.80
        self.assertFalse(black["is_smd_within_measured"])      # 0.60 to 0.62
        self.assertFalse(rows["monotone boosting", "female", "published"]["is_air_within_measured"])
        self.assertNotIn("is_air_within_measured", rows["explainable network", "black", "published"])
        above = audit_published.compare({"monotone boosting": {"auc": 0.8, "report": self.report(0.7762)}})
        self.assertFalse(any(row.get("is_air_within_measured") for row in above["rows"]))

    def test_the_page_has_every_row(self):
        found = audit_published.compare({"boosting": {"auc": 0.8, "report": self.report(0.77)}})
        with tempfile.TemporaryDirectory() as folder:
            audit_published.write_page(folder, found)
            page = pathlib.Path(folder, "hmda_published.html").read_text(encoding="utf-8")
        for cell in ("boosting (AUC 0.8000)", "0.780 [0.770, 0.800]", "0.776", "explainable network", "137 (2020)"):
            self.assertIn(cell, page)
        self.assertEqual(page.count("<tr>"), 1 + 3 + 4)


class TestPrograms(unittest.TestCase):
    """What `./dev real NAME..` runs, with programs that only note their names."""

    def run_names(self, words, failing=()):
        ran = []

        def make(name):
            def program():
                ran.append(name)
                if name in failing:
                    raise ValueError("no rows")

            return program

        made = {name: make(name) for name in ("census", "tmall", "cards")}
        chosen = {"census-selection": make("census-selection")}
        said = io.StringIO()
        with mock.patch.object(programs, "PROGRAMS", made), mock.patch.object(
            programs, "CHOOSING", chosen
        ), contextlib.redirect_stderr(said):
            return programs.main(words), ran, said.getvalue()

    def test_all_without_a_name_and_each_once(self):
        self.assertEqual(self.run_names([]), (0, ["census", "tmall", "cards"], ""))
        self.assertEqual(self.run_names(["tmall", "census-selection", "tmall"])[1],
                         ["tmall", "census-selection"])

    def test_one_that_fails_does_not_stop_the_rest(self):
        code, ran, said = self.run_names(["all"], failing=("census",))
        self.assertEqual((code, ran), (1, ["census", "tmall", "cards"]))
        self.assertIn("census: no rows", said)

    def test_an_unknown_name_is_refused_before_any_runs(self):
        with self.assertRaises(SystemExit):
            self.run_names(["census", "tmal"])


if __name__ == "__main__":
    unittest.main()
