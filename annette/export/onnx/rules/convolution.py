"""Convolutions: ONNX has the channels before the places."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step, Value
from annette.export.onnx.layouts import channels_first
from annette.export.onnx.rules.composed import made_by, only_user
from annette.export.onnx.rules.shape import spread
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer
from annette.export.sizes import Moving, Size, at, fixed, traces


def same_padding(n: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding that keeps ``ceil(n / stride)`` places, more of it at the end."""
    total = max((-(-n // stride) - 1) * stride + dilation * (taps - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def pads(
    w: Writer, step: Step, x: Value, taps: tuple[int, ...], dilation: tuple[int, ...]
) -> dict[str, Any]:
    """Return the attributes that say how windows are padded.

    Where sizes move, strides make the padding move with them: then it is said by name.
    """
    padding, strides = step.params["padding"], step.params["strides"]
    follows = any(
        isinstance(n, Moving) and s > 1 and any(_most(p) for p in pair)
        for n, s, pair in zip(x.shape[1:-1], strides, padding, strict=True)
    )
    moves = any(isinstance(p, Moving) for pair in padding for p in pair)
    if (follows or moves) and keeps_places(step, x, taps, dilation):
        return {"auto_pad": "SAME_UPPER"}
    if moves:
        raise Refused(
            f"{w.where} pads windows in a way that depends on a size that is not known. "
            "Give the input_signature sizes where there is None."
        )
    return {"pads": [p[0] for p in padding] + [p[1] for p in padding]}


def keeps_places(step: Step, x: Value, taps: tuple[int, ...], dilation: tuple[int, ...]) -> bool:
    """Say whether the padding is that of "same" in all traces."""
    padding, strides = step.params["padding"], step.params["strides"]
    return all(
        tuple(at(p, trace) for p in pair) == same_padding(at(n, trace), k, s, d)
        for n, k, s, d, pair in zip(x.shape[1:-1], taps, strides, dilation, padding, strict=True)
        for trace in range(traces(x.shape))
    )


def _most(size: Size) -> int:
    return max(size.at) if isinstance(size, Moving) else size


def kernel_name(w: Writer, kernel: Value) -> str:
    """Return the kernel as ONNX has it: filters, channels, taps."""
    rank = len(kernel.shape)
    return w.get(kernel, (rank - 1, rank - 2, *range(rank - 2)))


def _taps(w: Writer, kernel: Value) -> tuple[int, ...]:
    found = kernel.shape[:-2]
    if any(isinstance(n, Moving) for n in found):
        raise Refused(f"{w.where} has a kernel whose size is not known.")
    return tuple(at(n, 0) for n in found)


class _Bias(NamedTuple):
    """A bias that is all that happens to a convolution's result, before it is pooled or after."""

    value: Value
    added: Step
    pooled: Value | None


def _bias(result: Value) -> _Bias | None:
    pooled, user = None, only_user(result)
    if user is not None and user.primitive.name == "max_pool" and not user.outputs[1].users:
        # The largest of sums with one number is the sum with the largest, to the bit.
        pooled = user.outputs[0]
        user = only_user(pooled)
    if user is None or user.primitive.name != "add" or result.dtype == "bfloat16":
        return None
    one = result if pooled is None else pooled
    other = user.inputs[1] if user.inputs[0] is one else user.inputs[0]
    row = other
    while made_by(row, "reshape") is not None and row.shape[:-1] == (1,) * (len(row.shape) - 1):
        row = row.node.inputs[0]  # type: ignore[union-attr]  # it is made by a step
    fits = user.outputs[0].shape == one.shape and row.shape == result.shape[-1:]
    return _Bias(row, user, pooled) if fits and row.stored else None


@rule("conv")
def _conv(w: Writer, step: Step) -> None:
    x, kernel = step.inputs
    if x.dtype == "float64":
        _by_taps(w, step)
        return
    place = channels_first(len(x.shape))
    taps = _taps(w, kernel)
    bias = _bias(step.outputs[0])
    names = [w.get(x, place), kernel_name(w, kernel), *([w.get(bias.value)] if bias else [])]
    made = w.node(
        "Conv", *names, kernel_shape=list(taps), strides=list(step.params["strides"]),
        dilations=list(step.params["dilation"]), group=step.params["groups"],
        **pads(w, step, x, taps, step.params["dilation"]),
    )  # fmt: skip
    end = step.outputs[0]
    if bias:
        w.done.add(id(bias.added))
        if bias.pooled is None:
            end = bias.added.outputs[0]
        else:
            w.alike[id(bias.pooled)] = bias.added.outputs[0]
    w.put(end, made, place)


@rule("conv_input")
def _conv_input(w: Writer, step: Step) -> None:
    """A convolution backwards, which is what layers call a transposed one."""
    g, kernel = step.inputs
    taps, params = _taps(w, kernel), step.params
    place = channels_first(len(g.shape))
    lows: list[int] = []
    highs: list[int] = []
    more: list[int] = []
    axes = zip(g.shape[1:-1], params["sizes"], taps, params["strides"], params["padding"],
               params["dilation"], strict=True)  # fmt: skip
    for n, size, k, s, pair, d in axes:
        lacking = {
            at(size, t) - (s * (at(n, t) - 1) + d * (k - 1) + 1 - at(pair[0], t) - at(pair[1], t))
            for t in range(traces(g.shape))
        }
        ends = {tuple(at(p, t) for p in pair) for t in range(traces(g.shape))}
        if len(lacking) > 1 or len(ends) > 1:
            raise Refused(
                f"{w.where} pads in a way that depends on a size that is not known. Give the "
                "input_signature sizes where there is None."
            )
        low, high = ends.pop()
        lows.append(low)
        highs.append(high)
        more.append(lacking.pop())
    if g.dtype == "float64":
        _spread_taps(w, step, taps, lows)
        return
    made = w.node(
        "ConvTranspose", w.get(g, place), kernel_name(w, kernel), kernel_shape=list(taps),
        strides=list(params["strides"]), dilations=list(params["dilation"]),
        group=params["groups"], pads=[*lows, *highs], output_padding=more,
    )  # fmt: skip
    w.put(step.outputs[0], made, place)


def window_taps(w: Writer, step: Step, x: Value, taps: tuple[int, ...]) -> list[str]:
    """Return the input as each tap of the windows sees it; for dtypes without a kernel."""
    params, result = step.params, step.outputs[0]
    dilation = params.get("dilation", (1,) * len(taps))
    if any(isinstance(n, Moving) for n in x.shape[1:-1]):
        raise Refused(
            f"{w.where} has windows over {x.dtype} of sizes that are not known. Give the "
            "input_signature sizes where there is None, or use float32."
        )
    padding = params["padding"]
    name = w.get(x)
    if any(map(any, padding)):
        ends = [0, *(p[0] for p in padding), 0, 0, *(p[1] for p in padding), 0]
        name = w.node("Pad", name, w.ints(*ends), w.const(np.array(0), x.dtype))
    axes = w.ints(*range(1, len(taps) + 1))
    steps = w.ints(*params["strides"])
    counts = [at(n, 0) for n in result.shape[1:-1]]
    found = []
    for place in itertools.product(*map(range, taps)):
        starts = [k * d for k, d in zip(place, dilation, strict=True)]
        ends = [
            a + s * (n - 1) + 1 for a, s, n in zip(starts, params["strides"], counts, strict=True)
        ]
        found.append(w.node("Slice", name, w.ints(*starts), w.ints(*ends), axes, steps))
    return found


def _by_taps(w: Writer, step: Step) -> None:
    """A sum over the taps of products, for float64, whose convolutions few runtimes have."""
    x, kernel = step.inputs
    taps, groups = _taps(w, kernel), step.params["groups"]
    seen = window_taps(w, step, x, taps)
    weights = _tap_weights(w, kernel, taps, groups)
    shape = [*[0] * (len(x.shape) - 1), at(x.shape[-1], 0), at(kernel.shape[-1], 0)]
    parts = [_product(w, a, b, shape, groups) for a, b in zip(seen, weights, strict=True)]
    w.put(step.outputs[0], _total(w, parts))


def _tap_weights(w: Writer, kernel: Value, taps: tuple[int, ...], groups: int) -> list[str]:
    """Return the matrix of each tap: channels by filters, for each group alone."""
    inner, filters = at(kernel.shape[-2], 0), at(kernel.shape[-1], 0)
    name, axes = w.get(kernel), w.ints(*range(len(taps)))
    found = []
    for place in itertools.product(*map(range, taps)):
        tap = w.node("Slice", name, w.ints(*place), w.ints(*(k + 1 for k in place)), axes)
        tap = w.node("Reshape", tap, w.ints(inner, groups, filters // groups))
        found.append(w.node("Transpose", tap, perm=[1, 0, 2]))
    return found


def _product(w: Writer, x: str, weights: str, shape: Sequence[int], groups: int) -> str:
    """Return the product of the channels of each group with its matrix.

    `shape` is the result's with its channels, and before them what x has, which 0 stands for.
    """
    *kept, inner, outer = shape
    split = w.node("Reshape", x, w.ints(*kept, groups, 1, inner // groups))
    return w.node("Reshape", w.node("MatMul", split, weights), w.ints(*kept, outer))


def _total(w: Writer, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else w.node("Sum", *parts)


def _spread_taps(w: Writer, step: Step, taps: tuple[int, ...], lows: list[int]) -> None:
    """The same backwards: each tap's product is laid where the tap reads from."""
    g, kernel = step.inputs
    params, groups = step.params, step.params["groups"]
    if not fixed(g.shape[1:]):
        raise Refused(
            f"{w.where} is a transposed convolution in float64 of sizes that are not known. Give the "
            "input_signature sizes where there is None, or use float32."
        )
    zero = w.const(np.array(0), g.dtype)
    parts = []
    channels = at(kernel.shape[-2], 0) * groups
    sizes = [*[0] * (len(g.shape) - 1), at(g.shape[-1], 0), channels]
    weights = _tap_weights(w, kernel, taps, groups)
    for place, tap in zip(itertools.product(*map(range, taps)), weights, strict=True):
        turned = w.node("Transpose", tap, perm=[0, 2, 1])
        name = _product(w, w.get(g), turned, sizes, groups)
        shape: list[Size] = [*g.shape[:-1], channels]
        starts, ends = [0], [0]
        for axis, k in enumerate(place):
            stride, n = params["strides"][axis], at(g.shape[axis + 1], 0)
            if stride > 1:
                name, shape = spread(w, name, shape, axis + 1, stride - 1, zero)
            starts.append(params["dilation"][axis] * k - lows[axis])
            ends.append(at(params["sizes"][axis], 0) - starts[-1] - n * stride)
        parts.append(w.node("Pad", name, w.ints(*starts, 0, *ends, 0), zero))
    w.put(step.outputs[0], _total(w, parts))
