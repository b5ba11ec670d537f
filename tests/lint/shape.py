"""Checks what can be checked of the house style: READMEs, lengths, ASCII, unfinished marks, paths.

Usage: shape.py. Prints every finding, exits 1 if there is one.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = {".cc", ".h", ".hpp", ".c", ".ts", ".mjs", ".py", ".fbs", ".cmake"}
MAX_FILE_LINES = 500
MAX_LINE = 120
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not implemented|simplified for now")
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(work|root|farm)/")
REGISTRY = re.compile(r"https?://[a-z0-9.-]*(npmjs|pypi|pythonhosted|debian|crates|golang|maven)[a-z0-9.-]*")
# This file spells the words it looks for.
SELF = "tests/lint/shape.py"


def tracked() -> list[str]:
    output = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [name for name in output.splitlines() if (ROOT / name).is_file()]


def folder_findings(names: list[str]) -> list[str]:
    folders = {str(pathlib.PurePath(name).parent) for name in names
               if pathlib.PurePath(name).suffix in CODE}
    return [f"{folder}/: no README.md here or above it within its part" for folder in sorted(folders)
            if folder != "." and not any((ROOT / parent / "README.md").exists() for parent in
                                         list(pathlib.PurePath(folder).parents)[:-1] +
                                         [pathlib.PurePath(folder)])]


def text_findings(name: str, text: str) -> list[str]:
    found = []
    suffix = pathlib.PurePath(name).suffix
    lines = text.splitlines()
    if suffix in CODE:
        if len(lines) > MAX_FILE_LINES:
            found.append(f"{name}: {len(lines)} lines, at most {MAX_FILE_LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE and suffix != ".fbs":
                found.append(f"{name}:{number}: {len(line)} characters, at most {MAX_LINE}")
            if not line.isascii() and suffix in (".cc", ".h", ".c", ".hpp"):
                found.append(f"{name}:{number}: not ASCII")
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line) and suffix != ".md":
            found.append(f"{name}:{number}: unfinished mark")
        if MACHINE_PATH.search(line):
            found.append(f"{name}:{number}: a path of one machine")
        if REGISTRY.search(line):
            found.append(f"{name}:{number}: a package registry's address")
    return found


def main() -> int:
    names = tracked()
    found = folder_findings(names)
    for name in names:
        if name in (SELF, "LICENSE") or pathlib.PurePath(name).suffix in (".guardrank", ".bin"):
            continue
        try:
            found += text_findings(name, (ROOT / name).read_text())
        except UnicodeDecodeError:
            continue
    for line in found:
        print(f"shape: {line}")
    print(f"shape: {len(found)} findings in {len(names)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
