"""Writes what the browser's engines are given for one benchmark size, beside a float64 reference.

Usage: graphs.py FOLDER OUT; FOLDER is what make_bundle.py wrote. OUT receives `inputs.json` (the
request as facts, as codes and dense numbers, and the reference logits), the ONNX graphs of peers.py,
and the weights for TensorFlow.js (`weights.bin`, `weights.json`) and for tflite.py (`weights.npz`).
"""
import json
import pathlib
import sys

import numpy
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import inputs  # noqa: E402
import peers  # noqa: E402


def write_inputs(network: peers.Network, facts: dict, out: pathlib.Path) -> None:
    arrays = {name: value.ravel().tolist() for name, value in facts["arrays"].items()}
    columns = {f["name"]: {"kind": f["type"], "values": [row[f["name"]] for row in facts["candidates"]]}
               for f in network.fields["candidate"]}
    (out / "inputs.json").write_text(json.dumps({
        "request": facts["request"], "offers": facts["offers"], "columns": columns, "arrays": arrays,
        "widths": {name: value.shape[1] for name, value in facts["arrays"].items()},
        "heads": network.heads, "reference": network.reference(facts["arrays"]).ravel().tolist()}))


def write_onnx(network: peers.Network, out: pathlib.Path) -> None:
    graphs = {"typical": (peers.typical(network), True), "fused": (peers.fused(network, False), True),
              "once": (peers.fused(network, True), False)}
    for name, (model, repeats) in graphs.items():
        path = out / f"{name}.onnx"
        onnx.save(model, str(path))
        peers.quantised(path, [peers.feeds_of(network, 100, repeats, seed) for seed in range(20)])


def layer_names(network: peers.Network) -> dict:
    """Everything that reads x first (experts' first layers, then gates), as one product."""
    return {"first": [f"level.0.expert.{e}.layer.0" for e in network.experts]
            + [f"level.0.gate.{h}" for h in network.heads]}


def network_weights(network: peers.Network) -> dict:
    """The weights by place in the network, products transposed to [in, out]."""
    weights = {f"table.{side}.{i}": table for side in ("context", "candidate")
               for i, table in enumerate(network.tables(side))}

    def linear(name, sources):
        stacked = numpy.concatenate([network.tensors[f"{s}.weight"] for s in sources])
        weights[f"{name}.weight"] = numpy.ascontiguousarray(stacked.T)
        weights[f"{name}.bias"] = numpy.concatenate([network.tensors[f"{s}.bias"] for s in sources])

    linear("first", layer_names(network)["first"])
    for e, expert in enumerate(network.experts):
        for k in range(network.n_layers):
            linear(f"expert.{e}.{k}", [f"level.0.expert.{expert}.layer.{k}"])
    for h, head in enumerate(network.heads):
        linear(f"gate.{h}", [f"level.0.gate.{head}"])
        for k in range(network.n_tower):
            linear(f"tower.{h}.{k}", [f"tower.{head}.layer.{k}"])
    return weights


def write_weights(network: peers.Network, facts: dict, out: pathlib.Path) -> None:
    weights = network_weights(network)
    shape = {"experts": len(network.experts), "layers": network.n_layers, "heads": len(network.heads),
             "tower": network.n_tower, "contextTables": len(network.tables("context")),
             "candidateTables": len(network.tables("candidate"))}
    numpy.savez(out / "weights.npz", shape=json.dumps(shape), **weights, **facts["arrays"])
    # TensorFlow.js multiplies the first layers as one product, so it is not sent them apart as well.
    sent = {name: value for name, value in weights.items()
            if not name.startswith("gate.") and not (name.startswith("expert.") and name.split(".")[2] == "0")}
    offset, entries = 0, {}
    with open(out / "weights.bin", "wb") as file:
        for name, value in sent.items():
            entries[name] = {"offset": offset, "shape": list(value.shape)}
            offset += file.write(value.astype("<f4").tobytes())
    (out / "weights.json").write_text(json.dumps({"shape": shape, "entries": entries}))


def main() -> None:
    folder, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    network = peers.Network(folder)
    facts = inputs.read(folder, network.fields)
    write_inputs(network, facts, out)
    write_weights(network, facts, out)
    write_onnx(network, out)


if __name__ == "__main__":
    main()
