"""Shape primitives: the same values in another arrangement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.primitive import Primitive, Spec

Sample = tuple[tuple[Any, ...], dict[str, Any]]


def _reshape_shape(x: Any, *, shape: tuple[int, ...]) -> Spec:
    if math.prod(shape) != math.prod(x.shape):
        raise ValueError(
            f"Shape {x.shape} holds {math.prod(x.shape)} elements and cannot become {shape}, which "
            f"holds {math.prod(shape)}."
        )
    return shape, x.dtype


reshape: Primitive = Primitive(
    "reshape", r"\text{same elements in row-major order}",
    run=lambda xp, x, *, shape: xp.reshape(x, shape), shape=_reshape_shape,
    vjp=lambda g, y, x, *, shape: (reshape(g, shape=x.shape),),
    samples=lambda rng: [((rng.normal(size=(2, 3)),), {"shape": s}) for s in ((6,), (3, 1, 2))],
    kernel="reshape", view=True, family="shape",
)  # fmt: skip


def _transpose_shape(x: Any, *, axes: tuple[int, ...]) -> Spec:
    if len(axes) != len(x.shape):
        raise ValueError(f"Axes {axes} are no order of the axes of an array of shape {x.shape}.")
    return tuple(x.shape[a] for a in axes), x.dtype


transpose: Primitive = Primitive(
    "transpose", r"y_{i_{p(0)} \dots} = x_{i_0 \dots}",
    run=lambda xp, x, *, axes: xp.transpose(x, axes),
    shape=_transpose_shape,
    vjp=lambda g, y, x, *, axes: (
        transpose(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__))),
    ),
    samples=lambda rng: [
        ((rng.normal(size=(2, 3)),), {"axes": (1, 0)}),
        ((rng.normal(size=(2, 3, 4)),), {"axes": (2, 0, 1)}),
    ],
    kernel="transpose", view=True, family="shape",
)  # fmt: skip


def _broadcast_shape(x: Any, *, shape: tuple[int, ...]) -> Spec:
    tail = shape[len(shape) - len(x.shape) :]
    if len(x.shape) > len(shape) or any(
        a not in (1, b) for a, b in zip(x.shape, tail, strict=True)
    ):
        raise ValueError(f"Shape {x.shape} does not broadcast to {shape}.")
    return shape, x.dtype


broadcast_to: Primitive = Primitive(
    "broadcast_to", r"\text{repeat along axes of size 1}",
    run=lambda xp, x, *, shape: xp.broadcast_to(x, shape), shape=_broadcast_shape,
    # The gradient engine sums over the axes that were repeated.
    vjp=lambda g, y, x, *, shape: (g,),
    samples=lambda rng: [
        ((rng.normal(size=(1, 3)),), {"shape": (4, 3)}),
        ((rng.normal(size=()),), {"shape": (2, 2)}),
        ((rng.normal(size=(3,)),), {"shape": (2, 1, 3)}),
    ],
    kernel="broadcast_to", view=True, family="shape",
)  # fmt: skip


def _concatenate_shape(*inputs: Any, axis: int) -> Spec:
    first = inputs[0]
    rest = [(*x.shape[:axis], *x.shape[axis + 1 :]) for x in inputs]
    if any(
        r != rest[0] or len(x.shape) != len(first.shape) for r, x in zip(rest, inputs, strict=True)
    ):
        raise ValueError(
            f"To concatenate along axis {axis}, all other axes must be equal; the shapes are "
            f"{', '.join(str(x.shape) for x in inputs)}."
        )
    if any(x.dtype != first.dtype for x in inputs):
        raise ValueError(
            f"concatenate takes one dtype; it got {', '.join(x.dtype for x in inputs)}."
        )
    total = sum(x.shape[axis] for x in inputs)
    return (*first.shape[:axis], total, *first.shape[axis + 1 :]), first.dtype


def _concatenate_vjp(g: Any, y: Any, *inputs: Any, axis: int) -> tuple[Any, ...]:
    parts, start = [], 0
    for x in inputs:
        starts, stops = [0] * len(x.shape), list(y.shape)
        starts[axis], stops[axis] = start, start + x.shape[axis]
        start = stops[axis]
        parts.append(slice_(g, start=tuple(starts), stop=tuple(stops), step=(1,) * len(x.shape)))
    return tuple(parts)


concatenate: Primitive = Primitive(
    "concatenate", r"\text{one after the other along an axis}",
    run=lambda xp, *xs, axis: xp.concatenate(xs, axis=axis), shape=_concatenate_shape,
    vjp=_concatenate_vjp,
    samples=lambda rng: [
        ((rng.normal(size=(2, 3)), rng.normal(size=(1, 3))), {"axis": 0}),
        ((rng.normal(size=(2, 3)), rng.normal(size=(2, 2)), rng.normal(size=(2, 1))), {"axis": 1}),
    ],
    kernel="concatenate", family="shape",
)  # fmt: skip


def _slices(
    start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> tuple[slice, ...]:
    return tuple(slice(a, b, c) for a, b, c in zip(start, stop, step, strict=True))


def _slice_shape(
    x: Any, *, start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> Spec:
    ranges = [range(a, min(b, n), c) for a, b, c, n in zip(start, stop, step, x.shape, strict=True)]
    return tuple(len(r) for r in ranges), x.dtype


def _slice_vjp(
    g: Any, y: Any, x: Any, *, start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> tuple[Any, ...]:
    widths = []
    for a, c, n, m in zip(start, step, x.shape, y.shape, strict=True):
        covered = (m - 1) * c + 1 if m else 0
        widths.append((a, n - a - covered, c - 1) if m else (0, n, 0))
    return (pad(g, widths=tuple(widths)),)


slice_: Primitive = Primitive(
    "slice", r"y_i = x_{\text{start} + i\,\text{step}}",
    run=lambda xp, x, *, start, stop, step: x[_slices(start, stop, step)], shape=_slice_shape,
    vjp=_slice_vjp,
    samples=lambda rng: [
        ((rng.normal(size=(4, 5)),), {"start": (1, 0), "stop": (3, 5), "step": (1, 2)}),
        ((rng.normal(size=(7,)),), {"start": (1,), "stop": (6,), "step": (3,)}),
        ((rng.normal(size=(3, 2)),), {"start": (2, 0), "stop": (2, 2), "step": (1, 1)}),
    ],
    kernel="slice", view=True, family="shape",
)  # fmt: skip


def _pad_shape(x: Any, *, widths: tuple[tuple[int, int, int], ...]) -> Spec:
    sizes = (
        low + high + n + max(n - 1, 0) * between
        for n, (low, high, between) in zip(x.shape, widths, strict=True)
    )
    return tuple(sizes), x.dtype


def _inside(shape: tuple[int, ...], widths: tuple[tuple[int, int, int], ...]) -> tuple[slice, ...]:
    return tuple(
        slice(low, low + (n - 1) * (between + 1) + 1 if n else low, between + 1)
        for n, (low, _, between) in zip(shape, widths, strict=True)
    )


def _pad(xp: Any, x: Any, *, widths: tuple[tuple[int, int, int], ...]) -> Any:
    out = np.zeros(_pad_shape(x, widths=widths)[0], dtype=x.dtype)
    out[_inside(x.shape, widths)] = x
    return out


def _pad_jax(x: Any, *, widths: tuple[tuple[int, int, int], ...]) -> Any:
    from jax import lax

    return lax.pad(x, np.zeros((), x.dtype), widths)


def _pad_vjp(
    g: Any, y: Any, x: Any, *, widths: tuple[tuple[int, int, int], ...]
) -> tuple[Any, ...]:
    inside = _inside(x.shape, widths)
    return (
        slice_(
            g,
            start=tuple(s.start for s in inside),
            stop=tuple(s.stop for s in inside),
            step=tuple(s.step for s in inside),
        ),
    )


pad: Primitive = Primitive(
    "pad", r"\text{zeros before, after and between}", run=_pad, jax=_pad_jax, shape=_pad_shape,
    vjp=_pad_vjp,
    samples=lambda rng: [
        ((rng.normal(size=(2, 3)),), {"widths": ((1, 0, 0), (0, 2, 0))}),
        ((rng.normal(size=(3,)),), {"widths": ((1, 1, 2),)}),
    ],
    kernel="pad", family="shape",
)  # fmt: skip


def _flip_shape(x: Any, *, axes: tuple[int, ...]) -> Spec:
    if axes and not 0 <= min(axes) <= max(axes) < len(x.shape):
        raise ValueError(f"An array of shape {x.shape} has no axis {max(axes)} to be reversed.")
    return x.shape, x.dtype


flip: Primitive = Primitive(
    "flip", r"y_i = x_{n - 1 - i}", run=lambda xp, x, *, axes: xp.flip(x, axes),
    shape=_flip_shape,
    vjp=lambda g, y, x, *, axes: (flip(g, axes=axes),),
    samples=lambda rng: [((rng.normal(size=(2, 3)),), {"axes": a}) for a in ((0,), (0, 1))],
    kernel="flip", view=True, family="shape",
)  # fmt: skip

identity = Primitive(
    "identity", "x", run=lambda xp, x: x, shape=lambda x: (x.shape, x.dtype),
    vjp=lambda g, y, x: (g,), samples=lambda rng: [((rng.normal(size=(2, 3)),), {})],
    kernel="identity", view=True, family="shape",
)  # fmt: skip

stop_gradient = Primitive(
    "stop_gradient", r"x,\ \text{taken as a constant}", run=lambda xp, x: x,
    shape=lambda x: (x.shape, x.dtype), vjp=None,
    samples=lambda rng: [((rng.normal(size=(2, 3)),), {})],
    kernel="identity", view=True, family="shape",
)  # fmt: skip


def _custom_shape(*inputs: Any, outputs: int, rule: Any) -> list[Spec]:
    return [(x.shape, x.dtype) for x in inputs[:outputs]]


def _custom_vjp(g: Any, y: Any, *inputs: Any, outputs: int, rule: Any) -> tuple[Any, ...]:
    return (*(None,) * outputs, *rule(g))


custom_gradient = Primitive(
    "custom_gradient", r"y,\ \text{whose gradient the user gave}",
    run=lambda xp, *xs, outputs, rule: tuple(xs[:outputs]) if outputs > 1 else xs[0],
    shape=_custom_shape, vjp=_custom_vjp,
    samples=lambda rng: [
        ((x := rng.normal(size=(2, 3)), x.copy()), {"outputs": 1, "rule": lambda g: (g,)})
    ],
    view=True, family="shape",
)  # fmt: skip
