"""The facts of a benchmark folder as what a network reads: codes and dense numbers, and its logits.

The engine takes facts and hashes them itself; the peers are given the codes that it arrives at, so
that all answer the same request. XXH64 comes from the `xxhash` package, not from the engine.
"""
import csv
import json
import pathlib

import numpy
import xxhash


def code(value: int, hashing: dict) -> int:
    eight_bytes = (value & (1 << 64) - 1).to_bytes(8, "little")
    return 1 + xxhash.xxh64_intdigest(eight_bytes, seed=hashing["seed"]) % hashing["buckets"]


def encoded(fields: list, rows: list) -> tuple:
    """Dense [N, d] and codes [N, e] of rows of facts, in the order of the fields."""
    dense = [[row[f["name"]] for f in fields if f["output"] == "dense"] for row in rows]
    codes = [[code(row[f["name"]], f["transforms"][-1]) for f in fields if f["output"] == "embedding"]
             for row in rows]
    return numpy.array(dense, "f4"), numpy.array(codes, "i8")


def catalog_rows(path: pathlib.Path, fields: list) -> tuple:
    """The offers' names and their facts."""
    with open(path, newline="") as file:
        lines = list(csv.DictReader(file))
    parse = {f["name"]: float if f["output"] == "dense" else int for f in fields}
    facts = [{name: kind(line[f"offer.{name}"]) for name, kind in parse.items()} for line in lines]
    return [line["offer"] for line in lines], facts


def read(folder: pathlib.Path, fields: dict) -> dict:
    """The request of the folder, as facts and as arrays; one row of context, all offers."""
    request = json.loads((folder / "request.json").read_text())
    offers, candidates = catalog_rows(folder / "catalog.csv", fields["candidate"])
    context_dense, context_codes = encoded(fields["context"], [request["context"]])
    candidate_dense, candidate_codes = encoded(fields["candidate"], candidates)
    arrays = {"context_dense": context_dense, "context_codes": context_codes,
              "candidate_dense": candidate_dense, "candidate_codes": candidate_codes}
    return {"request": request, "offers": offers, "candidates": candidates, "arrays": arrays}
