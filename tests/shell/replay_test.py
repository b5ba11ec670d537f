"""What `guardrank replay` vouches for: records, the decisions that hold them, their chain."""
import base64
import copy
import hashlib
import json
import unittest

from support import BUNDLE, Folder, REQUEST, run


class Replays(Folder):
    def rank(self, *flags: str, request: dict = REQUEST) -> dict:
        return json.loads(run("rank", "--bundle", BUNDLE, "--request", "-", "--json", "--with-record", *flags,
                              data=json.dumps(request)))

    def replay(self, document: dict | str, *flags, code: int = 0) -> dict:
        text = document if isinstance(document, str) else json.dumps(document)
        path = self.file("decision", text)
        return json.loads(run("replay", "--bundle", BUNDLE, "--record", path, *flags, "--json", code=code))

    def log(self, n: int) -> list[str]:
        """So many lines that go on from the head of the chain."""
        lines = [json.dumps({**REQUEST, "request_id": f"r-{i}", "seed": i}) for i in range(n)]
        run("rank", "--bundle", BUNDLE, "--requests", self.file("requests", "\n".join(lines)), "--with-record",
            "--record-chain", self.folder / "head", "--out", self.folder / "log")
        return (self.folder / "log").read_text().splitlines()

    def replay_log(self, lines: list[str], *flags, code: int = 0, as_json: bool = True):
        told = run("replay", "--bundle", BUNDLE, "--records", self.file("log", "\n".join(lines) + "\n"), *flags,
                   *(("--json",) if as_json else ()), code=code)
        return json.loads(told) if as_json else told


