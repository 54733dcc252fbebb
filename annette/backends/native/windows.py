"""Where windows lie, in the core's numbers: for each axis its phases, and the taps of each.

A result's place o belongs to a phase: o = start + q * out_step. It reads the input's places
q * in_step + offset, one for each tap of its phase.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from annette.backends.native.items import Ref, Shape
from annette.graph.dtypes import numpy_dtype
from annette.graph.tensor import Node

MOST = 3  # spatial axes of the core


class Axis(NamedTuple):
    """One spatial axis; a phase is a list of (tap, offset)."""

    inputs: int
    outputs: int
    out_step: int
    in_step: int
    taps: int
    phases: tuple[tuple[tuple[int, int], ...], ...]


Axes = tuple[Axis, ...]


def _each(node: Node) -> Any:
    p = node.params
    return zip(p["strides"], p["padding"], p.get("dilation", (1,) * len(p["strides"])), strict=True)


def forward(sizes: Shape, taps: Shape, node: Node) -> Axes:
    """Return the axes of windows over places of `sizes`."""
    return tuple(
        Axis(
            n, (n + low + high - (d * (k - 1) + 1)) // s + 1, 1, s, k,
            (tuple((t, d * t - low) for t in range(k)),),
        )
        for n, k, (s, (low, high), d) in zip(sizes, taps, _each(node), strict=True)
    )  # fmt: skip


def backward(sizes: Shape, taps: Shape, node: Node) -> Axes:
    """Return the axes of what windows over places of `sizes` give back to them."""
    axes = []
    for n, k, (s, (low, high), d) in zip(sizes, taps, _each(node), strict=True):
        outputs = (n + low + high - (d * (k - 1) + 1)) // s + 1
        phases = tuple(
            tuple((t, (r + low - d * t) // s) for t in range(k) if (r + low - d * t) % s == 0)
            for r in range(min(s, n))
        )
        axes.append(Axis(outputs, n, s, 1, k, phases))
    return tuple(axes)


def numbers(axes: Axes) -> tuple[int, ...]:
    """Return the core's numbers of three axes."""
    nothing = Axis(1, 1, 1, 1, 1, (((0, 0),),))
    found: list[int] = []
    for axis in (*(nothing,) * (MOST - len(axes)), *axes):
        found += [*axis[:5], len(axis.phases)]
        for phase in axis.phases:
            found += [len(phase), *(i for tap in phase for i in tap)]
    return tuple(found)


def reach(axes: Axes, x: Any) -> int:
    """Return the bytes of the input that one place of the result reads at most, with gaps."""
    size = x.shape[-1] * numpy_dtype(x.dtype).itemsize
    for axis in axes:
        offsets = [offset for phase in axis.phases for _, offset in phase]
        size *= max(offsets) - min(offsets) + 1 if offsets else 1
    return int(size)


def is_depthwise(kernel: Shape, groups: int) -> bool:
    """Say whether each channel has one filter of its own."""
    return kernel[-2] == 1 and kernel[-1] == groups


def widened(ref: Ref, at: int) -> Ref:
    """Look at an image (`at` 1) or kernel (0) as if it had three spatial axes."""
    lead = MOST + 2 - len(ref.shape)
    shape = (*ref.shape[:at], *(1,) * lead, *ref.shape[at:])
    return Ref(ref.base, shape, (*ref.strides[:at], *(0,) * lead, *ref.strides[at:]), ref.offset)
