"""The kinds of graph by short names, spelled out as the "levels" of model.json.

Shared bottom: Caruana 1997. MMoE: Ma et al., KDD 2018. PLE: Tang et al., RecSys 2020.
"""


def build_levels(graph, heads):
    """`graph` of a config to levels: {"kind", "experts", "own_experts", "layers", "levels"}."""
    if "levels" in graph and isinstance(graph["levels"], list):
        return graph["levels"]
    makers = {
        "shared_bottom": shared_bottom,
        "mmoe": mixture,
        "ple": progressive,
        "towers": lambda graph, heads: [],
    }
    if graph.get("kind") not in makers:
        raise ValueError(f"graph.kind: wanted one of {sorted(makers)}, found {graph.get('kind')!r}")
    return makers[graph["kind"]](graph, heads)


def shared_bottom(graph, heads):
    """One expert that every head reads."""
    expert = {"name": "e0", "layers": graph["layers"]}
    return [{"experts": [expert], "gates": [{"head": head, "experts": ["e0"]} for head in heads]}]


def mixture(graph, heads):
    """Experts that all heads share, one gate per head."""
    names = [f"e{number}" for number in range(graph["experts"])]
    return [
        {
            "experts": [{"name": name, "layers": graph["layers"]} for name in names],
            "gates": [{"head": head, "experts": names} for head in heads],
        }
    ]


def progressive(graph, heads):
    """Shared and own experts on `depth` levels; a shared gate on all but the last."""
    depth = graph.get("depth", 1)
    return [progressive_level(graph, heads, level, level == depth - 1) for level in range(depth)]


def progressive_level(graph, heads, level, is_last):
    shared = [f"l{level}s{number}" for number in range(graph["experts"])]
    own = {
        head: [f"l{level}{head}{number}" for number in range(graph["own_experts"])]
        for head in heads
    }
    experts = [{"name": name, "layers": graph["layers"]} for name in shared]
    for head in heads:
        experts += [{"name": name, "layers": graph["layers"], "for": head} for name in own[head]]
    gates = [{"head": head, "experts": own[head] + shared} for head in heads]
    if shared and not is_last:  # for the shared experts of the next level
        gates.append({"head": "shared", "experts": [expert["name"] for expert in experts]})
    return {"experts": experts, "gates": gates}
