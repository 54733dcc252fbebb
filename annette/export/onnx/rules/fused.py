"""Fused operations that ONNX has an operator for."""

from __future__ import annotations

from annette.export.flow import Step
from annette.export.onnx.layouts import layout_of
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer


@rule("softmax", "log_softmax")
def _softmax(w: Writer, step: Step) -> None:
    op = "Softmax" if step.primitive.name == "softmax" else "LogSoftmax"
    (x,) = step.inputs
    place = layout_of(w, x)
    axis = place.index(step.params["axis"] % len(x.shape))
    w.put(step.outputs[0], w.node(op, w.get(x, place), axis=axis), place)
