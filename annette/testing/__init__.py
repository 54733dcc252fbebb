"""Contract checks for gradients, operations and layers: for annette's own tests and for yours.

A check that fails raises AssertionError and says what was compared. The judge is float64.
"""

from annette.testing.gradients import check_gradient
from annette.testing.layers import check_layer
from annette.testing.operations import check_backends, check_op, sample_graph
from annette.testing.reference import error, interpret, same

__all__ = [
    "check_backends",
    "check_gradient",
    "check_layer",
    "check_op",
    "error",
    "interpret",
    "same",
    "sample_graph",
]
