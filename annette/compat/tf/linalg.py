"""`tf.linalg`: the part that dense networks use."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.compat.tf.math import l2_normalize as l2_normalize
from annette.compat.tf.tensors import (
    constant,
    einsum as einsum,
    eye as eye,
    matmul as matmul,
    norm as norm,
    tensordot as tensordot,
)


def matvec(a: Any, b: Any, name: Any = None) -> Any:
    """Return the product of a matrix and a vector."""
    return ops.matmul(a, ops.expand_dims(b, -1))[..., 0]


def diag(diagonal: Any, name: Any = None) -> Any:
    """Return the matrix with this diagonal."""
    return ops.diag(diagonal)


def trace(x: Any, name: Any = None) -> Any:
    """Return the sum of the diagonal."""
    return ops.trace(x)


def matrix_transpose(a: Any, name: Any = None) -> Any:
    """Return `a` with its last two axes exchanged."""
    return ops.swapaxes(a, -1, -2)


def _same(name: str, doc: str) -> Any:
    def function(input: Any, name: Any = None, **options: Any) -> Any:
        return getattr(ops, ours)(constant(input), **options)

    ours = name
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


inv = _same("inv", "Return the inverse.")
det = _same("det", "Return the determinant.")
pinv = _same("pinv", "Return the pseudoinverse.")
slogdet = _same("slogdet", "Return sign and logarithm of the determinant.")
cholesky = _same("cholesky", "Return the lower factor L of L L'.")
eigh = _same("eigh", "Return eigenvalues and eigenvectors of a symmetric matrix.")
eig = _same("eig", "Return eigenvalues and eigenvectors.")
matrix_rank = _same("matrix_rank", "Return the rank.")
adjoint = matrix_transpose


def eigvalsh(tensor: Any, name: Any = None) -> Any:
    """Return the eigenvalues of a symmetric matrix."""
    return ops.eigh(constant(tensor))[0]


def qr(input: Any, full_matrices: Any = False, name: Any = None) -> Any:
    """Return the factors Q and R."""
    return ops.qr(constant(input), mode="complete" if full_matrices else "reduced")


def svd(tensor: Any, full_matrices: Any = False, compute_uv: Any = True, name: Any = None) -> Any:
    """Return the singular values s, and with `compute_uv` (s, u, v) with x = u diag(s) v'."""
    found = ops.svd(
        constant(tensor), full_matrices=bool(full_matrices), compute_uv=bool(compute_uv)
    )
    if not compute_uv:
        return found
    u, s, vh = found
    return s, u, ops.swapaxes(vh, -1, -2)


def solve(matrix: Any, rhs: Any, adjoint: Any = False, name: Any = None) -> Any:
    """Return x of matrix x = rhs."""
    a = constant(matrix)
    return ops.solve(ops.swapaxes(a, -1, -2) if adjoint else a, constant(rhs))


def triangular_solve(
    matrix: Any, rhs: Any, lower: Any = True, adjoint: Any = False, name: Any = None
) -> Any:
    """Return x of matrix x = rhs for a triangular matrix."""
    a = constant(matrix)
    a, lower = (ops.swapaxes(a, -1, -2), not lower) if adjoint else (a, lower)
    return ops.solve_triangular(a, constant(rhs), lower=bool(lower))


def lstsq(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: Any = True, name: Any = None
) -> Any:
    """Return the x with the least |matrix x - rhs|^2 + l2_regularizer |x|^2."""
    a, b = constant(matrix), constant(rhs)
    if not l2_regularizer:
        return ops.lstsq(a, b)
    turned = ops.swapaxes(a, -1, -2)
    square = ops.matmul(turned, a) + l2_regularizer * ops.eye(a.shape[-1], dtype=str(a.dtype))
    return ops.solve(square, ops.matmul(turned, b))


def logdet(matrix: Any, name: Any = None) -> Any:
    """Return the logarithm of the determinant."""
    return ops.logdet(constant(matrix))


def diag_part(input: Any, name: Any = None, k: int = 0) -> Any:
    """Return the diagonal."""
    return ops.diagonal(constant(input), k, -2, -1)


def band_part(input: Any, num_lower: int, num_upper: int, name: Any = None) -> Any:
    """Return the matrix with zeros outside of a band; -1 keeps a whole triangle."""
    x = constant(input)
    x = x if num_lower < 0 else ops.triu(x, -num_lower)
    return x if num_upper < 0 else ops.tril(x, num_upper)


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: Any = None) -> Any:
    """Return the array divided by its norm, and the norm."""
    x = constant(tensor)
    length = norm(x, ord, axis, keepdims=True)
    return x / length, length


def cross(a: Any, b: Any, name: Any = None) -> Any:
    """Return the cross product of vectors of three."""
    return ops.cross(constant(a), constant(b))


def global_norm(t_list: Any, name: Any = None) -> Any:
    """Return the Euclidean norm of all arrays together; None counts for nothing."""
    squares = [ops.sum(ops.square(constant(t))) for t in t_list if t is not None]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return ops.sqrt(total)
