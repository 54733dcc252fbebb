r"""Convolution and its two gradients, channels last, in any number of spatial axes.

All three come from one sum over places o, taps k, channels c and filters f,
:math:`\sum x_{s o + d k - p,\, c}\; w_{k,\, c,\, f}\; g_{o,\, f}`, with strides s, dilation d and
padding p: each is its derivative with respect to one of the three factors. So the gradients of each
are the other two, and those of any order follow.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from annette.graph.dtypes import is_float
from annette.graph.primitive import Primitive, Spec

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]
Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]


class Windows(NamedTuple):
    """Where the windows of a convolution or pooling lie, a number for each spatial axis."""

    strides: Sizes
    padding: Padding
    dilation: Sizes

    def outputs(self, sizes: Sizes, taps: Sizes) -> Sizes:
        """Return the number of windows on each axis."""
        return tuple(
            (n + low + high - (d * (k - 1) + 1)) // s + 1
            for n, k, s, (low, high), d in zip(sizes, taps, *self, strict=True)
        )

    def check(self, name: str, sizes: Sizes, taps: Sizes) -> None:
        """Refuse windows that do not fit.

        Raises:
            ValueError: if there are not as many numbers as spatial axes, a number is too small, or
                a window is larger than the padded input.
        """
        rank = len(sizes)
        if rank == 0 or any(len(part) != rank for part in (taps, *self)):
            raise ValueError(
                f"{name} needs a number for each of the {rank} spatial axes; it got windows of "
                f"{taps}, strides {self.strides}, padding {self.padding}, dilation {self.dilation}."
            )
        if min(*taps, *self.strides, *self.dilation) < 1 or min(map(min, self.padding)) < 0:
            raise ValueError(
                f"{name} needs windows, strides and dilation of 1 or more and padding of 0 or "
                f"more; it got {taps}, {self.strides}, {self.dilation}, {self.padding}."
            )
        if min(self.outputs(sizes, taps)) < 1:
            wide = tuple(d * (k - 1) + 1 for k, d in zip(taps, self.dilation, strict=True))
            padded = tuple(n + a + b for n, (a, b) in zip(sizes, self.padding, strict=True))
            raise ValueError(
                f"{name} has windows of {wide} places, and its input has only {padded}: take a "
                "smaller window, less dilation, padding='same' or a larger input."
            )

    def padded(self, xp: Any, x: Any, value: float = 0) -> Any:
        """Return `x` with its padding."""
        if not any(map(any, self.padding)):
            return x
        return xp.pad(x, ((0, 0), *self.padding, (0, 0)), constant_values=value)

    def tap(self, offset: Sizes, counts: Sizes) -> tuple[slice, ...]:
        """Return where the windows have their tap `offset` in the padded input."""
        return (
            slice(None),
            *(
                slice(d * k, d * k + s * (n - 1) + 1, s)
                for k, n, s, d in zip(offset, counts, self.strides, self.dilation, strict=True)
            ),
        )


def taps_of(sizes: Sizes) -> Any:
    """Return the places of a window, row by row."""
    return itertools.product(*map(range, sizes))


def _check(name: str, x: Any, kernel: Sizes, filters: int, inner: int, groups: int) -> None:
    channels = x.shape[-1]
    if not is_float(x.dtype):
        raise TypeError(f"{name} takes floating-point numbers; it got {x.dtype}. Cast it first.")
    if groups < 1 or channels % groups or filters % groups or channels // groups != inner:
        raise ValueError(
            f"{name} in {groups} groups needs channels and filters that are multiples of it and "
            f"kernels of channels / groups; there are {channels} channels, {filters} filters, and "
            f"the kernel has {inner} channels (shape {tuple(kernel)})."
        )


def _conv_shape(
    x: Any, w: Any, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Spec:
    if len(x.shape) != len(w.shape) or x.dtype != w.dtype:
        raise ValueError(
            f"conv takes an input (batch, *places, channels) and a kernel (*taps, channels, "
            f"filters) of one dtype; the shapes are {x.shape} and {w.shape}, of {x.dtype} and "
            f"{w.dtype}."
        )
    _check("conv", x, w.shape, w.shape[-1], w.shape[-2], groups)
    windows = Windows(strides, padding, dilation)
    windows.check("conv", x.shape[1:-1], w.shape[:-2])
    return (x.shape[0], *windows.outputs(x.shape[1:-1], w.shape[:-2]), w.shape[-1]), x.dtype


def _grouped(x: Any, groups: int) -> Any:
    """Return (..., groups, channels of a group) with the groups put first."""
    split = x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
    return split.transpose(split.ndim - 2, *range(split.ndim - 2), split.ndim - 1)


def _joined(x: Any) -> Any:
    back = x.transpose(*range(1, x.ndim - 1), 0, x.ndim - 1)
    return back.reshape(*back.shape[:-2], back.shape[-2] * back.shape[-1])


def _product(xp: Any, a: Any, b: Any, groups: int) -> Any:
    """Return a b, for each group of channels alone."""
    if groups == 1:
        return xp.matmul(a, b)
    left, right = _grouped(a, groups), _grouped(b, groups)
    return _joined(
        xp.matmul(left, right.reshape(groups, *(1,) * (left.ndim - 3), *right.shape[1:]))
    )


def _turned(w: Any, groups: int) -> Any:
    """Return w^T, for each group of filters alone: (inner, filters) -> (filters / groups, channels)."""
    if groups == 1:
        return w.transpose(1, 0)
    return _joined(_grouped(w, groups).transpose(0, 2, 1))


def _single(*arrays: Any) -> Any:
    """Return arrays of half precision in single, in which sums are taken."""
    return tuple(a.astype("float32") if a.dtype.itemsize == 2 else a for a in arrays)


def _conv(
    xp: Any, x: Any, w: Any, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    windows = Windows(strides, padding, dilation)
    counts = windows.outputs(x.shape[1:-1], w.shape[:-2])
    dtype = x.dtype
    x, w = _single(x, w)
    x = windows.padded(xp, x)
    parts = (_product(xp, x[windows.tap(k, counts)], w[k], groups) for k in taps_of(w.shape[:-2]))
    return sum(parts).astype(dtype, copy=False)


def _conv_jax(
    x: Any, w: Any, *, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    from jax import lax

    axes = "ABDEFGH"[: len(strides)]  # names of their own: C is the channels
    return lax.conv_general_dilated(
        x, w, strides, padding, rhs_dilation=dilation, feature_group_count=groups,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        precision=lax.Precision.HIGHEST,
    )  # fmt: skip


def _input_shape(
    g: Any, w: Any, *, sizes: Sizes, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Spec:
    shape = (g.shape[0], *sizes, w.shape[-2] * groups)
    _check_gradient("conv_input", shape, w.shape, g, Windows(strides, padding, dilation), groups)
    if g.dtype != w.dtype:
        raise ValueError(f"conv_input takes one dtype; it got {g.dtype} and {w.dtype}.")
    return shape, g.dtype


class _Like(NamedTuple):
    shape: Sizes
    dtype: str


def _check_gradient(name: str, x: Sizes, w: Sizes, g: Any, windows: Windows, groups: int) -> None:
    if not len(x) == len(w) == len(g.shape):
        raise ValueError(f"{name} takes arrays of one rank; the shapes are {x}, {w}, {g.shape}.")
    _check(name, _Like(x, g.dtype), w, w[-1], w[-2], groups)
    windows.check(name, x[1:-1], w[:-2])
    expected = (x[0], *windows.outputs(x[1:-1], w[:-2]), w[-1])
    if tuple(g.shape) != expected:
        raise ValueError(
            f"{name} takes the gradient of a convolution's result, of shape {expected}; it got "
            f"{tuple(g.shape)}."
        )


def _conv_input(
    xp: Any, g: Any, w: Any, *, sizes: Sizes, strides: Sizes, padding: Padding, dilation: Sizes,
    groups: int,
) -> Any:  # fmt: skip
    windows = Windows(strides, padding, dilation)
    padded = tuple(n + low + high for n, (low, high) in zip(sizes, padding, strict=True))
    dtype = g.dtype
    g, w = _single(g, w)
    x = np.zeros((g.shape[0], *padded, w.shape[-2] * groups), g.dtype)
    for k in taps_of(w.shape[:-2]):
        x[windows.tap(k, g.shape[1:-1])] += _product(xp, g, _turned(w[k], groups), groups)
    inside = (slice(low, low + n) for n, (low, _) in zip(sizes, padding, strict=True))
    return x[(slice(None), *inside)].astype(dtype, copy=False)


def _conv_input_jax(g: Any, w: Any, *, sizes: Sizes, groups: int, **windows: Any) -> Any:
    import jax

    x = jax.ShapeDtypeStruct((g.shape[0], *sizes, w.shape[-2] * groups), g.dtype)
    return jax.linear_transpose(lambda x: _conv_jax(x, w, groups=groups, **windows), x)(g)[0]


def _filter_shape(
    x: Any, g: Any, *, taps: Sizes, strides: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Spec:
    if x.dtype != g.dtype:
        raise ValueError(f"conv_filter takes one dtype; it got {x.dtype} and {g.dtype}.")
    shape = (*taps, x.shape[-1] // max(groups, 1), g.shape[-1])
    _check_gradient(
        "conv_filter", tuple(x.shape), shape, g, Windows(strides, padding, dilation), groups
    )
    return shape, x.dtype


def _conv_filter(
    xp: Any, x: Any, g: Any, *, taps: Sizes, strides: Sizes, padding: Padding, dilation: Sizes,
    groups: int,
) -> Any:  # fmt: skip
    windows = Windows(strides, padding, dilation)
    counts = g.shape[1:-1]
    dtype = x.dtype
    x, g = _single(x, g)
    x = windows.padded(xp, x)
    rows = math.prod((x.shape[0], *counts))
    right = g.reshape(rows, g.shape[-1])

    def at(k: Sizes) -> Any:
        left = x[windows.tap(k, counts)].reshape(rows, x.shape[-1])
        if groups == 1:
            return xp.matmul(left.transpose(1, 0), right)
        parts = _grouped(left, groups).transpose(0, 2, 1)
        return _joined(xp.matmul(parts, _grouped(right, groups)))

    found = xp.stack([at(k) for k in taps_of(taps)])
    return found.reshape(*taps, -1, g.shape[-1]).astype(dtype, copy=False)


def _conv_filter_jax(x: Any, g: Any, *, taps: Sizes, groups: int, **windows: Any) -> Any:
    import jax

    w = jax.ShapeDtypeStruct((*taps, x.shape[-1] // groups, g.shape[-1]), x.dtype)
    return jax.linear_transpose(lambda w: _conv_jax(x, w, groups=groups, **windows), w)(g)[0]


def _conv_vjp(g: Any, y: Any, x: Any, w: Any, **how: Any) -> tuple[Any, ...]:
    return (
        conv_input(g, w, sizes=tuple(x.shape[1:-1]), **how),
        conv_filter(x, g, taps=tuple(w.shape[:-2]), **how),
    )


def _conv_input_vjp(h: Any, y: Any, g: Any, w: Any, *, sizes: Sizes, **how: Any) -> tuple[Any, ...]:
    return conv(h, w, **how), conv_filter(h, g, taps=tuple(w.shape[:-2]), **how)


def _conv_filter_vjp(h: Any, y: Any, x: Any, g: Any, *, taps: Sizes, **how: Any) -> tuple[Any, ...]:
    return conv_input(g, h, sizes=tuple(x.shape[1:-1]), **how), conv(x, h, **how)


# Shapes that together meet every case: input, kernel, strides, padding, dilation, groups.
_FORMS: list[tuple[Sizes, Sizes, Sizes, Padding, Sizes, int]] = [
    ((2, 5, 6, 3), (3, 2, 3, 4), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((2, 6, 5, 2), (3, 3, 2, 3), (2, 2), ((1, 1), (0, 1)), (1, 1), 1),
    ((1, 7, 6, 4), (2, 3, 2, 6), (1, 2), ((1, 2), (0, 0)), (2, 1), 2),
    ((2, 4, 4, 3), (2, 2, 1, 6), (1, 1), ((1, 0), (1, 0)), (1, 1), 3),
    ((2, 7, 2), (3, 2, 5), (3,), ((2, 0),), (1,), 1),
    ((1, 3, 4, 3, 2), (2, 2, 2, 2, 3), (1, 2, 1), ((0, 0), (1, 1), (0, 1)), (1, 1, 2), 1),
    ((2, 5, 5, 1), (1, 1, 1, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), 1),
    ((0, 3, 3, 2), (2, 2, 2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
]


def _conv_samples(rng: np.random.Generator) -> Samples:
    return [
        ((rng.normal(size=x), rng.normal(size=w)), _how(s, p, d, g)) for x, w, s, p, d, g in _FORMS
    ]


def _how(strides: Sizes, padding: Padding, dilation: Sizes, groups: int) -> dict[str, Any]:
    return {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}


def _result(x: Sizes, w: Sizes, s: Sizes, p: Padding, d: Sizes) -> Sizes:
    return (x[0], *Windows(s, p, d).outputs(x[1:-1], w[:-2]), w[-1])


def _input_samples(rng: np.random.Generator) -> Samples:
    return [
        (
            (rng.normal(size=_result(x, w, s, p, d)), rng.normal(size=w)),
            {"sizes": x[1:-1], **_how(s, p, d, g)},
        )
        for x, w, s, p, d, g in _FORMS
    ]


def _filter_samples(rng: np.random.Generator) -> Samples:
    return [
        (
            (rng.normal(size=x), rng.normal(size=_result(x, w, s, p, d))),
            {"taps": w[:-2], **_how(s, p, d, g)},
        )
        for x, w, s, p, d, g in _FORMS
    ]


conv: Primitive = Primitive(
    "conv", r"y_{o,f} = \sum_{k,c} x_{s o + d k - p,\, c}\; w_{k,c,f}", run=_conv, jax=_conv_jax,
    shape=_conv_shape, vjp=_conv_vjp, samples=_conv_samples, kernel="conv", family="convolution",
)  # fmt: skip
conv_input: Primitive = Primitive(
    "conv_input", r"x_{i,c} = \sum_{o,k,f:\ s o + d k - p = i} g_{o,f}\; w_{k,c,f}",
    run=_conv_input, jax=_conv_input_jax, shape=_input_shape, vjp=_conv_input_vjp,
    samples=_input_samples, kernel="conv", family="convolution",
)  # fmt: skip
conv_filter: Primitive = Primitive(
    "conv_filter", r"w_{k,c,f} = \sum_{n,o} x_{n,\, s o + d k - p,\, c}\; g_{n,o,f}",
    run=_conv_filter, jax=_conv_filter_jax, shape=_filter_shape, vjp=_conv_filter_vjp,
    samples=_filter_samples, kernel="conv_filter", family="convolution",
)  # fmt: skip
