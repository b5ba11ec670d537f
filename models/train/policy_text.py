"""A policy's text as stage one needs it: node by node, so that every scalar stays as it was written."""
import yaml


def compose(path):
    """The document's root, YAML or JSON; a mapping."""
    with open(path, encoding="utf-8") as file:
        root = yaml.compose(file, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path}: wanted a policy")
    return root


def without_placement(path):
    """The policy in which every eligible offer with a score is ranked by it."""
    root = compose(path)
    root.value = [(key, value) for key, value in root.value if key.value != "placement"]
    return yaml.serialize(root, Dumper=yaml.SafeDumper)


def defaults(path):
    """Fact ("offer.cpa") to what serving puts where it is missing, as a CSV would hold it."""
    found = {}
    for key, value in compose(path).value:
        if key.value == "facts" and isinstance(value, yaml.MappingNode):
            for fact, members in value.value:
                if isinstance(members, yaml.MappingNode):
                    found.update({fact.value: cell(node) for name, node in members.value if name.value == "default"})
    return found


def cell(node):
    if isinstance(node, yaml.SequenceNode):
        return "|".join(element.value for element in node.value)
    return node.value
