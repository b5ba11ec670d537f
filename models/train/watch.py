"""Stops training at the first value that is not finite, and says where it came from.

Each step only looks at the loss and the gradient norm. When one is not finite the same batch runs
again, with the same random numbers, layer by layer, to name the first bad tensor.
"""
import json
import os

import numpy
import torch


class TrainingStopped(Exception):
    """Training met a value that is not finite; `report` is what failure.json holds."""

    def __init__(self, report):
        super().__init__(
            f"training stopped at step {report['step']}: {report['found']} in "
            f"{report['tensor']} ({report['layer']})"
        )
        self.report = report


def describe(tensor):
    """ "nan" or "inf", whichever is there."""
    return "nan" if torch.isnan(tensor).any() else "inf"


def is_bad(tensor):
    return not bool(torch.isfinite(tensor).all())


def first_bad_input(network, batch):
    """A non-finite dense column of the batch, as a finding."""
    if not is_bad(batch.dense):
        return None
    column = int((~torch.isfinite(batch.dense)).any(dim=0).nonzero()[0])
    start = 0
    for field in network.inputs.fields:
        if field["output"] != "dense":
            continue
        width = 1 + int(bool(field.get("indicator")))
        if start <= column < start + width:
            return finding("input", f"field.{field['name']}", batch.dense[:, column])
        start += width
    return finding("input", f"dense column {column}", batch.dense[:, column])


def finding(layer, tensor_name, tensor):
    return {"layer": layer, "tensor": tensor_name, "found": describe(tensor)}


def first_bad_layer(network, forward):
    """The first layer whose weights, or else output, are not finite while `forward()` runs."""
    for name, parameter in network.exported_tensors().items():
        if not numpy.isfinite(parameter).all():
            return finding(name.rsplit(".", 1)[0], name, torch.from_numpy(parameter))
    found = []
    handles = []
    for name, layer in network.named_layers():

        def look(_, __, output, name=name):
            if not found and is_bad(output):
                found.append(finding(name, "output", output))

        handles.append(layer.register_forward_hook(look))
    forward()
    for handle in handles:
        handle.remove()
    return found[0] if found else None


def first_bad_gradient(network):
    for name, layer in network.named_layers():
        for part in ("weight", "bias"):
            gradient = getattr(layer, part).grad
            if gradient is not None and is_bad(gradient):
                return finding(name, f"gradient of {name}.{part}", gradient)
    for dim, table in zip(network.inputs.dims, network.inputs.tables):
        if table.grad is not None and is_bad(table.grad):
            return finding("embedding", f"gradient of the tables of dim {dim}", table.grad)
    return None


def investigate(network, batch, rows, step, epoch, forward, folder):
    """Raises TrainingStopped; leaves failure.json and failure_batch.npz in `folder` (if any)."""
    report = (
        first_bad_input(network, batch)
        or first_bad_layer(network, forward)
        or first_bad_gradient(network)
        or {"layer": "loss", "tensor": "loss", "found": "nan or inf"}
    )
    report.update({"step": step, "epoch": epoch, "rows": [int(row) for row in rows[:32]]})
    if folder:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "failure.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
        numpy.savez(
            os.path.join(folder, "failure_batch.npz"),
            dense=batch.dense.numpy(),
            codes=batch.codes.numpy(),
            rows=rows.numpy(),
        )
    raise TrainingStopped(report)
