"""Models as ONNX files."""

from __future__ import annotations

from typing import Any

from annette.export.errors import Refused
from annette.export.flow import Flow
from annette.export.onnx.document import written
from annette.export.onnx.table import REFUSED, RULES, load
from annette.export.signature import Signature
from annette.export.tracing import traced
from annette.graph.tensor import Node
from annette.saving.files import replacing

# The version of ONNX's operators that is written unless another is asked for, and those that can be.
OPSET, OPSETS = 18, range(18, 26)


def export(model: Any, path: str, input_signature: Any = None, opset: int | None = None) -> None:
    """Write a model's inference as an ONNX file, whole or not at all.

    Raises:
        Refused: for what ONNX cannot express, by the names of the layers.
        ImportError: if the package onnx is not installed.
        OSError: if the file cannot be written; one that was there is as it was.
    """
    made = onnx_model(model, input_signature, opset).SerializeToString(deterministic=True)
    with replacing(path) as file:
        file.write(made)


def onnx_model(model: Any, input_signature: Any = None, opset: int | None = None) -> Any:
    """Return a model's inference as an ``onnx.ModelProto``, checked."""
    onnx = _package()
    version = _opset(opset, onnx.defs.onnx_opset_version())
    load()
    try:
        signature = Signature(model, input_signature)
        flow, result = traced(signature.call, signature.inputs, _keeps)
        for layer in model._flatten_layers():
            layer._losses.clear()  # symbols of a trace mean nothing outside it
        _check(flow)
        taken = [spec.name for spec in signature.inputs]
        return written(flow, taken, signature.output_names(result), version, model.name)
    except Refused as error:
        raise Refused(f"Model '{model.name}' cannot be exported to ONNX. {error}") from error


def _package() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
    except ImportError as error:
        raise ImportError(
            "Exporting to ONNX needs the package onnx: pip install 'annette[onnx]'."
        ) from error
    return onnx


def _opset(asked: int | None, newest: int) -> int:
    last = min(OPSETS[-1], newest)
    if asked is None:
        return OPSET
    if isinstance(asked, bool) or not isinstance(asked, int) or not OPSETS[0] <= asked <= last:
        raise ValueError(
            f"opset_version must be a whole number from {OPSETS[0]} to {last}, with the package onnx "
            f"that is installed; it got {asked!r}. {OPSET} is what most runtimes of today take."
        )
    return asked


def _keeps(node: Node) -> bool:
    """Say whether a fused operation is written as one."""
    from annette.export.onnx.rules.recurrent import RECURRENT, kept

    name = node.primitive.name
    return name in RULES and (name not in RECURRENT or kept(node))


def _check(flow: Flow) -> None:
    """Refuse, all at once, the operations without a rule and the dtypes that ONNX lacks."""
    problems: dict[str, None] = {}
    for step in flow.all_steps():
        where = f"Layer '{step.layer}'" if step.layer else "The model"
        name = step.primitive.name
        if name not in RULES:
            reason = REFUSED.get(name, "annette has no rule for it.")
            problems[f"{where} uses the operation {name!r}: {reason}"] = None
        for value in (*step.inputs, *step.outputs):
            if value.dtype.startswith("complex") and name in RULES:
                problems[
                    f"{where} computes with {value.dtype}, which ONNX's operators take not."
                ] = None
    if problems:
        raise Refused(" ".join(problems))


__all__ = ["OPSET", "OPSETS", "REFUSED", "RULES", "export", "load", "onnx_model"]
