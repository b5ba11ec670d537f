"""Files and figures: safetensors, splits, metrics, tables, manifests."""
import gzip
import json
import os
import struct
import tempfile
import unittest

import numpy
import pandas
import support  # noqa: F401  (sets the path)

from real.bootstrap import WeightedAuc, paired_difference
from train import metrics
from train.calibration import segment_rows
from train.fitting import fit_vocabulary, quantile_edges
from train.manifest import hash_json
from train.run import check_holdout, check_parts
from train.safetensors import read_safetensors, write_safetensors
from train.split import split_rows, splitmix64
from train.table import Table
from train.times import micros_of, time_text


class SafetensorsTest(unittest.TestCase):
    def test_what_is_written_is_read_and_laid_out_as_published(self):
        tensors = {
            "b": numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
            "a": numpy.array([1.5, float("nan")], dtype=numpy.float32),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            write_safetensors(path, tensors)
            with open(path, "rb") as file:
                raw = file.read()
            back = read_safetensors(path)
        (size,) = struct.unpack("<Q", raw[:8])
        header = json.loads(raw[8 : 8 + size])
        self.assertEqual(size % 8, 0)
        self.assertEqual(header["a"], {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]})
        self.assertEqual(header["b"], {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]})
        self.assertEqual(len(raw), 8 + size + 32)
        self.assertEqual(struct.unpack("<f", raw[8 + size : 12 + size]), (1.5,))
        for name, tensor in tensors.items():
            self.assertEqual(back[name].tobytes(), tensor.tobytes())


class SplitTest(unittest.TestCase):
    def test_splitmix64_gives_the_published_sequence(self):
        # First output for state 0: github.com/openjdk SplittableRandom and the reference C code.
        self.assertEqual(int(splitmix64(numpy.array([0]))[0]), 0xE220A8397B1DCDAF)

    def test_rows_of_one_key_stay_together_be_it_a_number_or_a_text(self):
        for keys in ([row % 100 for row in range(3000)], [f"user-{row % 100}" for row in range(3000)]):
            table = Table(pandas.DataFrame({"key": [str(key) for key in keys]}, dtype=object))
            parts = split_rows(table, {"holdout": 0.3, "key": "key"})
            own = {part: {keys[row] for row in rows} for part, rows in parts.items()}
            self.assertFalse(own["holdout"] & own["train"])
            self.assertTrue(10 < len(own["holdout"]) < 50)
        for frame, reason in (({"key": ["1", None]}, "empty cells"), ({"other": ["1"]}, "no column key")):
            with self.assertRaisesRegex(ValueError, reason):
                split_rows(Table(pandas.DataFrame(frame, dtype=object)), {"key": "key"})

    def test_parts_are_disjoint_whole_and_do_not_move(self):
        table = Table(pandas.DataFrame({"key": [str(n) for n in range(20_000)]}))
        small = split_rows(table, {"test": 0.3, "holdout": 0.05, "seed": 9, "key": "key"})
        large = split_rows(table, {"test": 0.3, "holdout": 0.2, "seed": 9, "key": "key"})
        together = numpy.concatenate(list(small.values()))
        self.assertEqual(sorted(together), list(range(20_000)))
        self.assertAlmostEqual(len(small["test"]) / 20_000, 0.3, delta=0.01)
        self.assertEqual(small["test"].tolist(), large["test"].tolist())


class TimesTest(unittest.TestCase):
    def test_times_are_read_as_the_engine_reads_them(self):
        day = 86_400_000_000
        for text, micros in (
            ("1970-01-02", day),
            ("1970-01-02T00:00:00Z", day),
            ("1970-01-02t01:30:00.5+01:30", day + 500_000),
            ("1970-01-01T23:00:00.123456789-01:00", day + 123_456),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ):
            with self.subTest(text):
                self.assertEqual(micros_of(text), micros)
                self.assertEqual(micros_of(time_text(micros)), micros)
        for text in ("", "1970-1-2", "1970-01-02T00:00:00", "1970-02-30", "1970-01-02T24:00:00Z",
                     "1970-01-02 00:00:00Z", "1970-01-02T00:00:60Z",
                     "1970-01-02T00:00:00+24:00", "0001-01-01T00:00:00+00:01"):
            with self.subTest(text):
                self.assertIsNone(micros_of(text))


