"""Reading and adding at computed places."""

from __future__ import annotations

import numpy as np

from annette.export.flow import Step, Value
from annette.export.onnx.dtypes import WIDER, carried
from annette.export.onnx.rules.composed import made_by
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer
from annette.export.sizes import Size


def _within_axis(w: Writer, indices: Value, size: Size) -> str:
    """Return indices as int64, those outside brought to the nearest place, as annette reads them."""
    name = w.get(indices)
    if indices.dtype != "int64":
        name = w.cast(name, "int64")
    # Numbers that go up with the data and outgrow the axis are Gather's to refuse.
    if indices.arrays and all(not a.size for a in indices.arrays):
        return name
    inside = isinstance(size, int) and all(
        a.min(initial=0) >= 0 and a.max(initial=0) < size for a in indices.arrays
    )
    if indices.arrays and inside:
        return name
    if made_by(indices, "within") is not None:
        return name
    last = w.node("Sub", w.node("Squeeze", w.size(size)), w.const(np.array(1, "int64")))
    return w.node("Min", w.node("Max", name, w.const(np.array(0, "int64"))), last)


@rule("within")
def _within(w: Writer, step: Step) -> None:
    """A number outside becomes one that Gather refuses: negative ones would count from the end."""
    (x,) = step.inputs
    name = w.cast(w.get(x), "int64")
    size = w.const(np.array(step.params["size"], "int64"))
    low = w.node("Less", name, w.const(np.array(0, "int64")))
    w.put(step.outputs[0], w.cast(w.node("Where", low, size, name), x.dtype))


@rule("take")
def _take(w: Writer, step: Step) -> None:
    x, indices = step.inputs
    axis = step.params["axis"]
    where = _within_axis(w, indices, x.shape[axis])
    w.put(step.outputs[0], w.node("Gather", w.get(x), where, axis=axis))


@rule("take_along_axis")
def _take_along_axis(w: Writer, step: Step) -> None:
    x, indices = step.inputs
    axis = step.params["axis"]
    where = _within_axis(w, indices, x.shape[axis])
    w.put(step.outputs[0], w.node("GatherElements", w.get(x), where, axis=axis))


def _zeros(w: Writer, shape: tuple[Size, ...], dtype: str) -> str:
    return w.node("Expand", w.const(np.array(0), dtype), w.shape(shape))


def _summed(w: Writer, dtype: str) -> str:
    """Return the dtype in which sums are taken."""
    return WIDER.get(dtype, "float32" if dtype == "float16" else carried(dtype))


def _as(w: Writer, name: str, before: str, after: str) -> str:
    return name if carried(before) == carried(after) else w.cast(name, after)


@rule("put_along_axis")
def _put_along_axis(w: Writer, step: Step) -> None:
    values, indices = step.inputs
    axis, dtype = step.params["axis"], values.dtype
    wide = _summed(w, dtype)
    where = _within_axis(w, indices, step.params["size"])
    made = w.node(
        "ScatterElements", _zeros(w, step.outputs[0].shape, wide), where,
        _as(w, w.get(values), dtype, wide), axis=axis, reduction="add",
    )  # fmt: skip
    w.put(step.outputs[0], _as(w, made, wide, dtype))


@rule("scatter_add")
def _scatter_add(w: Writer, step: Step) -> None:
    values, indices = step.inputs
    axis, size, dtype = step.params["axis"], step.params["size"], values.dtype
    wide, rank, many = _summed(w, dtype), len(values.shape), len(indices.shape)
    places = range(axis, axis + many)
    order = (*places, *(a for a in range(rank) if a not in places))
    rest = tuple(n for a, n in enumerate(values.shape) if a not in places)
    where = w.node("Unsqueeze", _within_axis(w, indices, size), w.ints(-1))
    made = w.node(
        "ScatterND", _zeros(w, (size, *rest), wide), where,
        _as(w, w.get(values, order), dtype, wide), reduction="add",
    )  # fmt: skip
    # The axis that was made stands first.
    rest_axes = [a for a in range(len(rest) + 1) if a != axis]
    w.put(step.outputs[0], _as(w, made, wide, dtype), (axis, *rest_axes))


@rule("argsort")
def _argsort(w: Writer, step: Step) -> None:
    (x,), axis = step.inputs, step.params["axis"]
    name, wide = w.get(x), WIDER.get(x.dtype, x.dtype)
    name = w.cast(name, wide) if wide != x.dtype else name
    count = w.size(x.shape[axis])
    made = w.nodes("TopK", [name, count], 2, axis=axis, largest=0, sorted=1)[1]
    w.put(step.outputs[0], w.cast(made, "int32"))


@rule("searchsorted")
def _searchsorted(w: Writer, step: Step) -> None:
    """How many of the sorted are smaller (or not larger): each is compared."""
    row, v = step.inputs
    op = "Less" if step.params["side"] == "left" else "LessOrEqual"
    wide = WIDER.get(v.dtype, v.dtype)
    names = [w.get(row), w.node("Unsqueeze", w.get(v), w.ints(-1))]
    names = [w.cast(n, wide) for n in names] if wide != v.dtype else names
    smaller = w.cast(w.node(op, *names), "int32")
    w.put(step.outputs[0], w.node("ReduceSum", smaller, w.ints(-1), keepdims=0))
