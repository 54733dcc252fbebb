"""Rows for convolution and pooling: loops over windows, place by place, judge."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .table import case, spread


def _numbers(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,) * axes


def _around(x: np.ndarray, wide: tuple[int, ...], s: tuple[int, ...], padding: str) -> Any:
    """The inputs with their padding, and how many windows there are along each axis."""
    low, counts, pads = [], [], [(0, 0)]
    for n, k, step in zip(x.shape[1:-1], wide, s, strict=True):
        counts.append(-(-n // step) if padding == "same" else (n - k) // step + 1)
        total = max((counts[-1] - 1) * step + k - n, 0)
        low.append({"same": total // 2, "causal": k - 1, "valid": 0}[padding])
        if padding == "causal":
            total, counts[-1] = k - 1, (n - 1) // step + 1
        pads.append((low[-1], max(total - low[-1], 0)))
    return pads, counts


def convolution(
    x: np.ndarray,
    w: np.ndarray,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> np.ndarray:
    if data_format == "channels_first":
        y = convolution(np.moveaxis(x, 1, -1), w, strides, padding, None, dilation_rate)
        return np.moveaxis(y, -1, 1)
    axes = x.ndim - 2
    s, d = _numbers(strides, axes), _numbers(dilation_rate, axes)
    wide = tuple(gap * (k - 1) + 1 for k, gap in zip(w.shape, d, strict=False))
    pads, counts = _around(x, wide, s, padding)
    x = np.pad(x, [*pads, (0, 0)])
    groups = x.shape[-1] // w.shape[-2]
    y = np.zeros((len(x), *counts, w.shape[-1]))
    for o in itertools.product(*map(range, counts)):
        window = tuple(
            slice(i * step, i * step + k, gap)
            for i, step, k, gap in zip(o, s, wide, d, strict=True)
        )
        for f in range(w.shape[-1]):
            part = f // (w.shape[-1] // groups)
            channels = slice(part * w.shape[-2], (part + 1) * w.shape[-2])
            seen = x[(slice(None), *window, channels)] * w[..., f]
            y[(slice(None), *o, f)] = seen.sum(tuple(range(1, x.ndim)))
    return y


def depthwise(x: np.ndarray, w: np.ndarray, *how: Any, **more: Any) -> np.ndarray:
    parts = [convolution(x[..., c : c + 1], w[..., c : c + 1, :], *how, **more)
             for c in range(x.shape[-1])]  # fmt: skip
    return np.concatenate(parts, -1)


def separable(x: np.ndarray, w: np.ndarray, v: np.ndarray, *how: Any, **more: Any) -> np.ndarray:
    return convolution(depthwise(x, w, *how, **more), v)


def transposed(sizes: tuple[int, ...], strides: Any = 1, padding: str = "valid", d: Any = 1) -> Any:
    """The transpose, column by column, of the convolution of inputs of these sizes."""

    def judge(y: np.ndarray, w: np.ndarray, *given: Any, **also: Any) -> np.ndarray:
        x = np.zeros((1, *sizes, w.shape[-2]))
        found = np.zeros((len(y), *x.shape[1:]))
        for place in np.ndindex(x.shape[1:]):
            x[(0, *place)] = 1.0
            seen = convolution(x, w, strides, padding, None, d)[0]
            found[(slice(None), *place)] = (y * seen).sum(tuple(range(1, y.ndim)))
            x[(0, *place)] = 0.0
        return found

    return judge


def pooled(reduce: Any) -> Any:
    def judge(
        x: np.ndarray,
        size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
    ) -> np.ndarray:
        if data_format == "channels_first":
            return np.moveaxis(judge(np.moveaxis(x, 1, -1), size, strides, padding), -1, 1)
        k = _numbers(size, x.ndim - 2)
        s = k if strides is None else _numbers(strides, x.ndim - 2)
        pads, counts = _around(x, k, s, padding)
        x = np.pad(x, [*pads, (0, 0)], constant_values=np.nan)
        y = np.zeros((len(x), *counts, x.shape[-1]))
        for o in itertools.product(*map(range, counts)):
            window = tuple(slice(i * n, i * n + m) for i, n, m in zip(o, s, k, strict=True))
            seen = x[(slice(None), *window)]
            y[(slice(None), *o)] = reduce(seen, axis=tuple(range(1, x.ndim - 1)))
        return y

    return judge


def adaptive(reduce: Any) -> Any:
    def judge(x: np.ndarray, size: Any, data_format: str | None = None) -> np.ndarray:
        if data_format == "channels_first":
            return np.moveaxis(judge(np.moveaxis(x, 1, -1), size), -1, 1)
        counts = _numbers(size, x.ndim - 2)
        y = np.zeros((len(x), *counts, x.shape[-1]))
        for o in itertools.product(*map(range, counts)):
            window = tuple(
                slice(i * n // k, -(-(i + 1) * n // k))
                for i, n, k in zip(o, x.shape[1:], counts, strict=False)
            )
            seen = x[(slice(None), *window)]
            y[(slice(None), *o)] = reduce(seen, axis=tuple(range(1, x.ndim - 1)))
        return y

    return judge


def apart(*shape: int, seed: int) -> np.ndarray:
    """Numbers that lie apart, in any order: which is the largest does not depend on a small step."""
    size = int(np.prod(shape))
    return np.asarray(np.random.default_rng(seed).permutation(size) * 0.3 - 1).reshape(shape)


LINE, PLANE = spread(1, 6, 4, seed=41), spread(1, 4, 5, 2, seed=42)
SPACE = np.asarray(np.random.default_rng(43).normal(size=(1, 3, 3, 4, 2)))
FIRST = np.ascontiguousarray(np.moveaxis(PLANE, -1, 1))
W1, W2 = spread(3, 4, 2, seed=44), spread(2, 3, 2, 2, seed=45)
W3 = spread(2, 2, 1, 2, 2, seed=46)
GROUPED = spread(3, 2, 4, seed=47)

for _how in ({}, {"padding": "same"}, {"padding": "same", "strides": 2}, {"dilation_rate": 2},
             {"padding": "causal", "dilation_rate": 2}, {"padding": "causal", "strides": 2}):  # fmt: skip
    case("conv", LINE, W1, want=convolution, **_how)
    case("conv", LINE, GROUPED, want=convolution, **_how)
for _how in ({}, {"padding": "same"}, {"strides": (1, 2)}, {"padding": "same", "strides": 2},
             {"padding": "same", "dilation_rate": (2, 1)}):  # fmt: skip
    case("conv", PLANE, W2, want=convolution, **_how)
    case("conv", FIRST, W2, want=convolution, data_format="channels_first", **_how)
    case("depthwise_conv", PLANE, W2, want=depthwise, **_how)
case("conv", SPACE, W3, 2, "same", want=convolution)
case("conv", PLANE[:0], W2, want=np.zeros((0, 3, 3, 2)), order=0)
case("depthwise_conv", LINE, W1, 2, "same", None, 2, want=depthwise)
case("separable_conv", PLANE, W2, spread(1, 1, 4, 3, seed=48), 1, "same", want=separable)
case("separable_conv", LINE, W1, spread(1, 8, 2, seed=49), 2, want=separable)

BACK = spread(2, 3, 3, 2, seed=50)
case("conv_transpose", PLANE, BACK, want=transposed((5, 7)))
case("conv_transpose", PLANE, BACK, 1, "same", want=transposed((4, 5), 1, "same"))
case("conv_transpose", PLANE, BACK, 2, "same", want=transposed((8, 10), 2, "same"))
case("conv_transpose", PLANE, BACK, 2, "valid", 1, want=transposed((9, 12), 2))
case("conv_transpose", PLANE, BACK, 3, want=transposed((12, 15), 3))
case("conv_transpose", PLANE, BACK, dilation_rate=2, want=transposed((6, 9), 1, "valid", 2))
case("conv_transpose", LINE, spread(3, 2, 4, seed=51), 2, "same", want=transposed((12,), 2, "same"))
case(
    "conv_transpose",
    LINE,
    spread(3, 2, 4, seed=51),
    2,
    "same",
    0,
    want=transposed((11,), 2, "same"),
)

FAR, FAR_LINE = apart(2, 5, 4, 2, seed=52), apart(2, 7, 2, seed=53)
for _size, _strides, _padding in ((2, None, "valid"), ((3, 2), 2, "same"), ((2, 3), 1, "same"),
                                  (2, 3, "valid")):  # fmt: skip
    case("max_pool", FAR, _size, _strides, _padding, want=pooled(np.nanmax))
    case("average_pool", FAR, _size, _strides, _padding, want=pooled(np.nanmean))
case("max_pool", FAR_LINE, 3, 2, "same", "channels_first", want=pooled(np.nanmax))
case("average_pool", FAR_LINE, 3, 2, "same", "channels_first", want=pooled(np.nanmean))
case("max_pool", apart(1, 3, 4, 2, 2, seed=54), 2, 1, want=pooled(np.nanmax))
case("max_pool", np.arange(8, dtype="int32").reshape(1, 4, 2), 2, want=np.array([[[2, 3], [6, 7]]]))
for _sizes in (2, (3, 4), (7, 1)):
    case("adaptive_max_pool", FAR, _sizes, want=adaptive(np.max))
    case("adaptive_average_pool", FAR, _sizes, want=adaptive(np.mean))
case("adaptive_max_pool", FAR_LINE, 2, "channels_first", want=adaptive(np.max))
case("adaptive_average_pool", FAR_LINE, 3, "channels_first", want=adaptive(np.mean))

DEEP = np.arange(16.0).reshape(1, 2, 2, 4)
SPREAD = np.array([[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]], "float64")
case("depth_to_space", DEEP, 2, want=SPREAD[None, ..., None])
case("space_to_depth", SPREAD[None, ..., None], 2, want=DEEP)
case("depth_to_space", np.moveaxis(DEEP, -1, 1), 2, "channels_first", want=SPREAD[None, None])
case("space_to_depth", SPREAD[None, None], 2, "channels_first", want=np.moveaxis(DEEP, -1, 1))
