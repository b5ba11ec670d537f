"""The whole chain through the C library and the command, on a small simulated market."""
import json
import os
import tempfile
import unittest

import numpy
import support

from xxh64 import xxh64_short

from real.engine import CatalogRanker, EngineError
from simulate import goods
from simulate.open_policy import write_open_policy
from simulate.write import write_csv
from train import command
from train.config import check_config, read_config
from train.export import raw_value
from train.features import FeatureEncoder
from train.fitting import fit_fields
from train.inputs import batch_of
from train.library import Library, LibraryError
from train.loop import predict
from train.requests import write_requests
from train.run import execute
from train.table import Table

CONFIG = os.path.join(support.ROOT, "models", "reference", "goods", "train.json")
HAVE_LIBRARY = bool(os.environ.get("GUARDRANK_TOOLS_LIBRARY"))
HAVE_COMMAND = bool(os.environ.get("GUARDRANK_COMMAND"))


def of_type(name, kind, op, output="dense", side="context", **more):
    return {"name": name, "side": side, "type": kind, "transforms": op, "output": output, **more}


EVERY_TYPE = [
    of_type("income", "f64", [{"op": "log1p"}, {"op": "standardize", "fit": True}], indicator=True),
    of_type("opened", "timestamp", [{"op": "days_since"}, {"op": "standardize", "fit": True}], indicator=True),
    of_type("seen", "timestamp", [{"op": "days_since"}, {"op": "bucketize", "quantiles": 4}], "embedding", dim=2),
    of_type("user", "i64", [{"op": "hash", "buckets": 50, "seed": 3}], "embedding", dim=2),
    of_type("secured", "bool", [{"op": "identity"}], side="candidate"),
    of_type("vector", "f32[2]", [{"op": "clip", "min": -1, "max": 1}], side="candidate"),
    of_type("tags", "string[]", [{"op": "vocabulary"}], "embedding", "candidate", dim=2, pool="sum"),
    of_type("surface", "string", [{"op": "vocabulary"}], "embedding", dim=2, feeds="every_layer"),
    {"name": "both", "side": "pair", "inputs": ["user", "surface"], "output": "embedding", "dim": 2,
     "transforms": [{"op": "cross"}, {"op": "hash", "buckets": 20, "seed": 2}]},
]  # fmt: skip


def rows_of_every_type(n_rows):
    """A CSV with values of each, missing ones too, and a label that they tell."""
    generator = numpy.random.default_rng(8)
    lines = ["at,income,opened,seen,user,secured,vector,tags,surface,label.click"]
    for row in range(n_rows):
        pick = [int(number) for number in generator.integers(0, 1000, 8)]
        lines.append(",".join((
            f"2026-0{1 + pick[0] % 9}-1{pick[1] % 10}T0{pick[2] % 10}:30:00+02:00",
            f"{pick[0] * 97.5}" if pick[1] % 5 else "",
            f"2025-0{1 + pick[3] % 9}-01" if pick[3] % 4 else "",
            f"2026-01-01T00:00:0{pick[4] % 10}.25Z" if pick[4] % 4 else "",
            str(2**53 + pick[5] % 3) if pick[5] % 4 else "",
            ("true", "false", "")[pick[6] % 3],
            f"{pick[2] / 300 - 1.5}|0.5" if pick[7] % 4 else "",
            ("a|b", "b", "", "c|a")[pick[6] % 4],
            ("home", "search", "")[pick[4] % 3],
            str(int(pick[5] % 3 + pick[6] % 2 > 1)),
        )))  # fmt: skip
    return "\n".join(lines) + "\n"


