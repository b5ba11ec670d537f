"""Runs one example on a conformance vector and on bad input: check.py COMMAND...

The lines expected are made here from the vector's ranking. Exits 0 when all is as expected, 1 when
not, and 77 when the example could not be built (its command exits 77).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

CONFORMANCE = pathlib.Path(__file__).resolve().parent.parent / "conformance"


def run(command: list[str], *arguments: object) -> subprocess.CompletedProcess:
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        print(done.stderr)
        sys.exit(77)
    return done


def units(micros: int) -> str:
    sign = "-" if micros < 0 else ""
    return f"{sign}{abs(micros) // 10**6}.{abs(micros) % 10**6:06d}"


def lines_of(expected: dict) -> list[str]:
    lines = [f"{row['position']}  {row['offer']}  {units(int(row['score_micros']))}"
             for row in expected["ranked"][:3]]
    for row in expected["excluded"][:1]:
        reason = row["reasons"][0]
        return lines + [f"excluded  {row['offer']}  {reason['rule']}: {reason['text']}"]
    return lines + ["excluded  none"]
