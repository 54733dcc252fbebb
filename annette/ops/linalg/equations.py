"""Solving matrix equations; determinants and inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, op, operands, rank, to_dtype
from annette.ops.linalg.checks import matrices, refuse_unsolved
from annette.ops.numpy import elementwise as el, shaping
from annette.ops.numpy.linear import matmul
from annette.primitives import decompose

_SINGULAR = (
    "{name}: a matrix is singular (its rows are linearly dependent), so that it has no inverse. "
    "Add a small multiple of the identity to it, or use ops.pinv or ops.lstsq."
)


def _equation(name: str, a: Any, b: Any, square: bool = True) -> tuple[Any, Any, bool]:
    """Return a and b in one dtype, b as matrices, and whether it was vectors."""
    a, b = operands(a, b, at_least_float=True)
    a = matrices(name, a, square)
    vectors = rank(b) == rank(a) - 1
    if (not vectors and rank(b) < 2) or b.shape[-1 if vectors else -2] != a.shape[-2]:
        raise ValueError(
            f"{name} expects b to have a row for each row of a, with as many axes as a (matrices) "
            f"or one fewer (vectors); the shapes are {tuple(a.shape)} and {tuple(b.shape)}."
        )
    return a, shaping.expand_dims(b, -1) if vectors else b, vectors


def _answer(y: Any, vectors: bool) -> Any:
    return shaping.squeeze(y, -1) if vectors else y


@op
def solve(a: Any, b: Any) -> Any:
    """Return y with :math:`a y = b`.

    Args:
        a: square matrices, (..., n, n).
        b: matrices (..., n, m), or vectors (..., n) where b has one axis fewer than a.

    Raises:
        ValueError: if the shapes do not fit, or a matrix is singular.
    """
    a, b, vectors = _equation("solve", a, b)
    y = apply(decompose.solve, (a, b), {})
    return _answer(refuse_unsolved(y, (a, b), _SINGULAR.format(name="solve")), vectors)


@op
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Return y with :math:`t y = b`, t the upper (or lower) triangle of a.

    Args:
        a: square matrices, (..., n, n); the other triangle is not read.
        b: matrices (..., n, m), or vectors (..., n) where b has one axis fewer than a.
        lower: whether t is the lower triangle.

    Raises:
        ValueError: if the shapes do not fit, or a diagonal has a 0.
    """
    a, b, vectors = _equation("solve_triangular", a, b)
    y = apply(decompose.solve_triangular, (a, b), {"lower": bool(lower)})
    message = (
        "solve_triangular: a triangle has a 0 on its diagonal, so that the equation has no answer. "
        "Give a with a diagonal without zeros."
    )
    return _answer(refuse_unsolved(y, (a, b), message), vectors)


@op
def inv(x: Any) -> Any:
    """Return the inverses of square matrices (..., n, n).

    Shape: the result is as x.

    Raises:
        ValueError: if the matrices are not square, or one is singular.
    """
    x = matrices("inv", x, square=True)
    y = apply(decompose.solve, (x, np.eye(x.shape[-1], dtype=numpy_dtype(dtype_of(x)))), {})
    return refuse_unsolved(y, (x,), _SINGULAR.format(name="inv"))


@op
def logdet(x: Any) -> Any:
    r"""Return :math:`\ln |\det x|` of matrices (..., n, n); -inf where one is singular.

    Shape: the result is (...).

    Raises:
        ValueError: if the matrices are not square.
    """
    return apply(decompose.slogdet, (matrices("logdet", x, square=True),), {})[1]


@op
def det(x: Any) -> Any:
    """Return the determinants of matrices (..., n, n).

    Shape: the result is (...).

    Raises:
        ValueError: if the matrices are not square.
    """
    x = matrices("det", x, square=True)
    dtype = dtype_of(x)
    # A logarithm in half precision would not give the number back.
    wide = dtype if dtype == "float64" else "float32"
    sign, size = apply(decompose.slogdet, (to_dtype(x, wide),), {})
    return to_dtype(el.multiply(sign, el.exp(size)), dtype)


def least_share(x: Any, rcond: Any, factor: int) -> float:
    """Return which share of the largest singular value counts as zero."""
    if rcond is not None:
        return float(rcond)
    # Half precision is computed in float32.
    dtype = "float64" if dtype_of(x) == "float64" else "float32"
    return float(np.finfo(dtype).eps) * max(x.shape[-2:], default=0) * factor


@op
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    r"""Return the shortest y that makes :math:`\lVert a y - b \rVert` least.

    Args:
        a: matrices, (..., m, n).
        b: matrices (..., m, k), or vectors (..., m) where b has one axis fewer than a.
        rcond: singular values of a below this share of the largest count as zero; None: the
            rounding error of the dtype, times the larger of m and n.

    Raises:
        ValueError: if the shapes do not fit.
    """
    a, b, vectors = _equation("lstsq", a, b, square=False)
    inverse = apply(decompose.pinv, (a,), {"rcond": least_share(a, rcond, 1)})
    return _answer(matmul(inverse, b), vectors)
