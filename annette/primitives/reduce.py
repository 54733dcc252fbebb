"""Reductions and scans: many elements make one."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import Primitive, Spec
from annette.graph.tensor import operator
from annette.primitives.elementwise import cast
from annette.primitives.shape import broadcast_to, flip, reshape


def _inside(x: Any, axes: tuple[int, ...]) -> None:
    if axes and not 0 <= min(axes) <= max(axes) < len(x.shape):
        raise ValueError(f"An array of shape {x.shape} has no axis {max(axes)}.")


def _reduced(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axis)


def _reduce_shape(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
    _inside(x, axis)
    return _reduced(x.shape, axis, keepdims), x.dtype


def _nonempty_shape(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
    _inside(x, axis)
    if any(x.shape[a] == 0 for a in axis):
        raise ValueError(
            f"An array of shape {x.shape} has no largest or smallest element along axis "
            f"{axis}: it is empty there."
        )
    return _reduced(x.shape, axis, keepdims), x.dtype


def _restored(t: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """Give a reduced value the shape of `x`."""
    return broadcast_to(reshape(t, shape=_reduced(x.shape, axis, True)), shape=x.shape)


def _samples(distinct: bool) -> Any:
    def samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        def draw(shape: tuple[int, ...]) -> Any:
            size = int(np.prod(shape))
            steps = rng.permutation(size).reshape(shape) / max(size, 1)
            return steps + 0.5 if distinct else rng.uniform(0.5, 2.0, shape)

        return [
            ((draw((2, 3)),), {"axis": (0, 1), "keepdims": False}),
            ((draw((2, 3)),), {"axis": (1,), "keepdims": True}),
            ((draw((2, 3, 4)),), {"axis": (0, 2), "keepdims": False}),
            ((draw((3,)),), {"axis": (0,), "keepdims": False}),
        ]

    return samples


sum_: Primitive = Primitive(
    "sum", r"\sum_i x_i",
    run=lambda xp, x, *, axis, keepdims: x.sum(axis, dtype=x.dtype, keepdims=keepdims),
    shape=_reduce_shape,
    vjp=lambda g, y, x, *, axis, keepdims: (_restored(g, x, axis),),
    samples=_samples(distinct=False), kernel="sum", family="reduce",
)  # fmt: skip


def _extremum_vjp(
    g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool
) -> tuple[Any, ...]:
    hit = cast(operator("equal")(x, _restored(y, x, axis)), dtype=g.dtype)
    count = sum_(hit, axis=axis, keepdims=True)
    return (_restored(g, x, axis) * (hit / count),)


max_: Primitive = Primitive(
    "max", r"\max_i x_i,\ \text{ties share the gradient}",
    run=lambda xp, x, *, axis, keepdims: x.max(axis, keepdims=keepdims),
    shape=_nonempty_shape, vjp=_extremum_vjp, samples=_samples(distinct=True), kernel="max",
    family="reduce",
)  # fmt: skip
min_: Primitive = Primitive(
    "min", r"\min_i x_i,\ \text{ties share the gradient}",
    run=lambda xp, x, *, axis, keepdims: x.min(axis, keepdims=keepdims),
    shape=_nonempty_shape, vjp=_extremum_vjp, samples=_samples(distinct=True), kernel="min",
    family="reduce",
)  # fmt: skip


def _prod_vjp(g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> tuple[Any, ...]:
    """d prod / d x_i is the product of the others, right where elements are zero too."""
    rest = tuple(i for i in range(len(x.shape)) if i not in axis)
    order = (*rest, *axis)
    flat_shape = (*(x.shape[i] for i in rest), int(np.prod([x.shape[a] for a in axis])))
    transpose, where = operator("transpose"), operator("where")
    flat = reshape(transpose(x, order), shape=flat_shape)
    n = flat_shape[-1]
    rows = broadcast_to(reshape(flat, shape=(*flat_shape[:-1], 1, n)), shape=(*flat_shape, n))
    others = prod(where(np.eye(n, dtype=bool), 1.0, rows), axis=(len(flat_shape),), keepdims=False)
    back = reshape(others, shape=tuple(x.shape[i] for i in order))
    inverse = tuple(sorted(range(len(order)), key=order.__getitem__))
    return (_restored(g, x, axis) * transpose(back, inverse),)


prod: Primitive = Primitive(
    "prod", r"\prod_i x_i",
    run=lambda xp, x, *, axis, keepdims: x.prod(axis, dtype=x.dtype, keepdims=keepdims),
    shape=_reduce_shape, vjp=_prod_vjp, samples=_samples(distinct=False), kernel="prod",
    family="reduce",
)  # fmt: skip


def _arg_shape(x: Any, *, axis: int) -> Spec:
    if x.shape[axis] == 0:
        raise ValueError(f"An array of shape {x.shape} is empty along axis {axis}.")
    return _reduced(x.shape, (axis,), False), "int32"


def _arg_samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [((rng.normal(size=(2, 5)),), {"axis": a}) for a in (0, 1)]


def _scan_shape(x: Any, *, axis: int) -> Spec:
    _inside(x, (axis,))
    return x.shape, x.dtype


_INT32 = numpy_dtype("int32")
argmax = Primitive(
    "argmax", r"\arg\max_i x_i,\ \text{the first of equals}",
    run=lambda xp, x, *, axis: x.argmax(axis).astype(_INT32), shape=_arg_shape, vjp=None,
    samples=_arg_samples, kernel="argmax", family="reduce",
)  # fmt: skip
argmin = Primitive(
    "argmin", r"\arg\min_i x_i,\ \text{the first of equals}",
    run=lambda xp, x, *, axis: x.argmin(axis).astype(_INT32), shape=_arg_shape, vjp=None,
    samples=_arg_samples, kernel="argmin", family="reduce",
)  # fmt: skip

cumsum: Primitive = Primitive(
    "cumsum", r"y_i = \sum_{j \le i} x_j",
    run=lambda xp, x, *, axis: x.cumsum(axis, dtype=x.dtype),
    shape=_scan_shape,
    vjp=lambda g, y, x, *, axis: (
        flip(cumsum(flip(g, axes=(axis,)), axis=axis), axes=(axis,)),
    ),
    samples=_arg_samples, kernel="cumsum", family="reduce",
)  # fmt: skip
