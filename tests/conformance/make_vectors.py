"""Writes vectors/*.json: the requests below with what the command answers: make_vectors.py GUARDRANK.

Only for a reviewed change of what the engine answers; check_by_hand.py then recomputes what can be
recomputed apart from the engine, and the diff of the vectors is read by a person.
"""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIME = "2026-11-21T10:00:00Z"
ADULT = {"age": 34, "state": "CA", "income": 82000}


def cards(name: str, about: str, **members) -> dict:
    request = {"request_id": name, "time": TIME, "explain": True, **members}
    return {"name": name, "about": about, "bundle": "bundles/cards.guardrank", "request": request}


def goods(name: str, about: str, **members) -> dict:
    request = {"request_id": name, "time": TIME, "explain": True, **members}
    return {"name": name, "about": about, "bundle": "bundles/goods.guardrank", "request": request}


def opened(name: str, about: str, **members) -> dict:
    request = {"request_id": name, "time": TIME, "explain": True, **members}
    return {"name": name, "about": about, "bundle": "bundles/open.guardrank", "request": request}


def staged(name: str, about: str, **members) -> dict:
    request = {"request_id": name, "time": TIME, "explain": True, **members}
    return {"name": name, "about": about, "bundle": "bundles/stages.guardrank", "request": request}


def raw(name: str, about: str, text: str | bytes) -> dict:
    """A request that no JSON writer would write."""
    vector = {"name": name, "about": about, "bundle": "bundles/cards.guardrank"}
    if isinstance(text, bytes):
        return {**vector, "request_base64": base64.b64encode(text).decode()}
    return {**vector, "request_text": text}


def body(more: str) -> str:
    return f'{{"time": "{TIME}", {more}}}'


RANKINGS = [
    cards("cards-whole-catalog", "no candidates: the whole catalog; a rule, dates, an unknown term, a cap",
          context=ADULT),
    cards("cards-listed", "listed candidates in an order of their own, one with facts and one with a pair fact",
          context=ADULT, candidates=[{"offer": "o-6"}, {"offer": "o-1"}, {"offer": "o-2", "facts": {"appeal": -2.5}},
                                     {"offer": "o-5", "pair": {"seen_before": 3}}]),
    cards("cards-tie", "two offers alike: by offer id",
          context=ADULT, candidates=[{"offer": "o-6"}, {"offer": "o-1"}]),
    cards("cards-missing-context", "unknown is not eligible, and names the missing fact",
          context={"state": "CA"}),
    cards("cards-segment", "the segment's calibrator is mixed in",
          context={**ADULT, "segment": "prime"}, limit=2),
    cards("cards-route-segment", "a route's segment stands in for the context's",
          context=ADULT, route={"segment": "prime", "partner": None}, limit=2),
    cards("cards-other-segment", "a segment without a calibrator of its own",
          context={**ADULT, "segment": "new"}, limit=2),
    cards("cards-when", "a rule that holds in one state only", context={**ADULT, "state": "NY"}),
    cards("cards-rule-in-force", "a rule that begins in December",
          context=ADULT, **{"time": "2026-12-01T00:00:00Z"}),
    cards("cards-offset-time", "the same instant under another offset",
          context=ADULT, **{"time": "2026-12-01T02:30:00+02:30"}),
    cards("cards-validity-edge", "valid_to is exclusive",
          context=ADULT, candidates=[{"offer": "o-4"}], **{"time": "2026-06-01T00:00:00Z"}),
    cards("cards-validity-start", "valid_from is inclusive",
          context=ADULT, candidates=[{"offer": "o-4"}], **{"time": "2026-01-01T00:00:00Z"}),
    cards("cards-none", "no candidates at all", context=ADULT, candidates=[]),
    cards("cards-no-context", "no context at all"),
    cards("cards-limit", "positions wanted", context=ADULT, limit=1),
    cards("cards-brief", "without explanation", context=ADULT, explain=False),
    cards("cards-override", "a request may override a rate", context=ADULT,
          candidates=[{"offer": "o-1", "facts": {"apr": 35.5, "partner": "west"}},
                      {"offer": "o-3", "facts": {"apr": None}}]),
    cards("cards-near-edge", "a guardrail that one offer only just passes",
          context={"age": 40, "state": "CA", "income": 20500}),
    cards("cards-low-income", "an extreme context", context={"age": 18, "state": "CA", "income": 0}),
    cards("cards-unicode", "texts beyond ASCII",
          context={**ADULT, "segment": "\u00fcber \U0001f600"}, limit=1),
    cards("cards-unknown-facts", "facts that nobody knows are ignored",
          context={**ADULT, "shoe_size": 44}, limit=1),
    goods("goods-home", "a mandated offer, brand caps, diversity, exploration with seed 1", seed=1,
          context={"country": "DE", "surface": "home"}),
    goods("goods-seed", "another seed, another draw", seed=2, context={"country": "DE", "surface": "home"}),
    goods("goods-large-seed", "a seed beyond 2^53, as text",
          seed="18446744073709551615", context={"country": "US", "surface": "search"}),
    goods("goods-search", "the mandate holds at home only",
          seed=1, context={"country": "US", "surface": "search"}),
    goods("goods-unseen-module", "a module never seen in training",
          seed=5, context={"country": "FR", "surface": "cart"}),
    goods("goods-nothing-known", "everything missing", seed=9),
    goods("goods-request-facts", "lists and prices from the request",
          seed=4, context={"country": "US", "surface": "search"},
          candidates=[{"offer": "g-1", "facts": {"tags": ["new", "sale"], "price": 10}},
                      {"offer": "g-2", "facts": {"tags": []}},
                      {"offer": "g-8", "facts": {"price": 1e9}}]),
    goods("goods-subset", "a mandated offer that is no candidate", seed=3, context={"surface": "home"},
          candidates=[{"offer": "g-1"}, {"offer": "g-2"}, {"offer": "g-3"}, {"offer": "g-4"}]),
]

