"""The training config: one JSON file, checked before anything runs. README.md lists the members."""
import json

from .graph import build_levels
from .layout import asks_for_time

TRAINING_DEFAULTS = {
    "epochs": 5,
    "batch": 512,
    "learning_rate": 2e-3,
    "weight_decay": 0.01,
    "dropout": 0.1,
    "field_dropout": 0.0,
    "averaging": 0.998,
    "seed": 1,
    "missing_share": 0.01,
    "unknown_share": 0.01,
    "module_unknown_share": 0.05,
    "gradient_clip": 10.0,
    "calibration_rows": 20_000,
    "holdout_rows": 200_000,
}


class ConfigError(ValueError):
    """A config that cannot be trained; the message names the member."""


def read_config(path):
    with open(path, encoding="utf-8") as file:
        return check_config(json.load(file))


def check_config(config):
    """The config with defaults filled in. Raises ConfigError."""
    for member in ("name", "version", "fields", "heads", "graph"):
        if member not in config:
            raise ConfigError(f"config: no member {member}")
    config = dict(config)
    config["training"] = {**TRAINING_DEFAULTS, **config.get("training", {})}
    unknown = set(config["training"]) - set(TRAINING_DEFAULTS)
    if unknown:
        raise ConfigError(f"training: unknown members {sorted(unknown)}")
    check_fields(config["fields"])
    check_heads(config["heads"])
    check_sampling_column(config)
    check_time_column(config)
    config["levels"] = build_levels(config["graph"], [head["name"] for head in config["heads"]])
    config.setdefault("columns", {})
    config.setdefault("missing", [""])
    config.setdefault("split", {})
    return config


def check_fields(fields):
    names = [field["name"] for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"fields: {name} stands twice")
    for field in fields:
        where = f"fields.{field['name']}"
        if field.get("side") not in ("context", "candidate", "pair"):
            raise ConfigError(f"{where}.side: found {field.get('side')!r}")
        if field.get("output") not in ("dense", "embedding"):
            raise ConfigError(f"{where}.output: found {field.get('output')!r}")
        if field["output"] == "embedding" and not field.get("dim"):
            raise ConfigError(f"{where}.dim: wanted a whole number above zero")


def check_sampling_column(config):
    """Rates per row are wanted exactly where a head uses them in its loss."""
    for head in config["heads"]:
        if head.get("sampling_handled") == "offset" and not config.get("sampling_column"):
            raise ConfigError(f"heads.{head['name']}: offset wants a sampling_column")


def check_time_column(config):
    """Without it every request would be of 1970."""
    for field in config["fields"]:
        if asks_for_time(field) and not config.get("time_column"):
            raise ConfigError(
                f"fields.{field['name']}: days_since counts from the request's time: wanted time_column"
            )


def check_heads(heads):
    seen = []
    for head in heads:
        where = f"heads.{head['name']}"
        if head.get("kind") not in ("probability", "log_amount"):
            raise ConfigError(f"{where}.kind: found {head.get('kind')!r}")
        if head.get("given") is not None and head["given"] not in seen:
            raise ConfigError(f"{where}.given: {head['given']} is no earlier head")
        if head["kind"] == "probability":
            check_sampling(head, where)
        check_distillation(head, where)
        check_segments(head, where)
        seen.append(head["name"])


def check_segments(head, where):
    """Calibrators by segment are fitted here, and of one kind."""
    calibrator = head.get("calibrator") or {}
    if calibrator.get("kind") != "fit" or not calibrator.get("segments"):
        return
    if calibrator.get("method", "platt") != "platt":
        raise ConfigError(f"{where}.calibrator.method: with segments wanted platt, found {calibrator['method']!r}")
    if not calibrator["segments"].get("field"):
        raise ConfigError(f"{where}.calibrator.segments: wanted a field")


def check_distillation(head, where):
    wanted = head.get("distillation")
    if wanted is None:
        return
    share = wanted.get("share")
    if not wanted.get("column") or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ConfigError(f"{where}.distillation: wanted a column and a share in [0, 1]")
    if head["kind"] != "probability" or head.get("loss") == "entire_space":
        raise ConfigError(f"{where}.distillation: only for probabilities with a loss of their own")


def check_sampling(head, where):
    """Correct or weigh, never both, and always state the rate (design: scoring)."""
    rate = head.get("negative_sampling_rate")
    handled = head.get("sampling_handled")
    if not isinstance(rate, (int, float)) or not 0 < rate <= 1:
        raise ConfigError(
            f"{where}.negative_sampling_rate: wanted a number in (0, 1], found {rate!r}"
        )
    if handled not in ("correct", "weighted", "offset", "none"):
        raise ConfigError(f"{where}.sampling_handled: found {handled!r}")
    if handled == "none" and rate != 1:
        raise ConfigError(f"{where}.sampling_handled: none only with rate 1, found rate {rate}")
    if handled == "offset" and head.get("loss") == "entire_space":
        raise ConfigError(f"{where}.sampling_handled: offset has no entire-space loss")
    if head.get("loss", "conditional") not in ("conditional", "entire_space"):
        raise ConfigError(f"{where}.loss: found {head.get('loss')!r}")
