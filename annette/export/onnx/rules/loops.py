"""The loop over steps: ONNX's Scan, or Loop where nothing is scanned."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.export.flow import Flow, Step, Value
from annette.export.onnx.dtypes import onnx_type
from annette.export.onnx.pruning import needed
from annette.export.onnx.table import RULES, rule
from annette.export.onnx.writer import Writer, write


@rule("scan")
def _scan(w: Writer, step: Step) -> None:
    params = step.params
    body: Flow = params["body"]
    carries, sequences = params["carries"], params["sequences"]
    end = carries + sequences
    firsts = [w.get(x) for x in step.inputs[:carries]]
    xs = [w.get(x) for x in step.inputs[carries:end]]
    for inside, outside in zip(body.inputs[end:], step.inputs[end:], strict=True):
        inside.arrays, inside.variable = outside.arrays, outside.variable
        inside.name = outside.name
        w.get(outside)
        for layout, name in w.layouts(outside).items():
            w.put(inside, name, layout)
    if params["length"] == 0:
        for i, value in enumerate(step.outputs):
            w.put(value, firsts[i] if i < carries else _nothing(w, value))
        return
    write_loop = _scan_node if sequences else _loop_node
    results = write_loop(w, body, carries, end, firsts, xs, params)
    for value, name in zip(step.outputs, results, strict=True):
        w.put(value, name)


def _nothing(w: Writer, value: Value) -> str:
    return w.node("Expand", w.const(np.array(0), value.dtype), w.shape(value.shape))


def _body(
    w: Writer, body: Flow, end: int, names: list[str], before: list[Any], first: list[str]
) -> Any:
    """Return the graph of one step; `before` are inputs, `first` outputs that ONNX adds."""
    from onnx import helper

    with w.inner() as part:
        inputs = list(before)
        for value, name in zip(body.inputs[:end], names, strict=True):
            w.put(value, name)
            inputs.append(_told(name, value))
        write(w, body, RULES)
        outputs = [*first]
        told = [helper.make_tensor_value_info(n, onnx_type("bool"), []) for n in first]
        for value in body.outputs:
            # Each result needs a name of its own, which no outer value has.
            name = w.node("Identity", w.get(value))
            outputs.append(name)
            told.append(_told(name, value))
        nodes = needed(part.nodes, set(outputs))
        return helper.make_graph(nodes, w.name("step"), inputs, told)


def _told(name: str, value: Value) -> Any:
    from onnx import helper

    shape = [n if isinstance(n, int) else None for n in value.shape]
    return helper.make_tensor_value_info(name, onnx_type(value.dtype), shape)


def _scan_node(
    w: Writer, body: Flow, carries: int, end: int, firsts: list[str], xs: list[str],
    params: dict[str, Any],
) -> list[str]:  # fmt: skip
    names = [w.name(f"{w.layer}/carry" if i < carries else f"{w.layer}/element")
             for i in range(end)]  # fmt: skip
    graph = _body(w, body, end, names, [], [])
    stacked = len(body.outputs) - carries
    back = int(params["reverse"])
    return w.nodes(
        "Scan", [*firsts, *xs], len(body.outputs), body=graph, num_scan_inputs=len(xs),
        scan_input_directions=[back] * len(xs),
        scan_output_directions=[back] * stacked if stacked else None,
    )  # fmt: skip


def _loop_node(
    w: Writer, body: Flow, carries: int, end: int, firsts: list[str], xs: list[str],
    params: dict[str, Any],
) -> list[str]:  # fmt: skip
    from onnx import helper

    number, going = w.name(f"{w.layer}/number"), w.name(f"{w.layer}/going")
    names = [w.name(f"{w.layer}/carry") for _ in range(carries)]
    before = [
        helper.make_tensor_value_info(number, onnx_type("int64"), []),
        helper.make_tensor_value_info(going, onnx_type("bool"), []),
    ]
    graph = _body(w, body, end, names, before, [going])
    count = w.node("Squeeze", w.size(params["length"]))
    made = w.nodes("Loop", [count, w.const(np.array(True)), *firsts], len(body.outputs), body=graph)
    if not params["reverse"]:
        return made
    last = np.iinfo("int64").max
    return [
        name if i < carries
        else w.node("Slice", name, w.ints(-1), w.ints(-last), w.ints(0), w.ints(-1))
        for i, name in enumerate(made)
    ]  # fmt: skip
