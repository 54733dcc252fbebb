"""``model(x)`` on an array, for models of this library's layers: as a program, not layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.backends import current_backend
from annette.graph.array import Array
from annette.graph.trace import trace
from annette.layers.tracking import changes
from annette.training.rowwise import is_ours
from annette.utils import tree

# A program is made when a model is called so often on one form of input with nothing changed: at
# once, so that every call gives the same bits.
_CALLS = 1
_KEPT = 32


class Called:
    """How often a model was called on one form of input, and the program once that pays."""

    __slots__ = ("changes", "count", "program")

    def __init__(self) -> None:
        self.changes = -1
        self.count = 0
        self.program: Any = None


def call_program(model: Any, x: np.ndarray) -> Array | None:
    """Return the output for `x`, or None where it must be computed layer by layer."""
    backend = current_backend()
    if not backend.instant:
        return None
    kept: dict[Any, Called] = model._called
    key = (x.shape, x.dtype, backend)
    called = kept.get(key)
    if called is None:
        called = kept[key] = Called()
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
    if called.changes != changes.count:
        called.changes, called.count, called.program = changes.count, 0, None
    if called.program is None:
        called.count += 1
        if called.count == _CALLS:
            called.program = _make(model, x)
        if called.program is None:
            return None
    # Of the machine's byte order, as the key's dtype may not be.
    array = np.ascontiguousarray(x, x.dtype.newbyteorder("="))
    return called.program([array])[0].view(Array)  # type: ignore[no-any-return]  # a program's


def _make(model: Any, x: np.ndarray) -> Any:
    if not _suits(model) or x.dtype.kind not in "iufb":
        return None
    dtype = x.dtype.name
    graph, result = trace(lambda t: model(t, training=False), [(x.shape, dtype)], "call")
    flat = tree.flatten(result)
    if graph.assigns or len(flat) != 1 or tree.is_nested(result):
        return None
    if getattr(flat[0], "_keras_mask", None) is not None:
        return None
    return current_backend().compile(graph)


def _suits(model: Any) -> bool:
    plain = all(layer.activity_regularizer is None for layer in model._flatten_layers())
    return plain and is_ours(model)
