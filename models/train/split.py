"""Which rows train, calibrate and test: by a hash of the row's number, so that it never moves."""
import numpy
import pandas

PARTS = ("train", "holdout", "test")


def splitmix64(numbers):
    """uint64 [n] to well mixed uint64 [n] (Steele, Lea and Flood 2014)."""
    with numpy.errstate(over="ignore"):
        value = numbers.astype(numpy.uint64) + numpy.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return value ^ (value >> numpy.uint64(31))


def uniform_of(numbers, seed):
    """float64 [n] in [0, 1) from row numbers and a seed."""
    mixed = splitmix64(splitmix64(numpy.asarray(numbers)) ^ splitmix64(numpy.array([seed])))
    return (mixed >> numpy.uint64(11)).astype(numpy.float64) / float(1 << 53)


def row_keys(table, key):
    """Whole numbers [n] to hash: the rows', or a column's, texts by a hash of their own."""
    if key is None:
        return numpy.arange(table.n_rows)
    if key not in table.frame.columns:
        raise ValueError(f"split.key: no column {key}")
    column = table.frame[key]
    if column.isna().any():
        raise ValueError(f"split.key: column {key} has empty cells")
    numbers = pandas.to_numeric(column, errors="coerce").to_numpy(dtype=numpy.float64)
    if (numbers == numpy.floor(numbers)).all() and (abs(numbers) < 2**53).all():
        return numbers.astype(numpy.int64)
    return pandas.util.hash_array(column.to_numpy(dtype=object))


def split_rows(table, split):
    """Part name to row indices. `split`: {"holdout": share, "test": share, "seed", "key": column}.

    `test` takes the lowest hashes, then `holdout`: changing the holdout never moves a test row."""
    draws = uniform_of(row_keys(table, split.get("key")), int(split.get("seed", 0)))
    test = float(split.get("test", 0.0))
    holdout = test + float(split.get("holdout", 0.0))
    return {
        "test": numpy.flatnonzero(draws < test),
        "holdout": numpy.flatnonzero((draws >= test) & (draws < holdout)),
        "train": numpy.flatnonzero(draws >= holdout),
    }
