"""The matrix product."""

from __future__ import annotations

from annette.export.flow import Step
from annette.export.onnx.dtypes import WIDER
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer


@rule("matmul")
def _matmul(w: Writer, step: Step) -> None:
    dtype = step.outputs[0].dtype
    wide = WIDER.get(dtype, dtype)
    names = [w.get(x) if wide == dtype else w.cast(w.get(x), wide) for x in step.inputs]
    made = w.node("MatMul", *names)
    w.put(step.outputs[0], made if wide == dtype else w.cast(made, dtype))