class Decisions(Replays):
    def test_a_decision_is_compared_with_the_one_computed_again(self):
        decision = self.rank()
        self.assertEqual(self.replay(decision),
                         {"equal": True, "compared": ["record", "decision"], "not_compared": []})
        # Laid out anew, with members in another order: the same.
        laid_out = json.dumps(dict(reversed(decision.items())), indent=2)
        self.assertEqual(self.replay(laid_out)["equal"], True)
        path = self.file("laid out", laid_out)
        self.assertEqual(run("replay", "--bundle", BUNDLE, "--record", path),
                         "equal: every recorded bit was computed again, and so was the decision that holds the "
                         "record\n")

    def test_every_edit_of_what_is_shown_is_told(self):
        decision = self.rank()
        offer, cut = decision["ranked"][0], decision["excluded"][0]
        reason = cut["reasons"][0]
        edits = {
            "request_id": ((), "request_id", "r-2"),
            "release": ((), "release", "others@1"),
            "engine": ((), "engine", "0.0.1"),
            "numerics": ((), "numerics", "1"),
            "artifacts.policy": (("artifacts",), "policy", decision["artifacts"]["model"]),
            "stages.eligible": (("stages",), "eligible", decision["stages"]["eligible"] + 1),
            "ranked[0].offer": (("ranked", 0), "offer", "o-9"),
            "ranked[0].score_micros": (("ranked", 0), "score_micros", offer["score_micros"] + 1),
            "ranked[0].heads.click.probability": (("ranked", 0, "heads", "click"), "probability",
                                                  offer["heads"]["click"]["probability"] + 1e-15),
            "ranked[0].terms[0].micros": (("ranked", 0, "terms", 0), "micros", -offer["terms"][0]["micros"]),
            "ranked[0].mandated": (("ranked", 0), "mandated", True),
            "excluded[0].stage": (("excluded", 0), "stage", "guardrail"),
            "excluded[0].reasons[0].text": (("excluded", 0, "reasons", 0), "text", reason["text"] + "."),
        }
        for place, (path, member, value) in edits.items():
            edited = copy.deepcopy(decision)
            at = edited
            for step in path:
                at = at[step]
            at[member] = value
            with self.subTest(place):
                told = self.replay(edited, code=1)
                self.assertFalse(told["equal"])
                self.assertTrue(told["first_difference"].startswith(f"decision.{place}: "), told)

    def test_what_is_cut_out_or_put_in(self):
        decision = self.rank()
        edited = copy.deepcopy(decision)
        del edited["ranked"][0]
        told = self.replay(edited, code=1)["first_difference"]
        n = len(decision["ranked"])
        self.assertEqual(told, f"decision.ranked: {n - 1} elements in the file, {n} elements computed again")
        edited = copy.deepcopy(decision)
        del edited["excluded"][0]["reasons"][0]["text"]
        self.assertEqual(self.replay(edited, code=1)["first_difference"],
                         "decision.excluded[0].reasons[0].text: left out of the file")
        # Two members of one name: readers do not agree on which one counts.
        twice = json.dumps(decision)[:-1] + ', "request_id": "r-9"}'
        error = self.replay(twice, code=1)["error"]
        self.assertEqual((error["code"], error["where"]), (200, "request_id"))
        inner = json.dumps(decision).replace('"score_micros": ', '"score_micros": 1, "score_micros": ', 1)
        self.assertEqual(self.replay(inner, code=1)["error"]["where"], "score_micros")

    def test_a_record_alone_is_told(self):
        record = self.rank()["record"]
        alone = {"equal": True, "compared": ["record"], "not_compared": []}
        self.assertEqual(self.replay({"record": record}), alone)
        path = self.folder / "bytes"
        path.write_bytes(base64.b64decode(record))
        self.assertEqual(json.loads(run("replay", "--bundle", BUNDLE, "--record", path, "--json")), alone)
        self.assertEqual(run("replay", "--bundle", BUNDLE, "--record", path),
                         "equal: every recorded bit was computed again (the record alone: no decision is beside it)\n")

    def test_members_that_one_side_lacks_are_not_vouched_for(self):
        decision = self.rank()
        del decision["excluded"]
        decision["served"] = {"stage": "canary"}
        decision["note"] = [1]
        self.assertEqual(self.replay(decision), {"equal": True, "compared": ["record", "decision"],
                                                 "not_compared": ["served", "note", "excluded"]})
        told = run("replay", "--bundle", BUNDLE, "--record", self.folder / "decision")
        self.assertIn("not compared: served, note, excluded", told)

    def test_an_older_engine_may_have_written_less(self):
        decision = self.rank()
        record = base64.b64decode(decision["record"])
        self.assertEqual(record.count(b"0.1.0"), 1)
        old = {**decision, "record": base64.b64encode(record.replace(b"0.1.0", b"0.0.9")).decode()}
        self.assertIn("decision.engine: ", self.replay(old, code=1)["first_difference"])
        old["engine"] = "0.0.9"
        del old["ranked"][0]["heads"]["click"]["corrected"]
        self.assertTrue(self.replay(old)["equal"])
        old["ranked"][0]["heads"]["click"]["reach"] = 2
        self.assertFalse(self.replay(old, code=1)["equal"])

    def test_decisions_of_other_levels(self):
        (self.folder / "secret").write_bytes(b"not for others to know")
        supplied = ("--request", self.file("request", json.dumps(REQUEST)), "--record-secret", self.folder / "secret")
        for level in ("redacted", "digest"):
            decision = self.rank("--record-level", level, *supplied[2:])
            self.assertEqual(self.replay(decision, *supplied)["compared"], ["record", "decision"])
            decision["ranked"][0]["score_micros"] += 1
            told = self.replay(decision, *supplied, code=1)
            self.assertTrue(told["first_difference"].startswith("decision.ranked[0].score_micros: "), told)

    def test_a_decision_without_explanation(self):
        decision = self.rank(request={**REQUEST, "explain": False})
        self.assertNotIn("heads", decision["ranked"][0])
        self.assertEqual(self.replay(decision)["compared"], ["record", "decision"])

    def test_lines_of_a_log(self):
        lines = self.log(3)
        edited = json.loads(lines[1])
        edited["ranked"][0]["score_micros"] += 1
        alone = json.dumps({"record": json.loads(lines[2])["record"], "at": 5})
        told = self.replay_log([lines[0], json.dumps(edited), alone], "--record-chain", self.folder / "head", code=1)
        self.assertEqual((told["records"], told["equal"], told["decisions"], told["not_compared"], told["chain"]),
                         (3, 2, 2, ["at"], "intact"))
        self.assertEqual([difference["line"] for difference in told["differences"]], [2])
        self.assertTrue(told["differences"][0]["difference"].startswith("decision.ranked[0].score_micros: "))
        told = self.replay_log(lines, "--record-chain", self.folder / "head", as_json=False)
        self.assertTrue(told.startswith("3 of 3 records and the decisions that hold them computed again, "), told)


