"""Runs the `guardrank` command (GUARDRANK_COMMAND, or the one on PATH): pack, rank, evaluate."""
import json
import os
import subprocess

ENVIRONMENT_VARIABLE = "GUARDRANK_COMMAND"


class CommandError(Exception):
    """The command refused; the message is its own."""


def run_command(words, path=None):
    """Standard output as text. Raises CommandError with what the command said."""
    program = path or os.environ.get(ENVIRONMENT_VARIABLE) or "guardrank"
    try:
        done = subprocess.run([program] + words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CommandError(f"{program}: {error}; set {ENVIRONMENT_VARIABLE}") from None
    if done.returncode != 0:
        raise CommandError(f"guardrank {words[0]}: {(done.stderr or done.stdout).strip()[:2000]}")
    return done.stdout


def pack(model, policy, catalog, out):
    """Packs a bundle; returns the packer's report."""
    words = ["pack", "--model", model, "--policy", policy, "--out", out, "--json"]
    if catalog:
        words += ["--catalog", catalog]
    return json.loads(run_command(words))


def source_words(bundle, sources, precision):
    """Options that say what to rank with: a bundle, or (model folder, policy, catalog)."""
    if bundle:
        return ["--bundle", bundle]
    model, policy, catalog = sources
    words = ["--model", model, "--policy", policy, "--precision", precision]
    return words + (["--catalog", catalog] if catalog else [])


def rank_lines(requests, bundle=None, sources=None, precision="int8"):
    """Answers, one per line of the requests file."""
    words = ["rank", "--requests", requests, "--json"]
    text = run_command(words + source_words(bundle, sources, precision))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def evaluate(requests, bundle=None, sources=None, precision="int8"):
    """The command's own report on labelled requests."""
    words = ["evaluate", "--requests", requests, "--json"]
    return json.loads(run_command(words + source_words(bundle, sources, precision)))
