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


def failures(command: list[str], bundle: pathlib.Path, vector: dict, folder: pathlib.Path) -> list[str]:
    found = []

    def expect(what: str, done: subprocess.CompletedProcess, code: int, out: str | None, err: str) -> None:
        if done.returncode != code or (out is not None and done.stdout != out) or err not in done.stderr:
            found.append(f"{what}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    request = folder / "request.json"
    request.write_text(json.dumps(vector["request"]))
    wanted = "".join(line + "\n" for line in lines_of(vector["expected"]))
    expect("a good request", run(command, bundle, request), 0, wanted, "")

    missing = folder / "none.guardrank"
    expect("no such bundle", run(command, missing, request), 1, "", str(missing))
    expect("no such request", run(command, bundle, folder / "none.json"), 1, "", "none.json")
    half = folder / "half.guardrank"
    half.write_bytes(bundle.read_bytes()[: bundle.stat().st_size // 2])
    expect("half a bundle", run(command, half, request), 1, "", "error 300")
    request.write_text(json.dumps({**vector["request"], "candidates": [{"offer": "no such offer"}]}))
    expect("an unknown offer", run(command, bundle, request), 1, "", "error 205")
    request.write_text("{")
    expect("no JSON", run(command, bundle, request), 1, "", "error")
    expect("one argument", run(command, bundle), 2, "", "usage")
    return found


def main() -> None:
    vector = json.loads((CONFORMANCE / "vectors" / "cards-whole-catalog.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        found = failures(sys.argv[1:], CONFORMANCE / vector["bundle"], vector, pathlib.Path(folder))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
