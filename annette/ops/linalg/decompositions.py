"""Decompositions of matrices, and what follows from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, op, to_dtype
from annette.ops.linalg.checks import matrices, refuse_unsolved
from annette.ops.linalg.equations import least_share
from annette.ops.numpy import elementwise as el, reduction, shaping
from annette.ops.numpy.linear import matmul
from annette.primitives import decompose
from annette.primitives.linear import turned


@op
def cholesky(x: Any, upper: bool = False) -> Any:
    r"""Return the lower triangular l with :math:`l l^\top = x` (or the upper u, :math:`u^\top u`).

    Args:
        x: symmetric positive definite matrices, (..., n, n); of others the symmetric part is taken.
        upper: whether the upper triangular factor is wanted.

    Shape: the result is as x.

    Raises:
        ValueError: if the matrices are not square, or one is not positive definite.
    """
    x = matrices("cholesky", x, square=True)
    message = (
        "cholesky: a matrix is not positive definite (some eigenvalue is 0 or below). Add a small "
        "multiple of the identity to it, or use ops.eigh."
    )
    y = refuse_unsolved(apply(decompose.cholesky, (x,), {}), (x,), message)
    return turned(y) if upper else y


@op
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    r"""Return the inverse of the matrix whose Cholesky factor is x: :math:`(x x^\top)^{-1}`.

    Args:
        x: triangular matrices, (..., n, n); the other triangle is not read.
        upper: whether x is the upper factor, of :math:`x^\top x`.

    Shape: the result is as x.

    Raises:
        ValueError: if the matrices are not square, or a diagonal has a 0.
    """
    x = matrices("cholesky_inverse", x, square=True)
    eye = np.eye(x.shape[-1], dtype=numpy_dtype(dtype_of(x)))
    half = apply(decompose.solve_triangular, (x, eye), {"lower": not upper})
    message = "cholesky_inverse: a factor has a 0 on its diagonal, so that there is no inverse."
    half = refuse_unsolved(half, (x,), message)
    return matmul(half, turned(half)) if upper else matmul(turned(half), half)


@op
def qr(x: Any, mode: str = "reduced") -> Any:
    r"""Return q with orthonormal columns and the upper triangular r with :math:`q r = x`.

    Args:
        x: matrices, (..., m, n).
        mode: "reduced": q (..., m, k) and r (..., k, n), k the smaller of m and n; "complete":
            q (..., m, m) and r (..., m, n).

    Raises:
        ValueError: if `mode` is another, or x has fewer than two axes.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr expects mode='reduced' or 'complete'; it got {mode!r}.")
    x = matrices("qr", x)
    m, n = x.shape[-2:]
    if m >= n:
        return tuple(apply(decompose.qr, (x,), {"complete": mode == "complete"}))
    # The first m columns settle q, which then turns the others.
    q, first = apply(decompose.qr, (x[..., :m],), {"complete": False})
    return q, shaping.concatenate([first, matmul(turned(q), x[..., m:])], axis=-1)


@op
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    r"""Return u, s and v^T with :math:`x = u \operatorname{diag}(s) v^\top`, s downwards.

    The gradient expects singular values that differ, and of `full_matrices` a function that does
    not depend on how the columns beyond the k-th complete the others.

    Args:
        x: matrices, (..., m, n).
        full_matrices: whether u is (..., m, m) and v^T (..., n, n); else (..., m, k) and
            (..., k, n), k the smaller of m and n.
        compute_uv: whether u and v^T are wanted; else s alone is returned.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x = matrices("svd", x)
    if not compute_uv:
        return singular_values(x)
    return tuple(apply(decompose.svd, (x,), {"full": bool(full_matrices)}))


def singular_values(x: Any) -> Any:
    """Return the singular values of matrices of a float dtype, downwards."""
    return apply(decompose.svd, (x,), {"full": False})[1]


@op
def eigh(x: Any) -> Any:
    r"""Return w and v with :math:`x = v \operatorname{diag}(w) v^\top`, w upwards.

    The gradient by way of v expects eigenvalues that differ.

    Args:
        x: symmetric matrices, (..., n, n); of others the symmetric part is taken.

    Shapes: w (..., n), v (..., n, n).

    Raises:
        ValueError: if the matrices are not square.
    """
    return tuple(apply(decompose.eigh, (matrices("eigh", x, square=True),), {}))


@op
def eig(x: Any) -> Any:
    r"""Return the eigenvalues w and, as columns, eigenvectors v: :math:`x v = v \operatorname{diag}(w)`.

    Both are complex, and have no gradient: for symmetric matrices use `eigh`.

    Args:
        x: square matrices, (..., n, n).

    Shapes: w (..., n), v (..., n, n).

    Raises:
        ValueError: if the matrices are not square.
    """
    return tuple(apply(decompose.eig, (matrices("eig", x, square=True),), {}))


@op
def lu_factor(x: Any) -> Any:
    """Return the triangular factors of x with its rows exchanged, and which were exchanged.

    The first result has the upper factor on and above the diagonal and the lower one, without its
    ones, below; the second says for each step with which row its own was exchanged.

    Args:
        x: matrices, (..., m, n).

    Shapes: the factors (..., m, n), the exchanges (..., k), k the smaller of m and n.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    factors, pivots, _ = apply(decompose.lu_factor, (matrices("lu_factor", x),), {})
    return factors, pivots


@op
def pinv(x: Any, rcond: Any = None) -> Any:
    r"""Return the pseudo-inverses (Moore and Penrose) of matrices (..., m, n): (..., n, m).

    Args:
        x: the matrices.
        rcond: singular values below this share of the largest count as zero; None: ten times the
            rounding error of the dtype, times the larger of m and n.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x = matrices("pinv", x)
    return apply(decompose.pinv, (x,), {"rcond": least_share(x, rcond, 10)})


@op
def matrix_rank(x: Any, tol: Any = None) -> Any:
    """Return how many singular values of matrices (..., m, n) are above `tol`.

    Args:
        x: the matrices.
        tol: what counts as zero; None: the largest singular value, times the rounding error of the
            dtype, times the larger of m and n.

    Shape: the result is (...).

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x = matrices("matrix_rank", x)
    s = singular_values(x)
    if tol is None:
        tol = el.multiply(reduction.max(s, axis=-1, keepdims=True), least_share(x, None, 1))
    return reduction.sum(to_dtype(el.greater(s, tol), "int32"), axis=-1)
