"""Choosing the layout that an operation is written in, so that transposes meet and go away."""

from __future__ import annotations

from collections.abc import Sequence

from annette.export.flow import Value
from annette.export.onnx.writer import Layout, Writer


def natural(rank: int) -> Layout:
    """Return the layout of a value's own axes."""
    return tuple(range(rank))


def channels_first(rank: int) -> Layout:
    """Return the layout in which ONNX takes images: rows, channels, places."""
    return (0, rank - 1, *range(1, rank - 1))


def layout_of(w: Writer, value: Value) -> Layout:
    """Return a layout that a value has at no cost: its own if it is there."""
    there = w.layouts(value)
    own = natural(len(value.shape))
    return own if own in there or not there else next(iter(there))


def common(w: Writer, inputs: Sequence[Value], result: Value) -> tuple[Layout, list[str]]:
    """Return the layout for an operation place by place, and its inputs' names in it."""
    rank = len(result.shape)
    own = natural(rank)
    whole = [x for x in inputs if x.shape == result.shape and w.layouts(x) and not x.stored]
    wanted = next((p for x in whole if (p := layout_of(w, x)) != own), own)
    if any(wanted not in w.layouts(x) for x in whole):
        wanted = own
    return wanted, [_placed(w, x, wanted) for x in inputs]


def _placed(w: Writer, x: Value, wanted: Layout) -> str:
    """Return an input's name such that it broadcasts in a layout of the result."""
    rank, have = len(wanted), len(x.shape)
    if wanted == natural(rank) or not have or all(n == 1 for n in x.shape):
        return w.get(x)
    if have == rank:
        return w.get(x, wanted)
    full = (*(1,) * (rank - have), *x.shape)
    turned = tuple(full[axis] for axis in wanted)
    if sum(n != 1 for n in full) <= 1:
        return w.reshaped(w.get(x), x.shape, turned)
    name = w.reshaped(w.get(x), x.shape, full)
    return w.node("Transpose", name, perm=list(wanted))
