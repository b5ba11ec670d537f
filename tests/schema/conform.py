"""Checks that the schemas only ever grow: `flatc --conform` of each against its baseline.

Usage: conform.py FLATC SCHEMA_FOLDER. With --self-test it breaks copies of the schemas in the ways
that the rules forbid, and in one that they allow, and expects flatc to tell them apart.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# Name of the change, schema, pattern, replacement, whether the rules allow it.
CHANGES = [
    ("a member of another type", "model.fbs", r"n_out: uint;", "n_out: ulong;", False),
    ("a member removed", "policy.fbs", r"  unit: string;|unit: string; ", "", False),
    ("members in another order", "catalog.fbs", r"n_offers: uint;\n  allows_unlisted: bool;",
     "allows_unlisted: bool;\n  n_offers: uint;", False),
    ("an enum value renumbered", "release.fbs", r"shadow = 1, canary = 2", "canary = 1, shadow = 2",
     False),
    ("another default", "release.fbs", r"traffic_weight: double = 1;", "traffic_weight: double = 2;",
     False),
    ("a member appended", "release.fbs", r"(minimum_engine: string;[^\n]*\n)", r"\1  note: string;\n",
     True),
]


def conforms(flatc: str, baseline: pathlib.Path, schema: pathlib.Path) -> str:
    """Empty when `schema` is a legal successor, else what flatc says."""
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.run([flatc, "--cpp", "-o", out, "--conform", str(baseline), str(schema)],
                             capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else (run.stdout + run.stderr).strip() or "flatc failed"


def check(flatc: str, folder: pathlib.Path) -> int:
    baselines = sorted((folder / "baseline").glob("*.fbs"))
    problems = [] if baselines else [f"{folder}/baseline: no schemas"]
    for baseline in baselines:
        schema = folder / baseline.name
        if not schema.is_file():
            problems.append(f"{schema}: removed")
        elif said := conforms(flatc, baseline, schema):
            problems.append(f"{schema}: {said}")
    print("\n".join(problems) or f"{len(baselines)} schemas conform to their baselines")
    return 1 if problems else 0


def self_test(flatc: str, folder: pathlib.Path) -> int:
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, file, pattern, replacement, is_allowed in CHANGES:
            text, count = re.subn(pattern, replacement, (folder / file).read_text(), count=1)
            changed = pathlib.Path(scratch) / file
            changed.write_text(text)
            said = conforms(flatc, folder / "baseline" / file, changed)
            is_right = count == 1 and (not said) == is_allowed
            failures += not is_right
            print(f"{'ok' if is_right else 'FAILED'}: {name}: {said or 'conforms'}")
    return 1 if failures else 0


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--self-test"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    run = self_test if "--self-test" in sys.argv else check
    sys.exit(run(arguments[0], pathlib.Path(arguments[1])))
