"""Where the data, the command and the results are; set by `./dev real` through the environment."""
import json
import os
import sys

SHARED_VARIABLE = "GUARDRANK_SHARED"


def data_path(*parts):
    """A file under $GUARDRANK_SHARED/data, or None with a line on standard output when absent."""
    root = os.environ.get(SHARED_VARIABLE, "")
    path = os.path.join(root, "data", *parts)
    if root and os.path.exists(path):
        return path
    reason = f"{SHARED_VARIABLE} is not set" if not root else "it is not there"
    print(
        f"real data {'/'.join(parts)} is absent ({reason}): nothing to do here. "
        "The product itself does not need it."
    )
    return None


def result_folder(name):
    """build/real/<name> of the checkout, created."""
    root = os.environ.get("GUARDRANK_REAL_OUT")
    if not root:
        here = os.path.dirname(os.path.abspath(__file__))
        root = os.path.join(here, "..", "..", "build", "real")
    folder = os.path.join(os.path.abspath(root), name)
    os.makedirs(folder, exist_ok=True)
    return folder


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def print_table(names, rows):
    """Columns padded to their widest cell; the first is flush left."""
    cells = [[str(cell) for cell in row] for row in [names] + rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    for number, row in enumerate(cells):
        print(
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths))
            )
        )
        if number == 0:
            print("  ".join("-" * width for width in widths))
    sys.stdout.flush()
