"""Recurrent layers as ONNX's own operators, where their products with the inputs are found."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step
from annette.export.onnx.table import rule
from annette.export.onnx.writer import BEFORE, Writer

# Where annette's gates stand in ONNX's order: LSTM i f c o as i o f c, GRU z r h as it is.
_ORDER = {"simple_rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (0, 1, 2), "gru_reset_after": (0, 1, 2)}
_OPS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU", "gru_reset_after": "GRU"}
# How many states each carries along.
RECURRENT = {"simple_rnn": 1, "lstm": 2, "gru": 1, "gru_reset_after": 1}


class Projection(NamedTuple):
    """What a sequence of sums was made of: ``x @ kernel + bias``, time first."""

    x: Any
    kernel: Any
    bias: Any


def _made_by(value: Any, name: str) -> Any:
    node = value.node
    return node if node is not None and node.primitive.name == name else None


def projection(sums: Any) -> Projection | None:
    """Return what the sums of all steps were made of; for Tensors and for values of a flow.

    Looked for is ``reshape(reshape(x) @ kernel + bias)``, in which the rows of all times stand below
    each other.
    """
    outer = _made_by(sums, "reshape")
    inner = outer.inputs[0] if outer is not None else sums
    bias = None
    added = _made_by(inner, "add")
    if added is not None:
        inner, bias = added.inputs
        if len(bias.shape) != 1:
            inner, bias = bias, inner
        if len(bias.shape) != 1 or not _weight(bias):
            return None
    product = _made_by(inner, "matmul")
    if product is None or not _weight(product.inputs[1]) or len(product.inputs[1].shape) != 2:
        return None
    x = product.inputs[0]
    flat = _made_by(x, "reshape")
    if outer is not None:
        if flat is None or len(flat.inputs[0].shape) != 3:
            return None
        x = flat.inputs[0]
    if len(x.shape) != 3 or tuple(x.shape[:2]) != tuple(sums.shape[:2]):
        return None
    return Projection(x, product.inputs[1], bias)


def _weight(value: Any) -> bool:
    """Say whether a value is a weight, or one that was only laid out anew."""
    node = value.node
    if node is None:
        known = value.stored if hasattr(value, "stored") else value.value is not None
        return bool(known) or value.name is not None
    return node.primitive.name in BEFORE and all(map(_weight, node.inputs))


def kept(node: Any) -> bool:
    """Say whether a fused recurrent operation is written as one operator."""
    name = node.primitive.name
    masked = len(node.inputs) > 2 + RECURRENT[name] + (name == "gru_reset_after")
    weights = node.inputs[1 + RECURRENT[name] :]
    return (
        not masked
        and node.outputs[0].dtype == "float32"
        and all(_weight(u) for u in weights)
        and projection(node.inputs[0]) is not None
    )


def _by_gates(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return (..., gates * units) as (gates * units, ...) in ONNX's order of the gates."""
    parts = np.split(array, len(order), axis=-1)
    return np.ascontiguousarray(np.concatenate([parts[i] for i in order], axis=-1).T)


def _weights(w: Writer, step: Step, found: Projection) -> tuple[str, str, str]:
    name, order = step.primitive.name, _ORDER[step.primitive.name]
    states = RECURRENT[name]
    recurrent = step.inputs[1 + states]
    kernel, back = np.asarray(found.kernel.array), np.asarray(recurrent.array)
    width = kernel.shape[-1]
    bias = np.zeros(width, "float32") if found.bias is None else found.bias.array
    own = np.zeros_like(bias)
    if name == "gru_reset_after":
        own = np.asarray(step.inputs[2 + states].array)
    both = np.concatenate([_by_gates(bias, order), _by_gates(own, order)])
    return (
        w.keep(_by_gates(kernel, order)[None], _title(w, found.kernel, "kernel")),
        w.keep(_by_gates(back, order)[None], _title(w, recurrent, "recurrent_kernel")),
        w.keep(both[None], _title(w, found.bias, "bias")),
    )


def _title(w: Writer, weight: Any, otherwise: str) -> str:
    known = None if weight is None else weight.name
    return known or f"{w.layer}/{otherwise}"


@rule("simple_rnn", "lstm", "gru", "gru_reset_after")
def _recurrent(w: Writer, step: Step) -> None:
    name, states = step.primitive.name, RECURRENT[step.primitive.name]
    found = projection(step.inputs[0])
    if found is None or any(y.users for y in step.outputs[1 + states :]):
        raise Refused(f"{w.where} reads the gates of its steps, which ONNX does not give.")
    kernel, back, bias = _weights(w, step, found)
    units = int(step.outputs[0].shape[-1])  # type: ignore[arg-type]  # units are fixed
    firsts = [w.node("Unsqueeze", w.get(s), w.ints(0)) for s in step.inputs[1 : 1 + states]]
    how: dict[str, Any] = {"hidden_size": units}
    how["direction"] = "reverse" if step.params["reverse"] else "forward"
    if _OPS[name] == "GRU":
        how["linear_before_reset"] = int(name == "gru_reset_after")
    made = w.nodes(_OPS[name], [w.get(found.x), kernel, back, bias, "", *firsts], 1 + states, **how)
    # A second axis is that of the directions, the first one in what comes last.
    w.put(step.outputs[0], w.node("Squeeze", made[0], w.ints(1)))
    for value, last in zip(step.outputs[1 : 1 + states], made[1:], strict=True):
        w.put(value, w.node("Squeeze", last, w.ints(0)))
