"""guardrank audit against SciPy, statsmodels and scikit-learn: statistics.py GUARDRANK.

Exit code 77: one of them is absent."""
import csv
import io
import json
import subprocess
import sys

try:
    import numpy
    from scipy.stats import fisher_exact
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOLERANCE = 1e-8
worst = 0.0


def audit(command, rows, names, *options):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(rows)
    done = subprocess.run([command, "audit", "--population", "-", "--json", *options], input=text.getvalue(),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"audit failed: {done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def compare(what, found, wanted, tolerance=TOLERANCE):
    global worst
    distance = abs(found - wanted) / max(1e-3, abs(wanted))
    worst = max(worst, distance)
    if not distance <= tolerance:
        sys.exit(f"{what}: {found}, wanted {wanted}")


def compare_rates(command, generator):
    """Fisher, Wilson, Newcombe and Koopman on drawn tables."""
    for _ in range(25):
        n_a, n_b = generator.integers(20, 900, 2)
        a = generator.random(n_a) < generator.uniform(0.1, 0.95)
        b = generator.random(n_b) < generator.uniform(0.1, 0.95)
        if not a.any() or not b.any():
            continue
        rows = [("a", int(hit)) for hit in a] + [("b", int(hit)) for hit in b]
        report = audit(command, rows, ["g", "y"], "--outcome", "y", "--group", "g", "--reference", "a",
                       "--min-group", "1")
        found = report["attributes"][0]["groups"][1]
        x1, x0 = int(b.sum()), int(a.sum())
        compare("Fisher", found["fisher_p"], fisher_exact([[x1, n_b - x1], [x0, n_a - x0]])[1], 1e-6)
        for end in (0, 1):
            compare("Wilson", found["rate_interval"][end], proportion_confint(x1, n_b, method="wilson")[end])
            newcombe = confint_proportions_2indep(x1, n_b, x0, n_a, compare="diff", method="newcomb")
            compare("Newcombe", found["difference_interval"][end], newcombe[end])
            koopman = confint_proportions_2indep(x1, n_b, x0, n_a, compare="ratio", method="score", correction=False)
            compare("Koopman", found["air_interval"][end], koopman[end], 1e-6)


def compare_means(command, generator):
    """Standardized mean difference and the ratio of exposures."""
    n = 400
    group = numpy.where(generator.random(n) < 0.3, "b", "a")
    score = generator.normal(size=n) + (group == "b") * 0.4
    position = generator.integers(1, 30, n)
    rows = zip(group, map(float, score), position)
    report = audit(command, rows, ["g", "s", "p"], "--score", "s", "--position", "p", "--group", "g",
                   "--reference", "a", "--draws", "2000")
    found = report["attributes"][0]["groups"][1]
    ours, theirs = score[group == "b"], score[group == "a"]
    pooled = (ours.var(ddof=1) * (len(ours) - 1) + theirs.var(ddof=1) * (len(theirs) - 1)) / (n - 2)
    smd = (ours.mean() - theirs.mean()) / numpy.sqrt(pooled)
    compare("SMD", found["score_smd"], smd)
    exposure = 1 / numpy.log2(1 + position)
    compare("exposure", found["exposure_ratio"], exposure[group == "b"].mean() / exposure[group == "a"].mean())
    # The bootstrap's width against the normal approximation of Hedges and Olkin (1985).
    error = numpy.sqrt(n / (len(ours) * len(theirs)) + smd**2 / (2 * n))
    low, high = found["score_smd_interval"]
    compare("width of the SMD's interval", high - low, 2 * 1.96 * error, 0.15)


def compare_model(command, generator):
    """AUC of the full model on its test rows is close to scikit-learn's model on other rows of the same source."""
    n = 20000
    x, z = generator.normal(size=n), generator.normal(size=n)
    group = numpy.where(generator.random(n) < 0.5, "b", "a")
    y = generator.random(n) < 1 / (1 + numpy.exp(-(1.2 * x - 0.7 * z)))
    rows = zip(group, map(float, x), map(float, z), map(int, y))
    report = audit(command, rows, ["g", "x", "z", "y"], "--outcome", "y", "--group", "g", "--reference", "a",
                   "--features", "x,z", "--search", "10", "--draws", "100")
    half = n // 2
    features = numpy.column_stack([x, z])
    model = LogisticRegression().fit(features[:half], y[:half])
    wanted = roc_auc_score(y[half:], model.decision_function(features[half:]))
    compare("AUC of the full model", report["alternatives"]["full_model"]["auc_test"], wanted, 0.02)


def main():
    command = sys.argv[1]
    generator = numpy.random.default_rng(20261122)
    compare_rates(command, generator)
    exact = worst
    compare_means(command, generator)
    compare_model(command, generator)
    print(f"rates and intervals agree; worst relative distance {exact:.1e}")


if __name__ == "__main__":
    main()
