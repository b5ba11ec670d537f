"""The PyTorch graph against plain numpy, over every kind of graph."""
import unittest

import numpy
import support
import torch
from reference_forward import forward_row

from train.graph import build_levels
from train.network import Network

GRAPHS = {
    "shared bottom": {"kind": "shared_bottom", "layers": [8, 5]},
    "mmoe": {"kind": "mmoe", "experts": 3, "layers": [7, 4]},
    "ple without shared experts": {"kind": "ple", "experts": 0, "own_experts": 2, "layers": [6], "depth": 2},
    "ple of one level": {"kind": "ple", "experts": 2, "own_experts": 1, "layers": [6], "depth": 1},
    "ple of three levels": {
        "kind": "ple",
        "experts": 2,
        "own_experts": 2,
        "layers": [6, 4],
        "depth": 3,
    },
    "towers alone": {"kind": "towers"},
}


def rows_of(fields, batch):
    """Batch rows as dictionaries for the numpy forward."""
    for row in range(batch.n_rows()):
        out, column, code, pooled = {}, 0, 0, 0
        for field in fields:
            if field["output"] == "dense":
                width = 2 if field.get("indicator") else 1
                values = batch.dense[row, column : column + width].numpy()
                out[field["name"]] = values if width == 2 else float(values[0])
                column += width
            elif "pool" in field:
                count = int(batch.counts[pooled][row, 0])
                out[field["name"]] = batch.lists[pooled][row, :count].tolist()
                pooled += 1
            else:
                out[field["name"]] = int(batch.codes[row, code])
                code += 1
        yield out


class NetworkTest(unittest.TestCase):
    def test_forward_is_what_the_exported_tensors_say(self):
        for title, graph in GRAPHS.items():
            with self.subTest(title):
                torch.manual_seed(5)
                model = {
                    "fields": support.FIELDS,
                    "heads": support.HEADS,
                    "levels": build_levels(graph, ["click", "apply"]),
                }
                network = Network(model, support.code_counts(support.FIELDS), 0.3, 0.3).eval()
                batch = support.random_batch(support.FIELDS, 12, 3)
                with torch.no_grad():
                    got = network(batch).numpy()
                tensors = network.exported_tensors()
                wanted = [
                    forward_row(model, tensors, row) for row in rows_of(support.FIELDS, batch)
                ]
                numpy.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-5)

    def test_a_gate_over_one_expert_has_no_tensors(self):
        model = {
            "fields": support.FIELDS,
            "heads": support.HEADS,
            "levels": build_levels(GRAPHS["shared bottom"], ["click", "apply"]),
        }
        network = Network(model, support.code_counts(support.FIELDS))
        self.assertFalse([name for name in network.exported_tensors() if ".gate." in name])

    def test_the_last_level_has_no_shared_gate_and_the_others_have(self):
        levels = build_levels(GRAPHS["ple of three levels"], ["click", "apply"])
        shared = [[gate["head"] for gate in level["gates"]].count("shared") for level in levels]
        self.assertEqual(shared, [1, 1, 0])

    def test_every_weight_is_one_that_some_loss_moves(self):
        for title, graph in GRAPHS.items():
            with self.subTest(title):
                levels = build_levels(graph, ["click", "apply"])
                model = {"fields": support.FIELDS, "heads": support.HEADS, "levels": levels}
                network = Network(model, support.code_counts(support.FIELDS))
                network(support.random_batch(support.FIELDS, 12, 3)).sum().backward()
                left = [name for name, parameter in network.named_parameters() if parameter.grad is None]
                self.assertEqual(left, [])

    def test_field_dropout_spares_the_module_field(self):
        model = {"fields": support.FIELDS, "heads": support.HEADS, "levels": []}
        network = Network(model, support.code_counts(support.FIELDS), 0.0, 0.9).train()
        batch = support.random_batch(support.FIELDS, 200, 1)
        whole, _ = network.eval().inputs(batch)
        dropped, _ = network.train().inputs(batch)
        slots = [
            slot
            for slot in range(network.inputs.width)
            if network.inputs.never_dropped[network.inputs.slot_of_column[slot]] > 0
        ]
        self.assertEqual(len(slots), 2)
        self.assertTrue(torch.equal(whole[:, slots], dropped[:, slots]))
        zeros = float((dropped == 0).float().mean())
        self.assertGreater(zeros, 0.6)


if __name__ == "__main__":
    unittest.main()
