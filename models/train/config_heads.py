"""Heads of a training config, checked before anything runs: what would train or serve something else is refused."""
import math

METHODS = ("platt", "temperature", "beta", "isotonic")
SEGMENT_TYPES = ("string", "i64", "bool")  # that the engine looks a segment up by
SHARED_MEMBERS = ("name", "kind", "given", "tower", "column", "positive", "loss_weight",
                  "negative_sampling_rate", "sampling_handled")
MEMBERS = {
    "probability": (*SHARED_MEMBERS, "positive_weight", "calibrator", "loss", "distillation"),
    "log_amount": (*SHARED_MEMBERS, "log_sigma", "ratio", "unit"),
}


class ConfigError(ValueError):
    """A config that cannot be trained; the message names the member."""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def refuse_unknown(found, members, where):
    unknown = sorted(set(found) - set(members))
    if unknown:
        raise ConfigError(f"{where}: unknown members {unknown}")


def check_heads(heads, fields, sampling_column):
    seen = []
    for head in heads:
        where = f"heads.{head.get('name')}"
        check_name(head, where, seen)
        if not isinstance(head.get("tower"), list):
            raise ConfigError(f"{where}.tower: wanted a list of widths")
        if head.get("kind") not in MEMBERS:
            raise ConfigError(f"{where}.kind: found {head.get('kind')!r}")
        refuse_unknown(head, MEMBERS[head["kind"]], where)
        if head.get("given") is not None and head["given"] not in [known["name"] for known in seen]:
            raise ConfigError(f"{where}.given: {head['given']} is no earlier head")
        if not is_number(head.get("loss_weight", 1)) or head.get("loss_weight", 1) < 0:
            raise ConfigError(f"{where}.loss_weight: wanted a number of at least 0, found {head['loss_weight']!r}")
        if head["kind"] == "probability":
            check_probability(head, fields, where)
        elif not head.get("unit"):
            raise ConfigError(f"{where}.unit: wanted the currency of its amounts")
        check_sampling(head, where, sampling_column)
        seen.append(head)
        if head.get("loss") == "entire_space":
            check_entire_space(head, seen, where)


def check_name(head, where, seen):
    if not head.get("name") or head["name"] == "shared":
        raise ConfigError(f"{where}.name: wanted a name other than shared, which is reserved")
    if head["name"] in [known["name"] for known in seen]:
        raise ConfigError(f"{where}: stands twice")


def check_probability(head, fields, where):
    weight = head.get("positive_weight", 1)
    if not is_number(weight) or weight <= 0:
        raise ConfigError(f"{where}.positive_weight: wanted a number above 0, found {weight!r}")
    if head.get("loss", "conditional") not in ("conditional", "entire_space"):
        raise ConfigError(f"{where}.loss: found {head.get('loss')!r}")
    check_distillation(head, where)
    calibrator = head.get("calibrator") or {}
    if calibrator.get("kind") == "fit":
        check_fit(calibrator, fields, f"{where}.calibrator")


def check_fit(calibrator, fields, where):
    refuse_unknown(calibrator, ("kind", "method", "segments"), where)
    if calibrator.get("method") not in METHODS:
        raise ConfigError(f"{where}.method: wanted one of {', '.join(METHODS)}, found {calibrator.get('method')!r}")
    if "segments" not in calibrator:
        return
    segments = calibrator["segments"]
    refuse_unknown(segments, ("field", "type", "kappa"), f"{where}.segments")
    if not segments.get("field"):
        raise ConfigError(f"{where}.segments: wanted a field")
    if segment_type(segments, fields) not in SEGMENT_TYPES:
        raise ConfigError(f"{where}.segments: wanted a fact of type {', '.join(SEGMENT_TYPES)}")
    if not is_number(segments.get("kappa", 0)) or segments.get("kappa", 0) < 0:
        raise ConfigError(f"{where}.segments.kappa: wanted a number of at least 0, found {segments['kappa']!r}")


def segment_type(segments, fields):
    """Of the context fact that picks a segment: the field's; of one that no field reads what `type` says, or string."""
    kinds = {field["name"]: field["type"] for field in fields if field["side"] == "context"}
    return kinds.get(segments["field"], segments.get("type", "string"))


def check_distillation(head, where):
    wanted = head.get("distillation")
    if wanted is None:
        return
    share = wanted.get("share")
    if not wanted.get("column") or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ConfigError(f"{where}.distillation: wanted a column and a share in [0, 1]")
    if head.get("loss") == "entire_space":
        raise ConfigError(f"{where}.distillation: only for probabilities with a loss of their own")


def check_sampling(head, where, sampling_column):
    """Correct or weigh, never both, and always state the rate (design: scoring). Rates per row are wanted where a
    head uses them in its loss; an amount head may leave them all out."""
    rate, handled = head.get("negative_sampling_rate"), head.get("sampling_handled")
    if head["kind"] == "log_amount" and rate is None and handled is None:
        return
    if not is_number(rate) or not 0 < rate <= 1:
        raise ConfigError(f"{where}.negative_sampling_rate: wanted a number in (0, 1], found {rate!r}")
    ways = ("weighted", "none") if head["kind"] == "log_amount" else ("correct", "weighted", "offset", "none")
    if handled not in ways:
        raise ConfigError(f"{where}.sampling_handled: wanted one of {', '.join(ways)}, found {handled!r}")
    if handled == "none" and rate != 1:
        raise ConfigError(f"{where}.sampling_handled: none only with rate 1, found rate {rate}")
    is_per_row = handled == "offset" or (handled == "weighted" and rate < 1)
    if is_per_row and not sampling_column:
        raise ConfigError(f"{where}.sampling_handled: {handled} wants a sampling_column, the rate of each row")


def way(head):
    """How rows reach the head's loss."""
    handled = head["sampling_handled"]
    return "none" if handled == "correct" and head["negative_sampling_rate"] == 1 else handled


def check_entire_space(head, seen, where):
    """The product is of the probabilities that the losses of the chain see: those must be of the same rows, and of
    nothing but these."""
    by_name = {known["name"]: known for known in seen}
    chain = [head]
    while chain[0].get("given"):
        chain.insert(0, by_name[chain[0]["given"]])
    if len(chain) == 1:
        raise ConfigError(f"{where}.loss: entire_space is for a head with `given`")
    for link in chain:
        if link.get("positive_weight", 1) != 1:
            raise ConfigError(f"{where}.loss: entire_space has no place for the positive_weight of {link['name']}")
    before = {way(link) for link in chain[:-1]}
    own = way(head)
    is_one = before == {"weighted"} if own == "weighted" else own == "none" and "weighted" not in before
    if not is_one:
        raise ConfigError(
            f"{where}.sampling_handled: with entire_space wanted weighted where all of its chain are, else none; "
            f"found {own} after {', '.join(way(link) for link in chain[:-1])}"
        )
