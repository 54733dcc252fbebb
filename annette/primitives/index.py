"""Reading and adding at computed places: gather, scatter, sort."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import is_int, numpy_dtype
from annette.graph.primitive import Primitive, Spec

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def _check_places(name: str, indices: Any, size: int) -> None:
    if not is_int(indices.dtype):
        raise TypeError(f"{name} takes whole numbers as indices; it got {indices.dtype}.")
    if not size and 0 not in indices.shape:
        raise ValueError(f"{name} got indices into an axis of size 0, which has no places.")


def _take_shape(x: Any, indices: Any, *, axis: int) -> Spec:
    _check_places("take", indices, x.shape[axis])
    return (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype


def _take(xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
    # Keras's rule on the CPU: a place outside reads the nearest one inside, as XLA does.
    return xp.take(x, indices, axis=axis, mode="clip")


def _take_vjp(g: Any, y: Any, x: Any, indices: Any, *, axis: int) -> tuple[Any, ...]:
    return scatter_add(g, indices, axis=axis, size=x.shape[axis]), None


def _take_samples(rng: np.random.Generator) -> Samples:
    return [
        ((rng.normal(size=(5, 3)), np.array([[0, 4], [4, 2]], "int32")), {"axis": 0}),
        ((rng.normal(size=(2, 4)), np.array([1, 1, 3], "int32")), {"axis": 1}),
        ((rng.normal(size=(4,)), np.array(2, "int32")), {"axis": 0}),
    ]


take: Primitive = Primitive(
    "take", r"y_{\dots i \dots} = x_{\dots \text{indices}_i \dots}", run=_take, shape=_take_shape,
    vjp=_take_vjp, samples=_take_samples, kernel="take", family="index",
)  # fmt: skip


def _within(xp: Any, x: Any, *, size: int, told: str) -> Any:
    if x.size and (x.min() < 0 or x.max() >= size):
        first = x.flat[np.argmax((x < 0) | (x >= size))]
        raise ValueError(str(int(first)).join(told.rsplit("{}", 1)))
    return x


def _within_shape(x: Any, *, size: int, told: str) -> Spec:
    _check_places("within", x, size)
    return x.shape, x.dtype


within = Primitive(
    "within", r"i,\ \text{which must be from } 0 \text{ to } n - 1", run=_within,
    jax=lambda x, *, size, told: x, shape=_within_shape, vjp=None,
    samples=lambda rng: [
        ((rng.integers(0, 5, (3, 4)).astype(dtype),), {"size": 5, "told": "Places go to 4, not {}"})
        for dtype in ("int32", "int64")
    ],
    kernel="within", view=True, family="index",
)  # fmt: skip


def _rank(indices: Any) -> int:
    return len(indices.shape)


def _scatter_shape(values: Any, indices: Any, *, axis: int, size: int) -> Spec:
    _check_places("scatter_add", indices, size)
    if values.shape[axis : axis + _rank(indices)] != indices.shape:
        raise ValueError(
            f"scatter_add needs values that have the axes of the indices, {indices.shape}, from "
            f"axis {axis} on; their shape is {values.shape}."
        )
    return (*values.shape[:axis], size, *values.shape[axis + _rank(indices) :]), values.dtype


def _moved(xp: Any, values: Any, indices: Any, axis: int) -> Any:
    """Return `values` with one axis for all the indices, put first."""
    shape = (*values.shape[:axis], indices.size, *values.shape[axis + _rank(indices) :])
    return xp.moveaxis(values.reshape(shape), axis, 0)


def _scatter_add(xp: Any, values: Any, indices: Any, *, axis: int, size: int) -> Any:
    flat = _moved(np, values, indices, axis)
    out = np.zeros((size, *flat.shape[1:]), values.dtype)
    np.add.at(out, np.clip(indices.ravel(), 0, max(size - 1, 0)), flat)
    return np.moveaxis(out, 0, axis)


def _scatter_add_jax(values: Any, indices: Any, *, axis: int, size: int) -> Any:
    import jax.numpy as jnp

    flat = _moved(jnp, values, indices, axis)
    out = jnp.zeros((size, *flat.shape[1:]), values.dtype)
    out = out.at[jnp.clip(indices.ravel(), 0, max(size - 1, 0))].add(flat)
    return jnp.moveaxis(out, 0, axis)


def _scatter_samples(rng: np.random.Generator) -> Samples:
    return [
        ((rng.normal(size=(2, 2, 3)), np.array([[0, 4], [4, 2]], "int32")), {"axis": 0, "size": 5}),
        ((rng.normal(size=(2, 3)), np.array([1, 1, 3], "int32")), {"axis": 1, "size": 4}),
    ]


scatter_add: Primitive = Primitive(
    "scatter_add", r"y_k = \sum_{i:\ \text{indices}_i = k} x_i", run=_scatter_add,
    jax=_scatter_add_jax, shape=_scatter_shape,
    vjp=lambda g, y, values, indices, *, axis, size: (take(g, indices, axis=axis), None),
    samples=_scatter_samples, kernel="scatter_add", family="index",
)  # fmt: skip


def _along_shape(x: Any, indices: Any, *, axis: int) -> Spec:
    _check_places("take_along_axis", indices, x.shape[axis])
    rest = (*x.shape[:axis], *x.shape[axis + 1 :])
    if rest != (*indices.shape[:axis], *indices.shape[axis + 1 :]):
        raise ValueError(
            f"take_along_axis needs indices that differ from x in axis {axis} alone; the shapes "
            f"are {x.shape} and {indices.shape}."
        )
    return indices.shape, x.dtype


def _along(xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
    indices = xp.minimum(xp.maximum(indices, 0), x.shape[axis] - 1)
    if xp is np and axis == x.ndim - 1:
        # Rows and places: several times faster than NumPy's general function.
        places = indices.reshape(-1, indices.shape[-1])
        rows = np.arange(places.shape[0])[:, None]
        return x.reshape(-1, x.shape[-1])[rows, places].reshape(indices.shape)
    return xp.take_along_axis(x, indices, axis)


def _put_shape(values: Any, indices: Any, *, axis: int, size: int) -> Spec:
    _check_places("put_along_axis", indices, size)
    if values.shape != indices.shape or not 0 <= axis < len(values.shape):
        raise ValueError(
            f"put_along_axis needs an index for each value, and an axis {axis}; the shapes are "
            f"{indices.shape} and {values.shape}."
        )
    return (*values.shape[:axis], size, *values.shape[axis + 1 :]), values.dtype


def _grid(indices: np.ndarray, axis: int, size: int) -> tuple[Any, ...]:
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = np.clip(indices, 0, size - 1)
    return tuple(grid)


def _put(xp: Any, values: Any, indices: Any, *, axis: int, size: int) -> Any:
    shape = (*values.shape[:axis], size, *values.shape[axis + 1 :])
    out = np.zeros(shape, values.dtype)
    if indices.shape[axis] == 1 and axis == out.ndim - 1 and size:
        # One place a row: nothing can collide.
        places = np.minimum(np.maximum(indices.reshape(-1), 0), size - 1)
        out.reshape(-1, size)[np.arange(places.size), places] = values.reshape(-1)
        return out
    np.add.at(out, _grid(indices, axis, size), values)
    return out


def _put_jax(values: Any, indices: Any, *, axis: int, size: int) -> Any:
    import jax.numpy as jnp

    grid = list(jnp.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = jnp.clip(indices, 0, size - 1)
    shape = (*values.shape[:axis], size, *values.shape[axis + 1 :])
    out = jnp.zeros(shape, values.dtype)
    return out.at[tuple(grid)].add(values)


def _along_samples(rng: np.random.Generator) -> Samples:
    places = np.array([[0, 2], [2, 2]], "int32")
    return [((rng.normal(size=(2, 3)), places), {"axis": 1})]


take_along_axis: Primitive = Primitive(
    "take_along_axis", r"y_{ij} = x_{i,\,\text{indices}_{ij}}", run=_along, shape=_along_shape,
    vjp=lambda g, y, x, indices, *, axis: (
        put_along_axis(g, indices, axis=axis, size=x.shape[axis]),
        None,
    ),
    samples=_along_samples, kernel="take_along_axis", family="index",
)  # fmt: skip
put_along_axis: Primitive = Primitive(
    "put_along_axis", r"y_{ik} = \sum_{j:\ \text{indices}_{ij} = k} x_{ij}", run=_put, jax=_put_jax,
    shape=_put_shape,
    vjp=lambda g, y, values, indices, *, axis, size: (
        take_along_axis(g, indices, axis=axis),
        None,
    ),
    samples=lambda rng: [
        ((rng.normal(size=(2, 2)), np.array([[0, 2], [2, 2]], "int32")), {"axis": 1, "size": 3})
    ],
    kernel="put_along_axis", family="index",
)  # fmt: skip


def _argsort_shape(x: Any, *, axis: int) -> Spec:
    if not 0 <= axis < len(x.shape):
        raise ValueError(f"An array of shape {x.shape} has no axis {axis} to be sorted along.")
    return x.shape, "int32"


def _searchsorted_shape(a: Any, v: Any, *, side: str) -> Spec:
    if len(a.shape) != 1:
        raise ValueError(f"searchsorted takes a sorted vector; its shape is {a.shape}.")
    return v.shape, "int32"


_INT32 = numpy_dtype("int32")
argsort = Primitive(
    "argsort", r"\text{the order that sorts } x \text{ upwards, equals as they stood}",
    run=lambda xp, x, *, axis: xp.argsort(x, axis=axis, stable=True).astype(_INT32),
    shape=_argsort_shape, vjp=None,
    samples=lambda rng: [((rng.normal(size=(3, 4)),), {"axis": a}) for a in (0, 1)],
    family="index",
)  # fmt: skip

searchsorted = Primitive(
    "searchsorted", r"\text{how many of the sorted } a \text{ stand before } v",
    run=lambda xp, a, v, *, side: xp.searchsorted(a, v, side=side).astype(_INT32),
    shape=_searchsorted_shape, vjp=None,
    samples=lambda rng: [
        ((np.arange(5.0), rng.uniform(-1, 6, (2, 3))), {"side": s}) for s in ("left", "right")
    ],
    family="index",
)  # fmt: skip
