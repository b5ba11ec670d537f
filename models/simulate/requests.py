"""Requests of simulated visitors: what a site would ask, for a whole catalog."""
import json

from train.export import raw_value


def write_visits(path, columns, fields, n, limit, seed=0):
    """`n` requests as JSON lines from the `ctx.*` columns of simulated impressions; `fields` say
    the types of facts (model.json)."""
    kinds = {f["name"]: f["type"] for f in fields if f["side"] == "context"}
    facts = [name for name in columns if name.startswith("ctx.")]
    with open(path, "w", encoding="utf-8") as file:
        for row in range(n):
            context = {}
            for name in facts:
                value, kind = columns[name][row], kinds.get(name[4:])
                if value is None or value == "" or kind is None:
                    continue
                context[name[4:]] = typed(value, kind)
            request = {
                "request_id": f"visit-{row}",
                "time": "2026-11-21T10:00:00Z",
                "seed": seed + row,
                "limit": limit,
                "explain": False,
                "context": context,
            }
            file.write(json.dumps(request, separators=(",", ":")) + "\n")


def typed(value, kind):
    """A simulated value as JSON has it."""
    return bool(value) if kind == "bool" else raw_value(str(value), kind)