OWN_OFFERS = [{"offer": f"x-{i}", "facts": {"payout": 50.0 + 7 * i, "brand": "ABC"[i % 3], "appeal": i / 4 - 1}}
              for i in range(6)]
RANKINGS += [
    opened("open-offers", "offers that no catalog lists; epsilon exploration; a cap of one", seed=11,
           context={"age": 34, "income": 50000}, candidates=OWN_OFFERS),
    opened("open-seed", "another seed", seed=12, context={"age": 34, "income": 50000}, candidates=OWN_OFFERS),
    opened("open-overflow", "a payout that no micros hold, and one that is missing", seed=13,
           context={"age": 34, "income": 50000},
           candidates=[{"offer": "x-1", "facts": {"payout": 1e300}}, {"offer": "x-2"},
                       {"offer": "\u00fc-3", "facts": {"payout": -5.5}}, {"offer": "x-4", "facts": {"payout": 0}}]),
    opened("open-big-money", "micros beyond 2^53 travel as text", seed=14, context={"age": 34, "income": 50000},
           candidates=[{"offer": "x-1", "facts": {"payout": 1e11}}]),
    opened("open-none", "neither catalog nor candidates", seed=15, context={"age": 34}),
]

YOUNG = {"young": 1, "rich": 0.2}
LISTED = [f"s-{number:02d}" for number in (9, 3, 12, 1, 7, 11, 5, 13, 2, 8, 10, 4, 6)]
RANKINGS += [
    staged("stages-cut", "two stages: six of twelve are scored, the mandated one among them",
           context=YOUNG, limit=3),
    staged("stages-other-context", "another context keeps others", context={"young": 0.1, "rich": 0.9}, limit=3),
    staged("stages-listed", "listed in another order: the same ranking", context=YOUNG, limit=3,
           candidates=[{"offer": offer} for offer in LISTED]),
    staged("stages-few", "nine eligible offers are few enough for a single stage", context=YOUNG, limit=3,
           candidates=[{"offer": f"s-{number:02d}"} for number in range(1, 10)]),
    staged("stages-raised", "more may be shown than the budget has room for", context=YOUNG, limit=8),
    staged("stages-no-limit", "without a limit all may be shown", context=YOUNG),
    staged("stages-changed", "an offer whose facts the request changes bypasses stage one", context=YOUNG, limit=3,
           candidates=[{"offer": offer, **({"facts": {"gold": 0.2}} if offer == "s-08" else {})} for offer in LISTED]),
]

