"""Every function of the C headers says since when: in the comment above it, or in that of the functions that it
stands directly below.

Usage: since.py. Prints every finding, exits 1 if there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"\b(gr_[a-z0-9_]+)\(")
SINCE = re.compile(r"\bSince \d+\.\d+\.")
PLANTED = """
GR_API void gr_bare(void);
/* Says nothing of when. */
GR_API void gr_vague(void);

/* Fine. Since 0.1. */
GR_API void gr_told(int first,
                    int second);
GR_API void gr_shared(void);
typedef struct gr_thing gr_thing;
GR_API void gr_after_a_type(void);
/* Fine, in
 * two lines. Since 0.2. */
GR_API void gr_told_in_two(void);
"""


def untold(text: str) -> list[str]:
    """Names of functions without a comment that says since when."""
    found, comment, is_told, is_open = [], "", False, False
    for line in text.splitlines():
        if line.startswith("GR_API"):
            is_told = bool(SINCE.search(comment)) if comment else is_told
            comment, is_open = "", not line.rstrip().endswith(";")
            if not is_told:
                found.append(NAME.search(line).group(1))
        elif is_open:
            is_open = not line.rstrip().endswith(";")
        elif line.startswith("/*"):
            comment, is_told = line, False
        elif comment and line.startswith(" *"):
            comment += line
        else:
            comment, is_told = "", False
    return found


def main() -> int:
    if untold(PLANTED) != ["gr_bare", "gr_vague", "gr_after_a_type"]:
        print(f"since.py: planted functions were not found: {untold(PLANTED)}")
        return 1
    headers = sorted(ROOT.glob("capi/**/include/*.h")) + [ROOT / "capi/include/guardrank.h"]
    found = [f"{header.relative_to(ROOT)}: {name}: no comment says since when"
             for header in dict.fromkeys(headers) for name in untold(header.read_text())]
    print("\n".join(found) or f"since: {len(set(headers))} headers are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