class MetricsTest(unittest.TestCase):
    def setUp(self):
        generator = numpy.random.default_rng(4)
        self.scores = numpy.round(generator.random(3000), 2)  # with ties
        self.labels = (generator.random(3000) < self.scores).astype(float)

    def test_a_figure_that_its_rows_do_not_define_is_none_and_json(self):
        for label in (0.0, 1.0):
            figures = metrics.measure(numpy.full(9, label), numpy.linspace(0.1, 0.9, 9))
            self.assertIsNone(figures["auc"])
            json.dumps(figures, allow_nan=False)
            self.assertEqual(metrics.figure_text(figures["auc"], 4), "-")
        self.assertIsNone(metrics.measure(numpy.zeros(9), numpy.linspace(0.1, 0.9, 9))["pr_auc"])

    def test_figures_are_sklearns(self):
        from sklearn import metrics as other

        self.assertAlmostEqual(
            metrics.auc(self.labels, self.scores),
            other.roc_auc_score(self.labels, self.scores),
            places=12,
        )
        self.assertAlmostEqual(
            metrics.average_precision(self.labels, self.scores),
            other.average_precision_score(self.labels, self.scores),
            places=12,
        )
        clipped = numpy.clip(self.scores, 0.01, 0.99)
        self.assertAlmostEqual(
            metrics.log_loss(self.labels, clipped), other.log_loss(self.labels, clipped), places=12
        )

    def test_calibrated_scores_have_a_small_error_and_shifted_ones_do_not(self):
        self.assertLess(metrics.expected_calibration_error(self.labels, self.scores), 0.03)
        self.assertGreater(metrics.expected_calibration_error(self.labels, self.scores * 0.5), 0.2)

    def test_the_order_of_rows_of_equal_probability_says_nothing(self):
        figures = [
            metrics.measure(self.labels[order], self.scores[order])["ece"]
            for order in (numpy.arange(3000), numpy.argsort(self.labels), numpy.argsort(-self.labels))
        ]
        self.assertAlmostEqual(figures[0], figures[1], places=12)
        self.assertAlmostEqual(figures[0], figures[2], places=12)
        self.assertLess(figures[0], 0.03)
        self.assertAlmostEqual(metrics.measure(numpy.arange(40) % 2, numpy.full(40, 0.5))["ece"], 0)

    def test_weighted_auc_is_sklearns_with_weights(self):
        from sklearn.metrics import roc_auc_score

        weights = numpy.random.default_rng(5).integers(0, 4, 3000).astype(float)
        self.assertAlmostEqual(
            WeightedAuc(self.labels, self.scores)(weights),
            roc_auc_score(self.labels, self.scores, sample_weight=weights),
            places=10,
        )

    def test_bootstrap_sees_a_better_model_and_no_difference_to_itself(self):
        noise = self.scores + numpy.random.default_rng(6).normal(0, 1, 3000)
        better = paired_difference(self.labels, self.scores, noise, draws=100)
        self.assertGreater(better["low"], 0)
        same = paired_difference(self.labels, self.scores, self.scores, draws=20)
        self.assertEqual((same["difference"], same["standard_error"]), (0.0, 0.0))


class SegmentTest(unittest.TestCase):
    def test_names_are_the_engines_and_rows_have_their_numbers(self):
        frame = {"flag": ["1", "False", None, "true", "0"], "band": ["b", "a", "", "b", None],
                 "level": ["4.0", "5", "4", None, "5e0"]}
        table = Table(pandas.DataFrame(frame, dtype=object))
        wanted = {("flag", "bool"): (["false", "true"], [1, 0, None, 1, 0]),
                  ("band", "string"): (["a", "b"], [1, 0, None, 1, None]),
                  ("level", "i64"): (["4", "5"], [0, 1, 0, None, 1])}
        for (field, kind), (names, numbers) in wanted.items():
            found, rows = segment_rows(field, kind, table)
            self.assertEqual(found, names)
            self.assertEqual([None if numpy.isnan(row) else int(row) for row in rows], numbers)
            self.assertEqual(rows.dtype, numpy.float32)


class FittingTest(unittest.TestCase):
    def test_a_tail_behind_many_zeros_gets_its_own_buckets(self):
        numbers = numpy.concatenate([numpy.zeros(9000), numpy.arange(1, 1001, dtype=float)])
        edges = quantile_edges(numbers, 8)
        self.assertEqual(edges, sorted(set(edges)))
        self.assertGreaterEqual(len(edges), 7)
        counts = numpy.bincount(numpy.searchsorted(edges, numbers, side="right"))
        self.assertEqual(counts[0], 9000)
        self.assertLess(counts[1:].max(), 200)

    def test_even_numbers_are_cut_evenly(self):
        edges = quantile_edges(numpy.arange(1000, dtype=float), 4)
        self.assertEqual(len(edges), 3)
        numpy.testing.assert_allclose(edges, [250, 500, 750], atol=2)


