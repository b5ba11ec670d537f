"""The shape of a CSV, before its values are read: a bad file is refused by the line of the file."""
import csv
import gzip

import numpy


def decoded_lines(file, path):
    """Lines of a binary file as text; ValueError where one is no UTF-8."""
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: line {number}: not UTF-8") from None


def checked_header(rows, path):
    """Names of the columns, each once."""
    header = next(rows, None)
    if not header:
        raise ValueError(f"{path}: line 1: wanted the names of columns, found nothing")
    for place, name in enumerate(header):
        if name in header[:place]:
            raise ValueError(f"{path}: line 1: column {name} stands twice")
    return header


def is_blank(row):
    """A line that pandas leaves out: empty, or of spaces. (A quoted empty cell is a row.)"""
    return not row or (len(row) == 1 and row[0] != "" and not row[0].strip())


def row_lines(path):
    """int64 [n]: the line at which each row of a CSV (gzip too) ends. ValueError where it has none, or
    one with more or fewer cells than there are columns."""
    lines = []
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rb") as file:
        rows = csv.reader(decoded_lines(file, path))
        try:
            width = len(checked_header(rows, path))
            for row in rows:
                if is_blank(row):
                    continue
                if len(row) != width:
                    raise ValueError(
                        f"{path}: line {rows.line_num}: wanted {width} cells, found {len(row)}"
                    )
                lines.append(rows.line_num)
        except csv.Error as error:
            raise ValueError(f"{path}: line {rows.line_num}: {error}") from None
        except (EOFError, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: {error}") from None
    if not lines:
        raise ValueError(f"{path}: no rows after the names of columns")
    return numpy.array(lines, numpy.int64)
