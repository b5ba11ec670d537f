"""The training config: what would be refused after training, or train something else, is refused before it."""
import unittest

import support

from train.config import ConfigError, check_config

FIT = {"kind": "fit", "method": "platt"}


class ConfigTest(unittest.TestCase):
    def config(self, *heads, **more):
        heads = heads or ({},)
        return {
            "name": "x",
            "version": "1",
            "fields": support.FIELDS,
            "heads": [{**known, **given} for known, given in zip(support.HEADS, heads)],
            "graph": {"kind": "towers"},
            **more,
        }

    def refused(self, reason, *heads, **more):
        with self.subTest(heads=heads, more=more), self.assertRaisesRegex(ConfigError, reason):
            check_config(self.config(*heads, **more))

    def test_a_rate_must_be_stated_and_handled(self):
        check_config(self.config())
        self.refused("negative_sampling_rate", {"negative_sampling_rate": None})
        self.refused("negative_sampling_rate", {"negative_sampling_rate": 0})
        self.refused("sampling_handled", {"sampling_handled": "maybe"})
        self.refused("none only with rate 1", {"negative_sampling_rate": 0.5})
        for handled in ("offset", "weighted"):
            given = {"negative_sampling_rate": 0.5, "sampling_handled": handled}
            self.refused(f"{handled} wants a sampling_column", given)
            self.refused("unknown members .'sampling_colum'", given, sampling_colum="rate")
            check_config(self.config(given, sampling_column="rate"))

    def test_days_since_wants_the_column_of_times(self):
        fields = [{"name": "t", "side": "context", "type": "timestamp", "output": "dense",
                   "transforms": [{"op": "days_since"}]}]
        self.refused("fields.t: days_since .* time_column", fields=fields)
        check_config(self.config(fields=fields, time_column="at"))

    def test_members_that_nothing_reads(self):
        self.refused("config: unknown members .'trainin'", trainin={})
        self.refused("training: unknown members", training={"epoch": 3})
        self.refused("split: unknown members .'hold'", split={"hold": 0.2})
        self.refused("heads.click: unknown members .'lossweight'", {"lossweight": 3})
        self.refused("heads.click: unknown members .'log_sigma'", {"log_sigma": 3})
        self.refused("calibrator: unknown members", {"calibrator": {**FIT, "a": 1}})
        self.refused("segments: unknown members", {"calibrator": {**FIT, "segments": {"field": "state", "names": []}}})

    def test_values_that_are_none(self):
        self.refused("missing: wanted a list", missing="NA")
        self.refused("columns: wanted an object", columns=["a"])
        self.refused("training.batch: wanted a whole number from 1", training={"batch": 0})
        self.refused("training.epochs: wanted a whole number", training={"epochs": 1.5})
        self.refused("training.dropout: wanted a number from 0 to 1", training={"dropout": 2})
        self.refused("leave rows to train on", split={"holdout": 0.5, "test": 0.5})
        self.refused("leave rows to train on", split={"holdout": -1})
        self.refused("positive_weight: wanted a number above 0", {"positive_weight": 0})
        self.refused("loss_weight: wanted a number of at least 0", {"loss_weight": -1})
        self.refused("tower: wanted a list", {"tower": None})
        self.refused("wanted a name other than shared", {"name": "shared"})
        self.refused("heads.click: stands twice", {}, {"name": "click", "given": None})
        self.refused("fields.n.transforms: wanted a list",
                     fields=[{"name": "n", "side": "context", "type": "f64", "output": "dense"}])

    def test_fits(self):
        for method in ("platt", "temperature", "beta", "isotonic"):
            for segments in ({}, {"segments": {"field": "state"}}, {"segments": {"field": "elsewhere", "kappa": 5}}):
                check_config(self.config({"calibrator": {"kind": "fit", "method": method, **segments}}))
        self.refused("method: wanted one of platt", {"calibrator": {"kind": "fit"}})
        self.refused("found 'plat'", {"calibrator": {"kind": "fit", "method": "plat"}})
        self.refused("segments: wanted a field", {"calibrator": {**FIT, "segments": {"kappa": 1}}})
        self.refused("kappa: wanted a number", {"calibrator": {**FIT, "segments": {"field": "state", "kappa": -1}}})
        for segments in ({"field": "income"}, {"field": "elsewhere", "type": "f64"}):
            self.refused("segments: wanted a fact of type string", {"calibrator": {**FIT, "segments": segments}})

    def test_a_wrong_distillation_is_refused(self):
        check_config(self.config({"distillation": {"column": "teacher.click", "share": 0.5}}))
        for wrong in ({"share": 0.5}, {"column": "t", "share": 2}, {"column": "t"}):
            self.refused("distillation", {"distillation": wrong})

    def test_a_product_of_heads_whose_losses_see_different_rows_is_refused(self):
        apply = {"loss": "entire_space"}
        sampled = {"negative_sampling_rate": 0.1}
        rate = {"sampling_column": "rate"}
        weighted, corrected = {**sampled, "sampling_handled": "weighted"}, {**sampled, "sampling_handled": "correct"}
        check_config(self.config({}, apply))
        check_config(self.config(corrected, apply))       # both see the rows that were kept
        check_config(self.config({**sampled, "sampling_handled": "offset"}, apply, **rate))
        check_config(self.config(weighted, {**apply, **weighted}, **rate))
        self.refused("wanted weighted where all", weighted, apply, **rate)
        self.refused("wanted weighted where all", {}, {**apply, **weighted}, **rate)
        self.refused("wanted weighted where all", corrected, {**apply, **corrected})
        self.refused("wanted weighted where all", {}, {**apply, **sampled, "sampling_handled": "offset"}, **rate)
        self.refused("positive_weight of click", {"positive_weight": 5}, apply)
        self.refused("positive_weight of apply", {}, {**apply, "positive_weight": 5})
        self.refused("is for a head with `given`", {"loss": "entire_space"})

    def test_amounts(self):
        amount = {"name": "amount", "kind": "log_amount", "given": "click", "tower": []}
        config = self.config()
        sampled = {"unit": "USD", "negative_sampling_rate": 0.1}
        for more, reason in (({}, "amount.unit"), ({"unit": "USD", "calibrator": FIT}, "unknown members .'calib"),
                             ({**sampled, "sampling_handled": "correct"}, "handled"),
                             ({**sampled, "sampling_handled": "weighted"}, "column")):
            with self.subTest(more), self.assertRaisesRegex(ConfigError, reason):
                check_config({**config, "heads": config["heads"] + [{**amount, **more}]})
        check_config({**config, "heads": config["heads"] + [{**amount, "unit": "USD"}]})


if __name__ == "__main__":
    unittest.main()
