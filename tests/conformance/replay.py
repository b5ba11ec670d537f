"""Replays the vectors through a client: replay.py c CLIENT... | replay.py command GUARDRANK
(an emulator may stand before either).

`c`: client.c, all requests of a bundle in one run. `command`: the guardrank command, one run per
request. Decisions must equal the expected ones in every member and bit, errors in code, name and
where. Prints each difference; exits 1 if there is one.
"""
import base64
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def request_bytes(vector: dict) -> bytes:
    if "request_base64" in vector:
        return base64.b64decode(vector["request_base64"])
    if "request_text" in vector:
        return vector["request_text"].encode()
    return json.dumps(vector["request"], ensure_ascii=False).encode()


def through_c(client: list[str], bundle: str, vectors: list[dict]) -> list[dict]:
    frames = b"".join(b"%d\n%b" % (len(data), data) for data in map(request_bytes, vectors))
    done = subprocess.run([*client, HERE / bundle], input=frames, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{client[-1]}: exit code {done.returncode}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def through_command(command: list[str], bundle: str, vectors: list[dict]) -> list[dict]:
    found = []
    for vector in vectors:
        done = subprocess.run([*command, "rank", "--bundle", HERE / bundle, "--request", "-", "--json"],
                              input=request_bytes(vector), capture_output=True)
        found.append(json.loads(done.stdout))
        if done.returncode != ("error" in found[-1]):
            sys.exit(f"{vector['name']}: exit code {done.returncode}")
    return found


def differences(wanted, found, path: str = "") -> list[str]:
    """Python compares floats exactly, and 1 with 1.0: the bits, but for the text."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = list(dict.fromkeys([*wanted, *found]))
        return [d for key in keys for d in differences(wanted.get(key), found.get(key), f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [d for i, pair in enumerate(zip(wanted, found)) for d in differences(*pair, f"{path}[{i}]")]
    return [] if wanted == found else [f"{path}: wanted {wanted!r}, found {found!r}"]


def check(vector: dict, found: dict) -> list[str]:
    if "error" not in vector:
        return differences(vector["expected"], found)
    error = found.get("error", {})
    return differences(vector["error"], {key: error.get(key) for key in ("code", "name", "where")}, ".error")


def main() -> None:
    ask = {"c": through_c, "command": through_command}[sys.argv[1]]
    vectors = [json.loads(path.read_text()) for path in sorted((HERE / "vectors").glob("*.json"))]
    failed = 0
    for bundle in sorted({vector["bundle"] for vector in vectors}):
        asked = [vector for vector in vectors if vector["bundle"] == bundle]
        answers = ask(sys.argv[2:], bundle, asked)
        if len(answers) != len(asked):
            sys.exit(f"{bundle}: {len(asked)} requests, {len(answers)} answers")
        for vector, found in zip(asked, answers):
            for difference in check(vector, found):
                failed += 1
                print(f"{vector['name']}{difference}")
    print(f"{len(vectors)} vectors, {failed} differences")
    sys.exit(1 if failed or not vectors else 0)


if __name__ == "__main__":
    main()
