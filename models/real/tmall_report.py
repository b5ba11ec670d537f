"""Tables and the page of the Tmall program."""
from train.page import Page, figure, plots

HEAD_NAMES = ("purchase", "favorite")
NAMES = ["method"] + [
    cell
    for head in HEAD_NAMES
    for measure in ("HR@10", "NDCG@10")
    for cell in (f"{head} {measure}", "s.e.")
]
PAIRED_NAMES = ["both less", "head", "NDCG@10", "s.e.", "95%", "HR@10"]


def note(result):
    return (
        f"Tmall ({result['stage']}): full ranking over {result['items']} items less those the user "
        f"has; held-out purchases of {result['users']['purchase']} users, one held-out favorite of "
        f"{result['users']['favorite']} users; models served in int8. The data has no times and no "
        "item attributes: popularity cannot be weighted by recency, nor taken by category."
    )


def table_rows(result):
    rows = []
    for method, figures in result["methods"].items():
        cells = [method]
        for head in HEAD_NAMES:
            for part in ("hr", "ndcg"):
                found = figures.get(head)
                cells += [f"{found[part]:.4f}", f"{found[part + '_se']:.4f}"] if found else ["", ""]
        rows.append(cells)
    return rows


def paired_rows(result):
    return [
        [
            method,
            head,
            f"{found['difference']:+.4f}",
            f"{found['standard_error']:.4f}",
            f"[{found['low']:+.4f}, {found['high']:+.4f}]",
            f"{found['hr_difference']:+.4f}",
        ]
        for head, methods in result["paired"].items()
        for method, found in methods.items()
    ]


def write_page(path, result):
    page = Page("Tmall: favorite and purchase, ranked")
    page.paragraph(note(result))
    page.table(NAMES, table_rows(result))
    page.paragraph("NDCG@10 of the two-task model less another's, paired bootstrap over users.")
    page.table(PAIRED_NAMES, paired_rows(result))
    for head in HEAD_NAMES:
        drawing, axes = plots()
        found = [(m, f[head]) for m, f in result["methods"].items() if head in f]
        errors = [2 * figures["ndcg_se"] for _, figures in found]
        names = [method for method, _ in found]
        axes.barh(names, [figures["ndcg"] for _, figures in found], xerr=errors)
        axes.set_xlabel("NDCG@10, two standard errors")
        page.image(f"{head}: NDCG@10", figure(drawing))
    page.write(path)
