"""python3 -m train --config train.json --data rows.csv.gz --out folder"""
import argparse
import sys

from .config import ConfigError, read_config
from .library import Library, LibraryError
from .metrics import figure_text
from .run import execute
from .watch import TrainingStopped


def arguments(words):
    parser = argparse.ArgumentParser(prog="python3 -m train", description=__doc__)
    parser.add_argument("--config", required=True, help="training config, JSON (README.md)")
    parser.add_argument("--data", required=True, nargs="+", help="CSV files, gzip too")
    parser.add_argument("--holdout", nargs="*", default=[], help="CSV files with the true prior")
    parser.add_argument("--extra", nargs="*", default=[], help="CSV files whose rows only train")
    parser.add_argument("--out", required=True, help="folder to write")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last epoch of a killed run in --out"
    )
    parser.add_argument(
        "--library", help="guardrank-tools shared library " "(default: GUARDRANK_TOOLS_LIBRARY)"
    )
    return parser.parse_args(words)


def main(words=None):
    """0 done, 1 bad input or stopped training, with the reason on standard error."""
    chosen = arguments(words)
    try:
        run = execute(
            read_config(chosen.config),
            chosen.data,
            chosen.holdout,
            chosen.out,
            Library(chosen.library),
            resume=chosen.resume,
            extra_paths=chosen.extra,
        )
    except (ConfigError, LibraryError, TrainingStopped, ValueError, EOFError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    for name, figures in run.report["heads"].items():
        print(
            f"{name}: AUC {figure_text(figures['auc'], 4)}, log loss {figures['log_loss']:.5f}, "
            f"ECE {figures['ece']:.5f} over {figures['rows']} holdout rows"
        )
    print(f"wrote {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