def table_of(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return Table.read([path])


@unittest.skipUnless(HAVE_LIBRARY, "GUARDRANK_TOOLS_LIBRARY is not set")
class FeaturesTest(unittest.TestCase):
    def encode(self, field, text):
        with FeatureEncoder(Library(), [field]) as encoder:
            return encoder.encode(0, table_of(text))

    def test_no_rows_are_encoded_too(self):
        number = {"name": "n", "side": "context", "type": "f64", "transforms": [], "output": "dense"}
        word = support.embedding("word", "context", 2)
        none = table_of("word,n\na,1\n").rows(numpy.zeros(1, dtype=bool))
        with FeatureEncoder(Library(), [number, word]) as encoder:
            dense, codes = encoder.encode_all(none).fields
        self.assertEqual((dense.dense.shape, dense.is_missing.shape, codes.codes.shape), ((0, 1), (0,), (0,)))

    def test_vocabulary_bucketize_and_hash_codes(self):
        word = support.embedding("word", "context", 2)
        self.assertEqual(self.encode(word, 'word\na\nc\nz\n""\n').codes.tolist(), [2, 4, 1, 0])
        bins = {
            "name": "n",
            "side": "context",
            "type": "f64",
            "output": "embedding",
            "dim": 2,
            "transforms": [{"op": "bucketize", "edges": [1, 2.5]}],
        }
        self.assertEqual(self.encode(bins, "n,x\n0.9,\n1,\n2.5,\n,\n").codes.tolist(), [1, 2, 3, 0])
        hashed = {**word, "transforms": [{"op": "hash", "buckets": 1000, "seed": 7}]}
        wanted = [
            1 + xxh64_short(text.encode(), 7) % 1000 for text in ("alpha", "a longer text here")
        ]
        self.assertEqual(
            self.encode(hashed, "word\nalpha\na longer text here\n").codes.tolist(), wanted
        )

    def test_a_cross_joins_its_inputs_with_their_lengths(self):
        fields = [
            support.embedding("left", "context", 2),
            support.embedding("right", "candidate", 2),
            {
                "name": "both",
                "side": "pair",
                "type": "string",
                "inputs": ["left", "right"],
                "output": "embedding",
                "dim": 2,
                "transforms": [{"op": "cross"}, {"op": "hash", "buckets": 5000, "seed": 3}],
            },
        ]
        with FeatureEncoder(Library(), fields) as encoder:
            codes = encoder.encode(2, table_of("left,right\na,bc\nab,c\n,c\n")).codes.tolist()
        joined = [b"\x01\0\0\0a\x02\0\0\0bc", b"\x02\0\0\0ab\x01\0\0\0c"]
        self.assertEqual(codes[:2], [1 + xxh64_short(text, 3) % 5000 for text in joined])

    def test_dense_values_and_their_missing_flags(self):
        field = support.dense("n", "context", indicator=True)
        field["transforms"] = [{"op": "log1p"}, {"op": "standardize", "mean": 1.0, "std": 2.0}]
        encoded = self.encode(field, "n,x\n0,\n6.38905609893065,\n,\n")
        numpy.testing.assert_allclose(encoded.dense[:, 0], [-0.5, 0.5, 0.0], atol=1e-6)
        self.assertEqual(encoded.is_missing.tolist(), [0, 0, 1])

    def test_values_that_fill_a_bucket_have_it_alone(self):
        cells = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
        text = "n,x\n" + "".join(f"{cell},\n" for cell in cells * 20)
        for chain in ([], [{"op": "fill", "value": 7}], [{"op": "log1p"}], [{"op": "signed_log"}],
                      [{"op": "clip", "min": 0, "max": 0.35}]):
            wanted = {"name": "n", "side": "context", "type": "f64", "output": "embedding", "dim": 2,
                      "transforms": chain + [{"op": "bucketize", "quantiles": 9}]}
            (field,) = fit_fields(Library(), [wanted], table_of(text))
            codes = self.encode(field, text).codes[: len(cells)].tolist()
            distinct = len(cells) - (chain != [] and chain[0]["op"] == "clip")
            self.assertEqual(len(set(codes)), distinct, (chain, codes))
            self.assertEqual(codes, sorted(codes))

    def test_large_numbers_are_standardised_by_their_own_spread(self):
        text = "n,x\n" + "".join(f"{10**15 + number},\n" for number in range(1000))
        for kind in ("f64", "i64"):
            wanted = {**support.dense("n", "context"), "type": kind, "transforms": [{"op": "standardize", "fit": True}]}
            (field,) = fit_fields(Library(), [wanted], table_of(text))
            dense = self.encode(field, text).dense[:, 0]
            self.assertAlmostEqual(float(dense.mean()), 0, places=2)
            self.assertAlmostEqual(float(dense.std()), 1, places=2)

    def test_a_cross_reads_the_id_of_the_offer_without_a_field_of_it(self):
        cross = {"name": "both", "side": "pair", "inputs": ["state", "offer_id"], "output": "embedding", "dim": 2,
                 "transforms": [{"op": "cross"}, {"op": "hash", "buckets": 5000, "seed": 3}]}
        fields = [support.embedding("state", "context", 2), cross]
        for column in ("offer", "offer_id", "offer.offer_id"):
            with FeatureEncoder(Library(), fields) as encoder:
                codes = encoder.encode(1, table_of(f"state,{column}\na,o-1\n")).codes.tolist()
            self.assertEqual(codes, [1 + xxh64_short(b"\x01\0\0\0a\x03\0\0\0o-1", 3) % 5000])

    def test_days_are_counted_from_each_rows_request(self):
        field = {**support.dense("opened", "context"), "type": "timestamp", "transforms": [{"op": "days_since"}]}
        rows = table_of("opened,at\n2026-01-01,2026-01-31T12:00:00Z\n2026-01-01,2025-12-31\n,2026-01-01\n")
        with FeatureEncoder(Library(), [field]) as encoder:
            with self.assertRaisesRegex(ValueError, "time_column"):
                encoder.encode(0, rows)
            encoded = encoder.encode(0, Table(rows.frame, time_column="at"))
        self.assertEqual(encoded.dense[:, 0].tolist(), [30.5, -1, 0])
        self.assertEqual(encoded.is_missing.tolist(), [0, 0, 1])

    def test_an_id_beyond_doubles_has_its_own_code(self):
        field = {**support.embedding("id", "context", 2), "type": "i64"}
        field["transforms"] = [{"op": "hash", "buckets": 1 << 20, "seed": 7}]
        ids = [2**53, 2**53 + 1, -5]
        codes = self.encode(field, "id,x\n" + "".join(f"{number},\n" for number in ids)).codes.tolist()
        self.assertEqual(codes, [1 + xxh64_short(n.to_bytes(8, "little", signed=True), 7) % (1 << 20) for n in ids])
        self.assertEqual([raw_value(str(number), "i64") for number in ids], [2**53, str(2**53 + 1), -5])

    def test_vectors_are_dense_columns_and_wrong_ones_are_refused(self):
        field = {**support.dense("v", "context", indicator=True), "type": "f32[3]"}
        field["transforms"] = [{"op": "clip", "min": -1, "max": 2}]
        encoded = self.encode(field, "v,x\n0.5|-3|2.5,\n,\n1|1|1,\n")
        self.assertEqual(encoded.dense.tolist(), [[0.5, -1, 2], [0, 0, 0], [1, 1, 1]])
        self.assertEqual(encoded.is_missing.tolist(), [0, 1, 0])
        for wrong, reason in (("1|2", "f32.3. of finite numbers, found .1.2."), ("1|x|2", "found .1.x.2.")):
            with self.assertRaisesRegex(ValueError, reason):
                self.encode(field, f"v,x\n{wrong},\n")

    def test_lists_keep_their_elements(self):
        field = support.embedding("tags", "context", 2, type="string[]", pool="mean")
        encoded = self.encode(field, "tags,x\na|z|c,\n,\n")
        self.assertEqual(encoded.codes[0].tolist(), [2, 1, 4])
        self.assertEqual(encoded.counts.tolist()[0], 3)
        self.assertEqual(encoded.codes[1, : encoded.counts[1]].tolist(), [0])

    def test_a_wrong_field_is_refused_with_its_name(self):
        with self.assertRaisesRegex(LibraryError, "transforms"):
            FeatureEncoder(
                Library(),
                [{**support.embedding("w", "context", 2), "transforms": [{"op": "no_such_op"}]}],
            )


@unittest.skipUnless(HAVE_LIBRARY and HAVE_COMMAND, "library or command is not set")
class ChainTest(unittest.TestCase):
    def build(self, folder, seed):
        """(run, model folder) of a quick training on the goods market."""
        rows, holdout = os.path.join(folder, "rows.csv"), os.path.join(folder, "holdout.csv")
        write_csv(rows, goods.simulate(6000, 1, 0.25))
        write_csv(holdout, goods.simulate(3000, 2))
        config = read_config(CONFIG)
        config["training"].update({"epochs": 1, "seed": seed, "calibration_rows": 2000})
        model = os.path.join(folder, f"model-{seed}")
        return execute(config, [rows], [holdout], model, Library(), log=lambda text: None), model

    def test_served_float_logits_are_the_networks_and_the_bundle_repeats(self):
        with tempfile.TemporaryDirectory() as folder:
            run, model = self.build(folder, 3)
            again = os.path.join(folder, "again")
            os.makedirs(again)
            _, other = self.build(again, 3)
            for name in (
                "model.json",
                "weights.safetensors",
                "calibration.jsonl",
                "holdout.safetensors",
                "manifest.json",
            ):
                with open(os.path.join(model, name), "rb") as one, open(
                    os.path.join(other, name), "rb"
                ) as two:
                    self.assertEqual(one.read(), two.read(), name)
            self.check_served(run, model, folder)

    def check_served(self, run, model, folder):
        policy, requests = os.path.join(folder, "open.json"), os.path.join(folder, "fresh.jsonl")
        fresh = os.path.join(folder, "fresh.csv")
        write_open_policy(policy)
        write_csv(fresh, goods.simulate(300, 9, 1.0, True))
        table = Table.read([fresh])
        with FeatureEncoder(Library(), run.fields) as encoder:
            write_requests(requests, encoder, table)
            wanted = predict(run.network, batch_of(run.fields, encoder.encode_all(table))).numpy()
        for precision, tolerance in (("float", 2e-4), ("int8", 0.5)):
            answers = command.rank_lines(
                requests, sources=(model, policy, None), precision=precision
            )
            got = numpy.array(
                [
                    [
                        answer["ranked"][0]["heads"][name]["logit"]
                        for name in ("favorite", "purchase")
                    ]
                    for answer in answers
                ]
            )
            numpy.testing.assert_allclose(got, wanted, atol=tolerance, err_msg=precision)

    def test_every_type_is_served_as_it_was_trained(self):
        with tempfile.TemporaryDirectory() as folder:
            names = ("rows.csv", "open.json", "rows.jsonl")
            rows, policy, requests = (os.path.join(folder, name) for name in names)
            with open(rows, "w", encoding="utf-8") as file:
                file.write(rows_of_every_type(400))
            write_open_policy(policy)
            config = check_config({
                "name": "types", "version": "1", "time_column": "at", "fields": EVERY_TYPE,
                "heads": [{"name": "click", "kind": "probability", "tower": [4], "negative_sampling_rate": 1.0,
                           "sampling_handled": "none", "calibrator": {"kind": "identity"}}],
                "graph": {"kind": "ple", "experts": 1, "own_experts": 1, "layers": [6], "depth": 2},
                "split": {"holdout": 0.5},
                "training": {"epochs": 10, "batch": 64, "learning_rate": 0.01, "averaging": 0.9},
            })  # fmt: skip
            model = os.path.join(folder, "model")
            run = execute(config, [rows], [], model, Library(), log=lambda text: None)
            table = Table.read([rows], time_column="at")
            with FeatureEncoder(Library(), run.fields) as encoder:
                write_requests(requests, encoder, table)
                wanted = predict(run.network, batch_of(run.fields, encoder.encode_all(table))).numpy()
            answers = command.rank_lines(requests, sources=(model, policy, None), precision="float")
        got = [answer["ranked"][0]["heads"]["click"]["logit"] for answer in answers]
        self.assertGreater(numpy.ptp(wanted), 0.1)
        numpy.testing.assert_allclose(got, wanted[:, 0], atol=1e-5)

    def segment_probabilities(self, folder, truth, calibrator, *fields):
        """What is served of each value of the segment's fact, by a network that has learned nothing. `truth`: how
        often rows click, by the cells of that fact in a CSV."""
        rows, policy, requests = (os.path.join(folder, name) for name in ("rows.csv", "policy.json", "asked.jsonl"))
        fact, kind = calibrator["segments"]["field"], {"flag": "bool", "level": "int"}
        generator = numpy.random.default_rng(3)
        cells = list(truth) * 1000
        lines = [f"{generator.normal():.4f},{cell},{int(generator.random() < truth[cell])}" for cell in cells]
        with open(rows, "w", encoding="utf-8") as file:
            file.write("\n".join([f"x,{fact},label.click", *lines]) + "\n")
        with open(policy, "w", encoding="utf-8") as file:
            json.dump({"format": 1, "name": "p", "version": "1", "facts": {f"ctx.{fact}": {"type": kind[fact]}}}, file)
        head = {"name": "click", "kind": "probability", "tower": [4], "negative_sampling_rate": 1.0,
                "sampling_handled": "none", "calibrator": calibrator}
        config = check_config({
            "name": "x", "version": "1", "fields": [support.dense("x", "context"), *fields], "heads": [head],
            "graph": {"kind": "towers"}, "split": {"holdout": 0.5},
            "training": {"epochs": 1, "learning_rate": 1e-7},
        })  # fmt: skip
        model = os.path.join(folder, "model")
        execute(config, [rows], [], model, Library(), log=lambda text: None)
        values = {"flag": (True, False), "level": (4, 5)}[fact]
        with open(requests, "w", encoding="utf-8") as file:
            for value in values:
                file.write(json.dumps({"time": "2026-11-21T10:00:00Z", "context": {"x": 0.1, fact: value},
                                       "candidates": [{"offer": "o"}]}) + "\n")  # fmt: skip
        answers = command.rank_lines(requests, sources=(model, policy, None), precision="float")
        report = command.pack(model, policy, None, os.path.join(folder, "out.guardrank"))
        self.assertTrue(report["heads"][0]["holdout"]["segments"])
        return [answer["ranked"][0]["heads"]["click"]["probability"] for answer in answers]

    def test_segments_serve_their_rows_rates_however_a_csv_writes_them(self):
        for method in ("platt", "beta", "isotonic"):
            fit = {"kind": "fit", "method": method}
            with tempfile.TemporaryDirectory() as folder:
                found = self.segment_probabilities(
                    folder, {"1": 0.9, "0": 0.1}, {**fit, "segments": {"field": "flag", "type": "bool", "kappa": 0}}
                )
                numpy.testing.assert_allclose(found, [0.9, 0.1], atol=0.05)
            with tempfile.TemporaryDirectory() as folder:
                level = {**support.dense("level", "context"), "type": "i64"}
                found = self.segment_probabilities(
                    folder, {"4.0": 0.8, "5": 0.3}, {**fit, "segments": {"field": "level", "kappa": 0}}, level
                )
                numpy.testing.assert_allclose(found, [0.8, 0.3], atol=0.05)

    def test_columns_through_the_c_interface_rank_as_json_requests_do(self):
        bundle = os.path.join(support.ROOT, "models", "reference", "goods.guardrank")
        with open(bundle.replace(".guardrank", "/catalog.csv"), encoding="utf-8") as file:
            offers = [line.split(",")[0] for line in file.read().splitlines()[1:]]
        seen = [number % 7 for number in range(len(offers))]
        request = {
            "request_id": "r",
            "time": "1970-01-01T00:00:00Z",
            "seed": 0,
            "limit": 10,
            "context": {"age": 34, "spend_90d": 120.5, "recent_categories": ["lamps", "plants"]},
            "candidates": [
                {"offer": offer, "pair": {"seen_before": times}}
                for offer, times in zip(offers, seen)
            ],
        }
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "requests.jsonl")
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")
            (answer,) = command.rank_lines(path, bundle=bundle)
        with CatalogRanker(bundle, offers, 10) as ranker:
            ranker.set_number("age", 34)
            ranker.set_number("spend_90d", 120.5)
            ranker.set_texts("recent_categories", ["lamps", "plants"])
            places = ranker.rank({"seen_before": seen, "no_such_fact": [0.5] * len(seen)})
        self.assertEqual(
            [offers[place] for place in places], [entry["offer"] for entry in answer["ranked"]]
        )
        self.assertEqual(len(places), 10)

    def test_a_bundle_that_is_none_is_an_error_with_its_status(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.guardrank")
            with open(path, "wb") as file:
                file.write(b"no bundle")
            with self.assertRaisesRegex(EngineError, r"gr_artifact_open \(30\d\)"):
                CatalogRanker(path, [], 1)

    def test_exported_files_are_complete(self):
        with tempfile.TemporaryDirectory() as folder:
            _, model = self.build(folder, 1)
            with open(os.path.join(model, "model.json"), encoding="utf-8") as file:
                description = json.load(file)
            self.assertEqual(
                [head["name"] for head in description["heads"]], ["favorite", "purchase"]
            )
            self.assertNotIn("loss_weight", json.dumps(description["heads"]))
            self.assertEqual(
                set(description["lineage"]),
                {"code", "data", "features", "config", "lock", "evaluation"},
            )
            with open(os.path.join(model, "report.html"), encoding="utf-8") as file:
                page = file.read()
            self.assertIn("data:image/png;base64,", page)
            self.assertNotIn("http", page)


if __name__ == "__main__":
    unittest.main()
