"""`tf.linalg`: the part that dense networks use."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.compat.tf.tensors import eye as eye, matmul as matmul, norm as norm


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
