"""A self-contained HTML page: tables, and plots as images inside the file."""
import base64
import html
import io

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#222}table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;"
    "padding:.2rem .6rem;text-align:right}td:first-child,th:first-child{text-align:left}"
    "pre{background:#f4f4f4;padding:1rem;overflow:auto}img{max-width:100%}"
)


def plots(width=7.0, height=3.6):
    """(figure, axes) drawn without a display."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(figsize=(width, height), dpi=110)
    axes.grid(alpha=0.3)
    return drawing, axes


def figure(drawing):
    """PNG bytes of a drawing, which is closed."""
    from matplotlib import pyplot

    buffer = io.BytesIO()
    drawing.tight_layout()
    drawing.savefig(buffer, format="png", metadata={"Software": None})
    pyplot.close(drawing)
    return buffer.getvalue()


class Page:
    """Collects parts in order; `write` makes the file."""

    def __init__(self, title):
        self.title = title
        self.parts = [f"<h1>{html.escape(title)}</h1>"]

    def heading(self, text):
        self.parts.append(f"<h2>{html.escape(text)}</h2>")

    def paragraph(self, text):
        self.parts.append(f"<p>{html.escape(text)}</p>")

    def table(self, names, rows):
        head = "".join(f"<th>{html.escape(str(name))}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        self.parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def image(self, caption, png):
        data = base64.b64encode(png).decode("ascii")
        self.parts.append(
            f"<h2>{html.escape(caption)}</h2>"
            f'<img alt="{html.escape(caption)}" src="data:image/png;base64,{data}">'
        )

    def code(self, caption, text):
        self.parts.append(f"<h2>{html.escape(caption)}</h2><pre>{html.escape(text)}</pre>")

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                '<!doctype html><html lang="en"><meta charset="utf-8">'
                f"<title>{html.escape(self.title)}</title><style>{STYLE}</style>"
                + "\n".join(self.parts)
                + "</html>\n"
            )