class Shows(Replays):
    def rank_redacted(self, names: str, *flags, requests: str, code: int) -> dict:
        secret = self.file("secret", "not for others to know")
        return json.loads(run("rank", "--bundle", BUNDLE, *flags, self.file("requests", requests), "--json",
                              "--with-record", "--record-level", "redacted", "--record-shows", names,
                              "--record-secret", secret, code=code))

    def test_what_a_redacted_record_may_show(self):
        request = json.dumps({**REQUEST, "context": {**REQUEST["context"], "race": "w"}})
        record = base64.b64decode(self.rank_redacted("ctx.state,offer.apr,route.market,request_id", "--request",
                                                     requests=request, code=0)["record"])
        self.assertNotIn(b'"race":"w"', record)
        for names, code in (("ctx.nope", 502), ("ctx.state,nonsense..x", 502), ("p.click", 502), ("ctx.race", 503)):
            for flags in (("--request",), ("--requests",)):   # one error for all lines, not one each
                error = self.rank_redacted(names, *flags, requests=request, code=1)["error"]
                self.assertEqual((error["code"], error["where"]), (code, "shown"))
                self.assertIn("'" + names.split(",")[-1] + "'", error["message"])
                self.assertNotIn("line", error)


class Chains(Replays):
    def test_a_log_that_is_cut_at_its_front_is_not_intact(self):
        lines = self.log(3)
        head = ("--record-chain", self.folder / "head")
        self.assertEqual(self.replay_log(lines, *head)["chain"], "intact")
        before = "sha256:" + hashlib.sha256(base64.b64decode(json.loads(lines[0])["record"])).hexdigest()
        told = self.replay_log(lines[1:], *head, code=1)
        self.assertEqual((told["records"], told["equal"]), (2, 2))
        self.assertEqual((told["chain"], told["after"]), ("continues after " + before, before))
        self.assertIn("chain: continues after " + before, self.replay_log(lines[1:], *head, code=1, as_json=False))
        # Whoever names no head asks nothing of the chain, and is told.
        self.assertEqual(self.replay_log(lines[1:])["chain"], "continues after " + before)

    def test_a_log_that_goes_on_from_another(self):
        first = self.log(2)
        kept = self.file("kept", (self.folder / "head").read_text())
        second = self.log(3)
        ends = ("--record-chain", self.folder / "head")
        told = self.replay_log(second, *ends, "--record-after", kept)
        self.assertEqual((told["chain"], told["after"]), ("intact", kept.read_text().strip()))
        self.assertNotIn("after", self.replay_log(first + second, *ends))
        wrong = self.replay_log(second[1:], *ends, "--record-after", kept, code=1)
        self.assertEqual(wrong["chain"], f"line 1 does not follow the record that {kept} names")
        # The first of all follows none.
        self.assertEqual(self.replay_log(first + second, *ends, "--record-after", kept, code=1)["chain"],
                         f"line 1 does not follow the record that {kept} names")


if __name__ == "__main__":
    unittest.main(argv=[__file__])
