"""Many elements make one."""

from __future__ import annotations

import numpy as np

from annette.export.flow import Step
from annette.export.onnx.dtypes import WIDER
from annette.export.onnx.layouts import layout_of
from annette.export.onnx.rules.composed import reduced
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer

_OPS = {"sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd"}


@rule("sum", "max", "min", "prod")
def _reduce(w: Writer, step: Step) -> None:
    (x,), result = step.inputs, step.outputs[0]
    axes, keepdims = step.params["axis"], step.params["keepdims"]
    if not axes:
        place = layout_of(w, x)
        w.put(result, w.get(x, place), place)
        return
    wide = WIDER.get(x.dtype, x.dtype)
    if wide == x.dtype:
        reduced(w, _OPS[step.primitive.name], x, result, axes, keepdims)
        return
    name = w.cast(w.get(x), wide)
    name = w.node(_OPS[step.primitive.name], name, w.ints(*axes), keepdims=int(keepdims))
    w.put(result, w.cast(name, x.dtype))


@rule("argmax", "argmin")
def _arg(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    op = "ArgMax" if step.primitive.name == "argmax" else "ArgMin"
    wide = {**WIDER, "int64": "int64"}.get(x.dtype, x.dtype)
    name = w.cast(w.get(x), wide) if wide != x.dtype else w.get(x)
    made = w.node(op, name, axis=step.params["axis"], keepdims=0, select_last_index=0)
    w.put(step.outputs[0], w.cast(made, "int32"))


@rule("cumsum")
def _cumsum(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    wide = WIDER.get(x.dtype, x.dtype)
    name = w.cast(w.get(x), wide) if wide != x.dtype else w.get(x)
    made = w.node("CumSum", name, w.const(np.array(step.params["axis"], "int64")))
    w.put(step.outputs[0], w.cast(made, x.dtype) if wide != x.dtype else made)
