"""The largest or the sum of windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step, Value
from annette.export.onnx.layouts import channels_first
from annette.export.onnx.rules.convolution import keeps_places, pads, window_taps
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer
from annette.export.sizes import Moving, shape_at, traces
from annette.primitives.pooling import sum_pool


def _windows(w: Writer, step: Step) -> dict[str, Any]:
    (x,), size = step.inputs, step.params["size"]
    ones = (1,) * len(size)
    return {
        "kernel_shape": list(size), "strides": list(step.params["strides"]),
        **pads(w, step, x, size, ones),
    }  # fmt: skip


@rule("max_pool")
def _max_pool(w: Writer, step: Step) -> None:
    (x,), (largest, where) = step.inputs, step.outputs
    place = channels_first(len(x.shape))
    how = _windows(w, step)
    if "pads" in how:
        # onnxruntime (1.31) joins zeros around with padding that is told by numbers, which counts as
        # lower than all: where it is told by name it does not.
        ones = (1,) * len(step.params["size"])
        if not any(how["pads"]):
            how = {**how, "pads": None, "auto_pad": "VALID"}
        elif keeps_places(step, x, step.params["size"], ones):
            how = {**how, "pads": None, "auto_pad": "SAME_UPPER"}
    made = w.nodes("MaxPool", [w.get(x, place)], 1 + bool(where.users), **how)
    w.put(largest, made[0], place)
    if id(largest) in w.alike:
        w.put(w.alike[id(largest)], made[0], place)
    if where.users:
        # ONNX counts places through all rows and channels.
        grid = w.size(w.elements(x.shape[1:-1]))
        w.put(where, w.cast(w.node("Mod", made[1], grid), "int32"), place)


@rule("sum_pool")
def _sum_pool(w: Writer, step: Step) -> None:
    result = step.outputs[0]
    # A division that follows may make a mean of it, and writes the sums if it does not.
    divided = [u is not None and u.primitive.name == "divide" and u.inputs[0] is result
               for u in result.users]  # fmt: skip
    if not all(divided) or not divided:
        write_sums(w, step)


def write_sums(w: Writer, step: Step) -> None:
    """Write the sums of windows, unless that was done."""
    (x,), result = step.inputs, step.outputs[0]
    if w.layouts(result):
        return
    if x.dtype == "float64":
        parts = window_taps(w, step, x, step.params["size"])
        w.put(result, parts[0] if len(parts) == 1 else w.node("Sum", *parts))
        return
    place = channels_first(len(x.shape))
    if any("auto_pad" in key for key in _windows(w, step)):
        raise Refused(f"{w.where} sums windows whose padding depends on a size that is not known.")
    mean = w.node("AveragePool", w.get(x, place), count_include_pad=1, **_windows(w, step))
    size = w.const(np.array(math.prod(step.params["size"])), x.dtype)
    w.put(result, w.node("Mul", mean, size), place)


def average(w: Writer, pool: Step, result: Value, padding_counts: bool) -> None:
    """Write the mean of windows, the padding among what is counted or not."""
    (x,) = pool.inputs
    place = channels_first(len(x.shape))
    made = w.node(
        "AveragePool", w.get(x, place), count_include_pad=int(padding_counts), **_windows(w, pool)
    )
    w.put(result, made, place)


def counts(pool: Step) -> list[np.ndarray]:
    """Return how many places of the input each window has, for each trace."""
    (x,) = pool.inputs
    found = []
    for trace in range(traces(x.shape[1:-1])):
        params = {k: tuple(_at(v, trace)) for k, v in pool.params.items()}
        ones = np.ones((1, *shape_at(x.shape[1:-1], trace), 1), "float32")
        found.append(np.asarray(sum_pool(ones, **params)))
    return found


def _at(value: Any, trace: int) -> Any:
    if isinstance(value, Moving):
        return value.at[trace]
    return tuple(_at(v, trace) for v in value) if isinstance(value, tuple) else value
