"""Columns to CSV: RFC 4180, empty for missing, true/false for booleans; gzip by the name's end."""
import numpy
import pandas


def write_csv(path, columns):
    """`columns`: name to array [n]; None is missing. No time stamp: same rows, same bytes."""
    frame = pandas.DataFrame({name: readable(values) for name, values in columns.items()})
    compression = (
        {"method": "gzip", "mtime": 0, "compresslevel": 4} if path.endswith(".gz") else None
    )
    frame.to_csv(path, index=False, lineterminator="\n", compression=compression)


def readable(values):
    """Booleans as words; everything else as pandas writes it (shortest text that reads back)."""
    if values.dtype == bool:
        return numpy.where(values, "true", "false")
    if values.dtype == object and any(
        isinstance(value, (bool, numpy.bool_)) for value in values[:64]
    ):
        return [None if value is None else ("true" if value else "false") for value in values]
    return values
