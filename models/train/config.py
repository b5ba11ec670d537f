"""The training config: one JSON file, checked before anything runs. README.md lists the members."""
import json
import math

from .config_heads import ConfigError, check_heads, is_number, refuse_unknown
from .graph import build_levels
from .layout import asks_for_time

MEMBERS = ("name", "version", "fields", "heads", "graph", "training", "split", "columns", "missing",
           "sampling_column", "time_column")

TRAINING_DEFAULTS = {
    "epochs": 5,
    "batch": 512,
    "learning_rate": 2e-3,
    "weight_decay": 0.01,
    "dropout": 0.1,
    "field_dropout": 0.0,
    "averaging": None,  # 0.998, over at most the last tenth of the steps
    "seed": 1,
    "missing_share": 0.01,
    "unknown_share": 0.01,
    "module_unknown_share": 0.05,
    "gradient_clip": 10.0,
    "calibration_rows": 20_000,
    "holdout_rows": 200_000,
}


# Least and most of members of `training`; whole numbers where the default is one.
TRAINING_BOUNDS = {
    "epochs": (1, 1_000_000),
    "batch": (1, 1_000_000_000),
    "seed": (0, 2**63 - 1),
    "calibration_rows": (1, 1_000_000_000),
    "holdout_rows": (1, 1_000_000_000),
    "averaging": (0, 1),
    "dropout": (0, 1),
    "field_dropout": (0, 1),
    "missing_share": (0, 1),
    "unknown_share": (0, 1),
    "module_unknown_share": (0, 1),
}


def read_config(path):
    with open(path, encoding="utf-8") as file:
        return check_config(json.load(file))


def check_config(config):
    """The config with defaults filled in. Raises ConfigError."""
    for member in ("name", "version", "fields", "heads", "graph"):
        if member not in config:
            raise ConfigError(f"config: no member {member}")
    refuse_unknown(config, (*MEMBERS, "levels"), "config")    # levels: of a config that was checked before
    config = {"columns": {}, "missing": [""], "split": {}, **config}
    config["training"] = {**TRAINING_DEFAULTS, **config.get("training", {})}
    check_training(config["training"])
    check_split(config["split"])
    check_cells(config)
    check_fields(config["fields"])
    check_heads(config["heads"], config["fields"], config.get("sampling_column"))
    check_time_column(config)
    config["levels"] = build_levels(config["graph"], [head["name"] for head in config["heads"]])
    return config


def check_training(training):
    refuse_unknown(training, TRAINING_DEFAULTS, "training")
    for member, value in training.items():
        if value is None and TRAINING_DEFAULTS[member] is None:
            continue
        least, most = TRAINING_BOUNDS.get(member, (0, math.inf))
        is_whole = isinstance(TRAINING_DEFAULTS[member], int)
        if not is_number(value) or not least <= value <= most or (is_whole and value != int(value)):
            kind = "a whole number" if is_whole else "a number"
            raise ConfigError(f"training.{member}: wanted {kind} from {least} to {most}, found {value!r}")


def check_split(split):
    refuse_unknown(split, ("test", "holdout", "seed", "key"), "split")
    shares = [split.get(member, 0) for member in ("test", "holdout")]
    if not all(is_number(share) and 0 <= share <= 1 for share in shares) or sum(shares) >= 1:
        raise ConfigError(f"split: wanted shares test and holdout that leave rows to train on, found {shares}")


def check_cells(config):
    if not isinstance(config["missing"], list):
        raise ConfigError(f"missing: wanted a list of texts, found {config['missing']!r}")
    if not isinstance(config["columns"], dict):
        raise ConfigError("columns: wanted an object, fact to column")


def check_fields(fields):
    names = [field.get("name") for field in fields]
    for name in names:
        if not name or names.count(name) > 1:
            raise ConfigError(f"fields: {name} stands twice" if name else "fields: one has no name")
    for field in fields:
        where = f"fields.{field['name']}"
        if field.get("side") not in ("context", "candidate", "pair"):
            raise ConfigError(f"{where}.side: found {field.get('side')!r}")
        if field.get("output") not in ("dense", "embedding"):
            raise ConfigError(f"{where}.output: found {field.get('output')!r}")
        if field["output"] == "embedding" and not field.get("dim"):
            raise ConfigError(f"{where}.dim: wanted a whole number above zero")
        if not isinstance(field.get("transforms"), list):
            raise ConfigError(f"{where}.transforms: wanted a list")


def check_time_column(config):
    """Without it every request would be of 1970."""
    for field in config["fields"]:
        if asks_for_time(field) and not config.get("time_column"):
            raise ConfigError(
                f"fields.{field['name']}: days_since counts from the request's time: wanted time_column"
            )
