"""The file: the graph with its inputs, outputs and weights, checked."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Flow, Value
from annette.export.onnx.dtypes import onnx_number, onnx_type
from annette.export.onnx.pruning import needed, reads
from annette.export.onnx.table import RULES
from annette.export.onnx.writer import Writer, rounded, write
from annette.export.sizes import Moving

# A protocol buffer, which the file is, can have no more bytes than this.
LARGEST = 2**31 - 1
# Weights of more elements than this are filled in after the check, which would copy them.
_LARGE = 1024


def written(flow: Flow, taken: list[str], given: list[str], opset: int, title: str) -> Any:
    """Return a flow as an ``onnx.ModelProto``.

    Args:
        flow: what is computed.
        taken: what the inputs are called.
        given: what the outputs are called.
        opset: the version of ONNX's operators.
        title: what the model is called.

    Raises:
        Refused: for what ONNX cannot express.
    """
    from onnx import helper

    w = Writer(opset)
    names, results = [w.name(n) for n in taken], [w.name(n) for n in given]
    for name, value in zip(names, flow.inputs, strict=True):
        w.put(value, rounded(w, name) if value.dtype == "bfloat16" else name)
    write(w, flow, RULES)
    for value, name in zip(flow.outputs, results, strict=True):
        w.part.nodes.append(helper.make_node("Identity", [w.get(value)], [name], name=name))
    nodes = needed(w.part.nodes, set(results))
    used = {name for node in nodes for name in reads(node)}
    arrays = {name: array for name, array in w.arrays.items() if name in used}
    _check_size(arrays)
    symbols = _symbols(flow, names)
    graph = helper.make_graph(
        nodes, title, _told(names, flow.inputs, symbols), _told(results, flow.outputs, symbols)
    )
    return _checked(graph, arrays, opset, title)


def _checked(graph: Any, arrays: dict[str, np.ndarray], opset: int, title: str) -> Any:
    """Return the whole model; while it is checked, large weights are inputs of their form."""
    import onnx

    made = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", opset)],
        producer_name="annette",
        producer_version=getattr(sys.modules.get("annette"), "__version__", ""),
        doc_string=f"Inference of the model '{title}'.",
    )
    made.ir_version = onnx.helper.find_min_ir_version_for(made.opset_import)
    inputs = len(made.graph.input)
    large = {name: array for name, array in arrays.items() if array.size > _LARGE}
    for name, array in arrays.items():
        if name in large:
            form = onnx.helper.make_tensor_value_info(
                name, onnx_number(array.dtype.name), array.shape
            )
            made.graph.input.append(form)
        else:
            _fill(made.graph.initializer.add(), name, array)
    onnx.checker.check_model(made, full_check=True)
    del made.graph.input[inputs:]
    for name, array in large.items():
        _fill(made.graph.initializer.add(), name, array)
    return made


def _fill(tensor: Any, name: str, array: np.ndarray) -> None:
    """Write an array; ONNX's bytes have the low one first."""
    tensor.name = name
    tensor.dims.extend(array.shape)
    tensor.data_type = onnx_number(array.dtype.name)
    low = (
        array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.kind != "V"
        else array
    )
    tensor.raw_data = low.tobytes()


def _told(names: list[str], values: list[Value], symbols: dict[Moving, str]) -> list[Any]:
    from onnx import helper

    found = []
    for name, value in zip(names, values, strict=True):
        shape = [symbols.get(n) if isinstance(n, Moving) else n for n in value.shape]
        found.append(helper.make_tensor_value_info(name, onnx_type(value.dtype), shape))
    return found


def _symbols(flow: Flow, inputs: list[str]) -> dict[Moving, str]:
    """Return a name for each size that moves with an input's axis."""
    names: dict[Moving, str] = {}
    for name, value in zip(inputs, flow.inputs, strict=True):
        for axis, size in enumerate(value.shape):
            if isinstance(size, Moving):
                names.setdefault(size, f"{name}_axis_{axis}" if axis else "batch")
    return names


def _check_size(arrays: dict[str, np.ndarray]) -> None:
    total = sum(array.nbytes for array in arrays.values())
    if total > LARGEST - 2**24:
        raise Refused(
            f"Its weights take {total / 1e9:.2f} GB, and one ONNX file holds 2.1 GB. Export it in "
            "parts, or with weights of half precision (dtype='float16')."
        )
