"""Statistics of counts against what is expected; pure, and without numpy, which idles at 12 MB.

Counts are negative binomial: Poisson whose mean is itself uncertain or varies, as a gamma. The
sources are named at each function; the method as a whole is in docs/assessment/problems.md.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

_TINY = 1e-300
_EPSILON = 1e-15
_STEPS = 100_000
MOST_SHAPE = 1e6
"""Above it a negative binomial is a Poisson all but, and logarithms of gamma lose digits."""


def upper_tail(count: int, mean: float, shape: float) -> float:
    """P(Y >= count) of a negative binomial Y with `mean` and variance `mean + mean**2 / shape`.

    It is the regularized incomplete beta function I_x(count, shape), x = mean / (mean + shape)
    (NIST Digital Library of Mathematical Functions, 8.17; the tail of the negative binomial by it
    in 8.17(vii)).
    """
    if count <= 0:
        return 1.0
    shape = min(shape, MOST_SHAPE)
    return _incomplete_beta(float(count), shape, mean / (mean + shape), shape / (mean + shape))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b), where `rest` is 1 - x, given apart as it would lose its digits."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log(rest)
    if x < (a + 1) / (a + b + 2):
        return min(1.0, math.exp(front) * _fraction(a, b, x) / a)
    return max(0.0, 1.0 - math.exp(front) * _fraction(b, a, rest) / b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction DLMF 8.17.22 by Lentz's method."""
    c = 1.0
    d = 1.0 / _apart(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _apart(1.0 + even * d)
        c = _apart(1.0 + even / c)
        found *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 / _apart(1.0 + odd * d)
        c = _apart(1.0 + odd / c)
        found *= d * c
        if abs(d * c - 1.0) < _EPSILON:
            break
    return found


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def fisher(ps: Iterable[float]) -> float:
    """Fisher's combination of independent p-values: minus twice the sum of their logarithms is
    chi-square with two degrees of freedom for each; its tail for even degrees is a finite sum."""
    logs = [-math.log(max(p, _TINY)) for p in ps]
    half = math.fsum(logs)
    if not half:
        return 1.0
    # Each term by its logarithm: half ** i alone would overflow.
    terms = (i * math.log(half) - math.lgamma(i + 1) - half for i in range(len(logs)))
    return min(1.0, math.fsum(map(math.exp, terms)))


def partial_conjunction(ps: Sequence[float], least: int) -> float:
    """The p-value of "fewer than `least` of these are truly in excess".

    Fisher's combination of all but the `least - 1` smallest: Benjamini and Heller, Screening for
    partial conjunction hypotheses, Biometrics 64 (2008) 1215-1222, theorem 1.
    """
    if len(ps) < least:
        return 1.0
    return fisher(sorted(ps)[least - 1 :])


@lru_cache(maxsize=64)
def _harmonic(number: int) -> float:
    if number > 1_000_000:
        return math.log(number) + 0.5772156649015329 + 0.5 / number
    return math.fsum(1.0 / i for i in range(1, number + 1))


def step_up(ps: Sequence[float], number: int, level: float, *, any_dependence: bool) -> float:
    """The largest p-value that still counts as found; below 0 where none does.

    Args:
        ps: p-values, those that are certainly not found may be left out.
        number: of all hypotheses tested, those left out too.
        level: false discovery rate.
        any_dependence: by Benjamini and Yekutieli (Annals of Statistics 29 (2001) 1165-1188,
            theorem 1.3), which holds under any dependence; else by Benjamini and Hochberg (JRSS B
            57 (1995) 289-300), which holds under independence and positive dependence.
    """
    share = level / max(1, number)
    if any_dependence:
        share /= _harmonic(max(1, number))
    found = -1.0
    for rank, p in enumerate(sorted(ps), 1):
        if p <= rank * share:
            found = p
    return found


def dispersion(counts: Mapping[tuple[str, str], int], prior: float, weight: float) -> float:
    """How much more counts vary than Poisson around the product of their margins.

    The method of moments: the squared differences from `row * column / all`, less what Poisson
    gives, over the squared means. A place that always has more, or a month in which all have, is
    in the margins and adds nothing.

    Args:
        counts: by row and column (place and month), in any order; what is 0 may be left out.
        prior: what it is believed to be without any counts.
        weight: the sum of squared means that the belief counts for.
    """
    rows: dict[str, int] = {}
    columns: dict[str, int] = {}
    for (row, column), count in counts.items():
        rows[row] = rows.get(row, 0) + count
        columns[column] = columns.get(column, 0) + count
    total = sum(rows.values())
    if not total:
        return prior
    in_rows = sum(number * number for number in rows.values())
    in_columns = sum(number * number for number in columns.values())
    free = (1 - in_rows / total**2) * (1 - in_columns / total**2)
    if free <= 0:
        return prior
    means = in_rows * in_columns / total**2
    off = means + math.fsum(
        count * (count - 2 * rows[row] * columns[column] / total)
        for (row, column), count in counts.items()
    )
    return max(0.0, ((off - total * free) / free + weight * prior) / (means + weight))


def variation(pairs: Iterable[tuple[int, float]], prior: float, weight: float) -> float:
    """As `dispersion`, of counts around means that are known: (count, mean) pairs each count as
    one, whatever their size, and the prior as `weight` of them."""
    seen = [((n - mean) ** 2 - mean) / mean**2 for n, mean in pairs if mean >= 1]
    # One is spent on the mean itself.
    return max(0.0, (math.fsum(seen) + weight * prior) / (max(0, len(seen) - 1) + weight))


def shape_of(*shares: float) -> float:
    """The shape of a count whose relative variances of the mean add up to `shares`."""
    total = sum(shares)
    return 1.0 / total if total > 1.0 / MOST_SHAPE else MOST_SHAPE
