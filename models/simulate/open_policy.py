"""A policy that keeps every candidate and values none: to look at a model's probabilities alone."""
import json

OPEN_POLICY = {
    "format": 1,
    "name": "open",
    "version": "1",
    "facts": {},
    "parameters": {},
    "rules": [],
    "guardrails": [],
    "terms": [{"id": "none", "kind": "bonus", "unit": "USD", "expr": "0.0"}],
    "placement": {},
}


def write_open_policy(path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(OPEN_POLICY, file)