ERRORS = [
    raw("error-empty", "nothing at all", ""),
    raw("error-not-json", "no JSON", "rank, please"),
    raw("error-array", "an array", "[]"),
    raw("error-trailing", "something after the value", body('"context": {}') + "x"),
    raw("error-nan", "NaN is no JSON", body('"context": {"income": NaN}')),
    raw("error-infinity", "1e999 is no double", body('"context": {"income": 1e999}')),
    raw("error-no-time", "the time is missing", "{}"),
    raw("error-bad-time", "no such day", '{"time": "2026-02-30T00:00:00Z"}'),
    raw("error-time-type", "the time is a number", '{"time": 5}'),
    raw("error-type", "a text where a number belongs", body('"context": {"income": "lots"}')),
    raw("error-not-whole", "a fraction for an integer", body('"context": {"age": 34.5}')),
    raw("error-boolean", "a boolean where a text belongs", body('"context": {"state": true}')),
    raw("error-list", "a list where a text belongs", body('"context": {"state": ["CA"]}')),
    raw("error-candidate-fact", "a text where a number belongs, in a candidate",
        body('"candidates": [{"offer": "o-1"}, {"offer": "o-2", "facts": {"apr": "low"}}]')),
    raw("error-forbidden-override", "a fact that a request may not override",
        body('"candidates": [{"offer": "o-1", "facts": {"cpa": 1e6}}]')),
    raw("error-unknown-offer", "an offer that the catalog does not list",
        body('"candidates": [{"offer": "o-1"}, {"offer": "o-99"}]')),
    raw("error-duplicate-offer", "an offer twice",
        body('"candidates": [{"offer": "o-1"}, {"offer": "o-2"}, {"offer": "o-1"}]')),
    raw("error-no-offer", "a candidate without an offer", body('"candidates": [{"facts": {}}]')),
    raw("error-candidates-type", "candidates as an object", body('"candidates": {}')),
    raw("error-duplicate-key", "a key twice", body('"context": {"age": 1, "age": 2}')),
    raw("error-lone-surrogate", "half a surrogate pair", body('"context": {"state": "\\ud800"}')),
    raw("error-utf8", "a byte that is not UTF-8",
        body('"context": {"state": "C').encode() + b"\xff" + b'"}}'),
    raw("error-deep", "deep nesting", body('"context": ' + "[" * 5000 + "]" * 5000)),
    raw("error-unknown-member", "a member that no one knows", body('"contxt": {}')),
    raw("error-negative-limit", "a negative limit", body('"limit": -1')),
    raw("error-seed", "a seed that is no integer", body('"seed": 0.5')),
    raw("error-explain", "explain as a text", body('"explain": "yes"')),
    raw("error-long-id", "a request id beyond the limit", body('"request_id": "' + "r" * 257 + '"')),
]


def request_bytes(vector: dict) -> bytes:
    if "request_base64" in vector:
        return base64.b64decode(vector["request_base64"])
    if "request_text" in vector:
        return vector["request_text"].encode()
    return json.dumps(vector["request"]).encode()


def answer(command: str, vector: dict) -> dict:
    with tempfile.NamedTemporaryFile() as file:
        file.write(request_bytes(vector))
        file.flush()
        done = subprocess.run([command, "rank", "--bundle", HERE / vector["bundle"],
                               "--request", file.name, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    folder = HERE / "vectors"
    for old in folder.glob("*.json"):
        old.unlink()
    for vector in RANKINGS + ERRORS:
        found = answer(sys.argv[1], vector)
        is_error = vector in ERRORS
        if is_error != ("error" in found):
            sys.exit(f"{vector['name']}: {found}")
        if is_error:
            vector["error"] = {key: found["error"][key] for key in ("code", "name", "where")}
        else:
            vector["expected"] = found
        (folder / f"{vector['name']}.json").write_text(json.dumps({"format": 1, **vector}, indent=1) + "\n")


if __name__ == "__main__":
    main()
