"""Random draws and small functions that the simulators share. Shapes: [n] unless said."""
import numpy


def sigmoid(values):
    return 1.0 / (1.0 + numpy.exp(-values))


def bernoulli(generator, probability):
    """uint8 [n] of 0 and 1."""
    return (generator.random(len(probability)) < probability).astype(numpy.uint8)


def choose(generator, values, weights, n_rows):
    """object [n] drawn with weights that need not sum to one."""
    weights = numpy.asarray(weights, dtype=float)
    picks = generator.choice(len(values), n_rows, p=weights / weights.sum())
    return numpy.array(values, dtype=object)[picks]


def hide(generator, values, share):
    """object [n]: the values with a share of them missing (None)."""
    out = numpy.array(values, dtype=object)
    out[generator.random(len(out)) < share] = None
    return out


def list_text(flags, names):
    """object [n]: `a|b` texts from flags [n, names]; None where no flag is set."""
    names = numpy.array(names, dtype=object)
    texts = ["|".join(names[row]) or None for row in flags.astype(bool)]
    return numpy.array(texts, dtype=object)


def fixed(values, digits):
    """float64 [n] rounded, so that the CSV is short and reads back exactly."""
    return numpy.round(values, digits)
