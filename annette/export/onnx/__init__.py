"""Models as ONNX files."""

from __future__ import annotations

import sys
from typing import Any

from annette.export.errors import Refused
from annette.export.flow import Flow
from annette.export.onnx.dtypes import onnx_type
from annette.export.onnx.pruning import needed, reads
from annette.export.onnx.table import REFUSED, RULES, load
from annette.export.onnx.writer import Writer, rounded, write
from annette.export.signature import Signature
from annette.export.sizes import Moving
from annette.export.tracing import traced
from annette.graph.tensor import Node
from annette.saving.files import replacing

# The version of ONNX's operators that is written unless another is asked for, and those that can be.
OPSET, OPSETS = 18, range(18, 26)
# A protocol buffer, which the file is, can have no more bytes than this.
_LARGEST = 2**31 - 1


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
        graph = written(flow, taken, signature.output_names(result), version, model.name)
    except Refused as error:
        raise Refused(f"Model '{model.name}' cannot be exported to ONNX. {error}") from error
    made = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", version)],
        producer_name="annette",
        producer_version=getattr(sys.modules.get("annette"), "__version__", ""),
        doc_string=f"Inference of the model '{model.name}'.",
    )
    made.ir_version = onnx.helper.find_min_ir_version_for(made.opset_import)
    onnx.checker.check_model(made, full_check=True)
    return made


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


def written(flow: Flow, taken: list[str], given: list[str], opset: int, title: str) -> Any:
    """Return a flow as an ``onnx.GraphProto``, its inputs and outputs called like that."""
    from onnx import helper

    w = Writer(opset)
    names, wanted = [w.name(n) for n in taken], [w.name(n) for n in given]
    symbols = _symbols(flow, names)
    for name, value in zip(names, flow.inputs, strict=True):
        if value.dtype == "bfloat16":
            w.put(value, rounded(w, name))
        else:
            w.put(value, name)
    write(w, flow, RULES)
    for value, name in zip(flow.outputs, wanted, strict=True):
        w.part.nodes.append(helper.make_node("Identity", [w.get(value)], [name], name=name))
    nodes = needed(w.part.nodes, set(wanted))
    used = {name for node in nodes for name in reads(node)}
    arrays = [t for t in w.initializers if t.name in used]
    _check_size(arrays)
    inputs = [
        helper.make_tensor_value_info(n, onnx_type(v.dtype), _told(v.shape, symbols))
        for n, v in zip(names, flow.inputs, strict=True)
    ]
    outputs = [
        helper.make_tensor_value_info(n, onnx_type(v.dtype), _told(v.shape, symbols))
        for n, v in zip(wanted, flow.outputs, strict=True)
    ]
    return helper.make_graph(nodes, title, inputs, outputs, arrays)


def _symbols(flow: Flow, inputs: list[str]) -> dict[Moving, str]:
    """Return a name for each size that moves with an input's axis."""
    names: dict[Moving, str] = {}
    for name, value in zip(inputs, flow.inputs, strict=True):
        for axis, size in enumerate(value.shape):
            if isinstance(size, Moving):
                names.setdefault(size, f"{name}_axis_{axis}" if axis else "batch")
    return names


def _told(shape: tuple[Any, ...], symbols: dict[Moving, str]) -> list[Any]:
    return [symbols.get(n) if isinstance(n, Moving) else n for n in shape]


def _check_size(arrays: list[Any]) -> None:
    total = sum(t.ByteSize() for t in arrays)
    if total > _LARGEST - 2**24:
        raise Refused(
            f"Its weights take {total / 1e9:.2f} GB, and one ONNX file holds 2.1 GB. Export it in "
            "parts, or with weights of half precision (dtype='float16')."
        )


__all__ = ["OPSET", "OPSETS", "REFUSED", "RULES", "export", "load", "onnx_model"]
