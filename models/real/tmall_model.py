"""The Tmall models and their policies: one form, with one head or two."""
from train.config import check_config

from .tmall_rows import FACTS

LOSS_WEIGHTS = {"purchase": 1.0, "favorite": 1.5}  # brings the two losses to one size


def number(name, side, *transforms):
    return {
        "name": name,
        "side": side,
        "type": "f64",
        "output": "dense",
        "transforms": list(transforms),
    }


def tmall_fields():
    """Counts and affinities in logarithms, and what the user did with the item."""
    scaled = [{"op": "log1p"}, {"op": "standardize", "fit": True}]
    fields = [number(f"user_{what}", "context", *scaled) for what in ("buys", "collects")]
    fields += [number(f"item_{what}", "candidate", *scaled) for what in ("buys", "collects")]
    fields += [number(fact, "pair", *scaled) for fact in FACTS]
    return fields + [number(flag, "pair") for flag in ("is_favorite", "is_bought")]


def tmall_config(heads, rate, name):
    """The training config. Settings were chosen on the selection stage."""
    head = {
        "kind": "probability",
        "tower": [16],
        "negative_sampling_rate": rate,
        "sampling_handled": "offset",
        "calibrator": {"kind": "identity"},
    }
    training = {
        "epochs": 4,
        "batch": 2048,
        "learning_rate": 0.005,
        "weight_decay": 0.01,
        "dropout": 0.0,
        "averaging": 0.999,
        "seed": 1,
        "missing_share": 0.0,
        "unknown_share": 0.0,
        "calibration_rows": 20000,
    }
    return check_config(
        {
            "name": name,
            "version": "1",
            "fields": tmall_fields(),
            "heads": [{"name": name, "loss_weight": LOSS_WEIGHTS[name], **head} for name in heads],
            "graph": {"kind": "ple", "experts": 2, "own_experts": 3, "layers": [32, 16]},
            "sampling_column": "rate",
            "split": {"holdout": 0.02, "seed": 3},
            "training": training,
        }
    )


def policy(head):
    """Ranks by one head; an item that the user already has is not eligible. Amounts stand for
    nothing: they only have to order the probabilities, down to one in a thousand million."""
    return {
        "format": 1,
        "name": f"tmall-{head}",
        "version": "1",
        "facts": {
            "ctx.owned": {"type": "list(string)", "default": []},
            "offer.item": {"type": "string"},
        },
        "rules": [
            {
                "id": "not_owned",
                "expr": "!(offer.item in ctx.owned)",
                "code": "OWNED",
                "text": "Already bought or collected",
            }
        ],
        "terms": [{"id": head, "kind": "bonus", "unit": "USD", "expr": f"p.{head} * 10000.0"}],
        "placement": {},
    }
