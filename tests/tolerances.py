"""How far a number may be from its expectation: every tolerance of the test suite, in one place.

A golden value may differ by `relative * |expected| + absolute * max(1, m)`, where m is the largest
|expected| of the array: the second term is what float32 sums cannot promise near zero. Raising one
needs a comment with the reason.
"""

from __future__ import annotations

from typing import NamedTuple


class Tolerance(NamedTuple):
    """A relative bound and an absolute floor."""

    relative: float
    absolute: float


TOLERANCES = {
    # float32 rounding of one formula, evaluated in two orders
    "values": Tolerance(1e-5, 5e-7),
    # a whole training run
    "history": Tolerance(1e-4, 1e-6),
    # tens of optimizer steps: the state may be small (squared gradients), so hardly any floor
    "steps": Tolerance(1e-4, 1e-9),
    # the same where weights near 0 are the difference of larger numbers (Nadam, schedule-free)
    "cancelled": Tolerance(5e-4, 1e-9),
    # learning rates, which become small; a cosine near its end cancels
    "rates": Tolerance(1e-4, 1e-8),
    # library functions (series, decompositions) that two libraries approximate differently
    "approximate": Tolerance(1e-4, 1e-5),
    # half precision: eleven bits
    "half": Tolerance(5e-3, 5e-4),
    # floats in a config, that went through float32 on the way
    "config": Tolerance(1e-6, 1e-9),
}

# Random initializers: moments of 60,000 draws. Three standard errors are 1.2% of the deviation for
# the mean and 0.9% for the deviation.
STATISTICS_MEAN = 0.02  # of the standard deviation
STATISTICS_DEVIATION = 0.02  # relative
STATISTICS_BOUNDED_EXTREME = 0.02  # relative; for distributions with bounds
STATISTICS_UNBOUNDED_EXTREME = 0.3  # relative; the largest of 60,000 normal draws wanders
