"""The graph of model.json in plain numpy, from the contract's text: exported tensors to logits.

Written apart from the PyTorch network: it reads tensors by their contract names only."""
import numpy


def input_row(fields, tensors, row):
    """(x, fed) of one row. `row`: field name to a number, (number, missing), code or codes."""
    x = []
    for side in ("context", "candidate", "pair"):
        for output in ("dense", "embedding"):
            for field in fields:
                if field["side"] == side and field["output"] == output:
                    x.append(field_values(field, tensors, row[field["name"]]))
    fed = [
        field_values(field, tensors, row[field["name"]])
        for field in fields
        if field.get("feeds") == "every_layer"
    ]
    return numpy.concatenate(x), numpy.concatenate(fed) if fed else numpy.zeros(0)


def field_values(field, tensors, value):
    if field["output"] == "dense":
        return numpy.array(value if field.get("indicator") else [value], dtype=numpy.float64)
    table = tensors[f"embedding.{field['name']}.weight"].astype(numpy.float64)
    if "pool" not in field:
        return table[value]
    total = sum(table[code] for code in value)
    return total / len(value) if field["pool"] == "mean" else total


def linear(tensors, name, value):
    return tensors[name + ".weight"].astype(numpy.float64) @ value + tensors[name + ".bias"]


def stack(tensors, name, count, value, fed, reads_x, ends_linear):
    for step in range(count):
        if not (reads_x and step == 0):
            value = numpy.concatenate([value, fed])
        value = linear(tensors, f"{name}.layer.{step}", value)
        if step < count - 1 or not ends_linear:
            value = numpy.maximum(value, 0)
    return value


def gate_output(tensors, name, experts, chosen, value, fed, reads_x):
    if len(chosen) == 1:
        return experts[chosen[0]]
    logits = linear(tensors, name, value if reads_x else numpy.concatenate([value, fed]))
    weights = numpy.exp(logits - logits.max())
    return sum(w * experts[e] for w, e in zip(weights / weights.sum(), chosen))


def forward_row(model, tensors, row):
    """Logits of one row, by head."""
    x, fed = input_row(model["fields"], tensors, row)
    heads = [head["name"] for head in model["heads"]]
    values = {name: x for name in heads + ["shared"]}
    for number, level in enumerate(model["levels"]):
        experts = {
            e["name"]: stack(
                tensors,
                f"level.{number}.expert.{e['name']}",
                len(e["layers"]),
                values[e.get("for", "shared")],
                fed,
                number == 0,
                False,
            )
            for e in level["experts"]
        }
        values = {
            g["head"]: gate_output(
                tensors,
                f"level.{number}.gate.{g['head']}",
                experts,
                g["experts"],
                values[g["head"]],
                fed,
                number == 0,
            )
            for g in level["gates"]
        }
    return [
        float(
            stack(
                tensors,
                f"tower.{head['name']}",
                len(head["tower"]) + 1,
                values[head["name"]],
                fed,
                not model["levels"],
                True,
            )[0]
        )
        for head in model["heads"]
    ]