class TableTest(unittest.TestCase):
    def test_numbers_are_the_nearest_to_their_texts(self):
        generator = numpy.random.default_rng(5)
        numbers = generator.normal(size=3000) * 10.0 ** generator.integers(-20, 20, 3000)
        texts = [repr(float(number)) for number in numbers]
        read = Table(pandas.DataFrame({"n": texts + [None]}, dtype=object)).numbers("n")
        self.assertEqual(read[:-1].tolist(), [float(text) for text in texts])
        self.assertTrue(numpy.isnan(read[-1]))
        for wrong in ("1_000", "0x10", "", "x"):
            with self.assertRaisesRegex(ValueError, "wanted a finite number"):
                Table(pandas.DataFrame({"n": ["1", wrong]}, dtype=object)).numbers("n")

    def test_a_column_that_is_mapped_and_not_there_is_told(self):
        table = Table(pandas.DataFrame({"ctx.income": ["1"]}, dtype=object), {"income": "salary"})
        with self.assertRaisesRegex(ValueError, "no column salary, which `columns` gives to ctx.income"):
            table.column_name("income", "context")

    def test_missing_markers_lists_and_wrong_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("ctx.n,ctx.tags,ctx.flag,ctx.bad\n1.5,a|b,true,x\n?,,false,2\n")
            table = Table.read([path], missing=("", "?"))
        numbers = table.values("n", "context", "f64")
        self.assertEqual((numbers.present.tolist(), numbers.numbers.tolist()), ([1, 0], [1.5, 0.0]))
        tags = table.values("tags", "context", "string[]")
        self.assertEqual((tags.present.tolist(), tags.list_offsets.tolist()), ([1, 0], [0, 2, 2]))
        self.assertEqual(table.values("flag", "context", "bool").booleans.tolist(), [1, 0])
        with self.assertRaisesRegex(ValueError, "ctx.bad"):
            table.values("bad", "context", "f64")
        with self.assertRaisesRegex(ValueError, "no column for ctx.absent"):
            table.values("absent", "context", "f64")

    def read(self, folder, data, name="rows.csv"):
        path = os.path.join(folder, name)
        with (gzip.open if name.endswith(".gz") else open)(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode("utf-8"))
        return Table.read([path])

    def test_a_file_of_another_shape_is_refused_by_its_line(self):
        cases = {
            "": "line 1: wanted the names of columns",
            "a,b\n": "no rows after the names",
            "a,b\n\n  \n": "no rows after the names",
            "a,b,a\n1,2,3\n": "line 1: column a stands twice",
            "a,b,c\n1,2,3\n4\n": "line 3: wanted 3 cells, found 1",
            "a,b,c\n1,2,3\n\n4,5,6,7\n": "line 4: wanted 3 cells, found 4",
            'a,b\n"1\n2",3\n4\n': "line 4: wanted 2 cells, found 1",
            b"a,b\n1,2\n\xff,2\n": "line 3: not UTF-8",
            b"a,\xc3\n1,2\n": "line 1: not UTF-8",
        }
        with tempfile.TemporaryDirectory() as folder:
            for name in ("rows.csv", "rows.csv.gz"):
                for data, wanted in cases.items():
                    with self.assertRaisesRegex(ValueError, f"{name}: {wanted}"):
                        self.read(folder, data, name)

    def test_a_cell_that_cannot_be_read_is_told_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind, text in (("f64", "inf"), ("f64", "-Infinity"), ("f64", "nan"), ("f64", "ten"), ("i64", "1.5"),
                               ("i64", "1e30"), ("timestamp", "2026-13-01"), ("bool", "yes"), ("f32[2]", "1|inf"),
                               ("f32[2]", "1|1e300"), ("f32[2]", "1"), ("f32[2]", "1|x")):
                table = self.read(folder, f"ctx.n,m\n,0\n\n{text},0\n")
                with self.assertRaisesRegex(ValueError, r"rows.csv: line 4: column ctx.n: wanted .*, found ") as told:
                    table.values("n", "context", kind)
                self.assertIn(repr(text), str(told.exception))
            table = self.read(folder, "ctx.n,m\n1,0\n2,\ninf,3\n")
            second = self.read(folder, "ctx.n,m\n4,inf\n", "second.csv")
            with self.assertRaisesRegex(ValueError, "rows.csv: line 4: column ctx.n"):
                table.rows(numpy.array([False, True, True])).values("n", "context", "f64")
            with self.assertRaisesRegex(ValueError, "second.csv: line 2: column m: wanted a finite number"):
                table.followed_by(second).numbers("m")
            numpy.testing.assert_array_equal(table.numbers("m"), [0, numpy.nan, 3])
            with self.assertRaisesRegex(ValueError, "^row 1: column ctx.n"):
                Table(second.frame.assign(**{"ctx.n": ["x"]})).values("n", "context", "f64")

    def test_whole_numbers_keep_every_digit_and_times_are_micros(self):
        with tempfile.TemporaryDirectory() as folder:
            table = self.read(folder, "n,t\n9007199254740993,2026-01-01\n-9223372036854775808,1e3\n5.0,\n,-7\n")
        integers = table.values("n", "context", "i64")
        self.assertEqual(integers.integers.tolist(), [2**53 + 1, -(2**63), 5, 0])
        self.assertEqual(integers.present.tolist(), [1, 1, 1, 0])
        times = table.values("t", "context", "timestamp")
        self.assertEqual(times.integers.tolist(), [1_767_225_600_000_000, 1000, 0, -7])
        self.assertEqual(times.present.tolist(), [1, 1, 0, 1])
        for wrong in ("1.5", "x", "9223372036854775808", "1e300", "inf", "1_000", "2026-01-01"):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "^row 1: column n: wanted a whole number"):
                Table(pandas.DataFrame({"n": [wrong]})).values("n", "context", "i64")

    def test_a_vocabulary_has_the_texts_that_the_engine_writes(self):
        cells = pandas.DataFrame({"n": ["5.0", "5", "-7", None], "b": ["1", "true", "False", None]}, dtype=object)
        for name, kind, values in (("n", "i64", ["5", "-7"]), ("b", "bool", ["true", "false"])):
            field = {"name": name, "side": "context", "type": kind}
            self.assertEqual(fit_vocabulary(field, {"op": "vocabulary"}, Table(cells))["values"], values)

    def test_the_time_of_requests_is_of_every_row(self):
        frame = pandas.DataFrame({"at": ["2026-01-01T00:00:00Z", None]}, dtype=object)
        with self.assertRaisesRegex(ValueError, "time_column"):
            Table(frame).times()
        with self.assertRaisesRegex(ValueError, "row 2: column at: a request without its time"):
            Table(frame, time_column="at").times()
        with self.assertRaisesRegex(ValueError, "no column when"):
            Table(frame, time_column="when").times()
        both = Table(frame.iloc[:1], time_column="at").followed_by(Table(frame.iloc[:1], time_column="at"))
        self.assertEqual(both.rows(numpy.array([1])).times().tolist(), [1_767_225_600_000_000])

    def test_a_mark_of_the_byte_order_and_ends_of_dos_are_read(self):
        with tempfile.TemporaryDirectory() as folder:
            table = self.read(folder, b"\xef\xbb\xbfctx.n,m\r\n1,2\r\n")
        self.assertEqual(table.values("n", "context", "f64").numbers.tolist(), [1.0])
        self.assertEqual(table.numbers("m").tolist(), [2.0])

    def test_no_holdout_rows_are_told_before_training(self):
        row, none = Table(pandas.DataFrame({"a": ["1"]})), Table(pandas.DataFrame({"a": []}))
        fitted, plain = {"name": "click", "calibrator": {"kind": "fit"}}, {"name": "apply"}
        with self.assertRaisesRegex(ValueError, "no holdout rows.*head click"):
            check_parts([plain, fitted], {"train": row, "holdout": none})
        with self.assertRaisesRegex(ValueError, "no rows to train on"):
            check_parts([plain], {"train": none, "holdout": row})
        check_parts([plain], {"train": row, "holdout": none})
        check_parts([plain, fitted], {"train": row, "holdout": row})

    def test_a_fitted_calibrator_wants_holdout_rows_with_labels(self):
        head = {"name": "click", "kind": "probability", "calibrator": {"kind": "fit"}}
        with self.assertRaisesRegex(ValueError, "click: no holdout row has a label"):
            check_holdout([head], {"click": numpy.array([numpy.nan])})
        check_holdout([head], {"click": numpy.array([numpy.nan, 0.0, 1.0])})
        check_holdout([{"name": "click", "kind": "probability"}], {"click": numpy.array([numpy.nan])})
        with self.assertRaisesRegex(ValueError, "amount: no holdout row has an amount"):
            check_holdout([{"name": "amount", "kind": "log_amount"}], {"amount": numpy.array([numpy.nan])})

    def test_hashes_ignore_the_order_of_members(self):
        self.assertEqual(hash_json({"a": 1, "b": 2}), hash_json({"b": 2, "a": 1}))
        self.assertNotEqual(hash_json({"a": 1}), hash_json({"a": 2}))


if __name__ == "__main__":
    unittest.main()
