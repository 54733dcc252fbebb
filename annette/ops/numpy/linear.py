"""The product of matrices, and the sign and size of a determinant."""

from __future__ import annotations

from typing import Any

from annette.graph.primitive import apply
from annette.ops.common import floating, op, operands, rank
from annette.ops.numpy import shaping as sh
from annette.primitives import decompose, linear


@op
def matmul(x1: Any, x2: Any) -> Any:
    """Return the matrix product; leading axes broadcast, a vector is a row or a column as fits.

    Shapes: x1 (..., m, k), x2 (..., k, n); the result is (..., m, n).

    Raises:
        ValueError: if the inner sizes differ.
    """
    a, b = operands(x1, x2)
    if rank(a) == 0 or rank(b) == 0:
        raise ValueError("matmul takes arrays of one axis or more; use * for a scalar.")
    row, column = rank(a) == 1, rank(b) == 1
    a = sh.expand_dims(a, 0) if row else a
    b = sh.expand_dims(b, -1) if column else b
    if rank(a) > 2 and rank(b) == 2:
        # One big product instead of one for each leading index.
        lead = tuple(a.shape[:-1])
        y = apply(
            linear.matmul, (sh.reshape(a, (-1, a.shape[-1])) if 0 not in a.shape else a, b), {}
        )
        y = sh.reshape(y, (*lead, b.shape[-1]))
    else:
        y = apply(linear.matmul, (a, b), {})
    y = sh.squeeze(y, -2) if row else y
    return sh.squeeze(y, -1) if column else y


@op
def slogdet(x: Any) -> Any:
    r"""Return the sign of the determinant and :math:`\ln |\det x|`, of matrices (..., n, n).

    A singular matrix has sign 0 and logarithm -inf.

    Shapes: both results are (...).

    Raises:
        ValueError: if the matrices are not square.
    """
    return tuple(apply(decompose.slogdet, (floating(x),), {}))
