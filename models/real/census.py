"""Census-Income (KDD): two tasks, one network, held against gradient boosting on the same rows."""
NUMBERS = [
    "age",
    "wage_per_hour",
    "capital_gains",
    "capital_losses",
    "stock_dividends",
    "num_emp",
    "weeks_worked",
]
TEXTS = [
    "class_worker",
    "det_ind_code",
    "det_occ_code",
    "education",
    "hs_college",
    "major_ind_code",
    "major_occ_code",
    "race",
    "hisp_origin",
    "sex",
    "union_member",
    "unemp_reason",
    "full_or_part_emp",
    "tax_filer_stat",
    "region_prev_res",
    "state_prev_res",
    "det_hh_fam_stat",
    "det_hh_summ",
    "mig_chg_msa",
    "mig_chg_reg",
    "mig_move_reg",
    "mig_same",
    "mig_prev_sunbelt",
    "fam_under_18",
    "country_father",
    "country_mother",
    "country_self",
    "citizenship",
    "own_or_self",
    "vet_question",
    "vet_benefits",
    "year",
]
HEADS = ["income", "never_married"]


def census_fields():
    """Every column but the targets and the weight; numbers also as quantile bins."""
    fields = []
    for name in NUMBERS:
        fields.append(
            {
                "name": name,
                "side": "candidate",
                "type": "f64",
                "output": "dense",
                "transforms": [{"op": "log1p"}, {"op": "standardize", "fit": True}],
            }
        )
        fields.append(
            {
                "name": name + "_bin",
                "side": "candidate",
                "type": "f64",
                "output": "embedding",
                "dim": 8,
                "transforms": [{"op": "bucketize", "quantiles": 32}],
            }
        )
    for name in TEXTS:
        fields.append(
            {
                "name": name,
                "side": "candidate",
                "type": "string",
                "output": "embedding",
                "dim": 8,
                "transforms": [{"op": "vocabulary", "min_count": 5}],
            }
        )
    return fields


def census_head(name, column, positive, distilled, **more):
    """One head; it learns from the teachers' probabilities where `distilled`, and from labels else."""
    head = {
        "name": name,
        "column": column,
        "positive": positive,
        "kind": "probability",
        "tower": [16],
        "negative_sampling_rate": 1.0,
        "sampling_handled": "none",
        "calibrator": {"kind": "fit", "method": "platt"},
        **more,
    }
    if distilled:
        head["distillation"] = {"column": f"teacher.{name}", "share": 1.0}
    return head


def census_config(split_seed=1, distilled=True):
    """The unchecked training config, chosen on selection rows (README.md)."""
    return {
        "name": "census",
        "version": "1",
        "missing": ["", "?"],
        "columns": {name + "_bin": name for name in NUMBERS},
        "fields": census_fields(),
        "heads": [
            census_head("income", "income_50k", "50000+.", distilled, loss_weight=2.0),
            census_head("never_married", "marital_stat", "Never married", distilled),
        ],
        "graph": {"kind": "mmoe", "experts": 4, "layers": [128, 64]},
        "split": {"test": 0.3, "holdout": 0.03, "seed": split_seed},
        "training": {
            "epochs": 4,
            "batch": 256,
            "learning_rate": 3e-3,
            "weight_decay": 0.01,
            "dropout": 0.0,
            "field_dropout": 0.0,
            "averaging": 0.998,
            "seed": 1,
            "missing_share": 0.0,
            "unknown_share": 0.005,
        },
    }


def teacher_config():
    """Of the networks that the served one learns from: they have labels only, so regularisation
    (dropout of units and of whole fields) is what wins."""
    config = census_config(distilled=False)
    config["graph"] = {"kind": "shared_bottom", "layers": [256, 128]}
    config["training"].update({"epochs": 8, "dropout": 0.3, "field_dropout": 0.1})
    return config
