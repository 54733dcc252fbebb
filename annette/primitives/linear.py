"""Linear algebra: the matrix product that networks spend their time in."""

from __future__ import annotations

from typing import Any

from annette.graph.primitive import Primitive, Spec
from annette.primitives.elementwise import broadcast_shapes
from annette.primitives.shape import transpose


def _matmul_shape(a: Any, b: Any) -> Spec:
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise ValueError(f"matmul takes two matrices; the shapes are {a.shape} and {b.shape}.")
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"In a matrix product the last axis of the first ({a.shape[-1]}) must equal the "
            f"second-last of the second ({b.shape[-2]}); the shapes are {a.shape} and {b.shape}."
        )
    if a.dtype != b.dtype:
        raise ValueError(f"matmul takes one dtype; it got {a.dtype} and {b.dtype}.")
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (*batch, a.shape[-2], b.shape[-1]), a.dtype


def turned(x: Any) -> Any:
    """Return `x` with its last two axes exchanged."""
    rank = len(x.shape)
    return transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


matmul: Primitive = Primitive(
    "matmul", r"y_{ij} = \sum_k a_{ik} b_{kj}", run="matmul", shape=_matmul_shape,
    vjp=lambda g, y, a, b: (matmul(g, turned(b)), matmul(turned(a), g)),
    samples=lambda rng: [
        ((rng.normal(size=(2, 3)), rng.normal(size=(3, 4))), {}),
        ((rng.normal(size=(5, 2, 3)), rng.normal(size=(3, 4))), {}),
        ((rng.normal(size=(2, 1, 2, 3)), rng.normal(size=(5, 3, 1))), {}),
        ((rng.normal(size=(2, 0)), rng.normal(size=(0, 3))), {}),
    ],
    kernel="matmul", family="linear",
)  # fmt: skip
